"""The list of patients: search, filters, pages, what each role sees on it, and somebody new."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from django.http import HttpResponse
from django.urls import reverse

import kept.scheduling.transitions.attendance as attendance
from kept.desk.patients import views as patients
from kept.events.models import Access
from kept.ops.cast import House
from kept.patients.models import Patient
from kept.patients.transitions import change_patient
from kept.practice.models import Member, MemberClinic
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import fields, links, words
from tests.kit.money import marked
from tests.kit.queries import queries
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book, card_of

LIST, NEW = reverse("desk:patients"), reverse("desk:patient-new")
LIST_QUERIES = 14  # however many rows a page has; a search asks once more, and is written down


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def desk(odette: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(odette)


def shown(answer: HttpResponse) -> list[str]:
    return [row.known.patient.name for row in answer.context["rows"]]


def line(answer: HttpResponse, name: str) -> str:
    """A patient's line of the table, in words."""
    row = next(each for each in re.findall(r"<tr class=\"tnum\">.*?</tr>", answer.content.decode(), re.DOTALL) if name in each)
    return words(HttpResponse(row))


def test_everybody_by_last_name_fifty_a_page(juniper: House, desk: Browser) -> None:
    first = desk.get(LIST)
    second = desk.get(LIST + links(first)["Next"])

    assert [len(shown(page)) for page in (first, second)] == [50, len(juniper.patients) - 50]
    everybody = list(Patient.objects.order_by("sort_name", "id"))
    assert shown(first) + shown(second) == [each.name for each in everybody]
    assert f"{len(everybody)} patients" in words(first)
    assert "Next" not in links(second)
    assert shown(desk.get(LIST + links(second)["First"])) == shown(first)


def test_a_line_says_what_the_desk_asks(juniper: House, desk: Browser, odette: Member, appointment: Appointment) -> None:
    before = book(juniper, starts_at=STARTS_AT - timedelta(days=30))
    attendance.complete(before, by=odette, at=before.ends_at)
    missed = accepted(book(juniper, starts_at=STARTS_AT - timedelta(days=9)), card_of(appointment.patient))
    marked(missed, "declined", by=odette)
    change_patient(appointment.patient, birth_date=date(1991, 2, 18), alert="Faints at needles", by=odette, at=QUARTER_PAST)

    said = line(desk.get(LIST), "Renata Solbrook")

    assert said == "RS Renata Solbrook (555) 0100 Feb 18, 1991 Sep 14, 2026 Today, 3:30 PM missed 1 of 2 Visa ••4242 $75.00"
    assert "Has an alert" in desk.get(LIST).content.decode()
    assert line(desk.get(LIST), "Bram") == "BH Bram Holloway-Lin (555) 0102 – – None booked first visit No card $0.00"


@pytest.mark.parametrize("search", ["solbrook", "RENATA", "0100", "renata.solbrook@", "solb ren"])
def test_a_search_narrows_it_and_is_written_down(desk: Browser, search: str) -> None:
    answer = desk.get(LIST, {"q": search})

    assert shown(answer) == ["Renata Solbrook"]
    assert "1 patient" in words(answer)
    assert list(Access.objects.values_list("what", "patient_id")) == [("patients searched", None)]


def test_a_slip_of_the_pen_is_forgiven_and_said(desk: Browser) -> None:
    answer = desk.get(LIST, {"q": "solbrok"})

    assert shown(answer) == ["Renata Solbrook"]
    assert "Nobody matches ‘solbrok’. Spelled nearly so:" in words(answer)


def test_nobody_that_matches_and_nobody_at_all_are_told_apart(desk: Browser, odette: Member) -> None:
    nothing = words(desk.get(LIST, {"q": "xyzzy"}))
    assert "No patient matches" in nothing
    assert "Show all patients" in nothing

    Patient.objects.update(practice_id=odette.practice_id)
    Patient.objects.filter(pk__in=Patient.objects.values("pk")).update(sort_name="")
    assert "No patients yet" not in words(desk.get(LIST))


def test_filters_find_whom_the_desk_looks_for(juniper: House, desk: Browser, odette: Member) -> None:
    renata, marguerite, bram = juniper.patients[:3]
    for days in (3, 6):
        marked(accepted(book(juniper, starts_at=STARTS_AT - timedelta(days=days)), card_of(renata)), "paid", by=odette)
    marked(accepted(book(juniper, patient=marguerite), card_of(marguerite)), "declined", by=odette)
    change_patient(bram, alert="Speaks little English", by=odette, at=QUARTER_PAST)

    def fitting(**asked: str | list[str]) -> list[str]:
        return shown(desk.get(LIST, asked))

    assert fitting(balance="owing") == ["Marguerite Sloane"]
    assert fitting(alert="yes") == ["Bram Holloway-Lin"]
    assert fitting(missed="1") == ["Marguerite Sloane", "Renata Solbrook"]
    assert fitting(missed="2") == ["Renata Solbrook"]
    assert fitting(missed=["2", "1"]) == ["Marguerite Sloane", "Renata Solbrook"]
    assert fitting(card="yes") == ["Marguerite Sloane", "Renata Solbrook"]
    assert "Renata Solbrook" not in fitting(card="no")
    assert len(fitting(card=["yes", "no"])) == 50
    assert fitting(clinic=str(juniper.clinics["Elm Street"].pk), q="ren") == ["Renata Solbrook"]
    assert fitting(clinic=str(juniper.clinics["Harbor Point"].pk)) == []
    assert fitting(balance="owing", alert="yes") == []


