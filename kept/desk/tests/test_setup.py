"""Settings of the practice: clinics, providers, services, rooms and staff. Nothing booked is cancelled by a change of them."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.urls import reverse

from kept.desk.setup.started import getting_started, steps
from kept.events.models import Event
from kept.foundation.money import Money
from kept.ops.cast import House
from kept.practice.models import Clinic, Member, OpeningHours, Provider, Schedule, ScheduleException, Service, Settings
from kept.practice.rules import Right, Role
from kept.practice.setting_up import clinics, offer, providers, staff
from kept.practice.week import read_hours, write_hours
from kept.scheduling.transitions.clinics import change_clinic
from kept.scheduling.unfit import outside_hours
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.gateway import clock_at
from tests.kit.html import words
from tests.kit.visits import BOOKED_AT, STARTS_AT, book

WEDNESDAY = date(2026, 10, 14)
WEEK = {weekday: [(time(9), time(17))] if weekday < 5 else [] for weekday in range(7)}


@pytest.fixture
def manager(silas: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(silas)


def kinds() -> list[str]:
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


def days(**hours: str) -> dict[str, str]:
    return {f"day_{weekday}": "" for weekday in range(7)} | hours


# Hours as people write them


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("", []),
        ("9:00 AM – 12:15 PM, 1:00 PM – 6:00 PM", [(time(9), time(12, 15)), (time(13), time(18))]),
        ("9-12; 13.30 - 18", [(time(9), time(12)), (time(13, 30), time(18))]),
        ("12am to 1p.m.", [(time(0), time(13))]),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, means: list[tuple[time, time]]) -> None:
    assert read_hours(text) == means
    assert read_hours(write_hours(means)) == means


@pytest.mark.parametrize("text", ["9", "9-5", "25:00-26:00", "9-12, 11-13", "nine to five", "13pm-14pm", "9-10-11", "9:75 - 10"])
def test_what_is_no_span_of_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time|overlap|ends before|hour|minute"):
        read_hours(text)


# Clinics


def test_a_clinic_is_added_with_its_hours_and_a_holiday(manager: Browser, juniper: House) -> None:
    about = {"name": "Mill Lane", "zone_name": "America/Denver", "currency": "usd", "address": "3 Mill Lane", "phone": "", "online": "on"}
    manager.post(reverse("desk:clinic-new"), about)
    mill = Clinic.objects.get(name="Mill Lane")
    page = reverse("desk:clinic", args=[mill.pk])

    with clock_at(BOOKED_AT):
        manager.post(page, {"form": "week"} | days(day_0="9-12, 13-18", day_5="10-14"))
        manager.post(page, {"form": "day", "on": "2026-12-25", "hours": "", "why": "Christmas"})
        shown = words(manager.get(page))

    mill.refresh_from_db()
    assert (mill.currency, mill.opens_at, mill.closes_at) == ("USD", time(9), time(18))
    rows = OpeningHours.objects.filter(clinic=mill).order_by("weekday", "opens_at").values_list("weekday", "on", "opens_at", "closes_at")
    assert list(rows) == [
        (0, None, time(9), time(12)),
        (0, None, time(13), time(18)),
        (5, None, time(10), time(14)),
        (None, date(2026, 12, 25), None, None),
    ]
    assert "Fri, Dec 25, 2026 Closed · Christmas" in shown
    assert kinds()[-3:] == ["clinic.added", "clinic.hours", "clinic.day"]


def test_wrong_hours_are_said_at_their_day_and_nothing_typed_is_lost(manager: Browser, elm: Clinic) -> None:
    answer = manager.post(reverse("desk:clinic", args=[elm.pk]), {"form": "week"} | days(day_2="nine to five"))

    assert answer.status_code == 422
    assert "These are no hours, or overlap." in words(answer)
    assert "nine to five" in answer.content.decode()
    assert not OpeningHours.objects.exists()


def test_zone_and_currency_stay_while_appointments_are_ahead(juniper: House, elm: Clinic, silas: Member) -> None:
    book(juniper)
    about = {"name": "Elm", "zone_name": elm.zone_name, "currency": "USD", "address": "", "phone": "", "online": True, "active": True}

    for change in ({"zone_name": "Europe/Lisbon"}, {"currency": "EUR"}):
        with refused("invalid"):
            change_clinic(elm, **(about | change), by=silas, at=BOOKED_AT)  # type: ignore[arg-type]

    moved = change_clinic(elm, **(about | {"zone_name": "Europe/Lisbon"}), by=silas, at=STARTS_AT + timedelta(days=1))  # type: ignore[arg-type]
    assert (moved.name, moved.zone_name) == ("Elm", "Europe/Lisbon")


# Providers


def test_time_off_shows_what_is_booked_in_it_and_cancels_nothing(manager: Browser, juniper: House) -> None:
    visit = book(juniper)
    tess = visit.provider
    page = reverse("desk:provider", args=[tess.pk])
    off = {"form": "exception", "kind": "off", "first_on": "2026-10-14", "last_on": "2026-10-16", "hours": "", "why": "Vacation"}

    with clock_at(BOOKED_AT):
        before = words(manager.get(page))
        answer = manager.post(page, off)
        after = words(manager.get(page))

    visit.refresh_from_db()
    assert (answer.status_code, visit.status) == (302, "booked")
    assert "outside of these hours" not in before
    assert "1 appointment ahead lies outside of these hours." in after
    assert "Wed, Oct 14 – Oct 16 Vacation (Off) Whole days · All clinics" in after
    assert kinds()[-1] == "provider.exception"

    with clock_at(BOOKED_AT):
        manager.post(reverse("desk:exception-remove", args=[ScheduleException.objects.get().pk]))
    assert outside_hours(visit.clinic, [tess], at=BOOKED_AT) == []


def test_a_weekly_schedule_is_written_for_each_clinic(manager: Browser, juniper: House) -> None:
    joanna, harbor = juniper.providers["Joanna Veltmoor"], juniper.clinics["Harbor Point"]
    prefix = harbor.pk.hex
    sent = {f"{prefix}-{name}": text for name, text in days(day_3="10-12, 13-15").items()}

    answer = manager.post(reverse("desk:provider", args=[joanna.pk]), {"form": f"week-{prefix}"} | sent)

    rows = Schedule.objects.filter(provider=joanna, clinic=harbor).order_by("opens_at").values_list("weekday", "opens_at", "closes_at")
    assert (answer.status_code, list(rows)) == (302, [(3, time(10), time(12)), (3, time(13), time(15))])


def test_nobody_works_at_two_clinics_of_a_zone_at_once(juniper: House, silas: Member, elm: Clinic) -> None:
    tess = juniper.providers["Tess Marrowby"]
    about = {"zone_name": elm.zone_name, "currency": "USD"}
    mill = clinics.add_clinic(name="Mill Lane", **about, by=silas, at=BOOKED_AT)

    with refused("invalid"):
        providers.set_schedule(tess, mill, {2: [(time(9), time(10))]}, by=silas, at=BOOKED_AT)


def test_who_is_taken_out_of_use_keeps_her_appointments(juniper: House, silas: Member, elm: Clinic) -> None:
    visit = book(juniper)

    left = providers.change_provider(visit.provider, name="Tess Marrowby", title="NP", clinics=[elm], active=False, by=silas, at=BOOKED_AT)

    visit.refresh_from_db()
    assert (left.active, visit.status, visit.provider_id) == (False, "booked", left.pk)


# Services


def test_a_service_is_changed_and_what_is_booked_keeps_its_price(manager: Browser, juniper: House) -> None:
    visit = book(juniper)
    lips = juniper.services["Lip filler"]
    tess = juniper.providers["Tess Marrowby"]
    sent = {"name": "Lips", "category": "Injectables", "minutes": "50", "price": "700", "zones": "1", "buffer_before": "0"}

    answer = manager.post(reverse("desk:service", args=[lips.pk]), sent | {"buffer_after": "5", "performers": str(tess.pk), "active": "on"})

    lips.refresh_from_db()
    assert answer.status_code == 302
    assert (lips.name, lips.minutes, lips.price, lips.online) == ("Lips", 50, Money(70_000, "USD"), False)
    assert list(lips.performers.values_list("provider", flat=True)) == [tess.pk]
    assert visit.lines.get().price_minor == 65_000


def test_a_list_is_searched_and_says_where_nothing_is_found(manager: Browser, juniper: House) -> None:
    found, nothing = (words(manager.get(reverse("desk:services"), {"q": text})) for text in ("lip f", "zzz"))

    assert "Lip filler" in found
    assert "Consultation" not in found
    assert "Nothing of that name" in nothing


# Staff


def seat(name: str = "Ada Quill", role: str = Role.FRONT_DESK, *, by: Member, **more: Any) -> Member:
    return staff.add_member(name=name, email="ada@example.com", role=role, by=by, at=BOOKED_AT, **more)


def test_a_manager_neither_makes_an_owner_nor_changes_one(juniper: House, silas: Member, leonora: Member) -> None:
    with refused("not_permitted"):
        seat(role=Role.OWNER, by=silas)
    with refused("not_permitted"):
        staff.change_member(leonora, name="L", role=Role.MANAGER, by=silas, at=BOOKED_AT)


def test_a_practice_keeps_one_owner(juniper: House, leonora: Member) -> None:
    with refused("invalid"):
        staff.change_member(leonora, name="L", role=Role.MANAGER, by=leonora, at=BOOKED_AT)
    ada = seat(role=Role.OWNER, by=leonora)

    changed = staff.change_member(leonora, name="L", role=Role.MANAGER, by=ada, at=BOOKED_AT)

    assert changed.role == Role.MANAGER


def test_whose_seat_is_taken_away_gets_nothing_more(
    juniper: House, leonora: Member, odette: Member, signed_in: Callable[[Member], Browser]
) -> None:
    browser = signed_in(odette)
    before = browser.get(reverse("desk:day")).status_code

    staff.change_member(odette, name=odette.name, role=odette.role, active=False, by=leonora, at=BOOKED_AT)

    assert (before, browser.get(reverse("desk:day")).status_code) == (200, 404)


def test_an_address_has_one_seat(juniper: House, leonora: Member) -> None:
    seat(by=leonora)

    with refused("invalid"):
        seat(by=leonora)


def test_the_table_says_who_may_do_what(manager: Browser, juniper: House) -> None:
    Settings.objects.update(front_desk_may_double_book=True, front_desk_refund_limit_minor=5_000)

    shown = words(manager.get(reverse("desk:staff")))

    assert "See the calendar own – Book, check in or change appointments own – –" in shown
    assert "Book two patients at the same time on – – – See invoices" in shown
    assert "Refund up to $50.00 – –" in shown
    assert all(right.label[1:] in shown for right in Right)


# Getting started


def test_the_checklist_is_done_by_the_data_and_goes(juniper: House, leonora: Member, manager: Browser) -> None:
    found = {step.label: step.done for step in steps(leonora)}

    assert {label: found[label] for label in ("Providers", "Cancellation policy", "Opening hours")} == {
        "Providers": True,
        "Cancellation policy": True,
        "Opening hours": False,
    }
    assert "Getting started" in words(manager.get(reverse("desk:settings")))

    manager.post(reverse("desk:getting-started-hide"))

    assert "Getting started" not in words(manager.get(reverse("desk:settings")))
    assert getting_started(Member.objects.get(pk=leonora.pk)) == []


def test_a_usual_set_of_services_is_offered_once(juniper: House, silas: Member) -> None:
    Service.objects.filter(name="Consultation").update(name="First talk")

    added = offer.add_starting_set(by=silas, at=BOOKED_AT)

    assert "Consultation" in [each.name for each in added]
    assert "Lip filler" not in [each.name for each in added]
    assert {(each.online, each.price_minor) for each in added} == {(False, 0)}
    assert offer.add_starting_set(by=silas, at=BOOKED_AT) == []
    assert Provider.objects.exists()
