"""A patient's particulars: written down, changed, and what is refused."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from kept.events.models import Event
from kept.ops.cast import House
from kept.patients.models import Patient
from kept.patients.transitions import add_patient, change_patient
from kept.practice.models import Member
from tests.kit.checks import refused

AT = datetime(2026, 10, 14, 19, tzinfo=UTC)


@pytest.fixture
def renata(juniper: House) -> Patient:
    return juniper.patients[0]


def now(patient: Patient) -> Patient:
    return Patient.objects.get(pk=patient.pk)


def events(patient: Patient) -> list[tuple[str, Any]]:
    found = Event.objects.filter(subject_id=patient.pk, at=AT).order_by("at", "id")
    return [(event.kind, event.particulars) for event in found]


def test_a_first_name_is_enough(odette: Member) -> None:
    added = add_patient(first_name="  Ada   Maria ", by=odette, at=AT)

    assert (added.name, added.phone, added.birth_date, added.alert, added.version) == ("Ada Maria", "", None, "", 1)
    assert events(added) == [("patient.added", {})]


def test_only_what_is_given_changes_and_the_record_says_who_and_what(odette: Member, renata: Patient) -> None:
    change_patient(renata, phone="(555) 010-0199", birth_date=date(1991, 2, 18), email=renata.email, by=odette, at=AT)

    changed = now(renata)
    assert (changed.phone, changed.birth_date, changed.email, changed.name) == (
        *("(555) 010-0199", date(1991, 2, 18)),
        *("renata.solbrook@example.com", "Renata Solbrook"),
    )
    assert changed.version == renata.version + 1
    assert events(renata) == [("patient.changed", {"fields": ["birth_date", "phone"], "version": 2})]
    history: Any = renata.history  # type: ignore[attr-defined]
    assert list(history.order_by("pgh_id").values_list("phone", flat=True)) == ["(555) 0100", "(555) 010-0199"]


def test_nothing_new_changes_nothing(odette: Member, renata: Patient) -> None:
    change_patient(renata, first_name=" Renata ", phone=renata.phone, by=odette, at=AT)

    assert now(renata).version == renata.version
    assert events(renata) == []


def test_what_somebody_changed_meanwhile_is_not_overwritten(odette: Member, silas: Member, renata: Patient) -> None:
    change_patient(renata, phone="555 0199", version=1, by=silas, at=AT)

    with refused("stale_version"):
        change_patient(renata, phone="555 0100", version=1, by=odette, at=AT)

    assert now(renata).phone == "555 0199"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("first_name", value) for value in ("", "   ")],
        *[("email", value) for value in ("ada", "ada@", "a b@example.com", "ada@example")],
        *[("phone", value) for value in ("none", "123", "call 555 0100 after six")],
        *[("birth_date", value) for value in (date(2026, 10, 16), date(1899, 12, 31))],
    ],
)
def test_what_can_not_be_meant_is_refused_at_its_field(odette: Member, renata: Patient, field: str, value: Any) -> None:
    with refused("invalid") as refusal:
        change_patient(renata, **{field: value}, by=odette, at=AT)  # type: ignore[misc]
    with refused("invalid"):
        add_patient(**{"first_name": "Ada", field: value}, by=odette, at=AT)  # type: ignore[arg-type]

    assert refusal.value.field == field
    assert events(renata) == []


@pytest.mark.parametrize("phone", ["", "+1 (212) 555-0142 ext. 3", "020 7946 0018", "212.555.0142 x3", "٠٢٠ 7946 0018", "1234"])
def test_phones_are_kept_as_people_write_them(odette: Member, renata: Patient, phone: str) -> None:
    assert change_patient(renata, phone=phone, by=odette, at=AT).phone == phone


@pytest.mark.parametrize("role", ["billing", "auditor"])
def test_who_may_not_change_her(juniper: House, renata: Patient, role: str) -> None:
    with refused("not_permitted"):
        change_patient(renata, phone="555 0199", by=juniper.members[role], at=AT)  # type: ignore[index]
    with refused("not_permitted"):
        add_patient(first_name="Ada", by=juniper.members[role], at=AT)  # type: ignore[index]
