"""Move appointment: what the dialog says before it is done, what Confirm does, and the way back."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

import kept.scheduling.transitions.attendance as attendance
from kept.events.models import Event
from kept.messaging.models import Message
from kept.ops.cast import House
from kept.patients.models import Patient
from kept.practice.models import Clinic, Member, Schedule, ServiceProvider
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import fields, offered, words
from tests.kit.queries import queries
from tests.kit.visits import BOOKED_AT, STARTS_AT, accepted, book, card_of

pytestmark = pytest.mark.usefixtures("all_rounders")

DAY = timedelta(days=1)
NOON = BOOKED_AT + timedelta(hours=2)  # Monday, October 5, in New York
QUERIES = 34  # of the dialog with a time that is taken


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with clock_at(NOON):
        yield


@pytest.fixture
def desk(odette: Member, htmx: Callable[[Member], Browser]) -> Browser:
    return htmx(odette)


def dialog(appointment: Appointment) -> str:
    return reverse("desk:reschedule", args=[appointment.pk])


def confirmed(desk: Browser, appointment: Appointment, **said: Any) -> HttpResponse:
    sent = {"confirm": "1", "asked": "patient", "start": "2026-10-16T10:30", "notify": "on", "version": str(appointment.version)}
    return desk.post(dialog(appointment), sent | said)


def now(appointment: Appointment) -> Appointment:
    return Appointment.objects.select_related("provider").get(pk=appointment.pk)


# What it says before


def test_it_opens_where_it_stands_with_nothing_chosen(desk: Browser, appointment: Appointment) -> None:
    answer = desk.get(dialog(appointment))

    said = words(answer)
    assert "Move appointment Renata Solbrook · Lip filler · Wed, Oct 14, 3:30 PM with Tess Marrowby" in said
    assert "Policy v3 and Visa ••4242 stay with it" in said
    assert "Tell Renata by e-mail" in said
    assert (answer.context["move"].effect, offered(answer, "asked")) == ("Choose a new time.", ["patient", "clinic"])
    assert fields(answer).keys() == {"version", "start", "provider", "notify"}
    assert fields(answer)["start"] == "2026-10-14T15:30"


def test_free_times_are_spread_over_the_days(desk: Browser, appointment: Appointment) -> None:
    Schedule.objects.all().delete()
    book_all_day = [slot["day"] + " " + slot["time"] for slot in desk.get(dialog(appointment)).context["free"]]

    assert book_all_day == [
        *("Today 12:00 PM", "Today 3:00 PM", "Tue, Oct 6 9:00 AM", "Tue, Oct 6 12:00 PM"),
        *("Wed, Oct 7 9:00 AM", "Wed, Oct 7 12:00 PM"),
    ]


def test_a_pressed_time_says_what_would_follow_and_changes_nothing(desk: Browser, appointment: Appointment) -> None:
    answer = desk.post(dialog(appointment), {"slot": "2026-10-16T10:30", "start": "2026-10-14T15:30", "asked": "clinic", "version": "2"})

    assert answer.status_code == 200
    assert "Moves to Fri, Oct 16, 10:30 AM. Free: nothing is charged." in words(answer)
    assert fields(answer)["start"] == "2026-10-16T10:30"
    assert fields(answer)["asked"] == "clinic"
    assert "notify" not in fields(answer)  # it was taken off before
    assert now(appointment).starts_at == STARTS_AT


def test_a_time_of_another_year_says_its_year(desk: Browser, appointment: Appointment) -> None:
    answer = desk.get(dialog(appointment), {"start": "2027-01-14T16:00"})

    assert "Moves to Thu, Jan 14, 2027, 4:00 PM. Free: nothing is charged." in words(answer)


def test_a_drop_brings_time_and_provider_with_it(desk: Browser, juniper: House, appointment: Appointment) -> None:
    priya = juniper.providers["Priya Ramsethi"]

    answer = desk.get(dialog(appointment), {"start": "2026-10-14T16:00", "provider": priya.pk})

    assert "Moves to Wed, Oct 14, 4:00 PM with Priya Ramsethi. Free: nothing is charged." in words(answer)


def test_what_is_in_the_way_is_said_with_times_that_are_free(desk: Browser, juniper: House, appointment: Appointment) -> None:
    rival = book(juniper, patient=juniper.patients[2], starts_at=STARTS_AT + 2 * DAY)

    answer = desk.get(dialog(appointment), {"start": "2026-10-16T15:00"})

    (conflict,) = answer.context["conflicts"]
    assert rival.patient.name in conflict.sentence
    assert len(answer.context["instead"]) == 3
    assert offered(answer, "double_book") == []  # not the front desk's to do


def test_who_may_is_offered_to_book_side_by_side(
    silas: Member, htmx: Callable[[Member], Browser], juniper: House, appointment: Appointment
) -> None:
    book(juniper, patient=juniper.patients[2], starts_at=STARTS_AT + 2 * DAY)
    manager = htmx(silas)

    shown = manager.get(dialog(appointment), {"start": "2026-10-16T15:30"})
    answers = [confirmed(manager, appointment, start="2026-10-16T15:30", **said) for said in ({}, {"double_book": "on"})]

    assert offered(shown, "double_book") == ["on"]
    assert [answer.status_code for answer in answers] == [422, 200]
    assert now(appointment).starts_at == STARTS_AT + 2 * DAY


@pytest.mark.parametrize(
    ("start", "says"),
    [
        ("2026-10-16T20:00", "Elm Street is open 9:00 AM–6:00 PM."),
        ("2026-10-05T11:00", "That time is past. It is recorded afterwards, without a card."),
        ("2026-10-02T11:00", "That day is past."),
    ],
)
def test_what_the_desk_should_know_is_said(desk: Browser, appointment: Appointment, start: str, says: str) -> None:
    assert says in words(desk.get(dialog(appointment), {"start": start}))


def test_who_has_no_address_gets_no_letter(desk: Browser, appointment: Appointment) -> None:
    Patient.objects.filter(pk=appointment.patient_id).update(email="")

    answer = desk.get(dialog(appointment))

    assert "Renata has no e-mail address, so no letter goes." in words(answer)
    assert "notify" not in fields(answer)


@pytest.mark.parametrize("start", ["", "soon", "2026-10-16", "2027-03-14T02:30", "0001-01-01T00:00", "9999-12-31T23:59"])
def test_what_is_no_time_is_said_at_its_field(desk: Browser, appointment: Appointment, start: str) -> None:
    looked = desk.get(dialog(appointment), {"start": start})
    answer = confirmed(desk, appointment, start=start)

    assert looked.status_code == 200
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["start"])


# What Confirm does


def test_it_moves_and_a_toast_offers_the_way_back(desk: Browser, appointment: Appointment) -> None:
    answer = confirmed(desk, appointment)

    moved = now(appointment)
    assert (moved.starts_at, moved.acceptance_id) == (STARTS_AT + 2 * DAY - timedelta(hours=5), appointment.acceptance_id)
    assert (answer.status_code, answer["HX-Trigger"]) == (200, "appointment-changed, dialog-done")
    assert "Moved to Fri, Oct 16, 10:30 AM. Undo" in words(answer)
    assert Message.objects.get().letter == "moved"


@pytest.mark.parametrize("asked", ["patient", "clinic"])
def test_who_asked_for_it_is_recorded(desk: Browser, appointment: Appointment, asked: str) -> None:
    confirmed(desk, appointment, asked=asked)

    assert Event.objects.get(kind="appointment.moved").particulars["asked"] == asked


@pytest.mark.parametrize(
    ("said", "field"), [({"asked": ""}, "asked"), ({"asked": "nobody"}, "asked"), ({"start": "2026-10-14T15:30"}, "start")]
)
def test_what_is_missing_is_said_at_its_field_and_nothing_is_lost(
    desk: Browser, appointment: Appointment, said: dict[str, str], field: str
) -> None:
    answer = confirmed(desk, appointment, **({"start": "2026-10-16T11:00"} | said))

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert fields(answer)["start"] == said.get("start", "2026-10-16T11:00")
    assert now(appointment).version == appointment.version


def test_a_time_taken_meanwhile_is_said_at_the_time(desk: Browser, juniper: House, appointment: Appointment) -> None:
    rival = book(juniper, patient=juniper.patients[2], starts_at=STARTS_AT + 2 * DAY)

    answer = confirmed(desk, appointment, start="2026-10-16T15:30")

    assert answer.status_code == 422
    assert rival.patient.name in str(answer.context["form"].errors["start"])


def test_a_provider_who_does_not_perform_it(desk: Browser, juniper: House, appointment: Appointment) -> None:
    mateo = juniper.providers["Mateo Quillaro"]
    ServiceProvider.objects.filter(provider=mateo).delete()
    for name in ("Tess Marrowby", "Priya Ramsethi"):
        ServiceProvider.objects.get_or_create(
            practice=juniper.practice, service=juniper.services["Lip filler"], provider=juniper.providers[name]
        )

    looked = desk.get(dialog(appointment), {"start": "2026-10-16T10:30", "provider": mateo.pk})
    answer = confirmed(desk, appointment, provider=str(mateo.pk))

    assert "Mateo Quillaro does not perform Lip filler." in words(looked)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["provider"])


def test_an_older_page_is_told_and_may_try_again(desk: Browser, odette: Member, appointment: Appointment) -> None:
    attendance.confirm(appointment, by=odette, at=NOON)

    answer = confirmed(desk, appointment)

    assert (answer.status_code, now(appointment).starts_at) == (409, STARTS_AT)
    assert "Somebody changed this appointment meanwhile" in words(answer)
    assert desk.post(dialog(appointment), fields(answer) | {"confirm": "1"}).status_code == 200


@pytest.mark.parametrize("status", ["arrived", "fulfilled", "noshow", "entered-in-error"])
def test_only_a_booked_one_moves(desk: Browser, appointment_that_is: Callable[[str], Appointment], status: str) -> None:
    appointment = appointment_that_is(status)

    assert desk.get(dialog(appointment)).status_code == 409
    assert confirmed(desk, appointment).status_code == 409


def test_without_script_it_leads_to_the_panel(odette: Member, signed_in: Callable[[Member], Browser], appointment: Appointment) -> None:
    answer = confirmed(signed_in(odette), appointment)

    assert (answer.status_code, answer["Location"]) == (302, reverse("desk:panel", args=[appointment.pk]))


# Back


def test_undo_moves_it_back(desk: Browser, appointment: Appointment) -> None:
    confirmed(desk, appointment)

    answer = desk.post(reverse("desk:move-back", args=[appointment.pk]), {"version": str(now(appointment).version)})

    assert "Back to Wed, Oct 14, 3:30 PM." in words(answer)
    assert (now(appointment).starts_at, Message.objects.get().state) == (STARTS_AT, "withdrawn")


def test_the_panel_offers_it_while_it_is_booked(desk: Browser, odette: Member, appointment: Appointment) -> None:
    panel = reverse("desk:panel", args=[appointment.pk])
    before = "Reschedule" in words(desk.get(panel))
    with clock_at(STARTS_AT):
        attendance.check_in(appointment, by=odette, at=STARTS_AT)
        after = "Reschedule" in words(desk.get(panel))

    assert (before, after) == (True, False)


def test_the_history_says_that_it_moved(desk: Browser, elm: Clinic, appointment: Appointment) -> None:
    confirmed(desk, appointment)

    assert "Moved from Wed, Oct 14, 3:30 PM to Fri, Oct 16, 10:30 AM" in words(desk.get(reverse("desk:panel", args=[appointment.pk])))


def test_its_queries(desk: Browser, juniper: House) -> None:
    visit = accepted(book(juniper), card_of(juniper.patients[0]))
    book(juniper, patient=juniper.patients[2], starts_at=STARTS_AT + 2 * DAY)

    with queries(QUERIES):
        desk.get(dialog(visit), {"start": "2026-10-16T15:30"})
