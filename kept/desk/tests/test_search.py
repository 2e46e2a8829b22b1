"""The search in the top bar: patients, and the numbers of invoices and appointments."""

from collections.abc import Callable, Iterator

import pytest
from django.urls import reverse

from kept.events.models import Access
from kept.ops.cast import House
from kept.practice.models import Member, MemberClinic
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import links, words
from tests.kit.money import marked
from tests.kit.queries import queries
from tests.kit.visits import QUARTER_PAST

SEARCH = reverse("desk:search")
PEOPLE_QUERIES, NUMBER_QUERIES = 10, 9


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def desk(odette: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(odette)


def test_it_stands_in_the_top_bar(desk: Browser) -> None:
    bar = desk.get(reverse("desk:day")).content.decode()

    assert f'<form action="{SEARCH}" role="search"' in bar
    assert 'data-keys="/"' in bar


def test_a_patient_by_name_or_phone(desk: Browser, juniper: House) -> None:
    page = reverse("desk:patient", args=[juniper.patients[0].pk])

    for search in ("solb ren", "(555) 0100", "solbrok"):
        answer = desk.get(SEARCH, {"q": search})
        assert page in links(answer).values()
    assert "Spelled nearly so:" in words(answer)


@pytest.mark.parametrize("typed", ["{}", "#{}", " {} "])
def test_a_number_that_says_what_it_is_leads_there(desk: Browser, odette: Member, appointment: Appointment, typed: str) -> None:
    charge = marked(appointment, "paid", by=odette)

    invoice = desk.get(SEARCH, {"q": typed.format(str(charge.invoice).lower())})
    visit = desk.get(SEARCH, {"q": typed.format(appointment)})

    assert invoice["Location"] == reverse("billing:invoice", args=[charge.invoice_id])
    assert visit["Location"] == reverse("desk:panel", args=[appointment.pk])


def test_a_bare_number_shows_all_that_it_may_be(desk: Browser, odette: Member, appointment: Appointment) -> None:
    charge = marked(appointment, "paid", by=odette)
    invoice, visit = f"{charge.invoice}", f"{appointment}"

    assert invoice in words(desk.get(SEARCH, {"q": invoice.partition("-")[2]}))
    assert visit in words(desk.get(SEARCH, {"q": visit.partition("-")[2]}))


def test_while_typing_it_only_shows(odette: Member, htmx: Callable[[Member], Browser], appointment: Appointment) -> None:
    answer = htmx(odette).get(SEARCH, {"q": str(appointment)})

    assert answer.status_code == 200
    assert str(appointment) in words(answer)


def test_nothing_that_matches_is_said(desk: Browser) -> None:
    assert "Nothing matches ‘INV-99999’" in words(desk.get(SEARCH, {"q": "INV-99999"}))
    assert "Nothing matches" not in words(desk.get(SEARCH))


def test_many_are_shown_in_part_with_the_way_to_all(desk: Browser) -> None:
    answer = desk.get(SEARCH, {"q": "555"})

    assert len(answer.context["people"]) == 20
    assert links(answer)["All that match, in Patients"] == f"{reverse('desk:patients')}?q=555"


def test_who_may_not_see_invoices_finds_none(
    odette: Member, tess: Member, signed_in: Callable[[Member], Browser], appointment: Appointment
) -> None:
    charge = marked(appointment, "paid", by=odette)

    assert "Nothing matches" in words(signed_in(tess).get(SEARCH, {"q": str(charge.invoice)}))


def test_r24_nor_what_is_at_another_clinic(juniper: House, odette: Member, desk: Browser, appointment: Appointment) -> None:
    charge = marked(appointment, "paid", by=odette)
    MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=juniper.clinics["Harbor Point"])

    for number in (charge.invoice, appointment):
        assert "Nothing matches" in words(desk.get(SEARCH, {"q": str(number)}))


def test_r25_a_search_is_written_down(desk: Browser) -> None:
    desk.get(SEARCH)
    desk.get(SEARCH, {"q": "solb"})
    desk.get(SEARCH, {"q": "solbr"})

    assert list(Access.objects.values_list("what", "patient_id")) == [("searched", None)]


def test_what_it_costs(desk: Browser, odette: Member, appointment: Appointment) -> None:
    desk.get(SEARCH, {"q": "x"})
    with queries(PEOPLE_QUERIES):
        desk.get(SEARCH, {"q": "ren"})
    with queries(NUMBER_QUERIES):
        desk.get(SEARCH, {"q": str(appointment.number)})
