"""Changing a booked visit before it happens: called off, or moved."""

from ninja import Body, Router

from kept.api import find
from kept.api.appointments import shown, whole
from kept.api.door import KeyRequest
from kept.api.shapes.appointments import AppointmentShape, Cancelled, Rescheduled
from kept.foundation import clock
from kept.noshows.transitions import cancelling, moving
from kept.practice import queries as practice
from kept.scheduling.models import Appointment

router = Router(tags=["Appointments"])


@router.post("/{appointment_id}/cancel", response=AppointmentShape)
def cancel(request: KeyRequest, appointment_id: str, body: Body[Cancelled]) -> AppointmentShape:
    """Call it off, before its start: its time is free. From its start on it can only be a no-show.

    Asked for by the patient after the last free instant of the policy that was accepted, it has its fee: `charge_fee` is then required.
    """
    at, member = clock.now(), request.member
    cancelling.cancel(
        find.appointment(member, appointment_id),
        asked=Appointment.Asked(body.by),
        charge_fee=body.charge_fee,
        amount=body.amount.money if body.amount else None,
        fee_reason=body.fee_reason,
        reason=body.reason,
        notify=body.notify,
        version=body.version,
        by=member,
        at=at,
    )
    return whole(member, appointment_id, at)


@router.post("/{appointment_id}/reschedule", response=AppointmentShape)
def reschedule(request: KeyRequest, appointment_id: str, body: Body[Rescheduled]) -> AppointmentShape:
    """Move it: the new time is taken and the old one free in one step, or the call is refused with `slot_taken` and nothing has changed.

    What was accepted stays; a confirmation of another time counts no more. A past start, on the clinic's today or the visit's own day, is
    recorded afterwards. To another time, asked for by the patient after the last free instant of the policy that was accepted, it has its
    fee: `charge_fee` is then required.
    """
    at, member = clock.now(), request.member
    found = find.appointment(member, appointment_id)
    moving.reschedule(
        found,
        starts_at=shown(body.start, found.clinic),
        provider=find.one(practice.providers(member, found.clinic), body.provider) if body.provider else None,
        resources=None if body.resources is None else find.several(practice.rooms(member), body.resources),
        asked=Appointment.Asked(body.by),
        double_book=body.double_book,
        charge_fee=body.charge_fee,
        amount=body.amount.money if body.amount else None,
        fee_reason=body.fee_reason,
        notify=body.notify,
        version=body.version,
        by=member,
        at=at,
    )
    return whole(member, appointment_id, at)
