"""Needs attention: money that only a person can decide about; a flag counts it for those who may (R12, R22)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.urls import reverse

import kept.billing.transitions.charging as charging
import kept.billing.transitions.paying as paying
import kept.billing.transitions.refunding as refunding
import kept.noshows.transitions.attendance as noshows
from kept.billing import queries as billing
from kept.billing.gateways.facts import RefundFacts
from kept.billing.models import Charge, Refund
from kept.billing.tests.conftest import Due
from kept.events.models import Event
from kept.foundation.money import Money
from kept.ops.cast import House
from kept.practice.models import Member, MemberClinic
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import queued, refused
from tests.kit.gateway import Double, clock_at, do_jobs
from tests.kit.html import words
from tests.kit.money import answered, marked
from tests.kit.queries import queries
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book, card_of

ATTENTION = reverse("billing:attention")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PAGE_QUERIES = 9


@pytest.fixture
def missed(juniper: House, odette: Member) -> Callable[..., Charge]:
    """`missed("declined")`: another visit's fee with that outcome, a day apart, of another patient each."""
    made: list[Charge] = []

    def one(outcome: str) -> Charge:
        place = len(made)
        visit = accepted(
            book(juniper, patient=juniper.patients[place], starts_at=STARTS_AT - place * DAY), card_of(juniper.patients[place])
        )
        made.append(marked(visit, outcome, by=odette))
        return made[-1]

    return one


def flagged(charge: Charge, by: Member) -> Charge:
    """Restored while its charge was on its way, which then went through."""
    noshows.restore(Appointment.objects.get(pk=charge.appointment_id), by=by, at=QUARTER_PAST)
    return answered(charge, "paid", at=QUARTER_PAST)


def failed_refund(charge: Charge, by: Member, at: datetime = QUARTER_PAST) -> Refund:
    sent = refunding.refund(charge, Money(4000, "USD"), reason="Goodwill", by=by, at=at)
    return refunding.settle(sent.pk, RefundFacts(f"re_{sent.pk.hex}", "failed", 4000, failure="expired_or_canceled_card"), at=at)


def seen(browser: Browser, at: datetime, **query: object) -> HttpResponse:
    with clock_at(at):
        return browser.get(ATTENTION, query)


def kinds(answer: HttpResponse) -> list[tuple[str, int]]:
    return [(str(group.title), len(group.items)) for group in answer.context["groups"]]


def said(answer: HttpResponse, *sentences: str) -> None:
    text = words(answer)
    assert [sentence for sentence in sentences if sentence not in text] == [], text


# What stands there


def test_each_kind_in_its_group_with_what_can_be_done(
    htmx: Callable[[Member], Browser], silas: Member, odette: Member, missed: Callable[..., Charge]
) -> None:
    flagged(missed("unknown"), odette)
    failed_refund(missed("paid"), silas)
    missed("unknown")
    missed("declined")
    missed("failed")

    answer = seen(htmx(silas), QUARTER_PAST + 8 * DAY)

    assert kinds(answer) == [
        ("Refund or keep?", 1),
        ("Refunds that failed", 1),
        ("Being checked for too long", 1),
        ("Unpaid for over a week", 2),
    ]
    said(
        answer,
        "Renata Solbrook, $75.00 on INV-10001 Appointment restored while the charge was on its way;",
        "Visa ••4242 was charged on Wed, Oct 14, 3:45 PM. 8 days Refund $75.00, INV-10001 Keep it, INV-10001",
        "$40.00 did not go back to Visa ••4242, Wed, Oct 14, 3:45 PM. Reason: expired or canceled card.",
        "Nothing is charged again until it is known. Reference",
        "Ask again now, INV-10003",
        "Charging Visa ••4242 on Sun, Oct 11, 3:45 PM did not work: insufficient funds.",
        "Each decision asks once more and is recorded under your name.",
    )


@pytest.mark.parametrize(
    ("outcome", "after", "is_there"),
    [
        ("unknown", 5 * MINUTE, False),
        ("unknown", 6 * MINUTE, True),
        ("declined", 7 * DAY, False),
        ("declined", 7 * DAY + MINUTE, True),
    ],
)
def test_not_before_its_time(
    htmx: Callable[[Member], Browser],
    silas: Member,
    odette: Member,
    appointment: Appointment,
    outcome: str,
    after: timedelta,
    is_there: bool,
) -> None:
    marked(appointment, outcome, by=odette)

    assert bool(kinds(seen(htmx(silas), QUARTER_PAST + after))) is is_there


def test_r12_an_outcome_unknown_for_too_long_stands_there_though_its_fee_was_ended(
    htmx: Callable[[Member], Browser], silas: Member, odette: Member, appointment: Appointment
) -> None:
    marked(appointment, "unknown", by=odette)
    noshows.restore(appointment, by=odette, at=QUARTER_PAST)

    assert kinds(seen(htmx(silas), QUARTER_PAST + 2 * HOUR)) == [("Being checked for too long", 1)]


@pytest.mark.parametrize("case", ["link sent", "voided", "recorded", "replaced"])
def test_what_somebody_has_seen_to_does_not_stand_there(
    htmx: Callable[[Member], Browser], silas: Member, odette: Member, appointment: Appointment, case: str
) -> None:
    charge = marked(appointment, "declined" if case == "link sent" else "failed", by=odette)
    later = QUARTER_PAST + 8 * DAY
    if case == "link sent":
        paying.payment_link(charge, by=odette, at=later)
    if case == "voided":
        charging.end(charge, why="Kindness", by=silas, at=later)
    if case == "recorded":
        Charge.objects.update(captured_minor=7500)
    if case == "replaced":
        paying.open_for_link(charge.appointment, "no_show", charge.amount, instead_of=charge, by=odette, at=later)

    answer = seen(htmx(silas), later)

    assert kinds(answer) == []
    said(answer, "Nothing needs you")


