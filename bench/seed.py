"""A town of practices with years of appointments, written by COPY as the server's superuser, triggers off: what a live book would
hold, without the hours it takes to live it. Kept between runs, and made anew when the migrations are others."""

import hashlib
import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connections, models
from psycopg import sql
from psycopg.types.json import Jsonb
from psycopg.types.range import Range

from kept.billing.models import Charge, Invoice, InvoiceLine, State
from kept.foundation.ids import new_id
from kept.noshows.models import Decision, Fee
from kept.ops.server import Server
from kept.patients import rules
from kept.patients.models import Card, Patient, Word
from kept.policies.document import flat
from kept.policies.models import Acceptance, Policy, PolicyVersion
from kept.practice.models import (
    Clinic,
    Counter,
    Member,
    Practice,
    Provider,
    ProviderClinic,
    Resource,
    Schedule,
    Service,
    Settings,
    User,
)
from kept.scheduling.models import Appointment, Claim, Line

ZONE = "America/New_York"
TODAY = datetime(2026, 10, 14, 16, 0, tzinfo=UTC)
CHUNK = 20_000
SYLLABLES = ("ada", "bel", "cor", "dor", "edd", "fin", "gal", "hed", "ing", "jan", "kay", "len", "mir", "nor", "olg", "pol")
MISSED, CANCELLED, CHARGED = 0.07, 0.08, 0.4

# practices, clinics of each, providers of each clinic, days of history, visits of a provider's day
SCALES = {"small": (2, 2, 5, 100, 10), "1m": (10, 2, 10, 500, 10)}
AHEAD_DAYS = 30
FIRST_NUMBER = 10_001
MINUTES = timedelta(minutes=45)


@dataclass(frozen=True, slots=True)
class Town:
    """What the figures ask about: the first practice, and how much there is in all."""

    practice_id: UUID
    clinic_id: UUID
    providers: list[tuple[UUID, UUID]]  # of that clinic; each with what is claimed of her
    service_id: UUID
    patient_ids: list[UUID]
    user_id: int
    appointments: int

    @property
    def provider_id(self) -> UUID:
        return self.providers[0][0]

    @property
    def resource_id(self) -> UUID:
        return self.providers[0][1]


def town(server: Server, database: str, scale: str, *, say: Callable[[str], None]) -> Town:
    """The database of that scale, seeded if it is not there."""
    made_of = _made_of(scale)
    if not server.has_database(database) or _stamp(server, database) != made_of:
        server.drop_database(database)
        server.create_database(database)
        say("Migrating.")
        call_command("migrate", verbosity=0)
        connections.close_all()
        _fill(server, database, scale, say)
        with server.connect(database=database) as admin:
            admin.execute(sql.SQL("comment on database {} is {}").format(sql.Identifier(database), sql.Literal(made_of)))
    return _read(server, database)


def _made_of(scale: str) -> str:
    made = hashlib.sha256(repr(SCALES[scale]).encode())
    files = [Path(__file__), *sorted(Path(__file__).parent.parent.glob("kept/*/migrations/0*.py"))]
    for file in files:
        made.update(file.read_bytes())
    return made.hexdigest()


def _stamp(server: Server, database: str) -> str | None:
    query = "select shobj_description(oid, 'pg_database') from pg_database where datname = %s"
    with server.connect() as admin:
        row = admin.execute(query, [database]).fetchone()
    return str(row[0]) if row else None


def _read(server: Server, database: str) -> Town:
    with server.connect(database=database) as admin:

        def one(query: str, *values: Any) -> Any:
            row = admin.execute(query, values).fetchone()  # type: ignore[arg-type]
            return row[0] if row else None

        practice = one("select id from practice_practice order by slug limit 1")
        clinic = one("select id from practice_clinic where practice_id = %s order by name limit 1", practice)
        providers: list[Any] = admin.execute(
            "select p.id, p.resource_id from practice_provider p join practice_providerclinic c on c.provider_id = p.id "
            "where c.clinic_id = %s order by p.id",
            [clinic],
        ).fetchall()
        return Town(
            practice_id=practice,
            clinic_id=clinic,
            providers=providers,
            service_id=one("select id from practice_service where practice_id = %s order by name limit 1", practice),
            patient_ids=one(
                "select array_agg(id) from (select id from patients_patient where practice_id = %s order by id limit 64) found", practice
            ),
            user_id=one("select user_id from practice_member where practice_id = %s limit 1", practice),
            appointments=one("select count(*) from scheduling_appointment"),
        )


