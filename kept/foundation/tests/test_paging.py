"""Pages by key: each row once, in order, also between rows of one instant."""

from datetime import timedelta

import pytest

from kept.foundation.paging import page
from kept.ops.cast import House
from kept.patients.models import Patient
from tests.kit.checks import refused


@pytest.fixture
def people(juniper: House) -> list[Patient]:
    """Ten patients who came at three instants."""
    ten = juniper.patients[:10]
    for number, patient in enumerate(ten):
        patient.created_at = juniper.patients[0].created_at + timedelta(days=number // 4)
        patient.save(update_fields=["created_at"])
    return ten


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 4, 10, 50])
def test_every_row_comes_once_and_in_order(people: list[Patient], limit: int, newest_first: bool) -> None:
    order = ["-created_at", "-id"] if newest_first else ["created_at", "id"]
    found = Patient.objects.filter(id__in=[patient.id for patient in people]).order_by(*order)

    seen: list[Patient] = []
    cursor: str | None = None
    while True:
        part = page(found, by="created_at", cursor=cursor, limit=limit, newest_first=newest_first)
        seen += part.rows
        if (cursor := part.next) is None:
            break

    assert seen == list(found)


def test_a_row_added_before_the_page_moves_nothing(people: list[Patient]) -> None:
    found = Patient.objects.filter(id__in=[patient.id for patient in people]).order_by("-created_at", "-id")
    first = page(found, by="created_at", cursor=None, limit=3)

    people[0].created_at += timedelta(days=30)
    people[0].save(update_fields=["created_at"])

    assert not set(first.rows) & set(page(found, by="created_at", cursor=first.next, limit=3).rows)


@pytest.mark.parametrize("cursor", ["nonsense", "bm9uc2Vuc2U=", "Ü", "MjAyNi0wMS0wMXxub25zZW5zZQ=="])
def test_a_cursor_that_is_none_is_refused(juniper: House, cursor: str) -> None:
    with refused("invalid"):
        page(Patient.objects.order_by("-created_at", "-id"), by="created_at", cursor=cursor, limit=3)
