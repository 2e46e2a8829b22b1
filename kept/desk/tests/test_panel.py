"""An appointment's panel: what stands on it, what may be done now and why not yet, and what a look at it leaves behind."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core import mail
from django.http import HttpResponse
from django.urls import reverse

import kept.billing.transitions.cards as cards
import kept.policies.transitions as policies
import kept.scheduling.transitions.attendance as attendance
from kept.events.models import Access, Event
from kept.foundation.ids import new_id
from kept.messaging.models import Message
from kept.ops.cast import House
from kept.patients.models import Link, Patient
from kept.policies.queries import version_in_use
from kept.practice.models import Clinic, Member, MemberClinic
from kept.practice.transitions import secret_hash
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at, do_jobs
from tests.kit.html import links, words
from tests.kit.money import marked, refunded
from tests.kit.queries import queries
from tests.kit.visits import BOOKED_AT, MIDNIGHT_AT_THE_CLINIC, QUARTER_PAST, STARTS_AT, accepted, book, card_of

QUERIES_ALONE = 21  # of the panel as a part; the page lays it over a day
DAY_BEFORE = MIDNIGHT_AT_THE_CLINIC - timedelta(seconds=1)


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def desk(odette: Member, htmx: Callable[[Member], Browser]) -> Browser:
    return htmx(odette)


def panel(appointment: Appointment) -> str:
    return reverse("desk:panel", args=[appointment.pk])


def buttons(answer: HttpResponse) -> list[str]:
    """What can be pressed below the panel, and what is there but off."""
    foot = answer.content.decode().rpartition("border-t rule px-5 py-3")[2]
    found = re.findall(r"<(?:button|a)\b([^>]*)>.*?</svg>([^<]+)</(?:button|a)>", foot, re.DOTALL)
    return [f"{label} (off)" if 'aria-disabled="true"' in attributes else label for attributes, label in found]


# What stands on it


def test_who_when_what_with_whom_for_how_much(desk: Browser, appointment: Appointment) -> None:
    said = words(desk.get(panel(appointment)))

    for each in (
        "Renata Solbrook Patient since Jan 2026",
        "When Wed, Oct 14, 2026 · 3:30–4:30 PM",
        "Service Lip filler 60 min",
        "Provider Tess Marrowby, NP Elm Street",
        "Price $650.00",
        "Attendance First visit",
        "Visa ••4242 exp 04/2031 Given for this appointment",
        "Policy v3 accepted, $75.00 fee Oct 5, 2026, 10:20 AM, card link",
        "Did Renata arrive? It started 15 min ago and has no outcome yet.",
        "History Policy accepted, card given Oct 5, 10:20 AM Booked at the desk · Odette Farnley Oct 5, 10:00 AM",
    ):
        assert each in said


def test_without_a_card_it_says_so_and_offers_the_way_to_one(desk: Browser, appointment_without_card: Appointment) -> None:
    answer = desk.get(panel(appointment_without_card))

    assert answer.context["display"] == "awaiting_card"
    assert reverse("desk:card-link", args=[appointment_without_card.pk]) in answer.content.decode()


def test_her_attendance_is_counted_with_the_last_miss(desk: Browser, juniper: House, odette: Member, appointment: Appointment) -> None:
    for days, outcome in ((30, "missed"), (60, "kept"), (90, "missed")):
        visit = book(juniper, patient=appointment.patient, starts_at=STARTS_AT - timedelta(days=days))
        if outcome == "kept":
            attendance.complete(visit, by=odette, at=visit.ends_at)
        else:
            Appointment.objects.filter(pk=visit.pk).update(status="noshow")

    assert "Attendance Missed 2 of 3, last on Sep 14, 2026" in words(desk.get(panel(appointment)))


def test_what_she_owes_from_earlier_visits_is_said_to_those_who_may_see_invoices(
    htmx: Callable[[Member], Browser], juniper: House, odette: Member, tess: Member, appointment: Appointment
) -> None:
    following = book(juniper, patient=appointment.patient, starts_at=STARTS_AT + timedelta(days=7))
    marked(appointment, "declined", by=odette)

    seen = htmx(odette).get(panel(following))

    assert "Balance $75.00" in words(seen)
    assert links(seen)["$75.00"] == reverse("desk:patient-invoices", args=[appointment.patient_id])
    assert "Balance" not in words(htmx(tess).get(panel(following)))


FEES = {  # the fee of a missed appointment: its chip and its sentence
    "due": ("Charging $75.00", "Charging $75.00 to Visa ••4242"),
    "sending": ("Charging $75.00", "Charging $75.00 to Visa ••4242"),
    "unknown": ("Being checked $75.00", "We don’t know yet if $75.00 was charged"),
    "paid": ("Charged $75.00", "$75.00 charged to Visa ••4242"),
    "declined": ("Declined $75.00", "Visa ••4242 was declined"),
    "needs_patient": ("Needs the patient $75.00", "Renata’s bank asks for confirmation"),
    "failed": ("Failed $75.00", "The charge did not go through"),
}


@pytest.mark.parametrize("outcome", FEES)
def test_a_missed_one_says_first_what_became_of_the_fee(desk: Browser, odette: Member, appointment: Appointment, outcome: str) -> None:
    marked(appointment, outcome, by=odette)

    answer = desk.get(panel(appointment))

    chip, title = FEES[outcome]
    assert chip in words(answer)
    assert title in words(answer)
    assert answer.context["moving"] is (outcome in ("due", "sending", "unknown"))
    assert ('hx-trigger="load delay:1s"' in answer.content.decode()) is answer.context["moving"]
    assert ("Retry" in words(answer)) is (outcome == "declined")


def test_a_refund_stands_over_it(desk: Browser, odette: Member, silas: Member, appointment: Appointment) -> None:
    charge = marked(appointment, "paid", by=odette)

    refunded(charge, 2500, by=silas, at=QUARTER_PAST)
    part = words(desk.get(panel(appointment)))
    refunded(charge, 5000, by=silas, at=QUARTER_PAST)
    whole = words(desk.get(panel(appointment)))

    assert "$25.00 of $75.00 refunded To Visa ••4242. $50.00 stays paid." in part
    assert "$75.00 refunded To Visa ••4242. Banks take 5 to 10 business days." in whole


def test_a_payment_after_the_restore_asks_refund_or_keep(desk: Browser, odette: Member, appointment: Appointment) -> None:
    charge = marked(appointment, "paid", by=odette)
    type(charge).objects.update(flag="refund_or_keep")

    answer = desk.get(panel(appointment))

    assert "Refund or keep? It was paid while the appointment was being restored. Decide on the invoice" in words(answer)
    assert links(answer)["Decide on the invoice"] == reverse("billing:invoice", args=[charge.invoice_id])


# What may be done


def test_r1_before_its_day_it_is_off_with_the_reason_and_the_first_day(desk: Browser, appointment: Appointment) -> None:
    with clock_at(DAY_BEFORE):
        answer = desk.get(panel(appointment))

    assert "‘Check in’ and ‘Mark As No-Show’ open on the day of the appointment, Wed, Oct 14." in words(answer)
    assert buttons(answer) == ["Check in (off)", "Mark As No-Show (off)", "Reschedule", "Cancel"]
    assert reverse("noshows:mark", args=[appointment.pk]) not in answer.content.decode()


def test_r1_from_midnight_at_the_clinic_on_it_works(desk: Browser, appointment: Appointment) -> None:
    with clock_at(MIDNIGHT_AT_THE_CLINIC):
        assert buttons(desk.get(panel(appointment)))[:2] == ["Check in", "Mark As No-Show"]


ACTIONS = {
    "booked": ["Check in", "Mark As No-Show", "Complete", "Confirm visit", "Reschedule"],
    "arrived": ["Complete", "Start treatment", "Undo check-in"],
    "fulfilled": ["Reopen"],
    "noshow": ["Restore"],
    "cancelled": [],
    "entered-in-error": [],
}


@pytest.mark.parametrize("status", ACTIONS)
def test_what_can_be_done_in_each_status(desk: Browser, appointment_that_is: Callable[[str], Appointment], status: str) -> None:
    assert buttons(desk.get(panel(appointment_that_is(status)))) == ACTIONS[status]


def test_once_treatment_began_its_start_can_be_undone(desk: Browser, odette: Member, appointment: Appointment) -> None:
    attendance.start_treatment(attendance.check_in(appointment, by=odette, at=STARTS_AT), by=odette, at=STARTS_AT)

    assert buttons(desk.get(panel(appointment))) == ["Complete", "Undo start", "Undo check-in"]


def test_who_only_sees_is_told_who_may(htmx: Callable[[Member], Browser], philomena: Member, appointment: Appointment) -> None:
    answer = htmx(philomena).get(panel(appointment))

    assert buttons(answer) == []
    assert "You can’t mark or restore no-shows. That is for: owner, manager, front desk, provider." in words(answer)


@pytest.mark.parametrize(("who", "sees"), [("odette", True), ("benedikt", True), ("philomena", True), ("tess", False)])
def test_the_invoice_is_linked_for_those_who_may_see_it(
    request: pytest.FixtureRequest, htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment, who: str, sees: bool
) -> None:
    charge = marked(appointment, "paid", by=odette)

    answer = htmx(request.getfixturevalue(who)).get(panel(appointment))

    assert "INV-10001" in words(answer)
    assert (reverse("billing:invoice", args=[charge.invoice_id]) in answer.content.decode()) is sees


VERBS = {
    "check-in": ("booked", "arrived"),
    "undo-check-in": ("arrived", "booked"),
    "start-treatment": ("arrived", "arrived"),
    "complete": ("arrived", "fulfilled"),
    "reopen": ("fulfilled", "booked"),
    "confirm": ("booked", "booked"),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("how", ["htmx", "signed_in"])
def test_one_press_does_it(
    request: pytest.FixtureRequest, odette: Member, appointment_that_is: Callable[[str], Appointment], verb: str, how: str
) -> None:
    before, after = VERBS[verb]
    appointment = appointment_that_is(before)
    events = Event.objects.filter(subject_id=appointment.pk).count()
    browser = request.getfixturevalue(how)(odette)

    answer = browser.post(reverse("desk:act", args=[appointment.pk, verb]), {"version": current(appointment).version})

    told = (answer.status_code, answer.headers.get("HX-Trigger"), answer.headers.get("Location"))
    assert told == ((204, "appointment-changed", None) if how == "htmx" else (302, None, panel(appointment)))
    assert current(appointment).status == after
    assert Event.objects.filter(subject_id=appointment.pk).count() == events + 1


def current(appointment: Appointment) -> Appointment:
    return Appointment.objects.get(pk=appointment.pk)


def test_a_panel_that_shows_an_older_state_decides_nothing(desk: Browser, odette: Member, appointment: Appointment) -> None:
    shown = current(appointment).version
    attendance.confirm(appointment, by=odette, at=QUARTER_PAST)

    answer = desk.post(reverse("desk:act", args=[appointment.pk, "check-in"]), {"version": shown})

    assert (answer.status_code, answer["HX-Retarget"], answer["HX-Reswap"]) == (409, "#dialog", "innerHTML")
    assert words(answer) == "Changed meanwhile Somebody changed this appointment meanwhile. Look at it again, then decide. Back"
    assert current(appointment).status == "booked"


def test_a_second_press_is_told_what_was_done(desk: Browser, odette: Member, appointment: Appointment) -> None:
    attendance.check_in(appointment, by=odette, at=QUARTER_PAST)

    answer = desk.post(reverse("desk:act", args=[appointment.pk, "check-in"]))

    assert answer.status_code == 409
    assert "Already Arrived: Odette Farnley marked it on Wed, Oct 14, 3:45 PM." in words(answer)


# Part and page


def test_htmx_gets_the_panel_alone_and_an_address_the_whole_page(
    odette: Member, htmx: Callable[[Member], Browser], signed_in: Callable[[Member], Browser], appointment: Appointment
) -> None:
    part, page = htmx(odette).get(panel(appointment)), signed_in(odette).get(panel(appointment))

    assert "<html" not in part.content.decode()
    assert page.content.decode().count('id="drawer-title"') == 1
    assert [page.context[name] for name in ("day", "clinic")] == [appointment.local_date, appointment.clinic]
    assert "Lip filler 60 min" in words(page)


def test_the_page_stands_over_the_day_of_its_own_clinic(
    odette: Member, signed_in: Callable[[Member], Browser], appointment: Appointment, harbor: Clinic
) -> None:
    browser = signed_in(odette)
    browser.get(reverse("desk:day"), {"clinic": harbor.pk})

    page = browser.get(panel(appointment))

    assert page.context["clinic"] == appointment.clinic
    assert f"{reverse('desk:day')}?date=2026-10-14&amp;clinic={appointment.clinic_id}" in page.content.decode()


@pytest.mark.parametrize("before", ["/search/?q=Renata", "/appointments/no-shows/?from=2026-10-01", "/appointments/?view=list"])
def test_closed_the_panel_of_another_clinics_visit_leads_back_to_where_she_came_from(
    odette: Member, signed_in: Callable[[Member], Browser], appointment: Appointment, harbor: Clinic, before: str
) -> None:
    browser = signed_in(odette)
    came = {"Referer": f"http://testserver{before}"}

    here = browser.get(panel(appointment), headers=came)
    browser.get(reverse("desk:day"), {"clinic": harbor.pk})
    elsewhere = browser.get(panel(appointment), headers=came)

    its_day = f"{reverse('desk:day')}?date=2026-10-14&clinic={appointment.clinic_id}"
    assert (here.context["close_url"], elsewhere.context["close_url"]) == (its_day, came["Referer"])
    assert ["data-leaves" in page.content.decode() for page in (here, elsewhere)] == [False, True]


def test_the_day_beneath_it_keeps_up_and_her_clinic_stays_hers(
    odette: Member, signed_in: Callable[[Member], Browser], appointment: Appointment, harbor: Clinic
) -> None:
    browser = signed_in(odette)
    browser.get(reverse("desk:day"), {"clinic": harbor.pk})

    browser.get(reverse("desk:day"), {"date": "2026-10-14", "clinic": appointment.clinic_id}, headers={"HX-Request": "true"})

    assert browser.get(reverse("desk:day")).context["clinic"] == harbor


@pytest.mark.parametrize("before", ["", "https://elsewhere.example/search/", "{panel}", "http://testserver/nowhere/at/all"])
def test_from_no_page_of_ours_it_leads_to_its_day(
    odette: Member, signed_in: Callable[[Member], Browser], appointment: Appointment, harbor: Clinic, before: str
) -> None:
    browser = signed_in(odette)
    browser.get(reverse("desk:day"), {"clinic": harbor.pk})

    page = browser.get(panel(appointment), headers={"Referer": before.replace("{panel}", f"http://testserver{panel(appointment)}")})

    assert page.context["close_url"].endswith(f"&clinic={appointment.clinic_id}")


def test_billing_which_sees_no_calendar_gets_the_panel_of_what_it_settles_without_one(
    benedikt: Member, odette: Member, signed_in: Callable[[Member], Browser], appointment: Appointment
) -> None:
    booked = signed_in(benedikt).get(panel(appointment))
    marked(appointment, "paid", by=odette)
    page = signed_in(benedikt).get(panel(appointment))

    assert (booked.status_code, "You can’t see the calendar." in words(booked)) == (403, True)
    assert (page.status_code, 'id="calendar"' in page.content.decode(), "Lip filler 60 min" in words(page)) == (200, False, True)
    assert page.context["close_url"] == reverse("noshows:list")


def test_r24_another_practices_and_an_unknown_one_are_the_same(
    hana: Member, htmx: Callable[[Member], Browser], signed_in: Callable[[Member], Browser], appointment: Appointment
) -> None:
    for browser in (htmx(hana), signed_in(hana)):
        hidden, unknown = (browser.get(reverse("desk:panel", args=[id_])) for id_ in (appointment.pk, new_id()))
        assert (hidden.status_code, unknown.status_code) == (404, 404)
        assert without_token(hidden) == without_token(unknown)


def without_token(answer: HttpResponse) -> str:
    return re.sub(r'name="csrf-token" content="[^"]*"', "", answer.content.decode())


def test_r24_nor_one_of_a_clinic_she_was_not_given(
    htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment, harbor: Clinic
) -> None:
    MemberClinic.objects.create(practice_id=odette.practice_id, member=odette, clinic=harbor)

    hidden, unknown = (htmx(odette).get(reverse("desk:panel", args=[id_])) for id_ in (appointment.pk, new_id()))

    assert (hidden.status_code, without_token(hidden)) == (404, without_token(unknown))


# What a look leaves behind


def test_r25_one_look_leaves_one_record_however_often_the_panel_refreshes_itself(
    desk: Browser, juniper: House, odette: Member, appointment: Appointment
) -> None:
    other = book(juniper, patient=juniper.patients[7], starts_at=STARTS_AT + timedelta(days=2))

    for each in (appointment, appointment, appointment, other, appointment):
        desk.get(panel(each))

    looks = Access.objects.order_by("id").values_list("what", "patient_id", "at", "actor", "source")
    assert list(looks) == [
        ("appointment", each.patient_id, QUARTER_PAST, f"user:{odette.user_id}", "screen 127.0.0.1")
        for each in (appointment, other, appointment)
    ]


def test_r25_a_look_that_is_refused_leaves_none(htmx: Callable[[Member], Browser], hana: Member, appointment: Appointment) -> None:
    htmx(hana).get(panel(appointment))

    assert not Access.objects.exists()


# The card link


def shown_link(answer: HttpResponse) -> str:
    return re.findall('data-copy="([^"]+)"', answer.content.decode())[0]


def test_r3a_the_link_and_its_qr_code_are_shown_and_only_a_hash_is_kept(desk: Browser, appointment_without_card: Appointment) -> None:
    answer = desk.post(reverse("desk:card-link", args=[appointment_without_card.pk]))

    link = shown_link(answer)
    secret = link.split("/")[-2].partition(".")[2]
    kept = Link.objects.get()
    assert link.startswith("http://testserver/card/")
    assert (len(secret), kept.token_hash, kept.subject_id) == (43, secret_hash(secret), appointment_without_card.pk)
    assert kept.expires_at == appointment_without_card.starts_at
    assert 'role="img" aria-label="QR code of the card page for Marguerite"' in answer.content.decode()
    assert "Link made Oct 14, 3:45 PM, works until the start" in words(answer)


def test_a_second_link_is_a_new_one(desk: Browser, appointment_without_card: Appointment) -> None:
    given = {shown_link(desk.post(reverse("desk:card-link", args=[appointment_without_card.pk]))) for _time in range(2)}

    assert (len(given), Link.objects.count()) == (2, 2)


def test_while_a_code_is_shown_it_says_how_far_the_patient_is(desk: Browser, juniper: House, appointment_without_card: Appointment) -> None:
    asks = reverse("desk:card-given", args=[appointment_without_card.pk])
    desk.post(reverse("desk:card-link", args=[appointment_without_card.pk]))

    before = desk.get(asks)
    version = str(version_in_use().pk)
    cards.begin(appointment_without_card, version_id=version, origin=cards.Origin(None, ""), at=QUARTER_PAST + timedelta(minutes=1))
    on_her_way = desk.get(asks)
    accepted(appointment_without_card, card_of(juniper.patients[1]))
    after = desk.get(asks)

    waiting, made = "Card for this booking not given yet", "Link made Oct 14, 3:45 PM, works until the start"
    assert words(before) == f"Policy version 3 not accepted yet {waiting} {made}"
    assert words(on_her_way) == f"Policy version 3 accepted at 3:46 PM {waiting} {made}"
    assert (after.status_code, after["HX-Trigger"]) == (204, "appointment-changed")


def test_the_link_is_sent_by_email_and_followed(desk: Browser, appointment_without_card: Appointment) -> None:
    sends, asks = (reverse(f"desk:{name}", args=[appointment_without_card.pk]) for name in ("send-card-link", "card-given"))

    twice = [words(desk.post(sends)) for _press in range(2)]
    do_jobs(at=QUARTER_PAST)
    after = words(desk.get(asks))

    (letter,) = mail.outbox
    assert letter.to == ["marguerite.sloane@example.com"]
    assert "/card/" in letter.body
    assert all("Link on its way to m••••@example.com" in each for each in twice)
    assert "Link emailed Oct 14, 3:45 PM, works until the start" in after


@pytest.mark.parametrize(
    ("case", "sentence"), [("no address", "No email address of Marguerite Sloane is known."), ("started", "It has started")]
)
def test_a_link_that_can_not_be_sent_is_not(desk: Browser, appointment_without_card: Appointment, case: str, sentence: str) -> None:
    if case == "no address":
        Patient.objects.filter(pk=appointment_without_card.patient_id).update(email="")

    with clock_at(appointment_without_card.starts_at if case == "started" else QUARTER_PAST):
        answer = desk.post(reverse("desk:send-card-link", args=[appointment_without_card.pk]))

    assert (answer.status_code, Message.objects.count()) == (409, 0)
    assert sentence in words(answer)


def test_what_shows_the_code_stays_when_the_panel_refreshes_itself(desk: Browser, appointment_without_card: Appointment) -> None:
    section = f'<section id="card-link-{appointment_without_card.pk}" hx-preserve="true"'

    assert section in desk.get(panel(appointment_without_card)).content.decode()


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("accepted", "The policy is accepted already, with a card."),
        ("started", "A card can be given until a booked appointment starts."),
        ("off", "No cancellation policy is in use, so no card is asked for."),
    ],
)
def test_no_link_where_no_card_can_be_given(
    desk: Browser, silas: Member, appointment: Appointment, appointment_without_card: Appointment, case: str, sentence: str
) -> None:
    asked, at = (appointment, BOOKED_AT + timedelta(hours=1)) if case == "accepted" else (appointment_without_card, QUARTER_PAST)
    at = appointment_without_card.starts_at if case == "started" else at
    if case == "off":
        policies.switch_fees(on=False, by=silas, at=QUARTER_PAST)

    with clock_at(at):
        answer = desk.post(reverse("desk:card-link", args=[asked.pk]))

    assert answer.status_code == 409
    assert sentence in words(answer)
    assert not Link.objects.exists()


# The cost


def test_its_queries_do_not_grow_with_its_patients_history(desk: Browser, juniper: House, odette: Member, appointment: Appointment) -> None:
    marked(appointment, "paid", by=odette)
    for days in range(1, 6):
        book(juniper, patient=appointment.patient, starts_at=STARTS_AT - timedelta(days=days))
    desk.get(panel(appointment))

    with queries(QUERIES_ALONE):
        desk.get(panel(appointment))
