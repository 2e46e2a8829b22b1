"""A card given by the patient herself, on the gateway's page, under terms she accepted first (R3a). Nobody does it for her."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from kept.billing.gateways import accounts
from kept.billing.gateways.facts import CardFacts, Gateway, IntentFacts, Rejected
from kept.billing.models import CardCapture, Charge, Invoice
from kept.billing.transitions import depositing, erasing
from kept.events import journal
from kept.foundation import clock, jobs
from kept.foundation.crashpoints import crashpoint
from kept.foundation.ids import new_id
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.foundation.scope import job_scope, scope
from kept.patients.models import Card, Link, Patient
from kept.patients.transitions import give_link, keep_card
from kept.policies import queries as policies
from kept.policies.asks import asked, with_deposit
from kept.policies.case import Case, Facts
from kept.policies.models import Acceptance, PolicyVersion
from kept.policies.rules import Terms, terms
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.cases import case_anew, case_of, repriced
from kept.scheduling.models import Appointment, Status
from kept.scheduling.rules import wrong_status
from kept.scheduling.transitions import holding, promising
from kept.scheduling.transitions.repricing import reprice

NO_CARD = ("resource_missing", "card_not_saved")
SOON = timedelta(minutes=30)  # after which a deposit whose report was lost is asked for


class Origin(NamedTuple):
    """From where a patient accepted."""

    address: str | None
    agent: str
    locale: str = "en"


def card_link(appointment: Appointment, *, by: Member | None, at: datetime) -> str:
    """The address of a page on which the patient accepts the policy and gives a card, until the start; `by` None: in a letter that goes
    by itself. Raises Refusal `wrong_status`, `fee_not_available` (no policy in use, or it has started), `not_permitted`."""
    if by:
        by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    if appointment.status != Status.BOOKED or at >= appointment.starts_at:
        raise wrong_status(appointment, _("A card can be given until a booked appointment starts."))
    if appointment.acceptance_id:
        raise wrong_status(appointment, _("The policy is accepted already, with a card."))
    if policies.version_in_use() is None or not accounts.payments_on():
        raise Refusal("fee_not_available", _("No cancellation policy is in use, so no card is asked for."))
    promising.ask_by_link(appointment, at=at)
    address = _card_page(appointment, at=at)
    journal.record("card.link_given", appointment, by=by, at=at)
    return address


def card_page(appointment: Appointment, *, at: datetime) -> str:
    """The address of the page on which whoever booked on a clinic's own website accepts the policy, and gives a card or pays the deposit,
    while the time is held (R19)."""
    jobs.defer("booking.release", at=at + holding.HOLD)
    return _card_page(appointment, at=at)


def _card_page(appointment: Appointment, *, at: datetime) -> str:
    """Its address, good until the start."""
    token = give_link(appointment.patient, Link.Purpose.CARD, subject_id=appointment.id, expires_at=appointment.starts_at, at=at)
    return f"{settings.BASE_URL}/card/{token}/"


def check_again(appointment: Appointment, *, at: datetime) -> None:
    """Raises Refusal `wrong_status`, `fee_not_available` unless the patient may be asked to accept again: booked and still to come,
    accepted under a version that is not in use any more, or at a price that is another by now."""
    if appointment.status != Status.BOOKED or at >= appointment.starts_at:
        raise wrong_status(appointment, _("The policy can be accepted again until a booked appointment starts."))
    if appointment.acceptance is None:
        raise wrong_status(appointment, _("Nothing was accepted yet. Send the card link."))
    version = policies.version_in_use()
    if version is None or not accounts.payments_on():
        raise Refusal("fee_not_available", _("No cancellation policy is in use."))
    if version.pk == appointment.acceptance.version_id and not repriced(appointment):
        raise wrong_status(appointment, _("Version %d is accepted, and it is the one in use.") % version.number)


def payments_off() -> Refusal:
    """What a patient is told where the practice has no account at the gateway."""
    return Refusal("fee_not_available", _("The clinic can’t take cards at the moment. Please call."))


def terms_now(appointment: Appointment, version: PolicyVersion, *, at: datetime) -> Terms:
    """The version as it would be accepted for this appointment at that instant, with the deposit that it asks for."""
    return terms(version, _case_now(appointment, version, at=at), practice=appointment.practice.name)


def _case_now(appointment: Appointment, version: PolicyVersion, *, at: datetime) -> Case:
    if appointment.acceptance:
        return case_anew(appointment, at=at)
    case = case_of(appointment, at=at)
    asks = version.terms.asks
    owes = (
        any(each.conditions.unpaid_fee for each in asks)
        and Invoice.objects.filter(patient=appointment.patient_id, status="issued").exists()
    )
    return with_deposit(case, asked(version.terms, case, unpaid_fee=owes).deposit)


def begin(appointment: Appointment, *, version_id: str, origin: Origin, at: datetime, again: bool = False, shown: str = "") -> CardCapture:
    """The patient ticked the terms and goes to give a card. What she accepted is kept now; it counts once the card is there. `again`: she
    was asked to, and it takes the place of what she accepted before; `shown` is then the price that the page said, in minor units.

    Raises Refusal `stale_version` when another version came into use since the page was shown, `wrong_status` once it has started.
    """
    appointment = Appointment.objects.locked(appointment)
    version = policies.version_in_use()
    if again:
        check_again(appointment, at=at)
    else:
        _still_open(appointment, at)
    if version is None or str(version.id) != version_id:
        raise Refusal("stale_version", _("The clinic’s policy changed a moment ago. Please read it again."))
    case = _case_now(appointment, version, at=at)
    if again and shown != str(case.facts.price.minor):
        raise Refusal("stale_version", _("The price changed a moment ago. Please read it again."))
    online = appointment.channel == Appointment.Channel.ONLINE
    channel = Acceptance.Channel.ONLINE if online else Acceptance.Channel.LINK
    capture = _captured(appointment, version, origin, channel, case, at=at)
    if holding.holds().filter(pk=appointment.pk).exists():
        over = appointment.booked_at + holding.HOLD + timedelta(seconds=1)
        jobs.defer("billing.close_card_page", at=over, capture_id=str(capture.id))
    elif capture.deposit_minor:
        jobs.defer("billing.finish_capture", at=at + SOON, capture_id=str(capture.id))
        jobs.defer("billing.close_card_page", at=appointment.starts_at, capture_id=str(capture.id))
    return capture


def from_website(
    appointment: Appointment, *, version_number: int, accepted_at: datetime, payment_method_id: str, origin: Origin, at: datetime
) -> CardCapture:
    """A clinic's own website showed the policy, took the acceptance and had the card saved at the gateway. A job asks the gateway for
    the card; until then the appointment awaits it.

    Raises Refusal `stale_version` when that version is not in use, `invalid` for an acceptance in the future or over a day old,
    `payment_due` where a deposit is asked for, which is paid on the card page.
    """
    version = policies.version_in_use()
    if version is None or version.number != version_number:
        raise Refusal("stale_version", _("Version %d of the policy is not in use. Show the patient the current one.") % version_number)
    if not at - timedelta(days=1) <= accepted_at <= at + timedelta(minutes=1):
        raise Refusal("invalid", _("The policy is accepted with the booking."), field="policy_accepted")
    accepted_at = min(accepted_at, at)
    case = _case_now(appointment, version, at=accepted_at)
    if case.facts.deposit:
        deposit = Money(case.facts.deposit, version.currency)
        text = _("This visit asks for a deposit of %s. Book it without a card: the answer has the page on which it is paid.") % deposit
        raise Refusal("payment_due", text, field="card")
    channel = Acceptance.Channel.WEBSITE
    capture = _captured(appointment, version, origin, channel, case, at=accepted_at, payment_method_id=payment_method_id)
    jobs.defer("billing.finish_capture", capture_id=str(capture.id))
    return capture


def _captured(
    appointment: Appointment,
    version: PolicyVersion,
    origin: Origin,
    channel: Acceptance.Channel,
    case: Case,
    *,
    at: datetime,
    payment_method_id: str = "",
) -> CardCapture:
    capture_id = new_id()
    return CardCapture.objects.create(
        id=capture_id,
        practice_id=appointment.practice_id,
        appointment=appointment,
        patient=appointment.patient,
        payment_method_id=payment_method_id,
        deposit_minor=0 if appointment.acceptance_id else case.facts.deposit,  # what was paid at booking stays paid
        key=f"capture:{capture_id}",
        created_at=at,
        consent=_consent(appointment, version, origin, channel, case, at=at),
    )


def _consent(
    appointment: Appointment,
    version: PolicyVersion,
    origin: Origin,
    channel: Acceptance.Channel,
    case: Case,
    *,
    at: datetime,
    card: bool = True,
) -> dict[str, Any]:
    """What is accepted at that instant, in full and as JSON."""
    said = terms(version, case, practice=appointment.practice.name, card=card)
    return {
        "version_id": str(version.id),
        "replaces_id": str(appointment.acceptance_id) if appointment.acceptance_id else None,
        "channel": channel,
        "text": said.text,
        "text_hash": said.text_hash,
        "fees": {kind: most.minor for kind, most in said.most.items()},
        "facts": case.facts.model_dump(mode="json"),
        "currency": version.currency,
        "late_minutes": version.late_minutes,
        "free_until": said.free_until.isoformat(),
        "accepted_at": at.isoformat(),
        "address": origin.address,
        "agent": origin.agent[:400],
        "locale": origin.locale,
    }


def _written(consent: Mapping[str, Any], appointment: Appointment, card: Card | None, setup_intent_id: str = "") -> Acceptance:
    instants = {name: datetime.fromisoformat(consent[name]) for name in ("free_until", "accepted_at")}
    return Acceptance.objects.create(
        practice_id=appointment.practice_id,
        patient_id=appointment.patient_id,
        card=card,
        setup_intent_id=setup_intent_id,
        **{**consent, **instants},
    )


def agree(appointment: Appointment, *, origin: Origin, at: datetime) -> Acceptance:
    """The patient accepts the policy in use for a visit that asks no card of her: the proof is written; nothing can be charged on it."""
    version = policies.version_in_use()
    assert version is not None
    case = case_of(appointment, at=at)
    consent = _consent(appointment, version, origin, Acceptance.Channel.ONLINE, case, at=at, card=False)
    appointment.agreement = _written(consent, appointment, None)
    appointment.save(update_fields=["agreement"])
    journal.record("policy.accepted", appointment, by=None, at=at, acceptance=str(appointment.agreement.id))
    return appointment.agreement


def _still_open(appointment: Appointment, at: datetime) -> None:
    if appointment.acceptance_id:
        raise Refusal("wrong_status", _("This is done already: your time is held."))
    if appointment.status != Status.BOOKED or at >= appointment.starts_at:
        raise Refusal("wrong_status", _("This link worked until the appointment started. Please call the clinic."))


def accept(capture: CardCapture, card: Card, *, setup_intent_id: str, at: datetime) -> Acceptance | None:
    """Policy and card are there: the acceptance is written and the appointment holds it (R3, I9). None when it came too late;
    a hold that has lapsed is taken back while its time is free (R19). What was accepted before stays, as the one that this replaces."""
    appointment = Appointment.objects.locked(capture.appointment)
    capture = CardCapture.objects.select_for_update(no_key=True).get(pk=capture.pk)
    if capture.state != CardCapture.State.OPEN:
        return appointment.acceptance
    before, was = (str(appointment.acceptance_id) if appointment.acceptance_id else None), capture.consent.get("replaces_id")
    holding.take_back(appointment, at=at)
    late = appointment.status != Status.BOOKED or at >= appointment.starts_at
    capture.state = CardCapture.State.TOO_LATE if late or before != was else CardCapture.State.DONE
    if was and capture.state == CardCapture.State.TOO_LATE:
        capture.state = CardCapture.State.SEEN  # her time was hers all along: nobody needs to be told
    capture.save(update_fields=["state"])
    if capture.state != CardCapture.State.DONE:
        return None
    acceptance = _written(capture.consent, appointment, card, setup_intent_id)
    appointment.acceptance = acceptance
    appointment.save(update_fields=["acceptance"])
    replaced = {"replaces": was} if was else {}
    if was:
        reprice(appointment, Facts.model_validate(acceptance.facts).items)
    journal.record("policy.accepted", appointment, by=None, at=at, acceptance=str(acceptance.id), card=str(card.id), **replaced)
    return acceptance


def to_pay(charge: Charge, *, at: datetime) -> CardCapture:
    """The patient goes to give a card with which she then pays that charge. She accepts nothing by it."""
    capture_id = new_id()
    return CardCapture.objects.create(
        id=capture_id,
        practice_id=charge.practice_id,
        appointment_id=charge.appointment_id,
        patient_id=charge.patient_id,
        charge=charge,
        key=f"capture:{capture_id}",
        created_at=at,
    )


def leave_for_the_card_page(practice_id: str, capture_id: str, *, success_url: str, cancel_url: str) -> str:
    """The gateway's card page for this capture, as an address to go to. Opens its own scopes; the gateway is called between them.

    Before one opens on which a deposit is paid, the patient's earlier ones for it are closed: it is paid once (I4). Raises the gateway's
    NoAnswer, Busy or Rejected; the capture stays and may be tried again. Raises Refusal `wrong_status` where it was paid just now.
    """
    with scope(practice_id, actor="patient:link", source="card page"):
        capture = CardCapture.objects.select_related("patient", "charge__card").get(pk=capture_id)
        keys = accounts.secrets(clock.now())
    if keys is None:
        raise payments_off()
    gateway = accounts.gateway(keys.secret_key)
    if capture.deposit_minor:
        _close_earlier(capture, gateway, practice_id)
    session = gateway.open_card_page(
        customer=_customer(capture, gateway, practice_id),
        success_url=success_url,
        cancel_url=cancel_url,
        capture_id=str(capture.id),
        key=capture.key,
        deposit=capture.deposit,
    )
    with scope(practice_id, actor="patient:link", source="card page"):
        CardCapture.objects.filter(pk=capture.pk, session_id=None).update(session_id=session.id)
    return session.url


def _close_earlier(capture: CardCapture, gateway: Gateway, practice_id: str) -> None:
    with scope(practice_id, actor="patient:link", source="card page"):
        open_ones = CardCapture.objects.filter(appointment=capture.appointment_id, charge=None, state=CardCapture.State.OPEN)
        earlier = list(open_ones.exclude(pk=capture.pk).exclude(session_id=None).values_list("id", "session_id"))
    for capture_id, session_id in earlier:
        try:
            gateway.close_card_page(str(session_id))
        except Rejected:  # it is over, or was paid
            finish(practice_id, str(capture_id))
    with scope(practice_id, actor="patient:link", source="card page"):
        _still_open(Appointment.objects.get(pk=capture.appointment_id), clock.now())


def _customer(capture: CardCapture, gateway: Gateway, practice_id: str) -> str:
    """The gateway's customer who gets the card: the one whose payment it is to be, else the patient's own."""
    if capture.charge and capture.charge.gateway_intent_id:
        return capture.charge.card.gateway_customer_id
    customer = capture.patient.gateway_customer_id
    if not customer:
        customer = gateway.create_customer(patient_id=str(capture.patient_id), key=f"customer:{capture.patient_id}")
        with scope(practice_id, actor="patient:link", source="card page"):
            patient = Patient.objects.select_for_update(no_key=True).get(pk=capture.patient_id)
            if patient.erased_at:
                erasing.erase_customers(patient, [customer], at=clock.now())
            elif not patient.gateway_customer_id:
                Patient.objects.filter(pk=patient.pk).update(gateway_customer_id=customer)
    return customer


def finish(practice_id: str, capture_id: str) -> None:
    """The patient came back, or the gateway or a website says that she gave a card: ask the gateway, keep the card, accept.
    Done twice it is done once."""
    with scope(practice_id, actor="patient:link", source="card page"):
        capture = CardCapture.objects.select_related("patient").get(pk=capture_id)
        keys = accounts.secrets(clock.now())
    if capture.state != CardCapture.State.OPEN or keys is None:
        return
    try:
        facts, payment = _given(capture, accounts.gateway(keys.secret_key))
    except Rejected as refused:
        if refused.code not in NO_CARD:
            raise
        with scope(practice_id, actor="patient:link", source="card page"):
            CardCapture.objects.filter(pk=capture.pk, state=CardCapture.State.OPEN).update(state=CardCapture.State.REFUSED)
        return
    if facts is None:
        return
    crashpoint("capture.given")
    with scope(practice_id, actor="patient:link", source="card page"):
        at = clock.now()
        Appointment.objects.locked(capture.appointment)  # before the patient, as a merge does
        patient = Patient.objects.select_for_update(no_key=True).get(pk=capture.patient_id)
        if patient.erased_at:
            erasing.erase_customers(patient, [facts.customer_id], at=at)
            if payment is None:
                return
            facts = replace(facts, customer_id="")
        card = _kept(patient, facts, at)
        if capture.charge_id:
            CardCapture.objects.filter(pk=capture.pk, state=CardCapture.State.OPEN).update(state=CardCapture.State.DONE)
            return
        accepted = accept(capture, card, setup_intent_id=facts.setup_intent_id, at=at)
        if accepted and not capture.consent.get("replaces_id"):
            jobs.defer("messaging.booked", appointment_id=str(capture.appointment_id))
            if capture.appointment.channel == Appointment.Channel.ONLINE:
                jobs.defer("noshows.booked_for_good", appointment_id=str(capture.appointment_id))
        if payment:
            depositing.paid(capture, card, payment, stands=accepted is not None, at=at)


def close_page(practice_id: str, capture_id: str) -> None:
    """The hold's half hour is over (R19), or the visit has begun: where it is off the book, the gateway's page takes no card and no deposit
    for it any more. A card that was given just before counts as any that comes late."""
    with job_scope(practice_id, "close_card_page"):
        capture = CardCapture.objects.select_related("appointment").get(pk=capture_id)
        keys = accounts.secrets(clock.now())
    over = holding.lapsed(capture.appointment) or clock.now() >= capture.appointment.starts_at
    if capture.state != CardCapture.State.OPEN or not capture.session_id or keys is None or not over:
        return
    try:
        accounts.gateway(keys.secret_key).close_card_page(capture.session_id)
    except Rejected:
        finish(practice_id, capture_id)


def seen(capture: CardCapture, *, by: Member, at: datetime) -> CardCapture:
    """Somebody has told the patient whose card came when her time was another's. Raises Refusal `wrong_status`, `not_permitted`."""
    by.must(Right.COLLECT, capture.appointment)
    capture = CardCapture.objects.select_for_update(no_key=True).get(pk=capture.pk)
    if capture.state != CardCapture.State.TOO_LATE:
        raise Refusal("wrong_status", _("Somebody else has dealt with it already."))
    capture.state = CardCapture.State.SEEN
    capture.save(update_fields=["state"])
    journal.record("card.late_seen", capture.appointment, by=by, at=at)
    return capture


def _given(capture: CardCapture, gateway: Gateway) -> tuple[CardFacts | None, IntentFacts | None]:
    """The card, and where a deposit was asked for its payment: without that the card counts for nothing."""
    if capture.payment_method_id:
        return gateway.stored_card(capture.payment_method_id), None
    if not capture.session_id:
        return None, None
    page = gateway.card_page(capture.session_id)
    return page.card, page.payment if capture.deposit_minor else None


def _kept(patient: Patient, facts: CardFacts, at: datetime) -> Card:
    return keep_card(
        patient,
        customer_id=facts.customer_id,
        payment_method_id=facts.payment_method_id,
        brand=facts.brand,
        last4=facts.last4,
        exp_month=facts.exp_month,
        exp_year=facts.exp_year,
        at=at,
    )
