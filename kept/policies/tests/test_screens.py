"""Settings > Cancellation Policy on screen: the next version, the switch, and the versions that were (R4)."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

import kept.policies.transitions as policies
from kept.events.models import Event
from kept.ops.cast import House
from kept.policies.document import flat
from kept.policies.models import Policy, PolicyVersion
from kept.practice.models import Member
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import fields, links, words
from tests.kit.queries import queries
from tests.kit.visits import QUARTER_PAST

PAGE, SWITCH = reverse("policies:policy"), reverse("policies:switch")
PAGE_QUERIES, VERSION_QUERIES = 9, 8


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def office(silas: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(silas)


def version(number: int) -> PolicyVersion:
    return PolicyVersion.objects.get(number=number)


def said(answer: HttpResponse, *sentences: str) -> None:
    text = words(answer)
    assert [sentence for sentence in sentences if sentence not in text] == [], text


def test_the_form_starts_from_the_version_in_use(office: Browser, juniper: House) -> None:
    answer = office.get(PAGE)

    said(answer, "On. Fees may be charged, and bookings ask for a card.", "Version 3 is in use", "Publish the next version")
    assert fields(answer) == {
        "q": "",  # the search beside it
        "based_on": "3",
        "description": juniper.plan.description,
        "fee": "75.00",
        "window_hours": "24",
        "late_minutes": "15",
        "authorization_text": juniper.plan.authorization,
        "what_changed": "",
    }


def test_published_it_is_the_next_version_and_in_use_at_once(office: Browser, silas: Member) -> None:
    form = fields(office.get(PAGE)) | {"fee": "$80", "description": "Come.", "what_changed": "Fee raised to $80.00"}

    answer = office.post(PAGE, form)

    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    made = version(4)
    assert (made.terms, made.description, made.what_changed, made.published_by_id, made.published_at) == (
        *(flat(8000), "Come.", "Fee raised to $80.00", silas.pk, QUARTER_PAST),
    )
    assert Policy.objects.get().current == made
    assert Event.objects.filter(kind="policy.published", at=QUARTER_PAST).count() == 1
    said(office.get(PAGE), "Version 4 is in use.", "Version 4 in use Today, 3:45 PM · Silas Whitcombe · Fee raised to $80.00")


def test_the_versions_that_were_can_be_read_and_not_written(office: Browser, juniper: House) -> None:
    listed = links(office.get(PAGE))

    assert [listed[f"Version {number}"] for number in (3, 2, 1)] == [reverse("policies:version", args=[number]) for number in (3, 2, 1)]
    answer = office.get(listed["Version 1"])
    said(
        answer,
        "Published versions are never edited. Published by Leonora Ashcombe.",
        "If you miss it: $50.00.",
        juniper.plan.description,
    )
    assert "textarea" not in answer.content.decode()
    assert [office.get(reverse("policies:version", args=[number])).status_code for number in (0, 4, 10**12)] == [404, 404, 404]


ERRORS = [
    ({"description": " "}, "This field is required."),
    ({"authorization_text": ""}, "This field is required."),
    ({"fee": ""}, "This field is required."),
    ({"fee": "a lot"}, "Enter an amount, for example 75.00."),
    ({"fee": "0"}, "The payment provider charges no less than $0.50."),
    ({"fee": "0.49"}, "The payment provider charges no less than $0.50."),
    ({"fee": "1000000"}, "The payment provider charges no more than $999,999.99."),
    ({"fee": "75.005"}, "Enter an amount, for example 75.00."),
    ({"window_hours": "-1"}, "Ensure this value is greater than or equal to 0."),
    ({"window_hours": "1.5"}, "Enter a whole number."),
    ({"late_minutes": "241"}, "Ensure this value is less than or equal to 240."),
    ({"description": "x" * 4001}, "Ensure this value has at most 4000 characters"),
]


@pytest.mark.parametrize(("typed", "error"), ERRORS)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(office: Browser, typed: dict[str, str], error: str) -> None:
    form = fields(office.get(PAGE)) | {"what_changed": "as <typed>"} | typed

    answer = office.post(PAGE, form)

    assert answer.status_code == 422
    said(answer, error)
    assert fields(answer) == form
    assert PolicyVersion.objects.count() == 3


def test_what_another_published_meanwhile_is_not_overwritten(office: Browser, leonora: Member, juniper: House) -> None:
    form: dict[str, Any] = fields(office.get(PAGE)) | {"fee": "80"}
    policies.publish(description="d", authorization_text="a", terms=flat(9000), currency="USD", by=leonora, at=QUARTER_PAST)

    answer = office.post(PAGE, form)

    assert answer.status_code == 409
    said(answer, "Version 4 was published meanwhile. Look at it, then publish yours.")
    assert (PolicyVersion.objects.count(), version(4).terms) == (4, flat(9000))


def test_sent_twice_it_is_published_once(office: Browser) -> None:
    form = fields(office.get(PAGE)) | {"fee": "80"}

    answers = [office.post(PAGE, form).status_code for _click in range(2)]

    assert (answers, PolicyVersion.objects.count()) == ([302, 409], 4)


def test_fees_are_switched_off_and_on(office: Browser) -> None:
    shown = []
    for on in ("no", "yes", "yes", "perhaps", ""):
        office.post(SWITCH, {"on": on})
        shown.append(Policy.objects.get().fees_on)

    assert shown == [False, True, True, True, True]
    assert [event.particulars["on"] for event in Event.objects.filter(kind="policy.switched", at=QUARTER_PAST).order_by("id")] == [
        False,
        True,
    ]


def test_off_it_says_so(office: Browser) -> None:
    office.post(SWITCH, {"on": "no"})

    said(office.get(PAGE), "Off. No fee is charged, no card is asked for.", "Switch on")


def test_a_practice_without_a_version_is_offered_a_first_one(office: Browser, juniper: House) -> None:
    Policy.objects.update(current=None, fees_on=False)

    page = office.get(PAGE)
    refused = office.post(SWITCH, {"on": "yes"})

    said(page, "Your first version", "Publish")
    assert (fields(page)["fee"], fields(page)["based_on"]) == ("75.00", "0")
    assert refused.status_code == 422
    said(refused, "Publish a first version, then fees can be switched on.")


def test_the_page_asks_as_often_however_many_versions_there_are(office: Browser, silas: Member) -> None:
    for _version in range(4):
        policies.publish(description="d", authorization_text="a", terms=flat(9000), currency="USD", by=silas, at=QUARTER_PAST)

    with queries(PAGE_QUERIES):
        office.get(PAGE)
    with queries(VERSION_QUERIES):
        office.get(reverse("policies:version", args=[1]))
