"""Consent anew when the policy or a price changed: asked for, read beside the old, accepted or not; until then the old counts (R4, I9)."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.urls import reverse

import kept.billing.transitions.renewing as renewing
import kept.policies.transitions as policies
from kept.billing.models import Charge
from kept.events.models import Event
from kept.foundation.money import Money
from kept.messaging.models import Message
from kept.noshows.offers import fee_offer
from kept.noshows.transitions.attendance import mark
from kept.policies.document import flat
from kept.policies.models import Acceptance
from kept.practice.models import Member, Service
from kept.scheduling.cases import case_of
from kept.scheduling.models import Appointment
from kept.scheduling.queries import accepted_for
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.gateway import Double, clock_at, do_jobs, on_the_gateways_page
from tests.kit.html import fields, words
from tests.kit.visits import QUARTER_PAST, STARTS_AT

AT = STARTS_AT - timedelta(days=3)


@pytest.fixture(autouse=True)
def three_days_before() -> Iterator[None]:
    with clock_at(AT):
        yield


@pytest.fixture
def dearer(appointment: Appointment, leonora: Member) -> None:
    """Version 4, published after she accepted: $90.00 instead of $75.00."""
    policies.publish(description="d", authorization_text="a", terms=flat(9_000), currency="USD", by=leonora, at=AT)


@pytest.fixture
def phone(appointment: Appointment, odette: Member) -> Browser:
    """Renata's browser, which came by the link to accept again."""
    browser = Browser(headers={"User-Agent": "Mozilla/5.0 (iPhone)"})
    browser.page = browser.get(renewing.ask_again(appointment, by=odette, at=AT).removeprefix("http://testserver"))["Location"]  # type: ignore[attr-defined]
    return browser


def sent(phone: Browser, card: str = "on_file", **changes: str) -> HttpResponse:
    page = phone.page  # type: ignore[attr-defined]
    return phone.post(page, fields(phone.get(page)) | {"accept": "yes", "card": card} | changes)


def now(visit: Appointment) -> Appointment:
    shown = Appointment.objects.select_related(
        "acceptance__card", "acceptance__version", "agreement__version", "clinic", "practice", "patient"
    )
    return shown.get(pk=visit.pk)


def test_nobody_is_asked_while_nothing_changed(appointment: Appointment, odette: Member) -> None:
    with refused("wrong_status"):
        renewing.ask_again(appointment, by=odette, at=AT)


@pytest.mark.usefixtures("dearer")
def test_she_reads_the_new_terms_beside_those_she_accepted_in_money(phone: Browser) -> None:
    said = words(phone.get(phone.page))  # type: ignore[attr-defined]

    assert "Our policy changed, Renata" in said
    assert "What you accepted on Oct 5, 2026" in said
    assert said.index("If you miss it, $75.00.") < said.index("What we ask you to accept now") < said.index("If you miss it, $90.00.")
    assert "Until you do, those you accepted count." in said
    assert "After that, $90.00. New" in said
    assert "PM. New" not in said  # until when it is free has not changed
    assert "Accept with Visa ••4242" in said


@pytest.mark.usefixtures("dearer")
def test_r4_until_she_accepts_what_she_accepted_counts(phone: Browser, appointment: Appointment) -> None:
    offer = fee_offer(now(appointment), at=QUARTER_PAST)

    assert (offer.amount, now(appointment).acceptance_id) == (Money(7_500, "USD"), appointment.acceptance_id)


@pytest.mark.usefixtures("dearer")
def test_r4_what_she_accepts_again_counts_from_then_on_and_the_earlier_stays(phone: Browser, appointment: Appointment) -> None:
    before = appointment.acceptance

    done = sent(phone)

    visit = now(appointment)
    again = visit.acceptance
    assert again is not None
    assert done.status_code == 302
    assert (again.version.number, again.fee, again.replaces, again.card, again.accepted_at) == (
        4,
        Money(9_000, "USD"),
        before,
        before.card,
        AT,
    )
    assert (again.address, again.agent, again.channel) == ("127.0.0.1", "Mozilla/5.0 (iPhone)", "link")
    assert accepted_for(visit) == [again, before]
    assert fee_offer(visit, at=QUARTER_PAST).amount == Money(9_000, "USD")
    assert "You accepted policy version 4" in words(phone.get(phone.page))  # type: ignore[attr-defined]
    assert Message.objects.count() == 0  # the booking is confirmed already


@pytest.mark.usefixtures("dearer")
def test_the_free_time_after_the_booking_does_not_begin_anew(phone: Browser, appointment: Appointment) -> None:
    first_at = appointment.acceptance.accepted_at

    sent(phone)

    assert case_of(now(appointment), at=AT).accepted_at == first_at


@pytest.mark.usefixtures("dearer")
def test_she_may_give_another_card_with_it(phone: Browser, appointment: Appointment, gateway: Double) -> None:
    there = sent(phone, card="new")["Location"]
    phone.get(on_the_gateways_page(there, "5555 5555 5555 4444"))

    again = now(appointment).acceptance
    assert (again.version.number, again.card.last4, again.setup_intent_id[:5]) == (4, "4444", "seti_")


