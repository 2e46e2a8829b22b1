"""Cancelled: the list (R13), its filters and totals; the dialog that cancels; entered in error."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.http import HttpResponse
from django.urls import reverse

from kept.events.models import Access
from kept.messaging.models import Message
from kept.noshows.transitions.cancelling import cancel
from kept.ops.cast import House
from kept.patients.models import Patient
from kept.practice.models import Clinic, Member, MemberClinic
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from kept.scheduling.transitions import booking
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import fields, links, offered, words
from tests.kit.queries import queries
from tests.kit.visits import BOOKED_AT, STARTS_AT

pytestmark = pytest.mark.usefixtures("all_rounders")

LIST, CSV = reverse("noshows:cancelled"), reverse("noshows:cancelled-csv")
LIST_QUERIES = 14  # however many rows a page has, with what needs attention
EARLIER = STARTS_AT - timedelta(hours=2)  # Wed, Oct 14, 2026, 1:30 PM
DAY = timedelta(days=1)
PATIENT, CLINIC = Appointment.Asked.PATIENT, Appointment.Asked.CLINIC
SPARED = {"charge_fee": "no", "fee_reason": "Illness"}
Jobs = Callable[..., list[str]]


@pytest.fixture(autouse=True)
def two_hours_before() -> Iterator[None]:
    with clock_at(EARLIER):
        yield


def cancelled(
    house: House,
    days: int = 0,
    *,
    patient: int = 0,
    provider: str = "Tess Marrowby",
    clinic: str = "Elm Street",
    asked: Appointment.Asked = PATIENT,
    at: datetime | None = None,
) -> Appointment:
    """A visit so many days from the appointment's day, called off a day before it."""
    starts_at = STARTS_AT + days * DAY
    visit = booking.book(
        clinic=house.clinics[clinic],
        provider=house.providers[provider],
        patient=house.patients[patient],
        services=[house.services["Consultation"]],
        starts_at=starts_at,
        by=house.members[Role.OWNER],
        at=starts_at - 30 * DAY,
    )
    return cancel(visit, asked=asked, reason="Not well", by=house.members[Role.FRONT_DESK], at=at or starts_at - DAY)


def rows(answer: HttpResponse) -> list[Any]:
    return [row["appointment"].pk for row in answer.context["rows"]]


# The list (R13)


def test_r13_thirty_days_back_and_thirty_ahead_newest_first(desk: Browser, juniper: House) -> None:
    visits = {days: cancelled(juniper, days, patient=place) for place, days in enumerate((-31, -30, -2, 0, 5, 30, 31))}

    assert rows(desk.get(LIST)) == [visits[days].pk for days in (30, 5, 0, -2, -30)]
    assert rows(desk.get(f"{LIST}?from=2026-09-13&to=2026-09-13")) == [visits[-31].pk]


def test_r13_restore_only_where_its_time_is_not_past(desk: Browser, juniper: House) -> None:
    past, ahead = cancelled(juniper, -2), cancelled(juniper, 2, patient=1)

    found = set(links(desk.get(LIST)).values())

    assert reverse("noshows:restore", args=[ahead.pk]) in found
    assert reverse("noshows:restore", args=[past.pk]) not in found


def test_r13_restored_it_stands_on_the_book_again(desk: Browser, juniper: House, run_jobs: Jobs) -> None:
    visit = cancelled(juniper, at=EARLIER)

    dialog = words(desk.get(reverse("noshows:restore", args=[visit.pk])))
    answer = desk.post(reverse("noshows:restore", args=[visit.pk]), {"where": "own"})
    run_jobs(at=EARLIER + DAY)

    assert "It leaves the Cancelled list. No fee was charged" in dialog
    assert "no-show" not in dialog.lower()

    assert "Restored to Wed, Oct 14, 3:30 PM." in words(answer)
    assert rows(desk.get(LIST)) == []
    assert (Message.objects.get().state, mail.outbox) == ("withdrawn", [])


