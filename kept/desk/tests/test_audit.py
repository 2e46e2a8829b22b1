"""The audit log: who looked at patients and what was done, filtered, paged, and as a file."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.urls import reverse

from kept.events import journal
from kept.events.models import Access
from kept.foundation.scope import current
from kept.ops.cast import House
from kept.patients.models import Patient
from kept.patients.transitions import change_patient
from kept.practice.models import Member
from kept.practice.rules import Role
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import words
from tests.kit.money import marked
from tests.kit.queries import queries
from tests.kit.visits import QUARTER_PAST, accepted, book, card_of

LOOKS, CHANGES = reverse("desk:audit-looks"), reverse("desk:audit-changes")
QUERIES = 10


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def renata(juniper: House) -> Patient:
    return juniper.patients[0]


@pytest.fixture
def owner(leonora: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(leonora)


def file(browser: Browser, name: str, asked: dict[str, str] | None = None) -> list[str]:
    return browser.get(reverse(f"desk:audit-{name}-csv"), asked or {}).content.decode().splitlines()


def test_r25_who_looked_at_whom_when_and_from_where(
    juniper: House, owner: Browser, odette: Member, signed_in: Callable[[Member], Browser], renata: Patient
) -> None:
    signed_in(odette).get(reverse("desk:patient", args=[renata.pk]))

    told = words(owner.get(LOOKS))

    assert f"{odette.name} Opened: the patient’s page {renata.name} Screen, 127.0.0.1" in told


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ({}, 3),
        ({"what": "exported"}, 1),
        ({"q": "Renata"}, 1),
        ({"q": "Nobody at all"}, 0),
        ({"from": "2026-10-01", "to": "2026-10-01"}, 0),
        ({"who": "{odette}"}, 3),
        ({"who": "{leonora}"}, 0),
        ({"patient": "{renata}"}, 1),
    ],
)
def test_it_is_filtered_by_who_what_when_and_which_patient(
    juniper: House, owner: Browser, odette: Member, leonora: Member, renata: Patient, asked: dict[str, str], rows: int
) -> None:
    Access.objects.bulk_create(
        Access(practice=juniper.practice, what=what, patient_id=about, at=QUARTER_PAST, actor=f"user:{odette.user_id}", source="screen")
        for what, about in (("patient", renata.pk), ("patients searched", None), ("no-shows exported", None))
    )
    ids = {"{odette}": str(odette.pk), "{leonora}": str(leonora.pk), "{renata}": str(renata.pk)}
    asked = {key: ids.get(value, value) for key, value in asked.items()}

    lines = file(owner, "looks", asked)[1:]

    assert len([line for line in lines if odette.name in line]) == rows


def test_what_was_done_says_whom_it_was_about_through_visits_and_money(
    juniper: House, owner: Browser, odette: Member, renata: Patient
) -> None:
    marked(accepted(book(juniper), card_of(renata)), "paid", by=odette)
    change_patient(renata, alert="Faints at needles", by=odette, at=QUARTER_PAST)

    lines = file(owner, "changes", {"patient": str(renata.pk), "to": "2026-10-31"})

    told = {tuple(line.split(",")[2:4]) for line in lines[1:]}
    assert told >= {(what, renata.name) for what in ("Particulars changed", "Appointment: no-show", "Charge: charged", "Invoice: issued")}


def test_r25_taking_the_log_as_a_file_stands_in_it(owner: Browser, leonora: Member, juniper: House) -> None:
    file(owner, "looks")

    assert Access.objects.get().what == "looks exported"
    assert f"{leonora.name},Exported: the audit log of looks" in file(owner, "looks")[2].replace('"', "")


def test_a_patients_page_leads_to_her_part_of_the_log(owner: Browser, renata: Patient) -> None:
    told = words(owner.get(LOOKS, {"patient": str(renata.pk)}))

    assert f"Only about {renata.name}." in told


def test_an_auditor_sees_it_and_the_front_desk_does_not(juniper: House, signed_in: Callable[[Member], Browser]) -> None:
    assert signed_in(juniper.members[Role.AUDITOR]).get(CHANGES).status_code == 200
    assert signed_in(juniper.members[Role.FRONT_DESK]).get(LOOKS).status_code == 403


def test_it_comes_in_pages_that_cost_the_same(owner: Browser, juniper: House, renata: Patient) -> None:
    for minutes in range(60):
        journal.looked_at("patient", practice_id=current().practice_id, patient_id=renata.pk, at=QUARTER_PAST - timedelta(minutes=minutes))
    owner.get(LOOKS)

    with queries(QUERIES):
        answer = owner.get(LOOKS)

    assert "Older" in words(answer)
