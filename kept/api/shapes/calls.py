"""The call list, as the API says it: visits whose card was asked for and did not come, and what a call came to."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from kept.api.pages import Paged
from kept.api.shapes.appointments import AttendanceShape, card_due, services
from kept.api.shapes.fields import Named, Versioned
from kept.api.shapes.noshows import ListFilter
from kept.events.models import Event
from kept.noshows.queries import Attendance
from kept.scheduling.models import Appointment

CallResult = Literal["no_answer", "reached", "link", "without"]


class CallsAsked(ListFilter, Paged):
    """A page of the list: of the days ahead, and of those whose time for the card is over, unless it is said."""

    calls: list[Literal["due", "waiting"]] = Field([], description="`due`: the time for the card is over; `waiting`: it is not.")


class LastCall(BaseModel):
    """The last call about the card."""

    result: CallResult
    at: datetime


class ToCall(BaseModel):
    """Whom to call, and about what. `phone` is empty where none is known; `card_due` null where the card was promised by no time."""

    id: str
    number: str
    version: int
    start: datetime
    zone: str
    patient: Named
    phone: str
    services: list[Named]
    provider: Named
    clinic: Named
    attendance: AttendanceShape
    card_due: datetime | None
    last_call: LastCall | None

    @classmethod
    def of(cls, appointment: Appointment, facts: Attendance | None, call: Event | None) -> "ToCall":
        zone = appointment.clinic.zone
        return cls(
            id=str(appointment.pk),
            number=str(appointment),
            version=appointment.version,
            start=appointment.starts_at.astimezone(zone),
            zone=zone.key,
            patient=Named.of(appointment.patient),
            phone=appointment.patient.phone,
            services=services(appointment),
            provider=Named.of(appointment.provider),
            clinic=Named.of(appointment.clinic),
            attendance=AttendanceShape.of(facts),
            card_due=card_due(appointment),
            last_call=LastCall(result=call.particulars["result"], at=call.at.astimezone(zone)) if call else None,
        )


class Called(Versioned):
    """What the call came to: nobody answered; she was reached and will give the card, by the link she has or by a new one that goes by
    e-mail, and has the whole time for it once more; or the visit is kept without a card, and `why`."""

    result: CallResult
    why: Literal["", "known", "cannot", "paid", "ours"] = ""
