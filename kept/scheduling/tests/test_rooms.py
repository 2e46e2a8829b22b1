"""A room or device of each kind that a service lists is taken with the visit, and is never double-booked either (R16)."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest

from kept.events.models import Event
from kept.foundation.money import Money
from kept.ops.cast import House
from kept.practice.models import Clinic, Member, Resource, ServiceProvider, ServiceResource
from kept.scheduling.models import Appointment, Claim
from kept.scheduling.transitions.blocking import block_time
from kept.scheduling.transitions.booking import book
from tests.kit.checks import refused
from tests.kit.visits import BOOKED_AT, STARTS_AT

pytestmark = pytest.mark.usefixtures("all_rounders")

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

Wish = Callable[..., Appointment]


@pytest.fixture
def wish(juniper: House, odette: Member) -> Wish:
    """`wish("PRP facial", rooms=["Room 2"])`: booked at the desk with Tess Marrowby, by the next patient."""
    patients = iter(juniper.patients)

    def booked(
        *services: str,
        starts_at: datetime = STARTS_AT,
        provider: str = "Tess Marrowby",
        clinic: str = "Elm Street",
        rooms: Sequence[str] = (),
        price: Money | None = None,
        double_book: bool = False,
        by: Member = odette,
    ) -> Appointment:
        return book(
            clinic=juniper.clinics[clinic],
            provider=juniper.providers[provider],
            patient=next(patients),
            services=[juniper.services[name] for name in services],
            starts_at=starts_at,
            resources=[room(name) for name in rooms],
            price=price,
            double_book=double_book,
            by=by,
            at=BOOKED_AT,
        )

    return booked


def room(name: str, clinic: str = "Elm Street") -> Resource:
    return Resource.objects.get(name=name, clinic__name=clinic)


def list_in(house: House, service: str, *names: str) -> None:
    """That service can be done in those rooms and devices alone."""
    ServiceResource.objects.filter(service=house.services[service]).delete()
    for name in names:
        ServiceResource.objects.create(practice=house.practice, service=house.services[service], resource=room(name))


def taken(appointment: Appointment) -> list[str]:
    claims = Claim.objects.filter(appointment=appointment).exclude(resource=appointment.provider.resource_id)
    return list(claims.order_by("resource__name").values_list("resource__name", flat=True))


# Which one


def test_r16_the_first_room_by_name_is_taken_for_the_busy_time(wish: Wish) -> None:
    booked = wish("PRP facial")

    claims = Claim.objects.values_list("resource__name", "starts_at", "ends_at", "live", "lane").order_by("resource__name")
    busy = (STARTS_AT - 10 * MINUTE, STARTS_AT + 75 * MINUTE, True, 0)
    assert (taken(booked), list(claims)) == (["Room 1"], [("Room 1", *busy), ("Tess Marrowby", *busy)])


def test_r16_else_the_next_that_is_free(wish: Wish) -> None:
    wish("PRP facial")

    assert taken(wish("PRP facial", provider="Priya Ramsethi")) == ["Room 2"]


def test_the_one_that_is_named(wish: Wish) -> None:
    assert taken(wish("PRP facial", rooms=["Room 2"])) == ["Room 2"]


def test_a_service_that_lists_none_takes_none(wish: Wish) -> None:
    assert taken(wish("Consultation")) == []


def test_of_each_kind_one(wish: Wish, juniper: House) -> None:
    list_in(juniper, "Laser resurfacing", "Room 3", "Laser")

    assert taken(wish("Laser resurfacing")) == ["Laser", "Room 3"]


def test_of_services_in_a_row_one_room_that_does_for_all(wish: Wish, juniper: House) -> None:
    list_in(juniper, "Microneedling", "Room 2", "Room 3")

    assert taken(wish("PRP facial", "Microneedling")) == ["Room 2"]


def test_or_one_for_each_where_no_room_does(wish: Wish, juniper: House) -> None:
    list_in(juniper, "Microneedling", "Room 3")

    assert taken(wish("PRP facial", "Microneedling")) == ["Room 1", "Room 3"]


def test_a_room_named_for_one_leaves_the_other_to_choose(wish: Wish, juniper: House) -> None:
    list_in(juniper, "Microneedling", "Room 3")

    assert taken(wish("PRP facial", "Microneedling", rooms=["Room 2"])) == ["Room 2", "Room 3"]


def test_only_those_of_the_clinic(wish: Wish) -> None:
    booked = wish("Laser resurfacing", clinic="Harbor Point", provider="Petra Lindvall")

    assert Claim.objects.get(appointment=booked, resource__kind="device").resource == room("Laser", "Harbor Point")


# None is free


def test_r16_a_device_is_never_double_booked(wish: Wish) -> None:
    first = wish("Laser resurfacing", provider="Priya Ramsethi")

    with refused("slot_taken") as refusal:
        wish("IPL photofacial", starts_at=STARTS_AT + 75 * MINUTE)

    assert refusal.value.field == "resources"
    kept_free = "Laser is kept free from 4:30 PM to 4:45 PM, after Renata Solbrook’s visit with Priya Ramsethi."
    assert refusal.value.sentence == f"{kept_free} This one needs 5 min before it."
    assert refusal.value.facts == {"taken_by": str(first.pk), "until": "2026-10-14T16:45:00-04:00"}
    assert Appointment.objects.count() == 1


def test_r16_nor_are_all_rooms(wish: Wish) -> None:
    wish("PRP facial", provider="Priya Ramsethi")
    wish("PRP facial", provider="Mateo Quillaro")

    with refused("slot_taken") as refusal:
        wish("PRP facial")

    assert refusal.value.sentence == "Room 1 is taken until 4:45 PM. Renata Solbrook is in it with Priya Ramsethi."


def test_r16_nor_is_the_named_one_while_another_is_free(wish: Wish) -> None:
    wish("PRP facial", provider="Priya Ramsethi", rooms=["Room 2"])

    with refused("slot_taken") as refusal:
        wish("PRP facial", rooms=["Room 2"])

    assert refusal.value.field == "resources"


def test_the_providers_time_is_said_before_a_rooms(wish: Wish) -> None:
    wish("Laser resurfacing")

    with refused("slot_taken") as refusal:
        wish("Laser resurfacing")

    assert (refusal.value.field, refusal.value.sentence) == (
        "start",
        "Renata Solbrook has that time with Tess Marrowby. Choose another.",
    )


def test_blocked_time_of_a_room(wish: Wish, elm: Clinic, odette: Member) -> None:
    block = block_time(room("Laser"), elm, starts_at=STARTS_AT, ends_at=STARTS_AT + HOUR, why="Repair", by=odette, at=BOOKED_AT)

    with refused("slot_taken") as refusal:
        wish("Laser resurfacing")

    assert (refusal.value.field, refusal.value.sentence) == ("resources", "Laser is blocked until 4:30 PM: Repair")
    assert refusal.value.facts == {"blocked_by": str(block.pk), "until": "2026-10-14T16:30:00-04:00"}


def test_r16_deliberately_two_in_one_room(wish: Wish, silas: Member) -> None:
    wish("Laser resurfacing", provider="Priya Ramsethi")

    beside = wish("Laser resurfacing", double_book=True, by=silas)

    lanes = Claim.objects.filter(appointment=beside).values_list("resource__name", "lane").order_by("resource__name")
    assert list(lanes) == [("Laser", 1), ("Tess Marrowby", 0)]


def test_r24_whose_time_it_is_a_provider_is_not_told(wish: Wish, tess: Member) -> None:
    wish("Laser resurfacing", provider="Priya Ramsethi")

    with refused("slot_taken") as refusal:
        wish("Laser resurfacing", by=tess)

    assert (refusal.value.sentence, set(refusal.value.facts)) == ("Laser is taken until 4:45 PM.", {"until"})


# What does not fit


@pytest.mark.parametrize(("service", "name"), [("PRP facial", "Room 3"), ("PRP facial", "Laser"), ("Consultation", "Room 1")])
def test_a_room_in_which_it_cant_be_done(wish: Wish, service: str, name: str) -> None:
    with refused("invalid") as refusal:
        wish(service, rooms=[name])

    assert (refusal.value.field, refusal.value.sentence) == ("resources", f"These services can’t be done in {name}.")


def test_a_room_of_another_clinic(juniper: House, odette: Member) -> None:
    with refused("invalid") as refusal:
        book(
            clinic=juniper.clinics["Elm Street"],
            provider=juniper.providers["Tess Marrowby"],
            patient=juniper.patients[0],
            services=[juniper.services["PRP facial"]],
            resources=[room("Room 1", "Harbor Point")],
            starts_at=STARTS_AT,
            by=odette,
            at=BOOKED_AT,
        )

    assert refusal.value.field == "resources"


def test_what_is_out_of_use_is_not_taken(wish: Wish) -> None:
    Resource.objects.filter(name="Room 1").update(active=False)

    assert taken(wish("PRP facial")) == ["Room 2"]
    with refused("invalid") as refusal:
        wish("PRP facial", starts_at=STARTS_AT + 3 * HOUR, rooms=["Room 1"])
    assert refusal.value.field == "resources"


def test_where_all_are_out_of_use_it_cant_be_done(wish: Wish) -> None:
    Resource.objects.filter(name="Laser").update(active=False)

    with refused("invalid") as refusal:
        wish("Laser resurfacing")

    assert (refusal.value.field, refusal.value.sentence) == ("resources", "No device for these services is in use.")


# Who performs it


def test_a_provider_who_does_not_perform_it(wish: Wish, juniper: House) -> None:
    laser = juniper.services["Laser resurfacing"]
    ServiceProvider.objects.create(practice=juniper.practice, service=laser, provider=juniper.providers["Mateo Quillaro"])

    with refused("invalid") as refusal:
        wish("Consultation", "Laser resurfacing")

    assert (refusal.value.field, refusal.value.sentence) == ("provider", "Tess Marrowby does not perform Laser resurfacing.")
    assert wish("Laser resurfacing", provider="Mateo Quillaro").status == "booked"


# The price


@pytest.mark.parametrize(
    ("minor", "parts"), [(40_000, [3_380, 36_620]), (1, [0, 1]), (0, [0, 0]), (71_000, [6_000, 65_000]), (100_001, [8_450, 91_551])]
)
def test_another_price_is_spread_over_the_lines_to_the_cent(wish: Wish, minor: int, parts: list[int]) -> None:
    booked = wish("Consultation", "Lip filler", price=Money(minor, "USD"))

    assert list(booked.lines.values_list("price_minor", flat=True)) == parts
    assert booked.price == Money(minor, "USD")


def test_of_services_that_are_free_each_bears_the_same(wish: Wish) -> None:
    assert list(wish("Two-week check", "Two-week check", price=Money(101, "USD")).lines.values_list("price_minor", flat=True)) == [51, 50]


@pytest.mark.parametrize("price", [Money(100, "EUR"), Money(-1, "USD"), Money(2**31, "USD")])
def test_a_price_that_is_none(wish: Wish, price: Money) -> None:
    with refused("invalid") as refusal:
        wish("Consultation", price=price)

    assert refusal.value.field == "price"


def test_a_visit_of_more_than_a_day(wish: Wish) -> None:
    with refused("invalid") as refusal:
        wish(*["Full-face filler"] * 20)

    assert (refusal.value.field, Event.objects.filter(kind="appointment.booked").count()) == ("services", 0)
