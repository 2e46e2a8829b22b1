"""What a sample practice consists of, as shapes for plain data. Imports no Django: bin/demo reads it too."""

import unicodedata
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import Enum, auto

from kept.practice.rules import Role

DAY_OFF = "-"


@dataclass(frozen=True, slots=True)
class ClinicPlan:
    name: str
    zone: str
    address: str
    phone: str
    rooms: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderPlan:
    """Somebody who is booked. `week` says for Monday to Sunday at which of her clinics she is, the first being 1; `performs` names
    categories and single services. Lunch lasts an hour."""

    name: str
    title: str
    clinics: tuple[str, ...]
    week: str
    performs: tuple[str, ...]
    lunch: time = time(12)

    def clinic_on(self, weekday: int) -> str | None:
        """Where to be found that day; Monday is 0. None: nowhere, it is her day off."""
        place = self.week[weekday]
        return None if place == DAY_OFF else self.clinics[int(place) - 1]

    def does(self, service: "ServicePlan") -> bool:
        return service.category in self.performs or service.name in self.performs


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """Minutes of the visit, minutes busy before and after it, the price in minor units, and the rooms or devices one of which it takes."""

    name: str
    category: str
    minutes: int
    before: int
    after: int
    price: int
    takes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionPlan:
    """A version of the policy: days after the opening, fee in minor units, what changed."""

    after_days: int
    fee: int
    what_changed: str


@dataclass(frozen=True, slots=True)
class Person:
    """A patient, and how long after the practice's opening she was added."""

    first_name: str
    last_name: str
    email: str
    phone: str
    added_after: timedelta
    birth_date: date | None = None
    alert: str = ""

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


class Course(Enum):
    """What becomes of a visit when its time has come; cancelled and moved it is before."""

    KEPT = auto()
    MISSED = auto()
    FORGOTTEN = auto()  # nobody records an outcome
    CANCELLED = auto()  # by the patient
    CALLED_OFF = auto()  # by the clinic
    MOVED = auto()  # booked for another day first
    WALKED_IN = auto()  # recorded afterwards


@dataclass(frozen=True, slots=True)
class Scene:
    """A visit that the sample always has, where its provider works on that day: days from today (None: on the next day whose `wall` time
    is still to come), the wall time of its start, who comes for what. `beside` another: a deliberate double booking."""

    day: int | None
    wall: time
    provider: str
    patient: str
    service: str
    course: Course = Course.KEPT
    accepts: bool = True
    beside: bool = False


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """Time of a provider, room or device that is kept free: days from today, wall times, and why."""

    day: int
    wall: time
    until: time
    clinic: str
    resource: str
    why: str


@dataclass(frozen=True, slots=True)
class LimitedPlan:
    """A seventh member, who works at one clinic alone (R24)."""

    name: str
    role: Role
    clinic: str


@dataclass(frozen=True, slots=True)
class PracticePlan:
    """Members by role; the provider's seat is that of the provider of the same name. `patients` are known by name here, `crowd` more are
    made from lists. `misses` says how often those named there miss a visit, where others miss one of twenty."""

    slug: str
    name: str
    currency: str
    clinics: tuple[ClinicPlan, ...]
    providers: tuple[ProviderPlan, ...]
    members: dict[Role, str]
    services: tuple[ServicePlan, ...]
    versions: tuple[VersionPlan, ...]
    patients: tuple[str, ...]
    description: str
    authorization: str
    gateway_key: str
    webhook_secret: str
    crowd: int = 0
    scenes: tuple[Scene, ...] = ()
    blocks: tuple[BlockPlan, ...] = ()
    misses: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    alerts: dict[str, str] = field(default_factory=dict)
    without_card: tuple[str, ...] = ()
    with_two_cards: tuple[str, ...] = ()
    breathing_minutes: int = 0
    limited: LimitedPlan | None = None
    text_from: str = ""  # the number from which text messages go
    opens_at: time = time(9)
    closes_at: time = time(18)

    def email(self, role: Role) -> str:
        return email_of(self.members[role])

    def spans(self, person: ProviderPlan) -> tuple[tuple[time, time], ...]:
        """When somebody works on a day of hers, by the clocks there: before lunch and after."""
        return (self.opens_at, person.lunch), (person.lunch.replace(hour=person.lunch.hour + 1), self.closes_at)

    @property
    def named(self) -> list[Person]:
        """The patients known by name, added one a minute."""
        return [
            Person(first, last, email_of(f"{first} {last}"), f"(555) 01{place:02d}", timedelta(minutes=place))
            for place, (first, _, last) in enumerate(name.partition(" ") for name in self.patients)
        ]


def email_of(name: str) -> str:
    """Where somebody of that name reads mail: odette.farnley@example.com."""
    words = plain(name).split()
    return f"{words[0]}.{words[-1]}@example.com"


def plain(name: str) -> str:
    """In small letters without accents, as an address has it."""
    return unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
