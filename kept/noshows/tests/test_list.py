"""The No Shows list: newest first, by each clinic's own days, by clinics, providers and fees, with its totals and its file (R8)."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

import kept.billing.transitions.charging as charging
import kept.billing.transitions.refunding as refunding
import kept.scheduling.transitions.attendance as attendance
import kept.scheduling.transitions.booking as booking
from kept.billing.gateways.facts import IntentFacts, RefundFacts
from kept.billing.models import Charge
from kept.events.models import Access
from kept.foundation.money import Money
from kept.foundation.paging import page
from kept.noshows.models import Fee
from kept.noshows.queries import Filter, Totals, fee_of, last_days, no_shows, totals
from kept.noshows.transitions.attendance import mark, restore
from kept.ops.cast import House
from kept.practice.models import Clinic, Member, MemberClinic
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.gateway import clock_at
from tests.kit.queries import queries
from tests.kit.visits import MIDNIGHT_AT_THE_CLINIC, STARTS_AT, accepted, card_of

THAT_DAY = date(2026, 10, 14)
EVENING = MIDNIGHT_AT_THE_CLINIC + timedelta(hours=23)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
MIDNIGHT_IN_LOS_ANGELES = datetime(2026, 10, 14, 7, tzinfo=UTC)

Missed = Callable[..., Appointment]


@pytest.fixture
def missed(juniper: House) -> Missed:
    """`missed(starts_at, provider="Tess Marrowby", clinic="Elm Street")`: by the next patient, without a card."""
    patients = iter(juniper.patients)

    def marked(
        starts_at: datetime = STARTS_AT, *, provider: str = "Tess Marrowby", clinic: str = "Elm Street", card: bool = False
    ) -> Appointment:
        appointment = _booked(juniper, next(patients), starts_at, provider, clinic)
        if card:
            appointment = accepted(appointment, card_of(appointment.patient))
        desk = juniper.members[Role.FRONT_DESK]
        return mark(appointment, charge_fee=True if card else None, by=desk, at=starts_at + HOUR)

    return marked


def _booked(house: House, patient: Any, starts_at: datetime, provider: str, clinic: str) -> Appointment:
    return booking.book(
        clinic=house.clinics[clinic],
        provider=house.providers[provider],
        patient=patient,
        services=[house.services["Consultation"]],
        starts_at=starts_at,
        by=house.members[Role.FRONT_DESK],
        at=starts_at - timedelta(days=3),
    )


def found(member: Member, first: date = THAT_DAY, last: date = THAT_DAY, **wanted: Any) -> list[Appointment]:
    return list(no_shows(member, Filter(first, last, **wanted), at=EVENING))


# Days, each clinic by its own


@pytest.mark.parametrize(
    ("clinic", "provider", "midnight"),
    [
        ("Elm Street", "Tess Marrowby", MIDNIGHT_AT_THE_CLINIC),
        ("Harbor Point", "Petra Lindvall", MIDNIGHT_IN_LOS_ANGELES),
    ],
)
def test_r8_a_day_is_the_clinics_own_from_midnight_to_midnight(
    silas: Member, missed: Missed, clinic: str, provider: str, midnight: datetime
) -> None:
    starts = [midnight - HOUR, midnight, midnight + 23 * HOUR, midnight + 24 * HOUR]
    _before, first, last, _after = (missed(start, provider=provider, clinic=clinic) for start in starts)

    assert found(silas) == [last, first]


def test_r8_one_instant_can_lie_on_two_days(silas: Member, missed: Missed) -> None:
    instant = MIDNIGHT_AT_THE_CLINIC + HOUR  # Wednesday on the east coast, still Tuesday on the west coast
    east = missed(instant)
    west = missed(instant, provider="Petra Lindvall", clinic="Harbor Point")

    assert (found(silas), found(silas, date(2026, 10, 13), date(2026, 10, 13))) == ([east], [west])


def test_r8_from_and_to_are_both_included(silas: Member, missed: Missed) -> None:
    rows = [missed(STARTS_AT + timedelta(days=day)) for day in range(-2, 3)]

    assert found(silas, THAT_DAY - timedelta(days=1), THAT_DAY + timedelta(days=1)) == rows[3:0:-1]


def test_r8_a_day_of_25_hours_is_whole(silas: Member, missed: Missed) -> None:
    midnight = datetime(2026, 11, 1, 4, tzinfo=UTC)  # clocks go back in New York
    rows = [missed(midnight), missed(midnight + 24 * HOUR)]
    missed(midnight + 25 * HOUR)

    assert found(silas, date(2026, 11, 1), date(2026, 11, 1)) == rows[::-1]


def test_r8_by_default_the_last_thirty_days() -> None:
    assert last_days(THAT_DAY) == (date(2026, 9, 15), THAT_DAY)


# Which


def test_r8_only_what_was_missed(odette: Member, juniper: House, missed: Missed) -> None:
    gone = missed()
    kept = _booked(juniper, juniper.patients[9], STARTS_AT + HOUR, "Tess Marrowby", "Elm Street")
    attendance.complete(kept, by=odette, at=STARTS_AT + 2 * HOUR)

    restored = missed(STARTS_AT + 3 * HOUR)
    restore(restored, by=odette, at=EVENING)

    assert found(odette) == [gone]


@pytest.mark.usefixtures("all_rounders")
def test_r8_several_clinics_and_several_providers(silas: Member, juniper: House, missed: Missed) -> None:
    tess = missed(STARTS_AT)
    priya = missed(STARTS_AT + HOUR, provider="Priya Ramsethi")
    noor = missed(STARTS_AT + 2 * HOUR, provider="Noor Hadisan")
    petra = missed(STARTS_AT + 3 * HOUR, provider="Petra Lindvall", clinic="Harbor Point")
    clinic = {name: each.pk for name, each in juniper.clinics.items()}
    provider = {name: each.pk for name, each in juniper.providers.items()}

    assert found(silas) == [petra, noor, priya, tess]
    assert found(silas, clinics=[clinic["Harbor Point"]]) == [petra]
    assert found(silas, clinics=list(clinic.values())) == [petra, noor, priya, tess]
    assert found(silas, providers=[provider["Tess Marrowby"], provider["Noor Hadisan"]]) == [noor, tess]
    assert found(silas, clinics=[clinic["Elm Street"]], providers=[provider["Petra Lindvall"]]) == []


def test_r8_several_states_of_the_fee(silas: Member, juniper: House, missed: Missed) -> None:
    without = missed(STARTS_AT)
    charged = missed(STARTS_AT + HOUR, card=True)
    spared = missed(STARTS_AT + 2 * HOUR, card=True)
    Fee.objects.filter(appointment=spared).update(decision="spared", charge=None)
    imported = missed(STARTS_AT + 3 * HOUR)
    Fee.objects.filter(appointment=imported).update(open=False)

    assert found(silas, fees=["charging"]) == [charged]
    assert found(silas, fees=["charging", "spared"]) == [spared, charged]
    assert found(silas, fees=["not_offered"]) == [imported, without]
    assert found(silas, fees=["paid"]) == []


def test_r8_a_search_finds_names_by_their_beginning(silas: Member, missed: Missed) -> None:
    renata, marguerite = missed(STARTS_AT), missed(STARTS_AT + HOUR)

    assert [found(silas, search=text) for text in ("ren", "slo marg", "%", "x")] == [[renata], [marguerite], [], []]


# Who sees what (R24)


def test_r24_a_member_of_one_clinic_sees_that_one(odette: Member, juniper: House, missed: Missed) -> None:
    missed()
    petra = missed(STARTS_AT + HOUR, provider="Petra Lindvall", clinic="Harbor Point")
    MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=juniper.clinics["Harbor Point"])
    limited = Member.objects.get(pk=odette.pk)

    assert found(limited) == [petra]
    assert found(limited, clinics=[juniper.clinics["Elm Street"].pk]) == []
    assert totals(limited, Filter(THAT_DAY, THAT_DAY), at=EVENING).count == 1


def test_r24_a_provider_sees_her_own(tess: Member, missed: Missed) -> None:
    hers = missed()
    missed(STARTS_AT + HOUR, provider="Priya Ramsethi")

    assert (found(tess), totals(tess, Filter(THAT_DAY, THAT_DAY), at=EVENING).count) == ([hers], 1)


def test_r24_another_practice_sees_nothing_of_it(htmx: Callable[[Member], Browser], hana: Member, missed: Missed) -> None:
    missed()

    with clock_at(EVENING):
        answer = htmx(hana).get(reverse("noshows:list"))

    assert answer.status_code == 200
    assert "Renata" not in answer.content.decode()


@pytest.mark.parametrize("who", ["leonora", "silas", "odette", "tess", "benedikt", "philomena"])
def test_every_role_may_read_the_list(request: pytest.FixtureRequest, htmx: Callable[[Member], Browser], missed: Missed, who: str) -> None:
    missed()

    with clock_at(EVENING):
        answer = htmx(request.getfixturevalue(who)).get(reverse("noshows:list"))

    assert answer.status_code == 200
    assert "Renata" in answer.content.decode()


# Pages


@pytest.mark.usefixtures("all_rounders")
@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
def test_r8_pages_show_every_row_once_even_at_one_instant(silas: Member, juniper: House, missed: Missed, limit: int) -> None:
    for place, provider in enumerate(juniper.plan.providers):
        missed(STARTS_AT - place // 6 * HOUR, provider=provider.name, clinic=provider.clinics[0])
    whole = found(silas)

    cursor, pages = None, 0
    seen: list[Appointment] = []
    while pages == 0 or cursor:
        shown = page(no_shows(silas, Filter(THAT_DAY, THAT_DAY), at=EVENING), by="starts_at", cursor=cursor, limit=limit)
        seen, cursor, pages = seen + shown.rows, shown.next, pages + 1

    assert (seen, len(whole), pages) == (whole, 8, -(-8 // limit))


def test_a_garbled_cursor_is_refused(silas: Member, juniper: House) -> None:
    with refused("invalid"):
        page(no_shows(silas, Filter(THAT_DAY, THAT_DAY), at=EVENING), by="starts_at", cursor="garbled", limit=5)


# Totals


def test_r8_totals_of_the_filter(silas: Member, juniper: House, odette: Member, missed: Missed) -> None:
    missed(STARTS_AT)
    paid, back, declined = (missed(STARTS_AT + place * HOUR, card=True) for place in (1, 2, 3))
    missed(STARTS_AT + timedelta(days=1), card=True)  # not of that day
    _paid(paid)
    _refunded(_paid(back), silas)
    charge = charging.begin(Charge.objects.get(appointment=declined).pk, at=EVENING)
    assert charge is not None
    charging.settle(charge.pk, IntentFacts("pi_d", "requires_payment_method", error_code="card_declined"), at=EVENING, attempt=1)
    for place in range(4):
        kept = _booked(juniper, juniper.patients[20], STARTS_AT - (place + 1) * HOUR, "Tess Marrowby", "Elm Street")
        attendance.complete(kept, by=odette, at=STARTS_AT)
    _booked(juniper, juniper.patients[21], STARTS_AT + 5 * HOUR, "Tess Marrowby", "Elm Street")  # not concluded

    figures = totals(silas, Filter(THAT_DAY, THAT_DAY), at=EVENING)

    assert figures == Totals(
        count=4,
        concluded=8,
        invoiced={"USD": 22_500},
        collected={"USD": 15_000},
        refunded={"USD": 2_500},
        fees=3,
        paid=2,
        refunds=1,
    )
    assert (figures.rate, figures.collected_share) == (0.5, 2 / 3)
    assert figures.money(figures.collected) == [Money(15_000, "USD")]
    assert totals(silas, Filter(THAT_DAY, THAT_DAY, fees=["paid", "not_offered"]), at=EVENING) == Totals(
        count=2, concluded=8, invoiced={"USD": 7_500}, collected={"USD": 7_500}, refunded={"USD": 0}, fees=1, paid=1, refunds=0
    )


def test_without_any_there_are_totals_too(silas: Member) -> None:
    figures = totals(silas, Filter(THAT_DAY, THAT_DAY), at=EVENING)

    assert (figures, figures.rate, figures.collected_share) == (Totals(), 0.0, 0.0)


def _paid(appointment: Appointment) -> Charge:
    charge = charging.begin(Charge.objects.get(appointment=appointment).pk, at=EVENING)
    assert charge is not None
    return charging.settle(charge.pk, IntentFacts(f"pi_{charge.pk}", "succeeded", captured_minor=7500), at=EVENING)


def _refunded(charge: Charge, by: Member) -> None:
    sent = refunding.refund(charge, Money(2500, "USD"), reason="Goodwill", by=by, at=EVENING)
    refunding.begin(sent.pk, at=EVENING)
    refunding.settle(sent.pk, RefundFacts("re_1", "succeeded", 2500, refund_id=str(sent.pk)), at=EVENING)


# The page and its file


def test_the_page_keeps_its_filter_in_its_address(htmx: Callable[[Member], Browser], silas: Member, elm: Clinic, missed: Missed) -> None:
    missed(STARTS_AT)
    missed(STARTS_AT + HOUR, provider="Petra Lindvall", clinic="Harbor Point")

    with clock_at(EVENING):
        answer = htmx(silas).get(reverse("noshows:list"), {"from": "2026-10-14", "to": "2026-10-14", "clinic": [str(elm.pk), "nonsense"]})

    text = answer.content.decode()
    assert ("Renata Solbrook" in text, "Marguerite Sloane" in text) == (True, False)


@pytest.mark.parametrize("rows", [1, 6])
def test_the_page_costs_the_same_however_many_rows(htmx: Callable[[Member], Browser], silas: Member, missed: Missed, rows: int) -> None:
    for place in range(rows):
        missed(STARTS_AT - place * HOUR, card=True)
    client = htmx(silas)

    with clock_at(EVENING), queries(QUERIES_OF_THE_PAGE):
        client.get(reverse("noshows:list"))


QUERIES_OF_THE_PAGE = 18


def test_the_file_holds_the_whole_filter_and_the_export_is_recorded(
    htmx: Callable[[Member], Browser], silas: Member, missed: Missed
) -> None:
    appointment = missed(card=True)
    _paid(appointment)

    with clock_at(EVENING):
        answer = htmx(silas).get(reverse("noshows:csv"), {"from": "2026-10-14", "to": "2026-10-14"})

    (row,) = csv.DictReader(io.StringIO(answer.content.decode()))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert row == {
        "Date": "2026-10-14",
        "Time": "3:30 PM",
        "Zone": "America/New_York",
        "Appointment": str(appointment),
        "Patient": "Renata Solbrook",
        "Services": "Consultation",
        "Provider": "Tess Marrowby",
        "Clinic": "Elm Street",
        "Reason": "",
        "Fee": "paid",
        "Amount": "75.00",
        "Currency": "USD",
        "Invoice": "INV-10001",
        "Marked by": "Odette Farnley",
        "Marked at": "2026-10-14T16:30-04:00",
    }
    assert Access.objects.get().what == "no-shows exported"


def test_a_name_that_looks_like_a_formula_is_only_text(htmx: Callable[[Member], Browser], silas: Member, missed: Missed) -> None:
    patient = missed().patient
    patient.first_name = "=HYPERLINK(1)"
    patient.save()

    with clock_at(EVENING):
        answer = htmx(silas).get(reverse("noshows:csv"))

    assert "'=HYPERLINK(1) Solbrook" in answer.content.decode()


def test_each_row_carries_its_fee_without_asking_again(silas: Member, missed: Missed) -> None:
    missed(card=True)
    (row,) = found(silas)

    with queries(0):
        fee = fee_of(row, at=EVENING)
        words = (fee and fee.state, fee and str(fee.charge.card), row.services, row.patient.name, row.provider.name, row.clinic.name)

    assert words == ("charging", "Visa ••4242", "Consultation", "Renata Solbrook", "Tess Marrowby", "Elm Street")
