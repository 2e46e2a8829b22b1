"""Whether a fee can be charged for an appointment, how much, from when, and why or why not (R3, R4, R5, R7a, R7d, R7e)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.billing.gateways import accounts
from kept.billing.models import Charge, Kind
from kept.foundation.clock import day
from kept.foundation.dates import clock_time, short_day
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.noshows.deposits import split_of
from kept.noshows.models import GOES_ON, Fee
from kept.patients.models import Card
from kept.patients.privacy import called
from kept.patients.queries import usable_card
from kept.policies import fees
from kept.policies import queries as policies
from kept.policies.case import months_before
from kept.policies.deposits import Split
from kept.policies.words import Words
from kept.scheduling.cases import case_of
from kept.scheduling.models import Appointment, Status

# What the dialog and the API say when no fee is offered: one reason, the first that holds.
WHY_NOT = {
    "imported": _("this visit was imported; its booking was made elsewhere."),
    "no_card": _("no card was given for this appointment."),
    "no_consent": _("a card is on file, but the policy was not accepted for this appointment."),
    "exempt": _("the policy accepted for this appointment takes nothing for it."),
    "card_gone": _("the card was withdrawn at the payment provider, or its bank will not take it again."),
    "forgiven": _("it is the first this patient missed in a while, and the policy accepted for it forgives that."),
    "already_charged": _("the fee for this appointment was already charged."),
    "too_late": _("the time to decide about this fee is over."),
    "policy_off": _("cancellation fees are switched off."),
    "payments_off": _("card payments are not set up."),
}


@dataclass(frozen=True, slots=True)
class FeeOffer:
    """An offer to charge, or the one reason why there is none. `chargeable_from` is an instant: the fee waits until then (R7d).

    `deposit`: how the patient's pays it first.
    `first_in`: the policy proposes to spare it, as the first that the patient missed in that many months.
    """

    offered: bool
    kind: Kind = Kind.NO_SHOW
    why_not: str = ""
    amount: Money | None = None
    card: Card | None = None
    card_expired: bool = False
    chargeable_from: datetime | None = None
    waits: bool = False
    earlier: Charge | None = None
    in_flight: bool = False
    first_in: int = 0
    deposit: Split | None = None

    @property
    def reason_sentence(self) -> str:
        """Why no fee is offered, as the dialog says it."""
        if self.in_flight:
            return _("an earlier charge for it is still being followed up. Its result appears by itself.")
        sentence = str(WHY_NOT.get(self.why_not, ""))
        if self.why_not == "already_charged" and self.earlier and self.earlier.invoice:
            return _("the fee for this appointment was already charged on %s.") % self.earlier.invoice
        return sentence


def kind_of(appointment: Appointment) -> Kind:
    """What its fee is for as it stands: cancelled late, or missed."""
    return Kind.LATE_CANCEL if appointment.status == Status.CANCELLED else Kind.NO_SHOW


def costs(appointment: Appointment) -> bool:
    """Whether it ended in a way that may have a fee."""
    return appointment.status == Status.NOSHOW or appointment.status == Status.CANCELLED and appointment.late_cancel


def stands(appointment: Appointment, fee: Fee) -> bool:
    """Whether what the fee is for is still so: missed or cancelled late as it was; a late move or arrival, unless that was undone."""
    return fee.open if fee.of_a_visit_that_goes_on else costs(appointment)


def late_fee(appointment: Appointment, *, at: datetime, kind: Kind = Kind.LATE_CANCEL) -> Money | None:
    """What the patient's cancelling or moving it, or her coming, at that instant costs by what she accepted (R14, R4); None where it is
    free."""
    acceptance = appointment.acceptance
    if acceptance is None:
        return None
    fee = fees.quote(acceptance.version.terms, case_of(appointment, at=at), kind, at=at).fee
    return min(fee, acceptance.most(kind), key=lambda each: each.minor) or None


FREE = {
    Kind.LATE_CANCEL: gettext_lazy("Cancelling is free: %s"),
    Kind.LATE_RESCHEDULE: gettext_lazy("Moving is free: %s"),
    Kind.LATE_ARRIVAL: gettext_lazy("Nothing is charged: %s"),
}


def late_facts(appointment: Appointment, *, at: datetime, kind: Kind = Kind.LATE_CANCEL) -> str:
    """Why cancelling it, moving it or coming at that instant costs what it does, or is free: the notice, until when it was free, and the
    version and row."""
    acceptance = appointment.acceptance
    if acceptance is None:
        if appointment.agreement_id:
            return _("Nothing can be charged: the policy was accepted, but no card was asked for.")
        return FREE[kind] % _("the patient accepted no policy for this appointment.")
    document, case = acceptance.version.terms, case_of(appointment, at=at)
    quote = fees.quote(document, case, kind, at=at)
    because = Words(acceptance.currency).because(document, case, quote, at=at)
    says = because[:1].upper() + because[1:] if quote.fee else FREE[kind] % because
    if quote.number is None:
        return says
    return f"{says} " + _("Policy v%(version)d, row %(row)d.") % {"version": acceptance.version.number, "row": quote.number}


def owed(appointment: Appointment, *, at: datetime, kind: Kind, fee: Fee | None = None) -> Money | None:
    """The most that the fee may be: of a cancellation, by the notice that was given. What a move or an arrival cost was offered then, and
    stands with `fee`: the visit is another by now."""
    if fee and fee.of_a_visit_that_goes_on and fee.full_minor:
        return fee.full
    if kind in GOES_ON:
        return late_fee(appointment, at=at, kind=kind)
    if kind == Kind.LATE_CANCEL:
        cancelled_at = appointment.status_at if appointment.status == Status.CANCELLED else None
        return late_fee(appointment, at=cancelled_at or at)
    return appointment.acceptance.most(kind) if appointment.acceptance else None


def fee_offer(appointment: Appointment, *, at: datetime, kind: Kind | None = None, fee: Fee | None = None) -> FeeOffer:
    """What may be charged at that instant: the fee of the version accepted at booking, never of today's (R4). `kind` None: of what it
    is, missed unless it was cancelled; `fee` is one that was decided before, and is decided again.

    All but a missed visit's waits only for the breathing space (R7b): a cancellation is final, and who comes late is there."""
    kind = Kind(fee.kind) if fee else kind or kind_of(appointment)
    acceptance = appointment.acceptance
    charges = list(
        Charge.objects.filter(appointment=appointment, kind=kind, booking_no__in=_booked_times(appointment, kind, fee))
        .select_related("invoice", "card")
        .order_by("-created_at", "-id")
    )
    if unresolved := next((charge for charge in charges if charge.live and _unresolved(charge)), None):
        return FeeOffer(False, kind, earlier=unresolved, in_flight=True)
    earlier = next((charge for charge in charges if _holds_money(charge)), next(iter(charges), None))
    amount = owed(appointment, at=at, kind=kind, fee=fee)
    why_not = _first_reason(appointment, kind, earlier, amount, at)
    deposit = split_of(appointment, kind, amount, at=at) if amount and not why_not else None
    if deposit and not deposit.applied and not deposit.charged:
        why_not = "exempt"  # the fee is the deposit, and that went back
    if why_not or acceptance is None:
        return FeeOffer(False, kind, why_not=why_not, earlier=earlier)
    chargeable_from = max(due_from(appointment, kind) or at, at + appointment.practice.settings.breathing_space)
    return FeeOffer(
        True,
        kind,
        amount=amount,
        card=acceptance.card,
        card_expired=acceptance.card.expired(appointment.clinic.local_date(at)),
        chargeable_from=chargeable_from,
        waits=chargeable_from > at,
        earlier=earlier,
        first_in=_forgives(appointment, kind, "propose"),
        deposit=deposit,
    )


