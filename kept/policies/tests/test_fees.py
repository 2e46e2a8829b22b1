"""What a policy takes for a visit, form by form as clinics write them, at, before and after each limit (R14, R14a)."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.foundation.money import Money
from kept.policies.case import Case, Facts, Item
from kept.policies.document import (
    BEFORE_THE_START,
    Band,
    ByPrice,
    Conditions,
    Deposit,
    Document,
    ForEach,
    HoursBefore,
    Kind,
    Nothing,
    Notice,
    Pays,
    Row,
    Season,
    Share,
    Step,
    Sum,
    WorkingDaysBefore,
    flat,
)
from kept.policies.fees import PassedOver, free_until, limit_of, most, quote, tiers

NEW_YORK = ZoneInfo("America/New_York")
STARTS_AT = datetime(2026, 10, 14, 19, 30, tzinfo=UTC)  # Wednesday, 3:30 PM in New York
LONG_AGO = STARTS_AT - timedelta(days=30)
HOUR, MINUTE, TICK = timedelta(hours=1), timedelta(minutes=1), timedelta.resolution
ELM_STREET, HARBOR_POINT = UUID(int=1), UUID(int=2)
FILLER, LASER, FACIAL = UUID(int=11), UUID(int=12), UUID(int=13)


def item(service: UUID = FILLER, category: str = "Injectables", *, minutes: int = 60, minor: int = 65_000, zones: int = 1) -> Item:
    return Item(service=service, category=category, minutes=minutes, minor=minor, zones=zones)


def case(
    *items: Item, starts_at: datetime = STARTS_AT, accepted_at: datetime = LONG_AGO, closed: tuple[date, ...] = (), **facts: object
) -> Case:
    told = Facts(**{"clinic": ELM_STREET, "currency": "USD", "items": items or (item(),)} | facts)
    return Case(told, starts_at, NEW_YORK, accepted_at, lambda on: on not in closed and on.weekday() != 6)  # closed on Sundays


def missing(pays: Pays, **conditions: object) -> Row:
    return Row(conditions=Conditions(**conditions), steps=(Step(kinds=(Kind.NO_SHOW,), pays=pays),))


def leaving(*steps: tuple[Notice | None, Pays], kinds: tuple[Kind, ...] = BEFORE_THE_START, **conditions: object) -> Row:
    return Row(conditions=Conditions(**conditions), steps=tuple(Step(kinds=kinds, notice=notice, pays=pays) for notice, pays in steps))


def missed(document: Document, of: Case) -> int:
    return quote(document, of, Kind.NO_SHOW, at=of.starts_at + HOUR).fee.minor


def cancelled(document: Document, of: Case, before: timedelta, kind: Kind = Kind.LATE_CANCEL) -> int:
    return quote(document, of, kind, at=of.starts_at - before).fee.minor


# How much

BANDS = ByPrice(bands=(Band(up_to=10_000, percent=100), Band(percent=50)))


@pytest.mark.parametrize(
    ("pays", "visit", "fee"),
    [
        pytest.param(Sum(minor=7_500), case(), 7_500, id="a flat fee"),
        pytest.param(Share(percent=50), case(), 32_500, id="a share of the price"),
        pytest.param(Share(percent=33), case(item(minor=10_001)), 3_300, id="a share, rounded half up"),
        pytest.param(Share(percent=50, at_least=10_000), case(item(minor=12_000)), 10_000, id="a share with a floor"),
        pytest.param(Share(percent=50, at_most=30_000), case(), 30_000, id="a share with a cap"),
        pytest.param(Share(percent=50, at_most=30_000), case(item(minor=40_000)), 20_000, id="the lesser of a share and a sum"),
        pytest.param(Share(percent=50, at_least=5_000, at_most=30_000), case(item(minor=20_000)), 10_000, id="between floor and cap"),
        pytest.param(ForEach(unit="zone", minor=4_000), case(item(LASER, zones=3)), 12_000, id="a sum for each zone"),
        pytest.param(ForEach(unit="zone", minor=4_000, at_most=10_000), case(item(LASER, zones=3)), 10_000, id="for each zone with a cap"),
        pytest.param(ForEach(unit="session", minor=2_500), case(item(), item(LASER)), 5_000, id="a sum for each session"),
        pytest.param(ForEach(unit="quarter_hour", minor=1_500), case(item(minutes=50)), 6_000, id="for each begun quarter of an hour"),
        pytest.param(
            ByPrice(bands=(Band(up_to=10_000, percent=100), Band(percent=50))),
            case(item(minor=10_000)),
            10_000,
            id="a price band's last price",
        ),
        pytest.param(
            ByPrice(bands=(Band(up_to=10_000, percent=100), Band(percent=50))), case(item(minor=10_001)), 5_001, id="above the band, else"
        ),
        pytest.param(Deposit(), case(deposit=5_000), 5_000, id="the deposit"),
        pytest.param(Deposit(), case(), 0, id="no deposit, nothing"),
        pytest.param(Nothing(), case(), 0, id="nothing"),
        pytest.param(Share(percent=1), case(item(minor=4_900)), 0, id="less than a card can be charged"),
    ],
)
def test_r14a_it_pays(pays: Pays, visit: Case, fee: int) -> None:
    assert missed(Document(rows=(missing(pays),)), visit) == fee


# How late, in hours: elapsed, and at the boundary the patient gets the benefit


@pytest.mark.parametrize(
    ("before", "fee"),
    [(25 * HOUR, 0), (24 * HOUR + TICK, 0), (24 * HOUR, 0), (24 * HOUR - TICK, 7_500), (HOUR, 7_500), (TICK, 7_500)],
)
def test_r14_at_the_exact_boundary_it_is_still_free(before: timedelta, fee: int) -> None:
    document = flat(7_500)

    assert (cancelled(document, case(), before), cancelled(document, case(), before, Kind.LATE_RESCHEDULE)) == (fee, fee)


def test_r14a_twenty_four_hours_are_elapsed_ones_over_a_clock_change() -> None:
    sunday = datetime(2026, 11, 1, 15, 0, tzinfo=UTC)  # 10:00 AM, the night before has 25 hours

    assert free_until(flat(7_500), case(starts_at=sunday)).astimezone(NEW_YORK) == datetime(2026, 10, 31, 11, 0, tzinfo=NEW_YORK)


TIERED = Document(
    rows=(
        leaving((HoursBefore(hours=72), Share(percent=25, at_most=15_000)), (HoursBefore(hours=24), Share(percent=50)), minutes_from=90),
        leaving((HoursBefore(hours=24), Sum(minor=7_500))),
    )
)
LONG_VISIT = case(item(minutes=90, minor=100_000))


@pytest.mark.parametrize(
    ("before", "fee"), [(72 * HOUR, 0), (72 * HOUR - TICK, 15_000), (24 * HOUR, 15_000), (24 * HOUR - TICK, 50_000), (TICK, 50_000)]
)
def test_r14_of_several_notices_the_nearest_to_the_visit_counts(before: timedelta, fee: int) -> None:
    assert cancelled(TIERED, LONG_VISIT, before) == fee


def test_the_tiers_are_told_with_their_instants() -> None:
    assert tiers(TIERED, LONG_VISIT, Kind.LATE_CANCEL) == [
        (STARTS_AT - 72 * HOUR, Money(15_000, "USD")),
        (STARTS_AT - 24 * HOUR, Money(50_000, "USD")),
    ]


def test_cancelling_and_moving_can_cost_apart() -> None:
    document = Document(
        rows=(
            Row(
                steps=(
                    Step(kinds=(Kind.LATE_CANCEL,), notice=HoursBefore(hours=48), pays=Sum(minor=10_000)),
                    Step(kinds=(Kind.LATE_RESCHEDULE,), notice=HoursBefore(hours=24), pays=Sum(minor=2_500)),
                )
            ),
        )
    )

    assert [cancelled(document, case(), 30 * HOUR, kind) for kind in BEFORE_THE_START] == [10_000, 0]
    assert [free_until(document, case(), kind) for kind in BEFORE_THE_START] == [STARTS_AT - 48 * HOUR, STARTS_AT - 24 * HOUR]


def test_without_a_notice_it_costs_however_early_once_the_first_day_is_over() -> None:
    document = Document(rows=(leaving((None, Deposit())),))

    assert cancelled(document, case(deposit=5_000), 20 * 24 * HOUR) == 5_000
    assert cancelled(document, case(deposit=5_000, accepted_at=STARTS_AT - 20 * 24 * HOUR), 20 * 24 * HOUR) == 0


# How late, in working days of the clinic's calendar

BY_THREE = WorkingDaysBefore(days=1, wall=time(15))
WORKING = Document(rows=(leaving((BY_THREE, Sum(minor=2_500))),))


@pytest.mark.parametrize(
    ("visit", "closed", "until"),
    [
        pytest.param((10, 16), (), (10, 15), id="Friday's visit by Thursday"),
        pytest.param((10, 19), (), (10, 17), id="Monday's visit by Saturday, for Sundays are closed"),
        pytest.param((11, 27), (date(2026, 11, 26),), (11, 25), id="the day after a holiday, by the day before it"),
        pytest.param((11, 2), (), (10, 31), id="over a clock change, at the same wall time"),
    ],
)
def test_r14a_working_days_do_not_count_closed_ones(visit: tuple[int, int], closed: tuple[date, ...], until: tuple[int, int]) -> None:
    of = case(starts_at=datetime(2026, *visit, 10, 30, tzinfo=NEW_YORK).astimezone(UTC), closed=closed)

    limit = limit_of(BY_THREE, of)

    assert limit == datetime(2026, *until, 15, 0, tzinfo=NEW_YORK)
    assert [quote(WORKING, of, Kind.LATE_CANCEL, at=at).fee.minor for at in (limit, limit + TICK)] == [0, 2_500]


def test_several_working_days_are_counted_back() -> None:
    assert limit_of(WorkingDaysBefore(days=3, wall=time(9)), case()) == datetime(2026, 10, 10, 9, 0, tzinfo=NEW_YORK)  # Sat, Mon, Tue


def test_a_clinic_that_is_never_open_does_not_search_for_ever() -> None:
    of = Case(case().facts, STARTS_AT, NEW_YORK, LONG_AGO, lambda _on: False)

    assert (limit_of(BY_THREE, of) or STARTS_AT) < STARTS_AT - timedelta(days=365)


# The first day is free, but never a no-show


@pytest.mark.parametrize(
    ("accepted", "asked", "fee"),
    [
        pytest.param(48 * HOUR, 25 * HOUR, 0, id="a day is over as the window begins"),
        pytest.param(30 * HOUR, 6 * HOUR, 0, id="24 hours after acceptance, to the instant"),
        pytest.param(30 * HOUR, 6 * HOUR - TICK, 7_500, id="a tick later"),
        pytest.param(3 * HOUR, TICK, 0, id="booked shortly before: free to the start"),
    ],
)
def test_r14_it_is_free_for_a_day_after_it_was_accepted(accepted: timedelta, asked: timedelta, fee: int) -> None:
    of = case(accepted_at=STARTS_AT - accepted)
    found = quote(flat(7_500), of, Kind.LATE_CANCEL, at=STARTS_AT - asked)

    assert (found.fee.minor, missed(flat(7_500), of)) == (fee, 7_500)


def test_r14_where_the_practice_gives_no_such_day_there_is_none() -> None:
    assert cancelled(flat(7_500, free_hours=0), case(accepted_at=STARTS_AT - 3 * HOUR), HOUR) == 7_500


# Coming late

LATE = Document(
    rows=(Row(steps=(Step(kinds=(Kind.LATE_ARRIVAL,), from_minutes=10, pays=ForEach(unit="quarter_hour", minor=1_500)),)),),
    late_minutes=30,
)


@pytest.mark.parametrize(
    ("late", "fee"),
    [
        (0 * MINUTE, 0),
        (10 * MINUTE, 0),
        (10 * MINUTE + TICK, 1_500),
        (15 * MINUTE, 1_500),
        (15 * MINUTE + TICK, 3_000),
        (30 * MINUTE, 3_000),
    ],
)
def test_a_late_arrival_costs_for_each_begun_quarter_of_an_hour(late: timedelta, fee: int) -> None:
    assert quote(LATE, case(), Kind.LATE_ARRIVAL, at=STARTS_AT + late).fee.minor == fee


def test_the_most_that_a_late_arrival_costs_is_that_of_the_last_minute_before_it_counts_as_missed() -> None:
    assert most(LATE, case(), Kind.LATE_ARRIVAL) == Money(3_000, "USD")


# Who and what

EVERYONE = missing(Sum(minor=7_500))
HOLIDAYS, ONE_DAY = Season(first="12-15", last="01-05"), Season(first="10-14", last="10-14")
TWELFTH_NIGHT = datetime(2027, 1, 5, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("conditions", "fits", "does_not", "why"),
    [
        pytest.param({"services": (LASER,)}, case(item(LASER)), case(), "services", id="a service"),
        pytest.param(
            {"categories": ("Laser", "Facials")}, case(item(FACIAL, "Facials")), case(), "categories", id="a category, any of two"
        ),
        pytest.param({"clinics": (HARBOR_POINT,)}, case(clinic=HARBOR_POINT), case(), "clinics", id="a clinic"),
        pytest.param({"minutes_from": 90}, case(item(minutes=60), item(minutes=30)), case(item(minutes=89)), "minutes", id="long visits"),
        pytest.param({"minutes_below": 60}, case(item(minutes=59)), case(item(minutes=60)), "minutes", id="short visits"),
        pytest.param({"price_from": 30_000}, case(item(minor=30_000)), case(item(minor=29_999)), "price", id="dear visits"),
        pytest.param({"price_below": 30_000}, case(item(minor=29_999)), case(item(minor=30_000)), "price", id="cheap visits"),
        pytest.param({"patients": "new"}, case(new=True), case(), "patients", id="new patients"),
        pytest.param({"patients": "established"}, case(), case(new=True), "patients", id="established patients"),
        pytest.param({"missed_from": 1}, case(missed_at=(LONG_AGO - 24 * HOUR,)), case(), "missed", id="missed before"),
        pytest.param(
            {"missed_from": 1, "missed_months": 6},
            case(missed_at=(datetime(2026, 3, 14, 19, 30, tzinfo=UTC),)),
            case(missed_at=(datetime(2026, 3, 13, 19, 30, tzinfo=UTC),)),
            "missed",
            id="missed within six months, that day included",
        ),
        pytest.param({"missed_to": 0}, case(), case(missed_at=(LONG_AGO,)), "missed", id="never missed before"),
        pytest.param(
            {"season": HOLIDAYS},
            case(starts_at=TWELFTH_NIGHT),
            case(starts_at=TWELFTH_NIGHT + 24 * HOUR),
            "season",
            id="holidays over New Year",
        ),
        pytest.param(
            {"season": Season(first="10-14", last="10-14")}, case(), case(starts_at=STARTS_AT + 24 * HOUR), "season", id="one day"
        ),
    ],
)
def test_r14a_a_row_is_for(conditions: dict[str, object], fits: Case, does_not: Case, why: str) -> None:
    document = Document(rows=(missing(Sum(minor=20_000), **conditions), EVERYONE))

    found, other = (quote(document, of, Kind.NO_SHOW, at=of.starts_at + HOUR) for of in (fits, does_not))

    assert (found.fee.minor, found.number, other.fee.minor, other.number) == (20_000, 1, 7_500, 2)
    assert other.passed_over == (PassedOver(1, why),)


def test_all_conditions_of_a_row_must_fit() -> None:
    document = Document(rows=(missing(Sum(minor=20_000), clinics=(HARBOR_POINT,), patients="new"), EVERYONE))

    assert [missed(document, case(clinic=clinic, new=new)) for clinic in (ELM_STREET, HARBOR_POINT) for new in (False, True)] == [
        *(7_500, 7_500, 7_500, 20_000)
    ]


def test_a_row_that_does_not_name_what_happened_falls_to_the_next_that_does() -> None:
    document = Document(rows=(leaving((HoursBefore(hours=48), Sum(minor=4_000)), categories=("Facials",)), flat(7_500).rows[0]))
    facial = case(item(FACIAL, "Facials"))

    found = quote(document, facial, Kind.NO_SHOW, at=STARTS_AT + HOUR)

    assert (found.fee.minor, found.number, found.passed_over) == (7_500, 2, (PassedOver(1, ""),))
    assert [cancelled(document, facial, before) for before in (48 * HOUR, 47 * HOUR)] == [0, 4_000]


def test_a_row_that_names_it_decides_even_that_it_is_free() -> None:
    document = Document(rows=(missing(Nothing(), categories=("Consultation",)), EVERYONE))

    assert missed(document, case(item(category="Consultation"))) == 0


# Several services


def test_r14a_of_several_rows_the_highest_fee_counts_never_the_sum() -> None:
    document = Document(rows=(missing(Sum(minor=4_000), categories=("Facials",)), EVERYONE))
    both = case(item(FACIAL, "Facials"), item())

    found = quote(document, both, Kind.NO_SHOW, at=STARTS_AT + HOUR)

    assert (found.fee.minor, found.number) == (7_500, 2)


def test_r14a_services_of_one_row_are_taken_together() -> None:
    half = Document(rows=(missing(Sum(minor=4_000), categories=("Facials",)), missing(Share(percent=50))))

    assert missed(half, case(item(minor=20_000), item(LASER, minor=30_000), item(FACIAL, "Facials", minor=90_000))) == 25_000


def test_of_equal_fees_the_higher_row_is_told() -> None:
    document = Document(rows=(missing(Sum(minor=7_500), services=(LASER,)), EVERYONE))

    assert quote(document, case(item(), item(LASER)), Kind.NO_SHOW, at=STARTS_AT).number == 1


# What no row names costs nothing


def test_what_no_row_names_is_free() -> None:
    found = quote(Document(rows=(EVERYONE,)), case(), Kind.LATE_CANCEL, at=STARTS_AT - HOUR)

    assert (found.fee.minor, found.number, free_until(Document(rows=(EVERYONE,)), case())) == (0, None, STARTS_AT)


# Always so

amounts = st.integers(50, 100_000)
shares = st.builds(Share, percent=st.integers(1, 100))
everything = st.one_of(
    st.builds(Sum, minor=amounts), shares, st.builds(ForEach, unit=st.sampled_from(["zone", "session", "quarter_hour"]), minor=amounts)
)
notices = st.one_of(
    st.none(),
    st.builds(HoursBefore, hours=st.integers(0, 240)),
    st.builds(WorkingDaysBefore, days=st.integers(1, 5), wall=st.builds(time, st.integers(0, 23))),
)
steps = st.lists(st.tuples(notices, everything), min_size=1, max_size=4, unique_by=lambda step: step[0])
documents = st.builds(lambda of: Document(rows=(leaving(*of),)), steps)


@given(document=documents, accepted=st.timedeltas(HOUR, 60 * 24 * HOUR), asked=st.timedeltas(0 * HOUR, 30 * 24 * HOUR))
def test_r14_it_is_free_to_the_told_instant_and_never_above_what_was_accepted(
    document: Document, accepted: timedelta, asked: timedelta
) -> None:
    of = case(item(zones=2), accepted_at=STARTS_AT - accepted)
    until, at = free_until(document, of), STARTS_AT - asked

    fee = quote(document, of, Kind.LATE_CANCEL, at=at).fee

    assert until <= STARTS_AT
    assert until >= min(of.accepted_at + 24 * HOUR, STARTS_AT)
    assert fee <= most(document, of, Kind.LATE_CANCEL)
    if at <= until:
        assert not fee


@given(document=documents, accepted=st.timedeltas(HOUR, 60 * 24 * HOUR), asked=st.timedeltas(HOUR, 30 * 24 * HOUR))
def test_the_told_tiers_are_what_is_charged(document: Document, accepted: timedelta, asked: timedelta) -> None:
    of, at = case(item(zones=2), accepted_at=STARTS_AT - accepted), STARTS_AT - asked

    told = [fee for limit, fee in tiers(document, of, Kind.LATE_CANCEL) if limit < at]

    assert quote(document, of, Kind.LATE_CANCEL, at=at).fee == (told[-1] if told else Money(0, "USD"))