def test_r11_a_row_says_who_has_its_time_meanwhile(desk: Browser, juniper: House) -> None:
    cancelled(juniper, 2)
    booking.book(
        clinic=juniper.clinics["Elm Street"],
        provider=juniper.providers["Tess Marrowby"],
        patient=juniper.patients[5],
        services=[juniper.services["Consultation"]],
        starts_at=STARTS_AT + 2 * DAY,
        by=juniper.members[Role.OWNER],
        at=EARLIER,
    )

    assert f"Taken by {juniper.patients[5].name}" in words(desk.get(LIST))


def test_who_asked_why_and_who_did_it(desk: Browser, juniper: House) -> None:
    cancelled(juniper, 2)
    cancelled(juniper, 3, patient=1, asked=CLINIC)

    said = words(desk.get(LIST))

    assert "Elm Street The clinic Not well Odette Farnley Today" not in said  # done the day before each
    assert "Elm Street The clinic Not well Odette Farnley Oct 16, 3:30 PM Restore" in said
    assert "Elm Street Renata Not well Odette Farnley Oct 15, 3:30 PM Restore" in said


def test_clinics_providers_and_who_asked_several_of_each(desk: Browser, juniper: House) -> None:
    tess = cancelled(juniper, 1)
    noor = cancelled(juniper, 2, patient=1, provider="Noor Hadisan", asked=CLINIC)
    petra = cancelled(juniper, 3, patient=2, provider="Petra Lindvall", clinic="Harbor Point")
    ids = {name: each.pk for name, each in (juniper.clinics | juniper.providers).items()}

    def found(query: str) -> list[Any]:
        return rows(desk.get(f"{LIST}?{query}"))

    assert found(f"clinic={ids['Harbor Point']}") == [petra.pk]
    assert found(f"provider={ids['Tess Marrowby']}&provider={ids['Noor Hadisan']}") == [noor.pk, tess.pk]
    assert found("asked=clinic") == [noor.pk]
    assert found("asked=clinic&asked=patient") == [petra.pk, noor.pk, tess.pk]
    assert found("asked=nobody&clinic=x") == [petra.pk, noor.pk, tess.pk]
    assert found(f"q={juniper.patients[1].last_name}") == [noor.pk]


def test_its_totals_are_of_the_same_filter(desk: Browser, juniper: House, odette: Member, appointment: Appointment) -> None:
    cancelled(juniper, -3, patient=1)
    cancelled(juniper, 3, patient=2)
    cancelled(juniper, 4, patient=3, asked=CLINIC)

    said = words(desk.get(LIST))

    for total in (
        "Cancelled 3 of 4 appointments",
        "Rate 75.0% of all booked",
        "By the patient 2 67% of them",
        "By the clinic 1 33% of them",
        "Still to come 2 can be restored",
    ):
        assert total in said
    assert "Cancelled 1 of 1 appointments" in words(desk.get(f"{LIST}?from=2026-10-18&to=2026-10-18"))


def test_the_same_as_a_file(desk: Browser, juniper: House) -> None:
    visit = cancelled(juniper, 2)

    answer = desk.get(CSV)

    head, row = csv.reader(io.StringIO(answer.content.decode()))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cancelled.csv"'
    assert dict(zip(head, row, strict=True)) == {
        "Date": "2026-10-16",
        "Time": "3:30 PM",
        "Zone": "America/New_York",
        "Appointment": str(visit),
        "Patient": "Renata Solbrook",
        "Services": "Consultation",
        "Provider": "Tess Marrowby",
        "Clinic": "Elm Street",
        "Asked by": "patient",
        "Reason": "Not well",
        "Fee": "",
        "Amount": "",
        "Currency": "",
        "Invoice": "",
        "Cancelled by": "Odette Farnley",
        "Cancelled at": "2026-10-15T15:30-04:00",
    }
    assert Access.objects.filter(what="cancelled exported").count() == 1


def test_its_queries_do_not_grow_with_its_rows(desk: Browser, juniper: House) -> None:
    for place in range(4):
        cancelled(juniper, place, patient=place)
    desk.get(LIST)

    with queries(LIST_QUERIES):
        desk.get(LIST)