def _fill(server: Server, database: str, scale: str, say: Callable[[str], None]) -> None:
    practices, *_rest = SCALES[scale]
    with server.connect(database=database) as admin:
        admin.execute("set session_replication_role = replica")  # no triggers: neither history nor guards
        for number in range(practices):
            say(f"Seeding practice {number + 1} of {practices}.")
            _practice(admin, number, scale)
        say("Analysing.")
        admin.execute("vacuum analyze")


@dataclass(frozen=True, slots=True)
class Street:
    """One practice of the town as it is being written."""

    practice: Practice
    member: Member
    version: PolicyVersion
    places: list[ProviderClinic]
    services: list[Service]
    patients: list[Patient]
    cards: list[Card]

    @property
    def home(self) -> dict[str, Any]:
        return {"practice": self.practice}


def _practice(admin: Any, number: int, scale: str) -> None:
    _practices, clinics_each, providers_each, past_days, visits_a_day = SCALES[scale]
    dice = random.Random(number)
    practice = Practice(slug=f"bench-{number:03d}", name=f"Bench {number}")
    home: dict[str, Any] = {"practice": practice}
    user = User(id=number + 1, email=f"manager.{number}@example.com", password=make_password(None), date_joined=TODAY)
    member = Member(**home, user=user, name="Manager", role="manager")
    clinics = [Clinic(**home, name=f"Clinic {each}", zone_name=ZONE, currency="USD") for each in range(clinics_each)]
    resources = [Resource(**home, kind=Resource.Kind.PROVIDER, name=f"Provider {each}") for each in range(clinics_each * providers_each)]
    providers = [Provider(**home, name=resource.name, resource=resource) for resource in resources]
    at_home = list(zip(providers, itertools.cycle(clinics), strict=False))
    places = [ProviderClinic(**home, provider=provider, clinic=clinic) for provider, clinic in at_home]
    schedules = [
        Schedule(**home, provider=provider, clinic=clinic, weekday=day, opens_at=time(9), closes_at=time(18))
        for (provider, clinic), day in itertools.product(at_home, range(7))
    ]
    services = [
        Service(**home, name=f"Service {each:02d}", minutes=45, price_minor=20_000 + each * 1_000, currency="USD") for each in range(20)
    ]
    opened = TODAY - timedelta(days=past_days + 1)
    version = PolicyVersion(
        **home, number=1, description="d", authorization_text="a", currency="USD", published_at=opened,
        document=flat(7_500).model_dump(mode="json", exclude_none=True),
        published_by=member,
    )  # fmt: skip
    patients = list(_patients(practice, len(providers) * visits_a_day * 8, dice))
    cards = [
        Card(
            **home, patient=each, gateway_customer_id="c", payment_method_id=f"pm_{each.id.hex}", brand="visa", last4="4242", exp_month=8,
            exp_year=2030, given_at=opened,
        )
        for each in patients
    ]  # fmt: skip
    decided, policy = Settings(**home, currency="USD"), Policy(**home, fees_on=True, current=version)
    each_day = len(providers) * visits_a_day
    counter = Counter(**home, name="invoice", value=FIRST_NUMBER + each_day * past_days)
    furniture: list[list[Any]] = [[practice], [user], [decided], clinics, resources, providers, places, schedules, [member], services]
    for rows in (*furniture, [version], [policy], [counter], patients, [*_words(patients)], cards):
        _copy(admin, rows)
    visits = _visits(Street(practice, member, version, places, services, patients, cards), past_days, visits_a_day, dice)
    while chunk := list(itertools.islice(visits, CHUNK)):
        by_model: dict[type[models.Model], list[models.Model]] = {}
        for row in itertools.chain.from_iterable(chunk):
            by_model.setdefault(type(row), []).append(row)
        for model in (Acceptance, Appointment, Line, Claim, Invoice, InvoiceLine, Charge, Fee):
            _copy(admin, by_model.get(model, []))


def _patients(practice: Practice, count: int, dice: random.Random) -> Iterator[Patient]:
    for number in range(count):
        first, last = ("".join(dice.choices(SYLLABLES, k=2)).title() for _ in range(2))
        yield Patient(
            practice=practice, first_name=first, last_name=last, email=f"patient.{number}@example.com", phone=f"(555) {number:07d}",
            sort_name=rules.sort_name(first, last), created_at=TODAY - timedelta(days=700),
        )  # fmt: skip


def _words(patients: Iterable[Patient]) -> Iterator[Word]:
    """By which they are found."""
    for patient in patients:
        names = [patient.first_name, patient.last_name]
        for word in rules.kept_words(names=names, email=patient.email, phone=patient.phone, birth_date=None):
            yield Word(practice=patient.practice, patient=patient, word=word)


