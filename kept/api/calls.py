"""The call list: visits that await a card, and what a call to the patient came to."""

from ninja import Body, Query, Router

from kept.api import find
from kept.api.appointments import whole
from kept.api.door import KeyRequest
from kept.api.noshows import wanted_days
from kept.api.pages import Page
from kept.api.shapes.appointments import AppointmentShape
from kept.api.shapes.calls import Called, CallsAsked, ToCall
from kept.foundation import clock
from kept.foundation.paging import page
from kept.noshows import listing, queries
from kept.noshows.transitions import calling
from kept.practice.rules import Right

router = Router(tags=["Call list"])


@router.get("/call-list", response=Page[ToCall])
def list_to_call(request: KeyRequest, asked: Query[CallsAsked]) -> Page[ToCall]:
    """Booked visits to come whose card was asked for and is not there, by start: those whose time for it is over, in the days ahead, at all
    clinics the member may see, unless asked otherwise."""
    member, at = request.member, clock.now()
    member.must(Right.SEE_BOOK)
    today = min((clinic.local_date(at) for clinic in member.given_clinics), default=at.date())
    first, last = listing.AHEAD.default(today)
    days = wanted_days(asked, asked.first or first, asked.last or max(last, asked.first or last), calls=asked.calls)
    found = page(queries.to_call(member, days, at=at), by="starts_at", cursor=asked.cursor, limit=asked.limit, newest_first=False)
    facts, calls = queries.attendance([row.patient_id for row in found.rows]), queries.last_calls(found.rows)
    items = [ToCall.of(row, facts.get(row.patient_id), calls.get(row.pk)) for row in found.rows]
    return Page[ToCall](items=items, next=found.next)


@router.post("/appointments/{appointment_id}/card-call", response=AppointmentShape)
def record_card_call(request: KeyRequest, appointment_id: str, body: Body[Called]) -> AppointmentShape:
    """The patient was called about the card. Who will give it has the whole time for it once more; a visit that is kept without one
    awaits none any more, and no fee can be charged for it. To give the time free, cancel it by the clinic."""
    at, member = clock.now(), request.member
    found = find.appointment(member, appointment_id)
    calling.called(found, body.result, why=body.why, by=member, at=at, version=body.version)
    return whole(member, appointment_id, at)