def test_nothing_cancelled_and_nothing_that_matches_are_told_apart(desk: Browser, juniper: House) -> None:
    assert "Nothing cancelled in these days" in words(desk.get(LIST))
    assert "No cancellations match" in words(desk.get(f"{LIST}?asked=clinic"))


def test_r24_each_sees_her_own(
    htmx: Callable[[Member], Browser], juniper: House, tess: Member, odette: Member, hana: Member, harbor: Clinic
) -> None:
    hers, noors = cancelled(juniper, 1), cancelled(juniper, 2, patient=1, provider="Noor Hadisan")
    petras = cancelled(juniper, 3, patient=2, provider="Petra Lindvall", clinic="Harbor Point")

    def seen(member: Member) -> tuple[list[Any], int]:
        browser = htmx(member)
        return rows(browser.get(LIST)), len(browser.get(CSV).content.decode().splitlines()) - 1

    assert seen(odette) == ([petras.pk, noors.pk, hers.pk], 3)
    assert seen(tess) == ([hers.pk], 1)
    assert seen(hana) == ([], 0)
    MemberClinic.objects.create(practice_id=odette.practice_id, member=odette, clinic=harbor)
    assert seen(odette) == ([petras.pk], 1)


def test_the_wrench_leads_there(signed_in: Callable[[Member], Browser], odette: Member, juniper: House) -> None:
    cancelled(juniper, at=EARLIER)

    page = signed_in(odette).get(f"{reverse('desk:day')}?date=2026-10-14")

    assert {text: link for text, link in links(page).items() if text == "Cancelled"} == {"Cancelled": LIST}
    assert "Cancelled 1 today" in words(page)


# The dialog


def cancel_url(appointment: Appointment) -> str:
    return reverse("noshows:cancel", args=[appointment.pk])


def test_r14_before_the_last_free_instant_it_is_free_and_says_so(desk: Browser, appointment: Appointment) -> None:
    with clock_at(STARTS_AT - DAY):
        dialog = desk.get(cancel_url(appointment))

    said = words(dialog)
    assert "Renata Solbrook · Lip filler · Wed, Oct 14, 3:30 PM with Tess Marrowby" in said
    assert "Who asks for it Renata The clinic Cancelling is free: it is cancelled" in said
    assert "before, and free until Tue, Oct 13, 3:30 PM. Policy v3, row 1." in said
    assert "Cancels; 3:30 PM is free again. Nothing is charged." in said
    assert offered(dialog, "asked") == ["patient", "clinic"]
    assert fields(dialog) == {"reason": "", "note": "", "notify": "on", "version": str(Appointment.objects.get().version)}


def test_it_asks_who_and_loses_nothing_that_was_typed(desk: Browser, appointment: Appointment) -> None:
    answer = desk.post(cancel_url(appointment), {"reason": "Work", "note": "Called <b>1:10</b>"})

    assert answer.status_code == 422
    assert "Choose who asks for it." in words(answer)
    assert (fields(answer)["reason"], fields(answer)["note"]) == ("Work", "Called <b>1:10</b>")
    assert Appointment.objects.get().status == "booked"


def test_it_cancels_frees_the_time_and_tells_the_patient(desk: Browser, odette: Member, appointment: Appointment, run_jobs: Jobs) -> None:
    answer = desk.post(
        cancel_url(appointment),
        SPARED | {"asked": "patient", "reason": "Not well", "note": "Called 1:10 PM, has a fever", "notify": "on"},
    )
    run_jobs(at=EARLIER + timedelta(minutes=2))

    now = Appointment.objects.get()
    assert (now.status, now.cancelled_for, now.outcome_reason, now.outcome_note) == (
        *("cancelled", "patient", "Not well"),
        "Called 1:10 PM, has a fever",
    )
    assert (now.status_by, now.status_at) == (odette, EARLIER)
    assert "Cancelled. Wed, Oct 14, 3:30 PM is free again. Cancelled" in words(answer)
    assert answer.headers["HX-Trigger"] == "appointment-changed, dialog-done"
    (letter,) = mail.outbox
    assert letter.subject == "Your appointment on Wed, Oct 14, 3:30 PM is cancelled"
    assert "As you asked, your appointment on Wed, Oct 14, 3:30 PM is cancelled." in letter.body
    assert "fever" not in letter.body


