"""Settings > Cancellation Policy on screen: the draft's rows and texts, Try it, publishing, the switch, and the versions that were (R4)."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

import kept.policies.transitions as policies
from kept.events.models import Event
from kept.ops.cast import House
from kept.policies import drafts
from kept.policies.document import (
    Ask,
    AskConditions,
    Band,
    ByPrice,
    Conditions,
    Deposit,
    Document,
    ForEach,
    HoursBefore,
    Kind,
    Nothing,
    Row,
    Season,
    Share,
    Step,
    Sum,
    WorkingDaysBefore,
    flat,
)
from kept.policies.models import Draft, Policy, PolicyVersion
from kept.practice.models import Member
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import fields, links, words
from tests.kit.queries import queries
from tests.kit.visits import QUARTER_PAST, accepted, book, card_of

PAGE, BOOKING, TEXTS = (reverse(f"desk:{name}") for name in ("policy", "policy-booking", "policy-texts"))
PUBLISH, DISCARD, SWITCH = (reverse(f"desk:policy-{name}") for name in ("publish", "discard", "switch"))
NEW_ROW, NEW_ASK = reverse("desk:policy-row", args=["new"]), reverse("desk:policy-ask", args=["new"])
PAGE_QUERIES = 12
LONG = {"use": "minutes", "minutes_from": "90", "do": "save", "was": ""}
BEFORE = (Kind.LATE_CANCEL, Kind.LATE_RESCHEDULE)


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def office(silas: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(silas)


def step(number: int = 0, **typed: str) -> dict[str, str]:
    return {f"step{number}-{name}": value for name, value in typed.items()}


MISSED = step(happens="no_show", pays="sum", sum="80")


def said(answer: HttpResponse, *sentences: str) -> None:
    text = words(answer)
    assert [sentence for sentence in sentences if sentence not in text] == [], text


def draft() -> Document:
    return Draft.objects.get().terms


def edit(number: int) -> str:
    return reverse("desk:policy-row", args=[drafts.fingerprint(draft().rows[number - 1])])


# Rows


def test_before_a_draft_the_page_shows_the_version_in_use(office: Browser) -> None:
    answer = office.get(PAGE)

    said(answer, "Version 3 is in use", "The first change starts a draft.", "Cancels or moves less than 24 h before $75.00")
    said(answer, "On. Fees may be charged, and bookings ask for a card.")
    assert not Draft.objects.exists()


STEPS = {
    "a sum": (step(happens="no_show", pays="sum", sum="$80"), Step(kinds=(Kind.NO_SHOW,), pays=Sum(minor=8000))),
    "a share with floor and cap": (
        step(happens="before", unit="hours", hours="72", pays="share", percent="50", at_least="100", at_most="300.00"),
        Step(kinds=BEFORE, notice=HoursBefore(hours=72), pays=Share(percent=50, at_least=10_000, at_most=30_000)),
    ),
    "by price": (
        step(happens="no_show", pays="by_price", band0_to="100", band0_percent="100", band1_to="", band1_percent="", else_percent="50"),
        Step(kinds=(Kind.NO_SHOW,), pays=ByPrice(bands=(Band(up_to=10_000, percent=100), Band(percent=50)))),
    ),
    "for each zone, by working days": (
        step(
            happens="late_cancel",
            unit="working_days",
            days="1",
            wall="15:00",
            pays="for_each",
            each="zone",
            sum="25",
            at_most="100",
        ),
        Step(
            kinds=(Kind.LATE_CANCEL,),
            notice=WorkingDaysBefore.model_validate({"days": 1, "wall": "15:00"}),
            pays=ForEach(unit="zone", minor=2500, at_most=10_000),
        ),
    ),
    "for each 15 min late": (
        step(happens="late_arrival", from_minutes="10", pays="for_each", each="quarter_hour", sum="15"),
        Step(kinds=(Kind.LATE_ARRIVAL,), from_minutes=10, pays=ForEach(unit="quarter_hour", minor=1500)),
    ),
    "the deposit, however early": (
        step(happens="late_reschedule", unit="any", pays="deposit"),
        Step(kinds=(Kind.LATE_RESCHEDULE,), pays=Deposit()),
    ),
    "nothing, and what it hides is not judged": (
        step(happens="no_show", pays="nothing", sum="a lot", percent="-1", hours="x"),
        Step(kinds=(Kind.NO_SHOW,), pays=Nothing()),
    ),
}


@pytest.mark.parametrize(("typed", "meant"), STEPS.values(), ids=STEPS.keys())
def test_every_form_of_a_fee_can_be_written_and_is_read_back(office: Browser, typed: dict[str, str], meant: Step) -> None:
    answer = office.post(NEW_ROW, LONG | typed)

    assert (answer.status_code, draft().rows) == (302, (Row(conditions=Conditions(minutes_from=90), steps=(meant,)), *flat(7500).rows))
    again = fields(office.get(edit(1))) | {"do": "save"}
    assert office.post(edit(1), again).status_code == 302
    assert draft().rows[0].steps == (meant,)


CONDITIONS = {
    "duration": ({"use": "minutes", "minutes_from": "60", "minutes_below": "90"}, Conditions(minutes_from=60, minutes_below=90)),
    "price": ({"use": "price", "price_from": "300", "price_below": ""}, Conditions(price_from=30_000)),
    "new patients": ({"use": "patients", "patients": "new"}, Conditions(patients="new")),
    "missed before": (
        {"use": "missed", "missed_from": "1", "missed_to": "2", "missed_months": "6"},
        Conditions(missed_from=1, missed_to=2, missed_months=6),
    ),
    "season": (
        {"use": "season", "first_month": "12", "first_day": "15", "last_month": "1", "last_day": "5"},
        Conditions(season=Season(first="12-15", last="01-05")),
    ),
    "category": ({"use": "categories", "categories": "Laser"}, Conditions(categories=("Laser",))),
}


@pytest.mark.parametrize(("typed", "meant"), CONDITIONS.values(), ids=CONDITIONS.keys())
def test_every_condition_can_be_written_and_is_read_back(office: Browser, typed: dict[str, str], meant: Conditions) -> None:
    office.post(NEW_ROW, {"do": "save", "was": ""} | typed | MISSED)
    assert draft().rows[0].conditions == meant

    office.post(edit(1), fields(office.get(edit(1))) | {"do": "save"})
    assert draft().rows[0].conditions == meant


def test_services_and_clinics_together_any_inside_one(office: Browser, juniper: House) -> None:
    lips, talk = juniper.services["Lip filler"], juniper.services["Consultation"]
    harbor = juniper.clinics["Harbor Point"]

    office.post(NEW_ROW, {"use": ["services", "clinics"], "services": [lips.pk, talk.pk], "clinics": [harbor.pk], "do": "save"} | MISSED)

    assert draft().rows[0].conditions == Conditions(services=(lips.pk, talk.pk), clinics=(harbor.pk,))
    said(office.get(PAGE), "Services and categories", "Lip filler, Consultation")


ERRORS = [
    (MISSED | step(sum=""), "Enter an amount, for example 75.00."),
    (MISSED | step(sum="a lot"), "Enter an amount, for example 75.00."),
    (MISSED | step(sum="0.49"), "The payment provider charges no less than $0.50."),
    (MISSED | step(sum="1000000"), "The payment provider charges no more than $999,999.99."),
    (step(happens="before", unit="hours", hours="-1", pays="nothing"), "Enter 0 to 1440."),
    (step(happens="before", unit="working_days", days="1", wall="noon", pays="nothing"), "Enter a time as the clinic’s clocks show it"),
    (step(happens="no_show", pays="share", percent="101"), "Enter 1 to 100."),
    (step(happens="no_show", pays="share", percent="50", at_least="20", at_most="10"), "‘At least’ is more than ‘at most’."),
    (step(happens="late_arrival", from_minutes="15", pays="sum", sum="15"), "From 15 minutes on a patient counts as missed: enter less."),
    (step(happens="no_show", pays="by_price", band0_to="", band0_percent="5", else_percent="1"), "Enter an amount, for example 75.00."),
    (MISSED | step(1, happens="no_show", pays="nothing"), "Two steps say what the same thing costs, equally late. Keep one of them."),
    (MISSED | {"use": ""}, "Select a valid choice."),
    (MISSED | {"use": "minutes", "minutes_from": ""}, "Enter at least one of the two."),
    (MISSED | {"use": "categories"}, "Choose at least one."),
    (MISSED | {"use": "season", "first_month": "2", "first_day": "30", "last_month": "1", "last_day": "1"}, "That month has no such day."),
]


@pytest.mark.parametrize(("typed", "error"), ERRORS)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(office: Browser, typed: dict[str, str], error: str) -> None:
    sent = LONG | typed

    answer = office.post(NEW_ROW, sent)

    assert answer.status_code == 422
    said(answer, error)
    shown = fields(answer)
    assert {name: value for name, value in sent.items() if name not in ("do", "use") and value != shown.get(name)} == {}
    assert not Draft.objects.exists()


def test_a_share_that_no_card_can_be_charged_is_refused_where_it_is_written(office: Browser, juniper: House) -> None:
    cheapest = min((each for each in juniper.services.values() if each.price_minor), key=lambda each: each.price_minor)
    type(cheapest).objects.filter(pk=cheapest.pk).update(price_minor=4000)

    answer = office.post(NEW_ROW, {"use": "patients", "patients": "new", "do": "save"} | step(happens="no_show", pays="share", percent="1"))

    assert answer.status_code == 422
    said(answer, f"1 % of {cheapest.name} comes to $0.40, and no card is charged less than $0.50. Set ‘at least’.")


def test_steps_are_added_and_removed_and_keep_what_was_typed(office: Browser) -> None:
    typed = LONG | MISSED | step(sum="eighty")

    added = office.post(NEW_ROW, typed | {"do": "add"})
    dropped = office.post(NEW_ROW, fields(added) | {"do": "drop-1"})
    raised = office.post(NEW_ROW, fields(added) | step(1, sum="ninety") | {"do": "up-2"})

    assert (added.status_code, dropped.status_code) == (200, 200)
    assert [fields(added)[f"step{number}-sum"] for number in (0, 1)] == ["eighty", "eighty"]
    assert [fields(raised)[f"step{number}-sum"] for number in (0, 1)] == ["ninety", "eighty"]
    assert (fields(dropped)["step0-sum"], "step1-sum" in fields(dropped)) == ("eighty", False)
    assert not Draft.objects.exists()


def test_the_words_follow_what_is_typed(htmx: Callable[[Member], Browser], silas: Member) -> None:
    typed = (
        LONG
        | {"minutes_from": "60"}
        | step(happens="before", unit="working_days", days="1", wall="15:00", pays="share", percent="25", at_most="150")
    )

    answer = htmx(silas).post(NEW_ROW, typed | {"do": "look"})

    said(answer, "Cancel or move after 3:00 PM, 1 working day before: 25 % of the price, at most $150.00.", "Free until, at Elm Street")
    said(htmx(silas).post(NEW_ROW, typed | {"do": "look"} | step(percent="")), "Fill in the row")


def test_saved_in_a_dialog_it_closes_and_the_page_follows(htmx: Callable[[Member], Browser], silas: Member) -> None:
    answer = htmx(silas).post(NEW_ROW, LONG | MISSED)

    assert (answer.status_code, answer["HX-Trigger"]) == (200, "appointment-changed, dialog-done")
    said(answer, "The row is saved in the draft.")


def test_the_last_row_is_changed_and_stays_everyones(office: Browser) -> None:
    office.post(NEW_ROW, LONG | MISSED)

    office.post(edit(2), fields(office.get(edit(2))) | {"do": "save"} | step(1, sum="90"))

    assert draft().rows[-1] == Row(steps=(flat(7500).rows[0].steps[0], Step(kinds=(Kind.NO_SHOW,), pays=Sum(minor=9000))))
    assert office.post(edit(2), {"do": "remove"}).status_code == 409


def test_rows_are_moved_and_removed(office: Browser) -> None:
    office.post(NEW_ROW, LONG | MISSED)
    office.post(NEW_ROW, {"use": "patients", "patients": "new", "do": "save"} | MISSED)

    office.post(reverse("desk:policy-row-move", args=[drafts.fingerprint(draft().rows[1])]), {"way": "up"})
    moved = [row.conditions for row in draft().rows]
    office.post(edit(1), {"do": "remove"})

    assert moved == [Conditions(patients="new"), Conditions(minutes_from=90), Conditions()]
    assert [row.conditions for row in draft().rows] == moved[1:]


def test_a_row_that_another_changed_is_kept_on_screen_and_saved_as_a_new_one(office: Browser, leonora: Member) -> None:
    office.post(NEW_ROW, LONG | MISSED)
    opened, address = fields(office.get(edit(1))), edit(1)
    other = Row(conditions=Conditions(minutes_from=120), steps=draft().rows[0].steps)
    drafts.save_row(other, instead_of=opened["was"], by=leonora, at=QUARTER_PAST)

    refused = office.post(address, opened | {"do": "save"} | step(sum="95"))
    said(refused, f"{leonora.name} changed this in the draft meanwhile. Yours is still here: save again to keep it.")
    again = office.post(address, fields(refused) | {"do": "save"})

    assert (refused.status_code, fields(refused)["step0-sum"], again.status_code) == (409, "95", 302)
    assert [row.conditions.minutes_from for row in draft().rows] == [120, 90, None]
    assert office.get(address).status_code == 409


# Booking and texts


ASKS = [
    ({"asks": "card"}, Ask(card=True)),
    ({"asks": "sum", "sum": "50"}, Ask(card=True, deposit=Sum(minor=5000))),
    (
        {"asks": "share", "percent": "25", "at_least": "", "at_most": "100"},
        Ask(card=True, deposit=Share(percent=25, at_most=10_000)),
    ),
    ({"asks": "prepay", "approval": "on"}, Ask(card=True, prepay=True, approval=True)),
    ({"asks": "never_card"}, Ask(never_card=True)),
    ({"asks": "none", "pay_first": "on"}, Ask(pay_first=True)),
]


@pytest.mark.parametrize(("typed", "meant"), ASKS)
def test_what_booking_asks_can_be_written_and_is_read_back(office: Browser, typed: dict[str, str], meant: Ask) -> None:
    new = {"use": "patients", "patients": "new", "do": "save", "was": ""}
    meant = meant.model_copy(update={"conditions": AskConditions(patients="new")})

    assert office.post(NEW_ASK, new | typed).status_code == 302
    assert draft().asks == (meant, Ask(card=True))

    page = reverse("desk:policy-ask", args=[drafts.fingerprint(meant)])
    office.post(page, fields(office.get(page)) | {"do": "save"})
    assert draft().asks[0] == meant
    office.post(page, {"do": "remove"})
    assert draft().asks == (Ask(card=True),)


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"asks": "none"}, "Say what booking asks for."),
        ({"asks": "sum", "sum": ""}, "Enter an amount, for example 75.00."),
        ({"asks": "sum", "sum": "0.3"}, "The payment provider charges no less than $0.50."),
        ({}, "This field is required."),
    ],
)
def test_what_booking_asks_is_judged_at_its_field(office: Browser, typed: dict[str, str], error: str) -> None:
    answer = office.post(NEW_ASK, {"do": "save"} | typed)

    assert answer.status_code == 422
    said(answer, error)


def test_options_are_saved_in_the_draft(office: Browser) -> None:
    form = fields(office.get(BOOKING))

    chances = {"first_time": "propose", "new_time": "by_itself", "new_within": "24"}
    answer = office.post(BOOKING, form | {"free_hours": "12", "late_minutes": "20", "cancelled_in_time": "kept"} | chances)

    assert (answer.status_code, draft().free_hours, draft().late_minutes, draft().deposits.cancelled_in_time) == (302, 12, 20, "kept")
    assert (draft().first_time.mode, draft().first_time.within) == ("propose", 12)
    assert (draft().new_time.mode, draft().new_time.within) == ("by_itself", 24)
    said(office.get(PUBLISH), "The first no-show not forgiven → proposed to be forgiven, the first in 12 months")
    said(office.get(PUBLISH), "Who takes a new time not spared → spared, within 24 h")
    said(office.post(BOOKING, form | {"new_time": "by_itself", "new_within": "121"}), "Ensure this value is less than or equal to 120.")
    said(office.post(BOOKING, form | {"free_hours": "-1"}), "Ensure this value is greater than or equal to 0.")
    said(office.post(BOOKING, form | {"free_hours": "13"}), "Silas Whitcombe changed this in the draft meanwhile.")
    assert draft().free_hours == 12


def test_texts_are_saved_in_the_draft_and_never_lost(office: Browser, leonora: Member) -> None:
    form = fields(office.get(TEXTS))
    assert office.post(TEXTS, form | {"description": "Come."}).status_code == 302

    stale = office.post(TEXTS, form | {"description": "Please come."})
    shown = fields(stale)
    again = office.post(TEXTS, shown)

    assert (stale.status_code, shown["description"], again.status_code) == (409, "Please come.", 302)
    assert Draft.objects.get().description == "Please come."
    said(office.post(TEXTS, shown | {"authorization_text": ""}), "This field is required.")


# Try it


def test_try_it_says_what_is_charged_by_which_row_and_why(office: Browser, juniper: House) -> None:
    office.post(NEW_ROW, LONG | MISSED | step(1, happens="before", unit="hours", hours="72", pays="share", percent="25"))
    lips, elm = juniper.services["Lip filler"], juniper.clinics["Elm Street"]
    asked = {
        "service": str(lips.pk),
        "clinic": str(elm.pk),
        "on": "2026-10-22",
        "starts": "10:30",
        "when_on": "2026-10-21",
        "when": "14:00",
    }

    said(
        office.get(PAGE, asked | {"kind": "late_cancel"}),
        "$75.00 by row 2",
        "because it is cancelled 20 h 30 min before, and free only until Wed, Oct 21, 10:30 AM.",
        f"Row 1 {lips.minutes} min, and the row is for 90 min or more",
        "Booking it asks for a card.",
    )
    said(office.get(PAGE, asked | {"kind": "late_cancel", "when": "10:30"}), "Free by row 2", "24 h before")
    said(office.get(PAGE, asked | {"booked": "hour"}), "it was booked less than 24 h ago.")
    said(office.get(PAGE, asked | {"kind": "late_cancel", "when_on": "2026-10-22"}), "it is after the start: that counts as missed.")
    said(office.get(PAGE, asked | {"kind": "no_show"}), "$75.00 by row 2", "because the visit is missed.")
    said(office.get(PAGE, asked | {"on": "nonsense"}), "Choose a day and a time, then the fee stands here.")


def test_the_patients_view_says_the_draft_for_that_visit(office: Browser, juniper: House) -> None:
    late = step(2, happens="late_arrival", from_minutes="5", pays="for_each", each="quarter_hour", sum="15")
    form = fields(office.get(PAGE.rstrip("/") + f"/rows/{drafts.fingerprint(flat(7500).rows[0])}/"))
    office.post(PAGE + f"rows/{drafts.fingerprint(flat(7500).rows[0])}/", form | late | {"do": "save"})

    answer = office.get(reverse("desk:policy-patients-view"), {"on": "2026-10-22", "when_on": "2026-10-21"})

    said(
        answer,
        "For the visit on Thu, Oct 22, 10:30 AM, with its own dates and money.",
        "Change or cancel until Wed, Oct 21, 10:30 AM.",
        "$15.00 Come later than 10:35 AM.",
        "Not here by 10:45 AM, or cancelled after the start.",
        juniper.plan.authorization,
    )


def test_without_services_there_is_nothing_to_try_and_the_page_says_so(office: Browser, juniper: House) -> None:
    next(iter(juniper.services.values())).__class__.objects.update(active=False)

    said(office.get(PAGE), "Add a clinic and a service with a price")
    said(office.get(reverse("desk:policy-patients-view")), "Add a clinic and a service with a price")


# Publishing


def test_published_it_is_the_next_version_and_in_use_at_once(office: Browser, silas: Member, juniper: House) -> None:
    accepted(book(juniper), card_of(juniper.patients[0]))
    office.post(NEW_ROW, LONG | MISSED)
    form = fields(office.get(PUBLISH))

    shown = office.get(PUBLISH)
    said(shown, "Publish version 4?", "Visits of 90 min or more If you miss it: $80.00. New", "0 booked appointments keep version 3.")
    said(office.post(PUBLISH, form), "This field is required.")
    answer = office.post(PUBLISH, form | {"what_changed": "Long visits"})

    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    made = PolicyVersion.objects.get(number=4)
    assert (made.what_changed, made.published_by_id, made.published_at) == ("Long visits", silas.pk, QUARTER_PAST)
    assert (Policy.objects.get().current, Draft.objects.exists()) == (made, False)
    assert Event.objects.filter(kind="policy.published", at=QUARTER_PAST).count() == 1
    said(
        office.get(TEXTS),
        "Version 4 , in use Today, 3:45 PM · Silas Whitcombe · Long visits",
        "Fee raised to $75.00 0 booked under it, 1 past",
    )


def test_what_another_published_meanwhile_is_not_overwritten(office: Browser, leonora: Member) -> None:
    office.post(NEW_ROW, LONG | MISSED)
    form: dict[str, Any] = fields(office.get(PUBLISH)) | {"what_changed": "Long visits"}
    policies.publish(description="d", authorization_text="a", terms=flat(9000), currency="USD", by=leonora, at=QUARTER_PAST)

    answer = office.post(PUBLISH, form)

    assert (answer.status_code, PolicyVersion.objects.count(), fields(answer)["what_changed"]) == (409, 4, "Long visits")
    said(answer, "Version 4 was published meanwhile. Look at it, then publish yours.", "$90.00")
    said(office.get(PAGE), "Version 4 was published after this draft was begun.")
    assert office.post(PUBLISH, fields(answer)).status_code == 302
    assert PolicyVersion.objects.get(number=5).terms.rows[0].conditions == Conditions(minutes_from=90)


def test_sent_twice_it_is_published_once(office: Browser) -> None:
    office.post(NEW_ROW, LONG | MISSED)
    form = fields(office.get(PUBLISH)) | {"what_changed": "w"}

    answers = [office.post(PUBLISH, form).status_code for _click in range(2)]

    assert (answers, PolicyVersion.objects.count()) == ([302, 409], 4)


def test_a_draft_is_discarded_after_a_question(office: Browser) -> None:
    office.post(NEW_ROW, LONG | MISSED)

    said(office.get(DISCARD), "Discard the draft?", "1 change is lost. What is published stays as it is.")
    office.post(DISCARD)

    assert not Draft.objects.exists()


# The versions that were


def test_the_versions_that_were_can_be_read_and_not_written(office: Browser, juniper: House) -> None:
    listed = links(office.get(TEXTS))

    assert [listed[f"Version {number}"] for number in (3, 2, 1)] == [reverse("desk:policy-version", args=[number]) for number in (3, 2, 1)]
    answer = office.get(listed["Version 1"])
    said(answer, "Published versions are never edited. Published by Leonora Ashcombe.", "If you miss it: $50.00.", juniper.plan.description)
    assert "textarea" not in answer.content.decode()
    assert [office.get(reverse("desk:policy-version", args=[number])).status_code for number in (0, 4, 10**12)] == [404, 404, 404]


def test_a_draft_starts_from_an_older_version(office: Browser) -> None:
    start = reverse("desk:policy-start-from", args=[1])

    answers = [office.post(start).status_code for _click in range(2)]

    assert (answers, draft(), Draft.objects.get().based_on) == ([302, 409], PolicyVersion.objects.get(number=1).terms, 3)


# On and off


def test_fees_are_switched_off_and_on(office: Browser) -> None:
    shown = []
    for on in ("no", "yes", "yes", "perhaps", ""):
        office.post(SWITCH, {"on": on})
        shown.append(Policy.objects.get().fees_on)

    assert shown == [False, True, True, True, True]
    events = Event.objects.filter(kind="policy.switched", at=QUARTER_PAST).order_by("id")
    assert [event.particulars["on"] for event in events] == [False, True]


def test_off_it_says_so(office: Browser) -> None:
    office.post(SWITCH, {"on": "no"})

    said(office.get(PAGE), "Off. No fee is charged, no card is asked for.", "Switch on")


def test_a_practice_without_a_version_is_offered_a_first_one(office: Browser, juniper: House) -> None:
    Policy.objects.update(current=None, fees_on=False)

    said(office.get(PAGE), "Your first version", "$75.00", "Publish version")
    refused = office.post(SWITCH, {"on": "yes"})
    assert refused.status_code == 422
    said(refused, "Publish a first version, then fees can be switched on.")


def test_the_page_asks_as_often_however_many_rows_there_are(office: Browser, silas: Member) -> None:
    for minutes in range(60, 100, 10):
        row = Row(conditions=Conditions(minutes_from=minutes), steps=flat(7500).rows[0].steps)
        drafts.save_row(row, instead_of="", by=silas, at=QUARTER_PAST)

    with queries(PAGE_QUERIES):
        office.get(PAGE)
