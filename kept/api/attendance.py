"""What became of a visit: checked in, treated, completed, missed, restored; and the link on which a patient gives a card."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from ninja import Body, Router

import kept.scheduling.transitions.attendance as scheduling
from kept.api import find
from kept.api.appointments import shown, whole
from kept.api.door import KeyRequest
from kept.api.invoices import payment_link
from kept.api.shapes.appointments import (
    AppointmentShape,
    CardLink,
    CheckedIn,
    DepositRefunded,
    FeeActed,
    FeeLinkAsked,
    ManageLinkAsked,
    Missed,
    Restored,
)
from kept.api.shapes.fields import Versioned
from kept.api.shapes.invoices import PaymentLink
from kept.billing.transitions.cards import card_link
from kept.billing.transitions.renewing import ask_again
from kept.foundation import clock
from kept.noshows.models import Fee
from kept.noshows.transitions import arriving, depositing, fees
from kept.noshows.transitions import attendance as noshows
from kept.noshows.transitions.linking import send_link
from kept.noshows.transitions.links import ask_to_pay
from kept.practice import queries as practice
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from kept.scheduling.rules import check_version
from kept.scheduling.transitions.managing import link_at_the_desk, works_until

# What an empty body says.
MISSED, RESTORED, CHECKED_IN, AS_IT_IS, ONLY_TO_SHOW = Missed(), Restored(), CheckedIn(), Versioned(), ManageLinkAsked()
AS_THE_PRACTICE_SAYS, NO_REASON = FeeLinkAsked(), DepositRefunded()

# By their names: the transition, and what it takes of the body.
FEE_ACTS: dict[str, tuple[Callable[..., Fee], tuple[str, ...]]] = {
    "charge": (fees.charge, ("amount", "fee_reason")),
    "charge_now": (fees.charge_now, ("amount", "fee_reason")),
    "spare": (fees.spare, ("fee_reason",)),
    "unspare": (fees.unspare, ()),
}

router = Router(tags=["Attendance"])


@router.post("/{appointment_id}/no-show", response=AppointmentShape)
def mark_no_show(request: KeyRequest, appointment_id: str, body: Body[Missed] = MISSED) -> AppointmentShape:
    """The patient did not come. On the appointment's own day or later, by the clinic's calendar; from `booked`.

    With `charge_fee`, the fee of the accepted policy is charged, though never before `fee.chargeable_from`.
    """
    at, member = clock.now(), request.member
    noshows.mark(
        find.appointment(member, appointment_id),
        charge_fee=body.charge_fee,
        amount=body.amount.money if body.amount else None,
        fee_reason=body.fee_reason,
        reason=body.reason,
        note=body.note,
        notify=body.notify,
        version=body.version,
        by=member,
        at=at,
    )
    return whole(member, appointment_id, at)


@router.post("/{appointment_id}/fee", response=AppointmentShape)
def decide_fee(request: KeyRequest, appointment_id: str, body: Body[FeeActed]) -> AppointmentShape:
    """Decide about a fee later, as `actions` names it for the last one, and `acts` for each of `fees`: `charge` one that is undecided or
    spared, `charge_now` one that waits, `spare` one that is unpaid, `unspare` one that was spared.

    Charging an undecided or spared fee, and undoing a sparing, end with the practice's days to decide.
    """
    at, member = clock.now(), request.member
    found = find.appointment(member, appointment_id)
    said = {"amount": body.amount.money if body.amount else None, "fee_reason": body.fee_reason}
    act, takes = FEE_ACTS[body.action]
    act(found, **{name: said[name] for name in takes}, fee_id=_fee(found, body.fee), version=body.version, by=member, at=at)
    return whole(member, appointment_id, at)


def _fee(appointment: Appointment, id_: str | None) -> UUID | None:
    """The fee that a call names, one of that appointment's; None for the last. Raises Http404."""
    return find.one(Fee.objects.filter(appointment=appointment), id_).pk if id_ is not None else None


@router.post("/{appointment_id}/restore", response=AppointmentShape)
def restore(request: KeyRequest, appointment_id: str, body: Body[Restored] = RESTORED) -> AppointmentShape:
    """The patient came after all: back on the book, at its own time or at another `start`.

    Nothing is refunded by itself: an unpaid fee ends, a paid one stays paid unless `refund` is true.
    """
    at, member = clock.now(), request.member
    found = find.appointment(member, appointment_id)
    noshows.restore(
        found,
        refund=body.refund,
        check_in=body.check_in,
        double_book=body.double_book,
        starts_at=shown(body.start, found.clinic) if body.start else None,
        provider=find.one(practice.providers(member, found.clinic), body.provider) if body.provider else None,
        version=body.version,
        by=member,
        at=at,
    )
    return whole(member, appointment_id, at)