def offer_refusal(offer: FeeOffer) -> Refusal | None:
    """Why a charge is refused; None where it is offered."""
    if offer.offered:
        return None
    if offer.in_flight:
        return Refusal("charge_in_flight", _("An earlier charge for this appointment is still being followed up."))
    if offer.why_not == "already_charged":
        return Refusal("already_charged", _("Not charged: %s") % offer.reason_sentence)
    return Refusal("fee_not_available", _("No fee can be charged: %s") % offer.reason_sentence, reason=offer.why_not)


def decide_until(appointment: Appointment) -> datetime:
    """Until when a fee that was not decided, or was spared, may be decided otherwise (R7e)."""
    return appointment.starts_at + timedelta(days=appointment.practice.settings.decide_days)


def missed_from(appointment: Appointment) -> datetime:
    """The start plus the late minutes of the policy accepted for it, or of the one in use: from then on she has missed it (R7d, R7f)."""
    terms = appointment.acceptance or policies.version_in_use()
    return appointment.starts_at + timedelta(minutes=terms.late_minutes if terms else 0)


def due_from(appointment: Appointment, kind: str) -> datetime | None:
    """Before when the fee is never charged (R7d); None: that is past, as with a cancellation, after which nobody comes."""
    return missed_from(appointment) if kind == Kind.NO_SHOW else None


