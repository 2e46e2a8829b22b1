"""Notes on a patient: by whom and when, and never changed."""

from datetime import UTC, datetime

import pytest
from django.db import ProgrammingError, transaction

from kept.events.models import Event
from kept.ops.cast import House
from kept.patients.models import Note
from kept.patients.queries import notes
from kept.patients.transitions import add_note
from kept.practice.models import Member
from tests.kit.checks import refused

AT = datetime(2026, 10, 14, 19, tzinfo=UTC)


def test_a_note_says_who_wrote_it_and_when(juniper: House, tess: Member) -> None:
    renata = juniper.patients[0]

    note = add_note(renata, "  Parks at the back;\nallow five minutes. ", by=tess, at=AT)

    assert [(each.text, each.by.name, each.at) for each in notes(renata)] == [
        ("Parks at the back;\nallow five minutes.", "Tess Marrowby", AT),
    ]
    assert Event.objects.get(subject_id=renata.pk, kind="patient.noted").particulars == {"note": str(note.pk)}


def test_a_correction_is_another_note(juniper: House, tess: Member, odette: Member) -> None:
    renata = juniper.patients[0]
    first = add_note(renata, "Parks at the back.", by=tess, at=AT)
    second = add_note(renata, "At the front, since October.", by=odette, at=AT)

    assert list(notes(renata)) == [second, first]
    for change in (lambda: Note.objects.update(text="nothing"), lambda: Note.objects.filter(pk=first.pk).delete()):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            change()


@pytest.mark.parametrize("text", ["", " \n "])
def test_an_empty_note_is_none(juniper: House, odette: Member, text: str) -> None:
    with refused("invalid"):
        add_note(juniper.patients[0], text, by=odette, at=AT)


@pytest.mark.parametrize("who", ["benedikt", "philomena"])
def test_who_may_not_write_one(juniper: House, request: pytest.FixtureRequest, who: str) -> None:
    with refused("not_permitted"):
        add_note(juniper.patients[0], "x", by=request.getfixturevalue(who), at=AT)
