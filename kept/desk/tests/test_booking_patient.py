"""Who comes: found while typing, told apart by facts, or added, unless somebody on the books is seen to be the same."""

from collections.abc import Callable, Iterator

import pytest
from django.http import HttpResponse
from django.urls import reverse

import kept.scheduling.transitions.attendance as attendance
from kept.events.models import Access, Event
from kept.ops.cast import House
from kept.patients.models import Patient
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import fields, words
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book, card_of

NEW = reverse("desk:new")


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def desk(odette: Member, htmx: Callable[[Member], Browser]) -> Browser:
    return htmx(odette)


def found(desk: Browser, text: str) -> str:
    return words(desk.post(NEW, {"q": text}, headers={"HX-Target": "patients-found"}))


def newcomer(desk: Browser, **said: str) -> HttpResponse:
    return desk.post(
        NEW, {"new": "yes", "first_name": "", "last_name": "", "phone": "", "email": ""} | ({} if "book" in said else {"add": "yes"}) | said
    )


# Search


def test_a_search_finds_by_the_beginning_of_a_name_and_tells_patients_apart(desk: Browser, juniper: House, odette: Member) -> None:
    renata = juniper.patients[0]
    kept, missed = (book(juniper, patient=renata, starts_at=STARTS_AT.replace(month=month)) for month in (8, 9))
    attendance.complete(kept, by=odette, at=kept.ends_at)
    attendance.mark_noshow(missed, reason="", note="", by=odette, at=missed.ends_at)
    accepted(book(juniper, patient=renata), card_of(renata))

    assert found(desk, "rena") == "RS Renata Solbrook (555) 0100 missed 1 of 2 Visa ••4242 New patient ‘Rena’"


def test_who_never_came_is_told_so(desk: Browser) -> None:
    assert "Greta Halvorsby (555) 0103 first visit no card" in found(desk, "halvor")


def test_nobody_is_found_and_the_new_patient_is_offered(desk: Browser) -> None:
    assert found(desk, "zzz") == "New patient ‘Zzz’"


def test_without_a_search_nobody_is_listed(desk: Browser) -> None:
    assert found(desk, "  ") == ""


def test_the_one_who_is_chosen_stays_and_can_be_changed(desk: Browser, juniper: House) -> None:
    renata = juniper.patients[0]

    chosen = desk.post(NEW, {"q": "rena", "change": f"patient={renata.pk}"})
    changed = desk.post(NEW, {"patient": str(renata.pk), "change": "patient="})

    assert "Renata Solbrook (555) 0100 · first visit · no card on file Change" in words(chosen)
    assert fields(chosen)["patient"] == str(renata.pk)
    assert "patient" not in fields(changed)


def test_a_patients_page_leads_here_with_her(desk: Browser, juniper: House) -> None:
    assert "Renata Solbrook (555) 0100" in words(desk.get(NEW, {"patient": juniper.patients[0].pk}))


# R25


def test_r25_a_search_is_one_look_however_many_keys_it_takes(desk: Browser, juniper: House) -> None:
    for text in ("r", "re", "ren", "renx", "gre"):
        found(desk, text)
    desk.post(NEW, {"change": f"patient={juniper.patients[3].pk}"})
    desk.post(NEW, {"patient": str(juniper.patients[3].pk)})
    found(desk, "m")

    looks = list(Access.objects.order_by("id").values_list("what", "patient_id"))
    assert looks == [("patients searched", None), ("booking", juniper.patients[3].pk), ("patients searched", None)]


# Somebody new


def test_what_was_searched_for_is_how_the_new_patient_begins(desk: Browser) -> None:
    def begun(text: str) -> dict[str, str]:
        asked = fields(desk.post(NEW, {"q": text, "change": "new=yes"}))
        return {name: asked[name] for name in ("first_name", "last_name", "phone", "email")}

    assert begun("verity a") == {"first_name": "Verity", "last_name": "A", "phone": "", "email": ""}
    assert begun("McAllister") == {"first_name": "McAllister", "last_name": "", "phone": "", "email": ""}
    assert begun("555 0166") == {"first_name": "", "last_name": "", "phone": "555 0166", "email": ""}
    assert begun("verity@example.com") == {"first_name": "", "last_name": "", "phone": "", "email": "verity@example.com"}


