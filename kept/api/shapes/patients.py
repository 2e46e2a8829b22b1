"""Patients as the API says them, and what their calls take."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from kept.api.pages import Paged
from kept.api.shapes.appointments import AttendanceShape
from kept.api.shapes.fields import NO_NUL, Amount, BirthDate, CardShape, Name, Named, Reason, Sent, Versioned
from kept.billing.queries import Balance
from kept.noshows.queries import Attendance
from kept.patients.models import Card, Note, Patient
from kept.scheduling.models import Appointment

Email = Annotated[str, Field(max_length=254, pattern=NO_NUL)]
Phone = Annotated[str, Field(max_length=30, pattern=NO_NUL)]


class PatientsAsked(Paged):
    """Which patients."""

    search: Annotated[str, Field(max_length=100, pattern=NO_NUL)] = Field(
        "",
        description="Parts of a name in any order, any piece of a phone number, an e-mail address or a birth date. Accents and case do "
        "not matter; where nobody matches, the nearest spellings come.",
    )


class PatientSent(Sent):
    """A new patient. A first name is enough."""

    first_name: Name
    last_name: Name = ""
    email: Email = ""
    phone: Phone = ""
    birth_date: BirthDate | None = None
    alert: Reason = ""


class PatientChanged(Versioned):
    """What changes; what is left out stays as it is."""

    first_name: Name = ""
    last_name: Name = ""
    email: Email = ""
    phone: Phone = ""
    birth_date: BirthDate | None = None
    alert: Reason = ""


class PatientLine(BaseModel):
    """A patient, and how to reach her."""

    id: str
    name: str
    first_name: str
    last_name: str
    email: str
    phone: str
    birth_date: date | None

    @classmethod
    def of(cls, patient: Patient) -> "PatientLine":
        return cls(
            id=str(patient.pk),
            name=patient.name,
            first_name=patient.first_name,
            last_name=patient.last_name,
            email=patient.email,
            phone=patient.phone,
            birth_date=patient.birth_date,
        )


class PatientShape(PatientLine):
    """A patient, with facts on attendance. `alert` is shown wherever she is booked; `balance` is what she owes on unpaid
    invoices, one sum for each currency, and `balance_in_flight` what of it is being charged and not yet known; both are null for a token
    that may not see invoices."""

    alert: str
    version: int
    attendance: AttendanceShape
    balance: list[Amount] | None
    balance_in_flight: list[Amount] | None
    created_at: datetime

    @classmethod
    def whole(cls, patient: Patient, facts: Attendance | None, owes: Sequence[Balance] | None) -> "PatientShape":
        return cls(
            **dict(PatientLine.of(patient)),
            alert=patient.alert,
            version=patient.version,
            attendance=AttendanceShape.of(facts),
            balance=None if owes is None else [Amount.of(each.owed) for each in owes],
            balance_in_flight=None if owes is None else [Amount.of(each.in_flight) for each in owes if each.in_flight.minor],
            created_at=patient.created_at,
        )


class CardOnFile(CardShape):
    """A card on the patient's profile. `blocked`: her bank will not take it again. `relied_on_by`: booked appointments whose fee it would
    pay; it stays usable for them when it is taken off."""

    id: str
    state: str
    given_at: datetime
    relied_on_by: list[Named]
    relied_on_elsewhere: int = Field(description="Further ones, which this token may not see.")

    @classmethod
    def of(cls, card: Card, seen: Sequence[Appointment], elsewhere: int) -> "CardOnFile":
        return cls(
            id=str(card.pk),
            state=card.state,
            given_at=card.given_at,
            relied_on_by=[Named.of(each) for each in seen],
            relied_on_elsewhere=elsewhere,
            brand=card.brand,
            last4=card.last4,
            exp_month=card.exp_month,
            exp_year=card.exp_year,
        )


class NoteSent(Sent):
    """A note. It stays as it is: a correction is another note."""

    text: Annotated[str, Field(max_length=1000, pattern=NO_NUL)]


class NoteShape(BaseModel):
    """What somebody of the staff wrote down about a patient."""

    id: str
    text: str
    by: Named
    at: datetime

    @classmethod
    def of(cls, note: Note) -> "NoteShape":
        return cls(id=str(note.pk), text=note.text, by=Named.of(note.by), at=note.at)
