"""What a patient accepted for an appointment, as those who may open it read it (I9)."""

from collections.abc import Callable, Iterator

import pytest
from django.urls import reverse

from kept.events.models import Access
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import links, words
from tests.kit.visits import QUARTER_PAST


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


def proof(appointment: Appointment) -> str:
    return reverse("desk:acceptance", args=[appointment.pk])


def test_i9_it_stands_there_in_full_with_when_and_from_where(
    htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment
) -> None:
    accepted = appointment.acceptance
    assert accepted is not None
    desk = htmx(odette)

    way = links(desk.get(reverse("desk:panel", args=[appointment.pk])))["Show"]
    said = words(desk.get(way))

    assert way == proof(appointment)
    for each in (
        "Policy v3, as accepted",
        "Accepted Oct 5, 2026, 10:20 AM America/New_York By way of card link Card Visa ••4242",
        "No-show fee up to $75.00",
        "From address 203.0.113.24 With Mozilla/5.0 (Linux; Android 15) Mobile Language en",
        accepted.text_hash,
        " ".join(accepted.text.split()),
    ):
        assert each in said


def test_r25_each_reading_is_recorded(htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment) -> None:
    for _reading in range(2):
        htmx(odette).get(proof(appointment))

    looks = Access.objects.values_list("what", "patient_id", "at", "actor")
    assert list(looks) == [("acceptance", appointment.patient_id, QUARTER_PAST, f"user:{odette.user_id}")] * 2


def test_without_an_acceptance_there_is_none_to_read(
    htmx: Callable[[Member], Browser], odette: Member, appointment_without_card: Appointment
) -> None:
    assert htmx(odette).get(proof(appointment_without_card)).status_code == 404
    assert not Access.objects.exists()


def test_r24_another_practice_finds_nothing(htmx: Callable[[Member], Browser], hana: Member, appointment: Appointment) -> None:
    assert htmx(hana).get(proof(appointment)).status_code == 404


def test_while_patients_look_on_it_names_nobody(signed_in: Callable[[Member], Browser], odette: Member, appointment: Appointment) -> None:
    desk = signed_in(odette)
    desk.post(reverse("desk:privacy"), {"initials": "on"})

    assert "Solbrook" not in words(desk.get(proof(appointment)))