def test_oldest_first_and_in_pages(
    htmx: Callable[[Member], Browser], silas: Member, missed: Callable[..., Charge], monkeypatch: pytest.MonkeyPatch
) -> None:
    charges = [missed("declined") for _visit in range(3)]
    monkeypatch.setattr("kept.billing.views.attention.ROWS", 2)
    browser, later = htmx(silas), QUARTER_PAST + 8 * DAY

    first = seen(browser, later)
    with clock_at(later):
        second = browser.get(ATTENTION + first.context["next_url"])

    found = [[each.charge.pk for group in page.context["groups"] for each in group.items] for page in (first, second)]
    assert found == [[charges[2].pk, charges[1].pk], [charges[0].pk]]


def test_it_asks_as_often_however_much_stands_there(
    htmx: Callable[[Member], Browser], silas: Member, odette: Member, missed: Callable[..., Charge]
) -> None:
    flagged(missed("unknown"), odette)
    failed_refund(missed("paid"), silas)
    missed("declined")
    browser = htmx(silas)

    with queries(PAGE_QUERIES + 5):
        seen(browser, QUARTER_PAST + 8 * DAY)


# Whose, and where


def test_r24_each_sees_those_of_her_clinics_and_may_narrow_them(
    htmx: Callable[[Member], Browser], juniper: House, silas: Member, hana: Member, odette: Member, appointment: Appointment
) -> None:
    marked(appointment, "declined", by=odette)
    later, elm, harbor = QUARTER_PAST + 8 * DAY, juniper.clinics["Elm Street"], juniper.clinics["Harbor Point"]

    narrowed = [kinds(seen(htmx(silas), later, clinic=clinic.pk)) for clinic in (elm, harbor)]
    foreign = kinds(seen(htmx(hana), later))
    MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=harbor)

    assert (narrowed, foreign) == ([[("Unpaid for over a week", 1)], []], [])
    assert kinds(seen(htmx(odette), later)) == []


def test_a_flag_counts_them_for_those_who_may_decide(
    signed_in: Callable[[Member], Browser], juniper: House, odette: Member, philomena: Member, tess: Member, appointment: Appointment
) -> None:
    marked(appointment, "declined", by=odette)

    def flag(member: Member, at: datetime) -> bool:
        with clock_at(at):
            return "Needs attention: 1" in words(signed_in(member).get("/appointments/"))

    assert [flag(odette, at) for at in (QUARTER_PAST, QUARTER_PAST + 8 * DAY)] == [False, True]
    assert [flag(member, QUARTER_PAST + 8 * DAY) for member in (philomena, tess)] == [False, False]


def test_the_count_reads_its_index(juniper: House, silas: Member) -> None:
    found = billing.attention(silas, at=QUARTER_PAST)
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        plan = found.explain()

    assert "charge_asks" in plan


# Deciding


def test_refund_or_keep_is_settled_by_either(
    htmx: Callable[[Member], Browser], silas: Member, odette: Member, missed: Callable[..., Charge]
) -> None:
    charges = [flagged(missed("unknown"), odette) for _visit in range(2)]
    office = htmx(silas)

    with clock_at(QUARTER_PAST):
        office.post(reverse("billing:keep", args=[charges[0].invoice_id]))
        office.post(reverse("billing:refund", args=[charges[1].invoice_id]), {"how_much": "all", "reason": "Goodwill"})

    assert kinds(seen(office, QUARTER_PAST)) == []
    assert Event.objects.get(kind="charge.kept").by_id == silas.id


def test_r22_asked_again_at_once(htmx: Callable[[Member], Browser], silas: Member, due: Due, gateway: Double) -> None:
    charge = due()
    gateway.fault("POST /v1/payment_intents/*/confirm", "cut_after")
    do_jobs(at=QUARTER_PAST)

    with clock_at(QUARTER_PAST + 2 * HOUR):
        answer = htmx(silas).post(reverse("billing:ask-again", args=[charge.pk]))
    asked = queued("billing.look_up")
    do_jobs(at=QUARTER_PAST + 2 * HOUR)

    charge.refresh_from_db()
    assert (answer.status_code, answer["HX-Trigger"], asked) == (204, "appointment-changed", {str(charge.pk)})
    assert (charge.state, Event.objects.get(kind="charge.asked_again").by_id) == ("succeeded", silas.id)


def test_what_is_known_is_not_asked_again(silas: Member, appointment: Appointment, odette: Member) -> None:
    with refused("wrong_status"):
        charging.ask_again(marked(appointment, "paid", by=odette), by=silas, at=QUARTER_PAST)


def test_a_refund_that_fails_may_be_sent_again(htmx: Callable[[Member], Browser], silas: Member, missed: Callable[..., Charge]) -> None:
    charge = missed("paid")
    failed_refund(charge, silas)
    office = htmx(silas)

    with clock_at(QUARTER_PAST):
        said(
            office.get(reverse("billing:invoice", args=[charge.invoice_id])),
            "A refund failed The money did not go back: $75.00 is still with the clinic.",
        )
        office.post(reverse("billing:refund", args=[charge.invoice_id]), {"how_much": "part", "amount": "40", "reason": "Goodwill"})

    assert kinds(seen(office, QUARTER_PAST)) == []