@router.post("/{appointment_id}/card-link", response=CardLink)
def give_card_link(request: KeyRequest, appointment_id: str, body: Body[Versioned] = AS_IT_IS) -> CardLink:
    """A link, and the same as a QR code, on which the patient accepts the policy and gives a card on her own phone, until the start.

    Each call gives a new link; the ones before stay good.
    """
    at, member = clock.now(), request.member
    found = find.appointment(member, appointment_id)
    url = card_link(found, by=member, at=at)
    check_version(found, body.version)
    return CardLink.of(found, url, until=found.starts_at)


@router.post("/{appointment_id}/accept-again", response=CardLink)
def ask_to_accept_again(request: KeyRequest, appointment_id: str, body: Body[Versioned] = AS_IT_IS) -> CardLink:
    """A link, and the same as a QR code, on which the patient reads today's terms beside those she accepted, and accepts them or does
    not, until the start: where the policy or a price changed since. Until she accepts, what she accepted counts.

    Each call gives a new link; the ones before stay good.
    """
    at, member = clock.now(), request.member
    found = find.appointment(member, appointment_id)
    url = ask_again(found, by=member, at=at)
    check_version(found, body.version)
    return CardLink.of(found, url, until=found.starts_at)


@router.post("/{appointment_id}/manage-link", response=CardLink)
def give_manage_link(request: KeyRequest, appointment_id: str, body: Body[ManageLinkAsked] = ONLY_TO_SHOW) -> CardLink:
    """A link, and the same as a QR code, to the page on which the patient sees, moves and cancels the visit, and answers a no-show.

    Each call gives a new link; the ones before stay good. `notify` sends her one too.
    """
    at, member = clock.now(), request.member
    found = find.appointment(member, appointment_id)
    url = link_at_the_desk(found, by=member, at=at)
    check_version(found, body.version)
    if body.notify:
        send_link(found, by=member, at=at)
    return CardLink.of(found, url, until=works_until(found, at=at))


@router.post("/{appointment_id}/payment-link", response=PaymentLink)
def give_payment_link(request: KeyRequest, appointment_id: str, body: Body[FeeLinkAsked] = AS_THE_PRACTICE_SAYS) -> PaymentLink:
    """A link, and the same as a QR code, on which the patient pays a fee on her own phone, for 14 days: of a charge that stopped, or of a
    fee that it is too late to decide about. Its invoice is made with it.

    Each call gives a new link; the ones before stay good. `notify` sends her one too.
    """
    member = request.member
    found = find.appointment(member, appointment_id)
    asked = ask_to_pay(found, notify=body.notify, fee_id=_fee(found, body.fee), by=member, at=clock.now())
    return payment_link(asked, member)


@router.post("/{appointment_id}/refund-deposit", response=AppointmentShape)
def refund_deposit(request: KeyRequest, appointment_id: str, body: Body[DepositRefunded] = NO_REASON) -> AppointmentShape:
    """What of the deposit stays with the clinic, though the visit did not take place and no fee takes it, goes back to the card: `left`."""
    at, member = clock.now(), request.member
    found = find.appointment(member, appointment_id)
    depositing.refund_rest(found, reason=body.reason, note=body.note, version=body.version, by=member, at=at)
    return whole(member, appointment_id, at)


@router.post("/{appointment_id}/check-in", response=AppointmentShape, summary="Check In")
def check_in(request: KeyRequest, appointment_id: str, body: Body[CheckedIn] = CHECKED_IN) -> AppointmentShape:
    """The patient is here, on the clinic's day of the appointment or later. Where what was accepted has a fee for coming so late, it can be
    charged or spared with it."""
    at, member = clock.now(), request.member
    arriving.check_in(
        find.appointment(member, appointment_id),
        charge_fee=body.charge_fee,
        amount=body.amount.money if body.amount else None,
        fee_reason=body.fee_reason,
        version=body.version,
        by=member,
        at=at,
    )
    return whole(member, appointment_id, at)


class Act(Protocol):
    """A transition that needs nothing but the appointment."""

    __doc__: str | None

    def __call__(self, appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment: ...


ACTS: dict[str, Act] = {
    "undo-check-in": arriving.undo_check_in,
    "start-treatment": scheduling.start_treatment,
    "undo-start-treatment": scheduling.undo_start_treatment,
    "complete": scheduling.complete,
    "reopen": scheduling.reopen,
    "confirm": scheduling.confirm,
    "entered-in-error": scheduling.enter_in_error,
}


def _call(name: str, act: Act) -> Callable[..., AppointmentShape]:
    def call(request: KeyRequest, appointment_id: str, body: Body[Versioned] = AS_IT_IS) -> AppointmentShape:
        at = clock.now()
        act(find.appointment(request.member, appointment_id), by=request.member, at=at, version=body.version)
        return whole(request.member, appointment_id, at)

    call.__name__, call.__doc__ = name.replace("-", "_"), act.__doc__
    return call


for name, act in ACTS.items():
    router.post(f"/{{appointment_id}}/{name}", response=AppointmentShape)(_call(name, act))