def _visits(street: Street, past_days: int, visits_a_day: int, dice: random.Random) -> Iterator[list[models.Model]]:
    """Each visit with all that belongs to it, in the order of days, as a live book is written."""
    zone, numbers, invoices = ZoneInfo(ZONE), itertools.count(FIRST_NUMBER), itertools.count(FIRST_NUMBER)
    for offset in range(-past_days, AHEAD_DAYS):
        day = (TODAY + timedelta(days=offset)).astimezone(zone).date()
        opening = datetime.combine(day, time(9), zone).astimezone(UTC)
        for place, turn in itertools.product(street.places, range(visits_a_day)):
            who, luck = dice.randrange(len(street.patients)), dice.random()
            starts_at = opening + timedelta(minutes=50 * turn)
            visit = Appointment(
                **street.home, number=next(numbers), patient=street.patients[who], provider=place.provider, clinic=place.clinic,
                status=_status(luck, over=starts_at < TODAY), starts_at=starts_at, ends_at=starts_at + MINUTES, status_by=street.member,
                booked_at=starts_at - timedelta(days=dice.randrange(1, 40)), status_at=starts_at + MINUTES,
            )  # fmt: skip
            charged = visit.status == "noshow" and dice.random() < CHARGED
            money = _fee(street, visit, street.cards[who], next(invoices)) if charged else []
            yield [visit, *_booked(street, visit, dice.choice(street.services)), *money]


def _status(luck: float, *, over: bool) -> str:
    if luck < CANCELLED:
        return "cancelled"
    if not over:
        return "booked"
    return "noshow" if luck < CANCELLED + MISSED else "fulfilled"


def _booked(street: Street, visit: Appointment, service: Service) -> list[models.Model]:
    return [
        Line(
            **street.home, appointment=visit, service=service, position=0, name=service.name, minutes=service.minutes,
            price_minor=service.price_minor, currency=service.currency,
        ),
        Claim(
            **street.home, appointment=visit, resource=visit.provider.resource, during=Range(visit.starts_at, visit.ends_at),
            live=visit.status in ("booked", "fulfilled"),
        ),
    ]  # fmt: skip


def _fee(street: Street, visit: Appointment, card: Card, number: int) -> list[models.Model]:
    """The policy accepted, the fee charged and paid."""
    at, charge_id = visit.ends_at, new_id()
    home: dict[str, Any] = street.home | {"currency": "USD"}
    visit.acceptance = Acceptance(
        **home, patient=visit.patient, version=street.version, card=card, text="t", text_hash="h", fees={"no_show": 7_500}, late_minutes=15,
        free_until=visit.starts_at, accepted_at=visit.booked_at, channel="link",
    )  # fmt: skip
    invoice = Invoice(
        **home, number=number, kind="no_show", status="balanced", patient=visit.patient, appointment=visit, provider=visit.provider,
        clinic=visit.clinic, total_minor=7_500, issued_at=at,
    )  # fmt: skip
    charge = Charge(
        **home, id=charge_id, appointment=visit, patient=visit.patient, card=card, invoice=invoice, kind="no_show", booking_no=1,
        state=State.SUCCEEDED, amount_minor=7_500, created_at=at, due_at=at, gateway_intent_id=f"pi_{charge_id.hex}",
        create_key=f"create:{charge_id}", captured_minor=7_500, captured_at=at,
    )  # fmt: skip
    fee = Fee(
        **home, appointment=visit, kind="no_show", booking_no=1, decision=Decision.CHARGE, amount_minor=7_500, by=street.member, at=at,
        charge=charge,
    )  # fmt: skip
    return [visit.acceptance, invoice, InvoiceLine(**home, invoice=invoice, text="Fee", amount_minor=7_500), charge, fee]


def _copy(admin: Any, rows: Iterable[models.Model]) -> None:
    """Write the rows by COPY, every column, as the model has them."""
    rows = list(rows)
    if not rows:
        return
    fields = [field for field in type(rows[0])._meta.concrete_fields if not isinstance(field, models.GeneratedField)]
    names = sql.SQL(", ").join([sql.Identifier(str(field.column)) for field in fields])
    into = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(type(rows[0])._meta.db_table), names)
    with admin.cursor() as cursor, cursor.copy(into) as copy:
        for row in rows:
            copy.write_row([_plain(getattr(row, field.attname), field) for field in fields])


def _plain(value: Any, field: "models.Field[Any, Any]") -> Any:
    if isinstance(field, models.JSONField):
        return Jsonb(value)
    return psycopg.types.range.TimestamptzRange(value.lower, value.upper) if isinstance(value, Range) else value