def test_a_new_patient_is_added_and_chosen(desk: Browser) -> None:
    answer = newcomer(desk, first_name="Verity", last_name="Ashcombe", phone="(555) 0166", email="verity.ashcombe@example.com")

    verity = Patient.objects.get(first_name="Verity")
    assert (verity.name, verity.phone, verity.email) == ("Verity Ashcombe", "(555) 0166", "verity.ashcombe@example.com")
    assert fields(answer)["patient"] == str(verity.pk)
    assert "Verity Ashcombe (555) 0166 · first visit · no card on file" in words(answer)
    assert Event.objects.filter(kind="patient.added", subject_id=verity.pk).count() == 1


def test_book_adds_the_patient_whose_fields_are_filled_in(desk: Browser, juniper: House) -> None:
    visit = {
        "services": str(juniper.services["Consultation"].pk),
        "provider": str(juniper.providers["Tess Marrowby"].pk),
        "date": "2026-10-21",
        "start": "10:00",
        "book": "yes",
    }

    nameless = newcomer(desk, **visit, phone="(555) 0166")
    newcomer(desk, **visit, first_name="Verity", phone="(555) 0166")

    assert (nameless.status_code, "This field is required." in words(nameless)) == (422, True)
    assert Appointment.objects.get().patient == Patient.objects.get(first_name="Verity")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"phone": "555-0100", "first_name": "Ada"}, "Renata Solbrook (555) 0100 · same phone"),
        ({"email": "RENATA.SOLBROOK@example.com", "first_name": "Ada"}, "Renata Solbrook (555) 0100 · same email"),
        ({"first_name": "renata", "last_name": "solbrook"}, "Renata Solbrook (555) 0100 · same name"),
        ({"first_name": "Renata", "last_name": "Solbrook", "phone": "(555) 0100"}, "Renata Solbrook (555) 0100 · same phone, same name"),
        ({"first_name": "Renáta", "last_name": "Solbrok"}, "Renata Solbrook (555) 0100 · similar name"),
    ],
)
def test_who_may_be_the_same_is_shown_before_adding(desk: Browser, said: dict[str, str], sentence: str) -> None:
    before = Patient.objects.count()

    answer = newcomer(desk, **said)

    assert f"Here already? {sentence}" in words(answer)
    assert Patient.objects.count() == before
    assert fields(answer)["first_name"] == said["first_name"]


def test_who_was_seen_to_be_another_is_no_reason_any_more(desk: Browser, juniper: House) -> None:
    answer = newcomer(desk, first_name="Renata", last_name="Solbrook", seen=str(juniper.patients[0].pk))

    assert fields(answer)["patient"] == str(Patient.objects.filter(last_name="Solbrook").latest("created_at").pk)
    assert Patient.objects.filter(last_name="Solbrook").count() == 2


def test_the_one_on_the_books_is_chosen_instead(desk: Browser, juniper: House) -> None:
    answer = desk.post(
        NEW, {"new": "yes", "first_name": "Renata", "last_name": "Solbrook", "change": f"patient={juniper.patients[0].pk}&new="}
    )

    assert fields(answer)["patient"] == str(juniper.patients[0].pk)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"first_name": " ", "last_name": "Ashcombe"}, "This field is required."),
        ({"first_name": "Verity", "email": "verity at example"}, "Enter a valid email address."),
    ],
)
def test_what_is_wrong_about_her_is_said_at_its_field_and_nobody_is_added(desk: Browser, said: dict[str, str], sentence: str) -> None:
    before = Patient.objects.count()

    answer = newcomer(desk, **said)

    assert (answer.status_code, Patient.objects.count()) == (422, before)
    assert sentence in words(answer)


def test_another_practices_patient_is_nobody(desk: Browser, quinta: House) -> None:
    amelia = quinta.patients[0]

    assert "patient" not in fields(desk.get(NEW, {"patient": amelia.pk}))
    assert "Amélia Torrado (555)" not in found(desk, "amélia")
