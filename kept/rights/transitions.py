"""A patient is erased: a pseudonym stays, to which visits, money and what was accepted belong."""

from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

import kept.billing.transitions.erasing as erasing
import kept.messaging.transitions as messaging
from kept.events import journal
from kept.foundation import vault
from kept.foundation.refusals import Refusal
from kept.messaging.models import Message, TextStop
from kept.messaging.reach import number_of
from kept.noshows.models import Answer
from kept.noshows.transitions import closing
from kept.patients.models import Link, Merge, Patient
from kept.patients.queries import records
from kept.patients.transitions import check_there
from kept.practice.models import Idempotency, Member
from kept.practice.rules import Right
from kept.rights.locking import locked
from kept.scheduling.models import Appointment, Status

NOTHING = "{}"


def check_erasable(patient: Patient) -> None:
    """Raises Refusal `wrong_status` while something is still to come: a booked visit, a fee, a refund, a letter being sent."""
    check_there(patient)
    if patient.merged_into_id:
        raise Refusal("wrong_status", _("This record was merged into another meanwhile. Erase that one."))
    visits = Appointment.objects.filter(patient=patient, status__in=[Status.BOOKED, Status.ARRIVED])
    if (first := visits.order_by("starts_at").first()) is not None:
        raise Refusal("wrong_status", _("Appointment %s is still booked. Cancel it, or say how it ended, first.") % first)
    if (charge := erasing.under_way(patient).select_related("invoice", "appointment").first()) is not None:
        about = charge.invoice or charge.appointment
        raise Refusal("wrong_status", _("Money of %s is still under way or unpaid. Collect, spare or void it first.") % about)
    if Message.objects.filter(patient=patient, state=Message.State.SENDING).exists():
        raise Refusal("wrong_status", _("A letter is being sent just now. Try again in a minute."))


def erase(patient: Patient, *, by: Member, at: datetime) -> Patient:
    """Nothing says any more who she was: particulars, notes, letters, links and the history of all of it are gone. Visits with their
    services, money, and what was accepted where money was taken stay, under a pseudonym. A job erases her customer at the gateway too. It
    can not be undone.

    Raises Refusal `not_permitted`, `wrong_status`.
    """
    by.must(Right.ERASE_PATIENTS)
    ids = records(patient)
    hers = locked(ids, moving=ids)
    patient = hers[patient.pk]
    if {*records(patient)} != {*ids}:
        raise Refusal("wrong_status", _("Another record was merged into this one meanwhile. Look at it again."))
    check_erasable(patient)
    for letter in Message.objects.filter(patient=patient, state=Message.State.QUEUED):
        messaging.withdraw(letter, by=by, at=at)
    Link.objects.filter(patient=patient).delete()
    TextStop.objects.filter(number__in=[number for each in hers.values() if (number := number_of(each, by.practice))]).delete()
    said = set[str]()
    erasing.erase_customers(patient, erasing.customers(hers.values()), at=at)
    for each in hers.values():
        said |= {str(each.pk), each.name, each.email, each.phone} - {""}
        _forget(each, at)
    Merge.objects.filter(kept__in=ids).update(before={})
    spoken = Answer.objects.filter(appointment__patient__in=ids)
    closing.settled(spoken.filter(outcome=Answer.Outcome.OPEN), Answer.Outcome.STAYS, by=by, at=at)
    spoken.update(text="", note="")
    _forget_answers(patient, said)
    journal.record("patient.erased", patient, by=by, at=at)
    patient.refresh_from_db()
    return patient


def _forget(patient: Patient, at: datetime) -> None:
    """The row is a pseudonym, and so is all that belongs to it."""
    patient.first_name, patient.last_name = _("Erased patient"), patient.pk.hex[-6:].upper()
    patient.email = patient.phone = patient.alert = ""
    patient.birth_date = patient.external_id = None
    patient.erased_at, patient.version = at, patient.version + 1
    patient.save()
    with connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = '60s'")
        cursor.execute("select patient_erased(%s)", [patient.pk])


def _forget_answers(patient: Patient, said: set[str]) -> None:
    """Answers of the API that speak of her are not given again; the calls stay done."""
    for kept in Idempotency.objects.filter(practice=patient.practice_id, body__isnull=False).iterator():
        answer = vault.unseal(bytes(kept.body or b""))
        if any(each in answer for each in said):
            kept.body = vault.seal(NOTHING)
            kept.save(update_fields=["body"])
