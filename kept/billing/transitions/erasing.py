"""An erased patient's customer at the gateway is erased there too, once no payment and no dispute needs her any more."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from kept.billing.models import IN_FLIGHT, Charge, CustomerErasure, State
from kept.events import journal
from kept.foundation import jobs
from kept.patients.models import Card, Patient

LEASE = timedelta(minutes=10)  # somebody is at it
SOON, LATER = timedelta(minutes=1), timedelta(hours=1)
UNDER_WAY = (
    Q(state__in=[State.DUE, *IN_FLIGHT, State.NEEDS_PATIENT])
    | Q(refund_reserved_minor__gt=0)
    | Q(state=State.DECLINED, live=True, cancel_requested=False)
)


def under_way(patient: Patient) -> QuerySet[Charge]:
    """Her charges of which money is still to come or to go back, or that are unpaid."""
    return Charge.objects.filter(UNDER_WAY, patient=patient)


def customers(patients: Iterable[Patient]) -> set[str]:
    """The customers at the gateway who are these patients and nobody else."""
    who = list(patients)
    hers = Patient.objects.filter(pk__in=[each.pk for each in who])
    of_cards = Card.objects.filter(patient__in=hers)
    found = {*hers.values_list("gateway_customer_id", flat=True), *of_cards.values_list("gateway_customer_id", flat=True)} - {""}
    others = Patient.objects.filter(practice=who[0].practice_id, gateway_customer_id__in=found).exclude(pk__in=hers)
    on_cards = Card.objects.filter(practice=who[0].practice_id, gateway_customer_id__in=found).exclude(patient__in=hers)
    return found - {*others.values_list("gateway_customer_id", flat=True), *on_cards.values_list("gateway_customer_id", flat=True)}


def erase_customers(patient: Patient, ids: Iterable[str], *, at: datetime) -> None:
    """They go at the gateway too, by a job."""
    for customer in sorted(ids):
        known = {"practice_id": patient.practice_id, "gateway_customer_id": customer, "done_at": None}
        erasure, new = CustomerErasure.objects.get_or_create(**known, defaults={"patient": patient, "asked_at": at, "look_at": at})
        if new:
            jobs.defer("billing.erase_customer", erasure_id=str(erasure.pk))


def begin(erasure_id: str, *, at: datetime) -> CustomerErasure | None:
    """Whose turn it is, for ten minutes; None when she is gone already, or needed: then it is looked at again in an hour."""
    erasure = CustomerErasure.objects.select_for_update(no_key=True, of=("self",)).select_related("patient").get(pk=erasure_id)
    if erasure.done_at or erasure.look_at > at:
        return None
    disputed = Charge.objects.filter(patient=erasure.patient, dispute=Charge.Disputed.OPEN).exists()
    if disputed or under_way(erasure.patient).exists():
        put_off(erasure_id, why="A dispute is open." if disputed else "Money is under way.", at=at)
        return None
    erasure.look_at = at + LEASE
    erasure.save(update_fields=["look_at"])
    return erasure


def put_off(erasure_id: str, *, why: str, at: datetime, by: timedelta = LATER) -> None:
    """Not now: later again."""
    CustomerErasure.objects.filter(pk=erasure_id, done_at=None).update(look_at=at + by, why=why[:300])


def done(erasure_id: str, *, at: datetime) -> None:
    """The gateway has her no more. A second time changes nothing."""
    erasure = CustomerErasure.objects.select_for_update(no_key=True, of=("self",)).select_related("patient").get(pk=erasure_id)
    if erasure.done_at:
        return
    erasure.done_at, erasure.gateway_customer_id, erasure.why = at, "", ""
    erasure.save(update_fields=["done_at", "gateway_customer_id", "why"])
    journal.record("patient.customer_erased", erasure.patient, by=None, at=at)