@pytest.mark.usefixtures("dearer")
def test_she_may_say_no_and_the_desk_reads_it(
    phone: Browser, appointment: Appointment, odette: Member, htmx: Callable[[Member], Browser]
) -> None:
    said = words(phone.get(sent(phone, card="keep", accept="")["Location"]))

    assert "You did not accept the new terms What you accepted before counts on" in said
    assert ("Thank you" in said, "The clinic sees your answer" in said) == (False, True)
    assert now(appointment).acceptance == appointment.acceptance
    panel = words(htmx(odette).get(reverse("desk:panel", args=[appointment.pk])))
    assert "New terms not accepted; the earlier count" in panel


@pytest.mark.usefixtures("dearer")
def test_sent_twice_it_is_one_acceptance(phone: Browser) -> None:
    form = fields(phone.get(phone.page)) | {"accept": "yes", "card": "on_file"}  # type: ignore[attr-defined]

    answers = [phone.post(phone.page, form).status_code for _tap in range(2)]  # type: ignore[attr-defined]

    assert (answers, Acceptance.objects.count()) == ([302, 409], 2)


def test_a_price_that_changed_is_accepted_again_and_is_then_the_visits(
    appointment: Appointment, odette: Member, htmx: Callable[[Member], Browser]
) -> None:
    Service.objects.filter(name="Lip filler").update(price_minor=70_000)
    panel = words(htmx(odette).get(reverse("desk:panel", args=[appointment.pk])))
    browser = Browser()
    browser.page = browser.get(renewing.ask_again(appointment, by=odette, at=AT).removeprefix("http://testserver"))["Location"]  # type: ignore[attr-defined]
    said = words(browser.get(browser.page))  # type: ignore[attr-defined]

    sent(browser)

    assert "Price of the visit $650.00 → $700.00" in panel
    assert said.index("The visit costs $650.00.") < said.index("The visit costs $700.00.")
    assert (now(appointment).price, now(appointment).acceptance.version.number) == (Money(70_000, "USD"), 3)
    with refused("wrong_status"):
        renewing.ask_again(appointment, by=odette, at=AT)


def test_a_price_that_moved_while_she_read_is_read_again(appointment: Appointment, odette: Member) -> None:
    Service.objects.filter(name="Lip filler").update(price_minor=70_000)
    browser = Browser()
    browser.page = browser.get(renewing.ask_again(appointment, by=odette, at=AT).removeprefix("http://testserver"))["Location"]  # type: ignore[attr-defined]
    form = fields(browser.get(browser.page)) | {"accept": "yes", "card": "on_file"}  # type: ignore[attr-defined]
    Service.objects.filter(name="Lip filler").update(price_minor=80_000)

    answer = browser.post(browser.page, form)  # type: ignore[attr-defined]

    assert (answer.status_code, Acceptance.objects.count()) == (409, 1)


@pytest.mark.usefixtures("dearer")
def test_the_desk_asks_by_one_press_a_letter_goes_and_a_link_is_there_to_copy(
    appointment: Appointment, odette: Member, htmx: Callable[[Member], Browser]
) -> None:
    desk, ask = htmx(odette), reverse("desk:accept-again", args=[appointment.pk])
    panel = words(desk.get(reverse("desk:panel", args=[appointment.pk])))

    answers = [desk.post(ask) for _press in range(2)]
    do_jobs()

    assert "Version 4 is in use by now. Missing this visit: $75.00 → $90.00." in panel
    assert "Until it is accepted, what was accepted counts." in panel
    assert all("Copy link" in words(answer) for answer in answers)
    assert [(each.letter, each.state) for each in Message.objects.all()] == [("accept_again", "sent")]
    assert "/card/" in mail.outbox[0].body
    assert "filler" not in mail.outbox[0].body
    assert Event.objects.filter(kind="policy.asked_again").count() == 2


@pytest.mark.usefixtures("dearer")
def test_r4_a_visit_that_is_missed_before_she_answers_costs_what_she_accepted(
    phone: Browser, appointment: Appointment, odette: Member
) -> None:
    mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)

    with clock_at(QUARTER_PAST):
        answer = phone.get(phone.page)  # type: ignore[attr-defined]

    assert Charge.objects.get().amount == Money(7_500, "USD")
    assert "Accept with" not in words(answer)


def test_i9_another_acceptance_takes_its_place_only_by_reference(appointment: Appointment) -> None:
    stranger = Acceptance.objects.get()
    stranger.pk, stranger._state.adding = None, True
    stranger.id = Acceptance._meta.pk.get_default()
    stranger.save(force_insert=True)

    with pytest.raises(IntegrityError, match="what was accepted stays"), transaction.atomic():
        Appointment.objects.filter(pk=appointment.pk).update(acceptance=stranger)


@pytest.mark.usefixtures("dearer")
def test_who_only_sees_the_book_may_not_ask(appointment: Appointment, calla: Member) -> None:
    with refused("not_permitted"):
        renewing.ask_again(appointment, by=calla, at=AT)
