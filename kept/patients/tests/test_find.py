"""Finding patients: what is typed at the desk, in a hurry, finds who is meant."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from kept.foundation.scope import outside, scope
from kept.ops.cast import House
from kept.patients.models import Patient
from kept.patients.queries import find, patients
from kept.patients.transitions import add_patient
from kept.practice.models import Member
from tests.kit.queries import queries

AT = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def people(odette: Member) -> dict[str, Patient]:
    """Some more, each with something that is written in more than one way."""
    return {
        name: add_patient(first_name=first, last_name=last, email=email, phone=phone, birth_date=born, by=odette, at=AT)
        for name, first, last, email, phone, born in [
            ("Seán", "Seán", "O’Hara-Lindqvist", "kitty99@mail.example", "+1 (212) 555-9642 ext. 3", date(1991, 2, 18)),
            ("Łucja", "ŁUCJA", "Strauß", "", "020 7946 0018", None),
            ("Cher", "Cher", "", "c.sarkisian@example.com", "", date(1946, 5, 20)),
            ("Zoë", "Zoe\u0308", "De la Croix", "", "912 345 678", None),
        ]
    }


def found(member: Member, search: str) -> list[str]:
    return [patient.name for patient in patients(member, search)]


@pytest.mark.parametrize(
    ("search", "name"),
    [
        *[
            (search, "Seán")
            for search in ("sean", "SEÁN O'HARA", "ohara", "lind sean", "hara-lind", "o’hara", "lindqvist, sean", "  sean  ")
        ],
        *[(search, "Łucja") for search in ("lucja strauss", "STRAUSS", "łucja", "Strauß L")],
        *[(search, "Zoë") for search in ("zoe", "Zoë", "croix zoe", "de la croix")],
        *[(search, "Seán") for search in ("212 555 9642", "(212) 555-9642", "+12125559642", "2125559642", "5559642", "555-96423", "96423")],
        *[(search, "Łucja") for search in ("+44 20 7946 0018", "02079460018", "0018", "7946", "lucja 7946")],
        *[(search, "Zoë") for search in ("+351 912345678", "912.345.678", "912 345")],
        *[(search, "Seán") for search in ("kitty99@mail.example", "kitty99", "KITTY99@MAIL")],
        *[(search, "Cher") for search in ("cher", "c.sarkisian@", "sarkisian", "c.sarkisian")],
        *[(search, "Seán") for search in ("1991-02-18", "02/18/1991", "18.02.1991", "Feb 18, 1991", "18 feb 1991", "February 18 1991")],
    ],
)
def test_found_as_it_is_typed(odette: Member, people: dict[str, Patient], search: str, name: str) -> None:
    assert [patient.pk for patient in patients(odette, search)] == [people[name].pk]
    assert not find(odette, search).alike


@pytest.mark.parametrize(
    ("search", "name"),
    [("solbrok", "Renata Solbrook"), ("renatta", "Renata Solbrook"), ("zolbrook", "Renata Solbrook"), ("soblrook ren", "Renata Solbrook")]
    + [
        ("solbrk", "Renata Solbrook"),
        ("jon ohar", "Jonathan O'Hare"),
        ("brma", "Bram Holloway-Lin"),
        ("halvorsbi greta", "Greta Halvorsby"),
    ],
)
def test_where_nobody_matches_the_nearest_spelling_does(odette: Member, search: str, name: str) -> None:
    add_patient(first_name="Jonathan", last_name="O'Hare", by=odette, at=AT)

    assert name in found(odette, search)


def test_a_slip_is_said_to_be_one(odette: Member) -> None:
    assert find(odette, "solbrok").alike
    assert not find(odette, "solbro").alike
    assert found(odette, "solbrok") == ["Renata Solbrook"]


@pytest.mark.parametrize(
    "search", ["xyzzy", "renata 9999", "99999999", "zq", "!!!", "-", "💉", "1991-02-30", "\u0301", "renata brandreth", "ada quill"]
)
def test_nobody_is_found_for_what_fits_nobody(odette: Member, search: str) -> None:
    assert found(odette, search) == []


def test_by_last_name_whatever_its_accents(odette: Member, people: dict[str, Patient]) -> None:
    add_patient(first_name="Ana", last_name="Ålmqvist", by=odette, at=AT)

    names = {
        "Yasmin Aldercott",
        "Ana Ålmqvist",
        "Alaric Penhaligon",
        "Cher",
        "Corinna Vexley",
        "Zoe\u0308 De la Croix",
        "Seán O’Hara-Lindqvist",
    }
    assert [name for name in found(odette, "") if name in names] == [
        *("Yasmin Aldercott", "Ana Ålmqvist", "Cher", "Zoe\u0308 De la Croix"),
        *("Seán O’Hara-Lindqvist", "Alaric Penhaligon", "Corinna Vexley"),
    ]


def test_she_is_found_by_what_she_is_called_now(odette: Member, people: dict[str, Patient]) -> None:
    patient = people["Cher"]
    patient.first_name, patient.phone, patient.email = "Cherilyn", "555 7788", ""

    patient.save(update_fields=["first_name", "phone", "email"])

    assert found(odette, "cherilyn") == found(odette, "5557788") == ["Cherilyn"]
    assert found(odette, "sarkisian") == []
    assert Patient.objects.get(pk=patient.pk).sort_name == "cherilyn"


def test_a_search_asks_twice_and_a_slip_at_most_four_times(odette: Member) -> None:
    with queries(2):
        assert found(odette, "renata sol")
    with queries(3):
        assert found(odette, "solbrok")
    with queries(3):
        assert not found(odette, "xyzzy")


def test_another_practices_patients_are_not_there(odette: Member, hana: Member, quinta: House) -> None:
    assert found(odette, "Amélia Torrado") == []
    with outside(), scope(hana.practice_id, actor="test"):
        assert found(hana, "amelia torrado") == ["Amélia Torrado"]


# Under row-level security only what cannot leak a row may use an index: this is how it stays fast.


@pytest.mark.parametrize("search", ["lind sea", "5559642", "kitty99@mail"])
def test_a_search_reads_its_index_as_the_app_does(odette: Member, people: dict[str, Patient], search: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")  # few patients are read through faster, and joined in any order
        cursor.execute("set local enable_nestloop = off; set local enable_mergejoin = off")
        cursor.execute("select current_user")
        assert cursor.fetchone() == ("kept_app",)

    plan = patients(odette, search).explain()

    bounded = [line for line in plan.splitlines() if "Index Cond" in line and "practice_id = " in line and " >= " in line]
    assert len(bounded) == len(search.split()), plan