def _unresolved(charge: Charge) -> bool:
    return charge.in_flight or charge.ending


def _holds_money(charge: Charge) -> bool:
    """Paid and not wholly refunded, even if it was wanted no more when it was paid."""
    return charge.refunded_minor < charge.captured_minor


def _booked_times(appointment: Appointment, kind: Kind, fee: Fee | None) -> set[int]:
    """The numbers of the booked time of which it is charged once (R5). A visit that was moved back has its time once more: its leaving
    that is charged once, too."""
    if fee:
        return {fee.booking_no}
    if kind != Kind.LATE_RESCHEDULE:
        return {appointment.booking_no}
    past = appointment.history.filter(starts_at=appointment.starts_at)  # type: ignore[attr-defined]  # made by @remembered
    return {appointment.booking_no, *past.values_list("booking_no", flat=True)}


def _first_reason(appointment: Appointment, kind: Kind, earlier: Charge | None, amount: Money | None, at: datetime) -> str:
    if appointment.imported:
        return "imported"
    if earlier and _holds_money(earlier):
        return "already_charged"
    acceptance = appointment.acceptance
    if acceptance is None:
        return "no_consent" if usable_card(appointment.patient) and not appointment.agreement_id else "no_card"
    if not policies.policy_in_use().fees_on:
        return "policy_off"
    if not accounts.payments_on():
        return "payments_off"
    if not amount:
        return "exempt"
    if not acceptance.card.chargeable:
        return "card_gone"
    if at > decide_until(appointment):
        return "too_late"
    return "forgiven" if _forgives(appointment, kind, "by_itself") else ""


def _forgives(appointment: Appointment, kind: Kind, mode: str) -> int:
    """The months in which it is the patient's first no-show, where the accepted policy gives that a second chance in that way; else 0."""
    chance = appointment.acceptance.version.terms.first_time if appointment.acceptance else None
    if chance is None or chance.mode != mode or kind != Kind.NO_SHOW:
        return 0
    since, _end = day(months_before(appointment.local_date, chance.within), appointment.clinic.zone)
    missed = Appointment.objects.filter(patient=appointment.patient_id, status=Status.NOSHOW).exclude(pk=appointment.pk)
    return 0 if missed.filter(starts_at__gte=since, starts_at__lt=appointment.starts_at).exists() else chance.within


def offer_facts(appointment: Appointment, offer: FeeOffer) -> str:
    """The sentence that proves the fee: which version the patient accepted, when, and what it says."""
    acceptance = appointment.acceptance
    if acceptance is None:
        return ""
    zone = appointment.clinic.zone
    return _("%(who)s accepted policy v%(number)d on %(day)s at %(time)s: ‘A missed appointment is charged %(fee)s.’") % {
        "who": called(appointment.patient),
        "number": acceptance.version.number,
        "day": short_day(acceptance.accepted_at, zone),
        "time": clock_time(acceptance.accepted_at, zone),
        "fee": acceptance.fee,
    }