def test_who_sees_what_of_it(
    juniper: House, signed_in: Callable[[Member], Browser], odette: Member, tess: Member, benedikt: Member, appointment: Appointment
) -> None:
    marked(appointment, "declined", by=odette)

    def heads(member: Member) -> set[str]:
        return set(re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', signed_in(member).get(LIST).content.decode()))

    everything = {"Patient", "Phone", "Born", "Last visit", "Next visit", "Attendance", "Card", "Balance"}
    assert heads(odette) == everything
    assert heads(tess) == everything - {"Balance"}
    assert heads(benedikt) == everything - {"Last visit", "Next visit"}


def test_r24_a_visit_and_a_balance_of_another_clinic_are_not_told(
    juniper: House, desk: Browser, odette: Member, appointment: Appointment
) -> None:
    marked(appointment, "declined", by=odette)
    later = book(juniper, starts_at=STARTS_AT + timedelta(days=7))
    assert later.patient == appointment.patient
    MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=juniper.clinics["Harbor Point"])

    said = line(desk.get(LIST), "Renata Solbrook")

    assert said == "RS Renata Solbrook (555) 0100 – – None booked missed 1 of 1 Visa ••4242 $0.00"
    assert shown(desk.get(LIST, {"balance": "owing"})) == []


def test_the_page_costs_the_same_however_many_rows(juniper: House, desk: Browser, appointment: Appointment) -> None:
    desk.get(LIST)
    with queries(LIST_QUERIES):
        assert len(shown(desk.get(LIST))) == 50
    with queries(LIST_QUERIES + 3):
        assert len(shown(desk.get(LIST, {"q": "renata"}))) == 1


def test_more_than_can_be_counted_quickly_are_many(monkeypatch: pytest.MonkeyPatch, desk: Browser) -> None:
    monkeypatch.setattr(patients, "MOST_COUNTED", 10)

    assert "10+ patients" in words(desk.get(LIST))


# Somebody new


def test_somebody_new_and_on_to_her_page(desk: Browser) -> None:
    answer = desk.post(NEW, {"first_name": "Ada", "last_name": "Quill", "birth_date": "1980-04-01", "phone": "+44 20 7946 0018"})

    added = Patient.objects.get(last_name="Quill")
    assert answer["Location"] == reverse("desk:patient", args=[added.pk])
    assert shown(desk.get(LIST, {"q": "quill"})) == ["Ada Quill"]


def test_in_the_dialog_the_whole_page_goes_there(odette: Member, htmx: Callable[[Member], Browser]) -> None:
    answer = htmx(odette).post(NEW, {"first_name": "Ada", "last_name": "Quill"})

    assert answer.status_code == 204
    assert answer["HX-Redirect"] == reverse("desk:patient", args=[Patient.objects.get(last_name="Quill").pk])


def test_who_may_be_there_already_is_shown_first(desk: Browser, juniper: House) -> None:
    renata = juniper.patients[0]
    typed = {"first_name": "Renate", "last_name": "Solbrook", "phone": renata.phone}

    asked = desk.post(NEW, typed)

    assert asked.status_code == 422
    assert "Here already? Renata Solbrook (555) 0100 · same phone, similar name" in words(asked)
    assert not Patient.objects.filter(first_name="Renate").exists()
    assert desk.post(NEW, fields(asked)).status_code == 302
    assert Patient.objects.get(first_name="Renate").phone == renata.phone


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"first_name": ""}, "Enter at least a first name."),
        ({"email": "ada@"}, "Enter an e-mail address"),
        ({"phone": "none"}, "Enter a phone number"),
        ({"birth_date": "2030-01-01"}, "Check the year."),
        ({"birth_date": "soon"}, "Enter a date"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(desk: Browser, sent: dict[str, str], said: str) -> None:
    before = Patient.objects.count()

    answer = desk.post(NEW, {"first_name": "Ada", "last_name": "Quill & Sons", "alert": "Knocks twice"} | sent)

    assert answer.status_code == 422
    assert said in words(answer)
    assert f'id="id_{next(iter(sent))}_error"' in answer.content.decode()
    assert "Knocks twice" in answer.content.decode()
    assert Patient.objects.count() == before
