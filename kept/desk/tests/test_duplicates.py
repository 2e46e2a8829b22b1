"""Possible duplicates: who may be on the books twice, why, and what becomes of it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from kept.events.models import Access, Event
from kept.ops.cast import House
from kept.patients.duplicates import MOST_ALIKE, duplicates, tell_apart
from kept.patients.models import Distinction, Patient, Trait
from kept.patients.transitions import add_patient, change_patient
from kept.practice.models import Member
from kept.practice.rules import Role
from kept.rights.merging import merge, undo
from kept.rights.transitions import erase
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.html import words
from tests.kit.queries import queries
from tests.kit.visits import BOOKED_AT

LIST = reverse("desk:duplicates")
LIST_QUERIES = 10  # however many pairs there are
BORN = date(1991, 2, 18)


@pytest.fixture
def alone(juniper: House) -> None:
    """Nobody of the cast has anything in common with anybody."""
    Trait.objects.all().delete()


@pytest.fixture
def add(odette: Member, alone: None) -> Callable[..., Patient]:
    def added(first_name: str, last_name: str = "Vell", **given: Any) -> Patient:
        return add_patient(first_name=first_name, last_name=last_name, **given, by=odette, at=BOOKED_AT)

    return added


def pairs(member: Member) -> list[tuple[str, str, str]]:
    return [(pair.one.first_name, pair.other.first_name, pair.why) for pair in duplicates(member).pairs]


def test_the_same_number_address_or_name_and_birth_date_most_in_common_first(leonora: Member, add: Callable[..., Patient]) -> None:
    add("Ana", phone="+1 (555) 010-0142")
    add("Bea", phone="555 010 0142")
    add("Cleo", email="Cleo@example.com", birth_date=BORN)
    add("CLÉO", email="cleo@example.com", birth_date=BORN)
    add("Cleo", birth_date=date(1990, 1, 1))

    assert pairs(leonora) == [
        ("Cleo", "CLÉO", "same name and birth date, same email"),
        ("Ana", "Bea", "same phone"),
    ]
    assert duplicates(leonora).count == 2


def test_what_many_share_says_nothing(leonora: Member, add: Callable[..., Patient]) -> None:
    for number in range(MOST_ALIKE + 1):
        add(f"Guest {number}", phone="(555) 010-0100")

    assert pairs(leonora) == []


def test_it_follows_what_is_changed_merged_undone_and_erased(leonora: Member, add: Callable[..., Patient]) -> None:
    ana, bea = add("Ana", email="ana@example.com"), add("Bea", email="ana@example.com")
    assert len(pairs(leonora)) == 1

    change_patient(bea, email="bea@example.com", by=leonora, at=BOOKED_AT)
    assert pairs(leonora) == []
    change_patient(bea, email="ana@example.com", by=leonora, at=BOOKED_AT)
    made = merge(ana, bea, by=leonora, at=BOOKED_AT)
    assert pairs(leonora) == []
    undo(made, by=leonora, at=BOOKED_AT)
    assert len(pairs(leonora)) == 1
    erase(bea, by=leonora, at=BOOKED_AT)
    assert pairs(leonora) == []


def test_told_apart_they_are_proposed_no_more(leonora: Member, odette: Member, add: Callable[..., Patient]) -> None:
    ana, bea = add("Ana", phone="(555) 010-0142"), add("Bea", phone="(555) 010-0142")

    tell_apart(bea, ana, by=leonora, at=BOOKED_AT)
    tell_apart(ana, bea, by=leonora, at=BOOKED_AT)

    assert pairs(leonora) == []
    assert Distinction.objects.count() == 1
    assert set(Event.objects.filter(kind="patient.told_apart").values_list("subject_id", flat=True)) == {ana.pk, bea.pk}
    with refused("not_permitted"):
        tell_apart(ana, bea, by=odette, at=BOOKED_AT)
    with refused("invalid"):
        tell_apart(ana, ana, by=leonora, at=BOOKED_AT)


def test_at_the_desk_a_pair_is_merged_or_told_apart(
    leonora: Member, add: Callable[..., Patient], signed_in: Callable[[Member], Browser]
) -> None:
    owner = signed_in(leonora)
    ana, bea = add("Ana", phone="(555) 010-0142"), add("Bea", phone="(555) 010-0142")
    page = words(owner.get(LIST))
    assert "1 pair of records" in page
    assert "Same phone" in page

    dialog = owner.get(reverse("desk:patient-merge", args=[ana.pk]), {"other": str(bea.pk)}).content.decode()
    assert f'value="{bea.pk}" checked' in dialog
    assert "Keep the record of Bea Vell instead" in dialog
    assert owner.post(reverse("desk:patient-tell-apart", args=[ana.pk]), {"other": str(bea.pk)})["Location"] == LIST
    assert "No possible duplicates" in words(owner.get(LIST))
    assert "Bea" not in words(owner.get(reverse("desk:patient-merge", args=[ana.pk])))
    assert owner.post(reverse("desk:patient-tell-apart", args=[ana.pk]), {"other": "nobody"}).status_code == 404
    assert Access.objects.filter(what="duplicates listed").exists()


def test_it_is_for_who_may_merge(juniper: House, leonora: Member, signed_in: Callable[[Member], Browser]) -> None:
    desk = signed_in(juniper.members[Role.FRONT_DESK])

    assert "Possible duplicates" in words(signed_in(leonora).get(reverse("desk:patients")))
    assert "Possible duplicates" not in words(desk.get(reverse("desk:patients")))
    assert desk.get(LIST).status_code == 403


def test_another_practices_records_are_no_pair(
    leonora: Member, quinta: House, add: Callable[..., Patient], signed_in: Callable[[Member], Browser]
) -> None:
    ana, bea = add("Ana", phone="(555) 010-0142"), add("Bea", phone="(555) 010-0142")
    foreign = signed_in(quinta.members[Role.OWNER])

    assert "Ana" not in words(foreign.get(LIST))
    assert foreign.post(reverse("desk:patient-tell-apart", args=[ana.pk]), {"other": str(bea.pk)}).status_code == 404
    assert len(pairs(leonora)) == 1


def test_the_list_asks_the_same_however_many_there_are(
    leonora: Member, add: Callable[..., Patient], signed_in: Callable[[Member], Browser]
) -> None:
    owner = signed_in(leonora)
    for number in range(2):
        add(f"Ana {number}", phone="(555) 010-0142")
    owner.get(LIST)

    with queries(LIST_QUERIES):
        owner.get(LIST)
    for number in range(6):
        add(f"Bea {number}", email=f"bea{number // 2}@example.com")
    with queries(LIST_QUERIES):
        owner.get(LIST)
