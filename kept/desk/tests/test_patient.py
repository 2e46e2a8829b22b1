"""A patient's page: what stands on it, for whom, and what is done there."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from django.http import HttpResponse
from django.urls import reverse

import kept.messaging.transitions as messaging
import kept.scheduling.transitions.attendance as attendance
from kept.events.models import Access
from kept.messaging.models import Letter
from kept.ops.cast import House
from kept.patients.models import Note, Patient
from kept.patients.transitions import add_note, add_patient, change_patient, take_off
from kept.practice.models import Member, MemberClinic
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import fields, links, words
from tests.kit.money import marked
from tests.kit.queries import queries
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book, card_of

QUERIES = {  # of each page, however many rows it has
    "": 28, "-appointments": 17, "-invoices": 15, "-cards": 11, "-notes": 11, "-messages": 12, "-history": 15, "-looks": 13,
}  # fmt: skip


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def desk(odette: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(odette)


@pytest.fixture
def renata(juniper: House) -> Patient:
    return juniper.patients[0]


def page(patient: Patient, section: str = "") -> str:
    return reverse(f"desk:patient{section}", args=[patient.pk])


def said(answer: HttpResponse, *sentences: str) -> None:
    """All of that can be read there."""
    text = words(answer)
    assert [sentence for sentence in sentences if sentence not in text] == [], text


# What stands on it


def test_who_she_is_and_how_to_reach_her(desk: Browser, odette: Member, renata: Patient) -> None:
    change_patient(renata, birth_date=date(1991, 2, 18), alert="Faints at needles", by=odette, at=QUARTER_PAST)

    answer = desk.get(page(renata))

    said(
        answer,
        "Renata Solbrook Born Feb 18, 1991 · (555) 0100 · r••••@example.com ShowHide renata.solbrook@example.com · patient since Jan 2026",
        "Alert Faints at needles",
    )
    assert links(answer)["(555) 0100"] == "tel:(555) 0100"


def test_her_visits_with_what_became_of_them_and_of_their_fees(
    juniper: House, desk: Browser, odette: Member, appointment: Appointment
) -> None:
    kept = book(juniper, starts_at=STARTS_AT - timedelta(days=30))
    attendance.complete(kept, by=odette, at=kept.ends_at)
    marked(accepted(book(juniper, starts_at=STARTS_AT - timedelta(days=9)), card_of(appointment.patient)), "paid", by=odette)
    book(juniper, starts_at=STARTS_AT + timedelta(days=400))

    answer = desk.get(page(appointment.patient))

    said(
        answer,
        "Appointments Missed 1 of 2 · cancelled late 0 · last 12 months",
        "Upcoming Today, 3:30 PM Lip filler Tess Marrowby Elm Street Booked – Nov 18, 2027, 2:30 PM Lip filler",
        "Past Oct 5, 3:30 PM Lip filler Tess Marrowby Elm Street No-show Charged $75.00 Sep 14, 3:30 PM",
    )


def test_her_bills_and_what_she_owes(desk: Browser, odette: Member, appointment: Appointment) -> None:
    charge = marked(appointment, "declined", by=odette)

    answer = desk.get(page(appointment.patient))

    said(answer, "Invoices Balance $75.00", f"{charge.invoice} Oct 14, 2026 No-show fee #{appointment} $75.00 Unpaid")


def test_what_of_it_is_being_charged_is_said_apart(desk: Browser, odette: Member, appointment: Appointment) -> None:
    marked(appointment, "unknown", by=odette)

    said(desk.get(page(appointment.patient)), "Invoices Balance $75.00 ($75.00 on its way)")


def test_r7a_each_card_says_what_relies_on_it(desk: Browser, odette: Member, appointment: Appointment) -> None:
    said(
        desk.get(page(appointment.patient)),
        "Visa ••4242 exp 04/2031 Wed, Oct 14, 3:30 PM relies on it: policy v3, $75.00. It stays usable for that even when taken off.",
    )

    attendance.complete(appointment, by=odette, at=STARTS_AT)

    said(desk.get(page(appointment.patient)), "Visa ••4242 exp 04/2031 Nothing relies on it. Given Oct 5, 2026.")


def test_notes_letters_and_who_looked(
    desk: Browser, silas: Member, signed_in: Callable[[Member], Browser], appointment: Appointment
) -> None:
    add_note(appointment.patient, "Parks at the back.", by=silas, at=QUARTER_PAST)
    desk.get(page(appointment.patient))

    answer = signed_in(silas).get(page(appointment.patient))

    said(answer, "Notes Add a note Parks at the back. Silas Whitcombe, Today, 3:45 PM", "Who looked All who looked")
    said(answer, "Silas Whitcombe Today, 3:45 PM Odette Farnley Today, 3:45 PM")


def test_each_section_is_a_page_of_its_own(desk: Browser, renata: Patient) -> None:
    found = desk.get(page(renata)).context["sections"]

    assert [each["label"] for each in found] == ["Overview", "Appointments", "Invoices", "Cards", "Notes", "Messages", "History"]
    for each in found:
        assert [tab["selected"] for tab in desk.get(each["url"]).context["sections"]] == [tab is each for tab in found]


def test_long_lists_go_on_by_pages(desk: Browser, odette: Member, renata: Patient) -> None:
    for number in range(60):
        add_note(renata, f"Note {number}.", by=odette, at=QUARTER_PAST + timedelta(minutes=number))

    first = desk.get(page(renata, "-notes"))
    older = desk.get(page(renata, "-notes") + links(first)["Older"])

    assert [note.text for note in first.context["notes"]][:2] == ["Note 59.", "Note 58."]
    assert [note.text for note in older.context["notes"]][-1] == "Note 0."
    assert len(first.context["notes"]) + len(older.context["notes"]) == 60


def test_the_history_says_what_was_changed_into_what(desk: Browser, odette: Member, silas: Member) -> None:
    ada = add_patient(first_name="Ada", phone="555 0188", by=odette, at=QUARTER_PAST)
    card = card_of(ada)
    change_patient(ada, phone="555 0199", birth_date=date(1980, 4, 1), by=silas, at=QUARTER_PAST + timedelta(minutes=1))
    change_patient(ada, last_name="Quill", by=odette, at=QUARTER_PAST + timedelta(minutes=2))
    take_off(card, by=silas, at=QUARTER_PAST + timedelta(minutes=3))

    said(
        desk.get(page(ada, "-history")),
        "Visa ••4242 taken off · Silas Whitcombe",
        "Last name changed · Odette Farnley Today, 3:47 PM · Last name: – → Quill",
        "Birth date, Phone changed · Silas Whitcombe Today, 3:46 PM · Birth date: – → Apr 1, 1980; Phone: 555 0188 → 555 0199",
        "Added · Odette Farnley",
        "Visa ••4242 given",
    )


# For whom


@pytest.mark.parametrize(
    ("role", "sections"),
    [
        ("owner", ["Appointments", "Invoices", "Cards", "Notes", "Messages", "History", "Who looked"]),
        ("manager", ["Appointments", "Invoices", "Cards", "Notes", "Messages", "History", "Who looked"]),
        ("front_desk", ["Appointments", "Invoices", "Cards", "Notes", "Messages", "History"]),
        ("provider", ["Appointments", "Cards", "Notes", "Messages", "History"]),
        ("billing", ["Invoices", "Cards", "Notes", "Messages", "History"]),
        ("auditor", ["Appointments", "Invoices", "Cards", "Notes", "Messages", "History", "Who looked"]),
    ],
)
def test_what_each_role_finds_there(
    signed_in: Callable[[Member], Browser], juniper: House, odette: Member, appointment: Appointment, role: str, sections: list[str]
) -> None:
    charge = marked(appointment, "declined", by=odette)

    answer = signed_in(juniper.members[Role(role)]).get(page(appointment.patient))

    assert [each["label"] for each in answer.context["sections"]] == ["Overview", *sections]
    text = words(answer)
    assert ("Lip filler" in text, str(charge.invoice) in text) == ("Appointments" in sections, "Invoices" in sections)
    assert ("Edit" in text, "Take off" in text, "Add a note" in text) == (role not in ("billing", "auditor"),) * 3


def test_r24_a_provider_sees_her_own_visits_alone(
    juniper: House, signed_in: Callable[[Member], Browser], tess: Member, appointment: Appointment
) -> None:
    Appointment.objects.filter(pk=appointment.pk).update(provider=juniper.providers["Priya Ramsethi"])
    own = book(juniper, starts_at=STARTS_AT + timedelta(days=2))

    answer = signed_in(tess).get(page(appointment.patient))

    assert [line.appointment for line in answer.context["upcoming"]] == [own]
    said(answer, "1 appointment elsewhere relies on it.")


def test_r24_what_is_at_another_clinic_is_not_told(juniper: House, desk: Browser, odette: Member, appointment: Appointment) -> None:
    charge = marked(appointment, "declined", by=odette)
    MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=juniper.clinics["Harbor Point"])

    for section in ("", "-appointments", "-invoices", "-messages"):
        text = words(desk.get(page(appointment.patient, section)))
        assert str(charge.invoice) not in text
        assert "Tess Marrowby" not in text


def test_another_practices_patient_does_not_exist(
    juniper: House, hana: Member, signed_in: Callable[[Member], Browser], renata: Patient
) -> None:
    assert {signed_in(hana).get(page(renata, section)).status_code for section in QUERIES} == {404}


def test_r25_a_look_is_written_down_once(desk: Browser, odette: Member, juniper: House, renata: Patient) -> None:
    for section in ("", "-appointments", "-notes", ""):
        desk.get(page(renata, section))
    desk.get(page(juniper.patients[1]))
    desk.get(page(renata))

    assert list(Access.objects.order_by("at", "id").values_list("what", "patient_id", "actor")) == [
        ("patient", each.pk, f"user:{odette.user_id}") for each in (renata, juniper.patients[1], renata)
    ]


@pytest.mark.parametrize("section", QUERIES)
def test_each_page_costs_the_same_however_much_there_is(
    juniper: House, leonora: Member, odette: Member, signed_in: Callable[[Member], Browser], appointment: Appointment, section: str
) -> None:
    for days in (3, 6, 9):
        visit = accepted(book(juniper, starts_at=STARTS_AT - timedelta(days=days)), card_of(appointment.patient))
        marked(visit, "declined", by=odette)
        messaging.queue(Letter.NO_SHOW, Appointment.objects.get(pk=visit.pk), by=odette, at=QUARTER_PAST)
        add_note(appointment.patient, "Parks at the back.", by=odette, at=QUARTER_PAST)
        change_patient(appointment.patient, alert=f"{days}", by=odette, at=QUARTER_PAST)
    browser = signed_in(leonora)
    browser.get(page(appointment.patient))

    with queries(QUERIES[section]):
        assert browser.get(page(appointment.patient, section)).status_code == 200


# What is done there


def test_her_particulars_are_changed(desk: Browser, renata: Patient) -> None:
    edit = page(renata, "-edit")
    typed = fields(desk.get(edit)) | {"phone": "555 0199", "alert": "Faints at needles"}

    answer = desk.post(edit, typed)

    assert answer["Location"] == page(renata)
    renata.refresh_from_db()
    assert (renata.phone, renata.alert, renata.name, renata.version) == ("555 0199", "Faints at needles", "Renata Solbrook", 2)
    said(desk.get(page(renata)), "Saved.", "Faints at needles")


def test_what_somebody_changed_meanwhile_is_shown_and_saving_again_decides(desk: Browser, silas: Member, renata: Patient) -> None:
    edit = page(renata, "-edit")
    typed = fields(desk.get(edit)) | {"phone": "555 0199", "alert": "Faints at needles"}
    change_patient(renata, phone="555 0177", by=silas, at=QUARTER_PAST)

    refused = desk.post(edit, typed)

    assert refused.status_code == 422
    said(refused, "Somebody changed this meanwhile Phone is now 555 0177. Alert is now –. What you typed is below.")
    assert Patient.objects.get(pk=renata.pk).phone == "555 0177"
    again = fields(refused)
    assert (again["phone"], again["alert"], again["version"]) == ("555 0199", "Faints at needles", "2")
    desk.post(edit, again)
    assert Patient.objects.get(pk=renata.pk).phone == "555 0199"


def test_a_note_is_added(desk: Browser, odette: Member, renata: Patient) -> None:
    empty = desk.post(page(renata, "-note"), {"text": " "})
    added = desk.post(page(renata, "-note"), {"text": "Parks at the back."})

    assert (empty.status_code, added["Location"]) == (422, page(renata))
    said(empty, "Write the note first.")
    note = Note.objects.get()
    assert (note.text, note.by, note.at) == ("Parks at the back.", odette, QUARTER_PAST)


def test_r7a_a_card_is_taken_off_having_been_told_what_relies_on_it(desk: Browser, appointment: Appointment) -> None:
    card = appointment.patient.cards.get()
    url = reverse("desk:card-take-off", args=[appointment.patient_id, card.pk])

    said(desk.get(url), "Take off Visa ••4242?", "1 booked appointment relies on it. The card stays usable for that, and for nothing new.")
    desk.post(url)

    card.refresh_from_db()
    assert card.state == "off"
    said(desk.get(page(appointment.patient)), "Visa ••4242 is taken off.", "No card on file.")


def test_in_a_dialog_the_page_brings_itself_up_to_date(odette: Member, htmx: Callable[[Member], Browser], renata: Patient) -> None:
    answer = htmx(odette).post(page(renata, "-note"), {"text": "Parks at the back."})

    assert answer["HX-Trigger"] == "appointment-changed, dialog-done"
    said(answer, "Note written.")


def test_a_card_of_somebody_else_is_not_hers(desk: Browser, juniper: House, renata: Patient) -> None:
    card = card_of(juniper.patients[1])

    assert desk.post(reverse("desk:card-take-off", args=[renata.pk, card.pk])).status_code == 404


def test_the_alert_stands_on_the_appointments_panel(odette: Member, htmx: Callable[[Member], Browser], appointment: Appointment) -> None:
    change_patient(appointment.patient, alert="Faints at needles", by=odette, at=QUARTER_PAST)

    answer = htmx(odette).get(reverse("desk:panel", args=[appointment.pk]))

    said(answer, "Alert Faints at needles")
    assert links(answer)["Renata Solbrook"] == page(appointment.patient)