@pytest.mark.parametrize(("notify", "letters"), [({"notify": "on"}, 1), ({}, 0)])
def test_as_it_is_ticked_so_it_is_done(desk: Browser, appointment: Appointment, notify: dict[str, str], letters: int) -> None:
    desk.post(cancel_url(appointment), {"asked": "clinic"} | notify)

    assert Message.objects.count() == letters


@pytest.mark.parametrize(
    ("asked", "sentence"), [("clinic", "We are sorry: we had to cancel your appointment"), ("patient", "As you asked, your appointment")]
)
def test_the_letter_is_shown_before(desk: Browser, appointment: Appointment, asked: str, sentence: str) -> None:
    answer = desk.get(reverse("noshows:cancel-letter", args=[appointment.pk]), {"asked": asked})

    assert sentence in words(answer)
    assert "To renata.solbrook@example.com, unless it is restored within two minutes" in words(answer)


def test_without_an_address_it_says_so(desk: Browser, appointment: Appointment) -> None:
    Patient.objects.update(email="")

    assert "Renata has no e-mail address, so no letter goes." in words(desk.get(cancel_url(appointment)))


def test_r14_from_its_start_on_it_is_a_no_show(desk: Browser, appointment: Appointment) -> None:
    with clock_at(STARTS_AT):
        opened, answer = desk.get(cancel_url(appointment)), desk.post(cancel_url(appointment), {"asked": "patient"})

    assert (opened.status_code, answer.status_code, Appointment.objects.get().status) == (409, 409, "booked")
    assert "It has started, so it can’t be cancelled. Mark it as a no-show." in words(answer)


def test_what_changed_meanwhile_is_not_cancelled_unseen(desk: Browser, appointment: Appointment) -> None:
    answer = desk.post(cancel_url(appointment), SPARED | {"asked": "patient", "version": "1"})

    assert (answer.status_code, Appointment.objects.get().status) == (409, "booked")


def test_the_panel_offers_it_while_it_can_be_done(desk: Browser, appointment: Appointment) -> None:
    def offers() -> bool:
        return cancel_url(appointment) in desk.get(reverse("desk:panel", args=[appointment.pk])).content.decode()

    with clock_at(BOOKED_AT):
        assert offers()
    assert offers()
    with clock_at(STARTS_AT):
        assert not offers()


def test_a_cancelled_ones_panel_says_for_whom_and_why(desk: Browser, juniper: House) -> None:
    visit = cancelled(juniper, 2)

    said = words(desk.get(reverse("desk:panel", args=[visit.pk])))

    assert "Cancelled for Renata Why Not well" in said
    assert "Restore" in said


# Entered in error


def test_entered_in_error_asks_once_and_leaves_every_list(desk: Browser, appointment: Appointment) -> None:
    url = reverse("noshows:entered-in-error", args=[appointment.pk])
    assert url in desk.get(reverse("desk:panel", args=[appointment.pk])).content.decode()
    dialog = desk.get(url)
    assert "For an appointment that should never have been on the book." in words(dialog)

    answer = desk.post(url, fields(dialog))

    assert "Taken off the book." in words(answer)
    assert (Appointment.objects.get().status, Message.objects.count(), rows(desk.get(LIST))) == ("entered-in-error", 0, [])


def test_entered_in_error_only_while_it_is_booked(desk: Browser, appointment_that_is: Callable[[str], Appointment]) -> None:
    visit = appointment_that_is("arrived")

    answer = desk.post(reverse("noshows:entered-in-error", args=[visit.pk]), {"version": ""})

    assert (answer.status_code, Appointment.objects.get().status) == (409, "arrived")


def test_without_script_it_leads_back_to_the_panel(
    signed_in: Callable[[Member], Browser], odette: Member, appointment: Appointment
) -> None:
    answer = signed_in(odette).post(cancel_url(appointment), SPARED | {"asked": "patient"})

    assert (answer.status_code, answer["Location"]) == (302, reverse("desk:panel", args=[appointment.pk]))
