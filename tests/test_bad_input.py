"""Whatever a stranger's browser sends, in any parameter of any screen: never an error of ours, and a refused act changes nothing."""

import base64
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.http import QueryDict
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kept.billing.transitions.cards as cards
import kept.billing.transitions.paying as paying
import kept.noshows.transitions.attendance as noshows
import kept.noshows.transitions.moving as moving
from kept.billing.models import CardCapture, Charge, Refund
from kept.events.models import Event
from kept.foundation import lists, paging
from kept.foundation.ids import new_id
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.noshows.models import Answer
from kept.noshows.transitions import answering
from kept.ops.cast import House
from kept.policies import drafts
from kept.policies.models import PolicyVersion
from kept.policies.queries import policy_in_use
from kept.practice.models import Member
from kept.practice.rules import Role
from kept.scheduling.models import Appointment, Claim
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import words
from tests.kit.money import marked
from tests.kit.undone import undone
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book, card_of


def cursor(instant: str, row: str = "00000000-0000-7000-8000-000000000000") -> str:
    return base64.urlsafe_b64encode(f"{instant}|{row}".encode()).decode()


NASTY: dict[str, str | list[str]] = {
    "nothing": "",
    "a NUL byte": "a\0b",
    "ten thousand letters": "x" * 10_000,
    "ten thousand digits": "9" * 10_000,
    "emoji": "💉👩🏽‍⚕️\u202e\ufeff",
    "negative": "-1",
    "huge": str(2**63),
    "small and many decimals": "0.000000001",
    "not a number": "NaN",
    "other digits": "٣٤",
    "markup": "'\"><script>alert(1)</script>{{ 7|add:7 }}%s",
    "an id of nothing": "00000000-0000-7000-8000-000000000000",
    "the first day": "0001-01-01",
    "the last day": "9999-12-31",
    "the first minute": "0001-01-01T00:00",
    "the last minute": "9999-12-31T23:59",
    "a skipped time": "2027-03-14T02:30",
    "another list": ["1", "x", "", "00000000-0000-7000-8000-000000000000"],
}
CURSORS = {
    "not base64": "%%%",
    "half of one": "abc",
    "without zone": cursor("2026-10-14T19:30:00"),
    "before time": cursor("0001-01-01T00:00:00+14:00"),
    "after time": cursor("9999-12-31T23:59:59-14:00"),
    "a zone of microseconds": cursor("2026-10-14T19:30:00+00:00:00.000001"),
    "no row": cursor("2026-10-14T19:30:00+00:00", "x"),
    "three parts": cursor("2026-10-14T19:30:00+00:00|x"),
}
SHARP = [  # those that forms and transitions trip over, if any
    *("a NUL byte", "ten thousand digits", "emoji", "huge"),
    *("not a number", "the last minute", "a skipped time", "another list"),
]
LISTS: dict[str, list[str]] = {
    "desk:patients": ["q", "clinic", "balance", "alert", "missed", "card"],
    "desk:search": ["q"],
    **{f"desk:audit-{name}": ["from", "to", "who", "what", "patient", "q"] for name in ("looks", "changes", "looks-csv", "changes-csv")},
    **{f"desk:{name}": ["q"] for name in ("clinics", "providers", "services", "rooms", "staff", "webhooks")},
    "desk:block": ["date", "start", "provider"],
    "desk:new": ["date", "start", "provider", "patient", "services", "price", "note", "q", "offer", "new", "first_name", "change"],
    "desk:day": ["date", "provider", "view", "status", "card"],
    "desk:feed": ["date", "provider", "view", "ghosts"],
    "desk:day-sheet": ["date", "provider"],
    "desk:call-list": ["from", "to", "clinic", "provider", "calls"],
    "noshows:list": ["from", "to", "clinic", "provider", "fee", "q"],
    "noshows:cancelled": ["from", "to", "clinic", "provider", "asked", "q"],
    "noshows:cancelled-csv": ["from", "to", "clinic", "provider", "asked", "q"],
    "noshows:csv": ["from", "to", "clinic", "provider", "fee", "q"],
    "billing:invoices": ["from", "to", "kind", "status", "clinic", "provider", "patient", "q"],
    "billing:csv": ["from", "to", "kind", "status", "clinic", "provider", "patient", "q"],
    "billing:attention": ["clinic"],
}


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


Asked = Callable[[str, str, Mapping[str, Any]], tuple[int, Any]]


@pytest.fixture
def asked(leonora: Member, signed_in: Callable[[Member], Browser]) -> Asked:
    """`asked("POST", path, sent)`: the status, and what has changed since; then it is taken back."""
    browser = signed_in(leonora)
    browser.raise_request_exception = False

    at_first: list[Any] = []

    def ask(method: str, path: str, sent: Mapping[str, Any]) -> tuple[int, Any]:
        at_first.extend([] if at_first else facts())
        with undone(browser):
            answer = browser.get(path, sent) if method == "GET" else browser.post(path, sent)
            return answer.status_code, facts() != at_first

    return ask


def facts() -> list[Any]:
    """What staff can change, in numbers; each change has its event."""
    statuses = Appointment.objects.order_by("id").values_list("status", "version", "starts_at")
    counted = [model.objects.count() for model in (Event, Charge, Refund, PolicyVersion, CardCapture, Claim)]
    return [*statuses, *counted]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_understands_what_it_can_and_leaves_out_the_rest(juniper: House, odette: Member, asked: Asked, name: str) -> None:
    marked(accepted(book(juniper), card_of(juniper.patients[0])), "paid", by=odette)

    found = {what: asked("GET", reverse(name), dict.fromkeys(LISTS[name], value)) for what, value in NASTY.items()}

    assert found == dict.fromkeys(NASTY, (200, False))


@pytest.mark.parametrize(
    ("name", "junk"),
    [
        ("noshows:list", {"from": "2026-13-01", "fee": "gold"}),
        ("noshows:cancelled", {"to": "soon", "asked": "nobody"}),
        ("billing:invoices", {"from": "9999-12-31", "clinic": "Elm Street", "status": "lost"}),
        ("desk:patients", {"missed": "often", "card": "perhaps"}),
        ("desk:day", {"date": "2026-02-30", "view": "year"}),
    ],
)
def test_what_is_left_out_of_an_address_is_said(
    juniper: House, leonora: Member, signed_in: Callable[[Member], Browser], name: str, junk: dict[str, str]
) -> None:
    desk = signed_in(leonora)

    said, clean = (words(desk.get(reverse(name), query)) for query in (junk, {"q": "Renata"}))

    assert all(f"{key}={value}" in said for key, value in junk.items())
    assert "was left out" in said
    assert "was left out" not in clean


@pytest.mark.parametrize("name", ["desk:day", "desk:feed", "desk:new", "desk:day-sheet"])
def test_a_day_names_its_clinic_and_an_unknown_one_is_not_found(juniper: House, asked: Asked, name: str) -> None:
    found = {what: asked("GET", reverse(name), {"clinic": value}) for what, value in NASTY.items()}

    ids = ("an id of nothing", "another list")
    assert found == dict.fromkeys(NASTY, (200, False)) | dict.fromkeys(ids, (404, False))


def test_a_letter_before_it_is_written_takes_any_choice(juniper: House, asked: Asked) -> None:
    booked = accepted(book(juniper), card_of(juniper.patients[0]))

    found = {
        (key, what): asked("GET", reverse("noshows:letter", args=[booked.pk]), {"charge_fee": "yes"} | {key: value})
        for key in ("charge_fee", "amount", "version")
        for what, value in NASTY.items()
    }

    assert found == dict.fromkeys(found, (200, False))


@pytest.mark.parametrize(
    "name",
    ["desk:call-list", "noshows:list", "noshows:cancelled", "billing:invoices", "billing:attention", "desk:patients", "desk:audit-looks"],
)
def test_a_page_that_does_not_exist_is_said_so(asked: Asked, name: str) -> None:
    texts = {what: value for what, value in NASTY.items() if value} | CURSORS

    found = {what: asked("GET", reverse(name), {"after": value}) for what, value in texts.items()}

    real = {"without zone", "before time", "after time", "a zone of microseconds"}  # an instant all the same: nothing stands after it
    assert {what: told[0] for what, told in found.items() if what not in real} == dict.fromkeys(texts.keys() - real, 422)
    assert {told[0] for what, told in found.items() if what in real} <= {200, 422}


# Acts. What is sent is right but for one field; it is refused, or done without harm.


PARTICULARS = {
    **{"first_name": "Ada", "last_name": "Quill", "birth_date": "1991-02-18", "phone": "555 0199"},
    **{"email": "ada@example.com", "alert": "Faints at needles"},
}


def sent_to(juniper: House, odette: Member) -> dict[str, tuple[str, dict[str, str]]]:
    """Each form: its address, and what it would be sent by a careful hand."""
    booked = accepted(book(juniper), card_of(juniper.patients[0]))
    missed = accepted(book(juniper, patient=juniper.patients[1], starts_at=STARTS_AT.replace(hour=14)), card_of(juniper.patients[1]))
    charge = marked(missed, "paid", by=odette)
    yesterday = STARTS_AT.replace(day=13)
    unpaid = marked(
        accepted(book(juniper, patient=juniper.patients[4], starts_at=yesterday), card_of(juniper.patients[4])), "declined", by=odette
    )
    book(juniper, patient=juniper.patients[2], starts_at=STARTS_AT.replace(hour=14))  # its time is taken
    undecided = accepted(book(juniper, patient=juniper.patients[3], starts_at=STARTS_AT.replace(hour=16)), card_of(juniper.patients[3]))
    noshows.mark(undecided, charge_fee=None, by=juniper.members[Role.PROVIDER], at=QUARTER_PAST)
    said = answering.say(undecided, Answer.Kind.HERE, "", at=QUARTER_PAST)
    moved = book(juniper, patient=juniper.patients[3], starts_at=STARTS_AT.replace(day=16))
    moving.reschedule(moved, starts_at=STARTS_AT.replace(day=17), by=odette, at=QUARTER_PAST)
    version = str(Appointment.objects.get(pk=booked.pk).version)
    newcomer = {"new": "yes", "first_name": "Ada", "last_name": "Lovelock", "phone": "(555) 0166", "email": "ada@example.com", "seen": ""}
    visit = {"patient": str(booked.patient_id), "services": str(juniper.services["Consultation"].pk), "provider": str(booked.provider_id)}
    when = {"date": "2026-10-20", "start": "10:00"}
    return {
        "book": (reverse("desk:new"), visit | when | {"book": "yes", "price": "60", "listed": "60.00", "note": "n", "change": ""}),
        "block": (reverse("desk:block"), when | {"end": "11:00", "resource": str(booked.provider.resource_id), "why": "w", "clinic": ""}),
        "add a patient": (reverse("desk:new"), newcomer | {"add": "yes"}),
        "mark": (
            reverse("noshows:mark", args=[booked.pk]),
            {"charge_fee": "yes", "amount": "70", "fee_reason": "kind", "reason": "Forgot", "note": "n", "version": version},
        ),
        "charge later": (reverse("noshows:fee", args=[undecided.pk, "charge"]), {"amount": "70", "fee_reason": "kind", "version": ""}),
        "cancel": (
            reverse("noshows:cancel", args=[book(juniper, patient=juniper.patients[4], starts_at=STARTS_AT.replace(day=15)).pk]),
            {"asked": "patient", "reason": "Work", "note": "n", "notify": "on", "version": ""},
        ),
        "fees and letters": (
            reverse("noshows:fee-settings"),
            {"breathing_space_minutes": "60", "decide_days": "14", "fee_choice": "charge", "when_filled": "propose", "tell_patients": "on"},
        ),
        "spare": (reverse("noshows:fee", args=[undecided.pk, "spare"]), {"fee_reason": "Illness", "version": ""}),
        "move": (
            reverse("desk:reschedule", args=[booked.pk]),
            {"confirm": "1", "asked": "patient", "start": "2026-10-20T16:00", "provider": "", "notify": "on", "version": version},
        ),
        "move back": (reverse("desk:move-back", args=[moved.pk]), {"version": ""}),
        "check in": (reverse("desk:act", args=[booked.pk, "check-in"]), {"version": version}),
        "restore": (
            reverse("noshows:restore", args=[missed.pk]),
            {"where": "other", "start": "2026-10-20T10:00", "refund": "on", "check_in": "", "version": ""},
        ),
        "stays": (reverse("noshows:stays", args=[said.pk]), {"note": "We looked."}),
        "refund": (
            reverse("billing:refund", args=[charge.invoice_id]),
            {"refund_id": str(new_id()), "how_much": "part", "amount": "10", "reason": "Goodwill", "note": "n"},
        ),
        "new patient": (reverse("desk:patient-new"), PARTICULARS),
        "edit": (reverse("desk:patient-edit", args=[booked.patient_id]), PARTICULARS | {"version": "1"}),
        "note": (reverse("desk:patient-note", args=[booked.patient_id]), {"text": "Parks at the back."}),
        "record": (reverse("billing:record", args=[unpaid.invoice_id]), {"method": "cash", "note": "n"}),
        "void": (reverse("billing:void", args=[unpaid.invoice_id]), {"reason": "Kindness"}),
        **policy(juniper),
        "choose": (reverse("desk:choose"), {"practice": str(juniper.practice.pk)}),
        "clinic": (reverse("desk:switch-clinic"), {"clinic": str(juniper.clinics["Elm Street"].pk), "next": ""}),
        "theme": (reverse("desk:theme"), {"theme": "dark", "next": ""}),
        "privacy": (reverse("desk:privacy"), {"initials": "on"}),
        "calendar": (
            reverse("desk:calendar-settings"),
            {"ghosts": "on", "step_minutes": "10", "shown_from": "08:00", "shown_to": "19:00"},
        ),
        "front desk": (reverse("desk:front-desk-settings"), {"may_double_book": "on", "refund_limit": "50"}),
        **set_up(juniper),
        "sign in": (reverse("account_login"), {"login": "odette.farnley@example.com", "password": "wrong", "next": "", "remember": ""}),
    }


def policy(juniper: House) -> dict[str, tuple[str, dict[str, str]]]:
    """The forms of the policy editor."""
    draft = drafts.begun(policy_in_use(), "USD")
    step = {"happens": "before", "unit": "working_days", "hours": "24", "days": "1", "wall": "15:00", "from_minutes": "5", "pays": "share"}
    much = {"sum": "25", "percent": "50", "at_least": "10", "at_most": "90", "each": "zone", "band0_to": "9", "else_percent": "5"}
    season = {"first_month": "12", "first_day": "15", "last_month": "1", "last_day": "5"}
    what = {"use": "minutes", "minutes_from": "60", "minutes_below": "90", "price_from": "1", "missed_months": "12", "patients": "new"}
    row = what | season | {f"step0-{name}": value for name, value in (step | much).items()}
    asks = {"use": "patients", "patients": "new", "asks": "share", "sum": "1", "percent": "5", "at_least": "1", "at_most": "9"}
    options = {"cancelled_in_time": "kept", "late_or_missed": "kept", "free_hours": "12", "late_minutes": "20"}
    options |= {"first_time": "propose", "first_within": "12", "new_time": "propose", "new_within": "48"}
    return {
        "policy row": (reverse("desk:policy-row", args=["new"]), row | {"do": "save", "was": ""}),
        "policy ask": (reverse("desk:policy-ask", args=["new"]), asks | {"do": "save", "was": "", "approval": "on", "pay_first": ""}),
        "policy options": (reverse("desk:policy-booking"), options | {"was": drafts.options_of(draft)}),
        "policy texts": (reverse("desk:policy-texts"), {"description": "d", "authorization_text": "a", "was": drafts.texts_of(draft)}),
        "publish": (reverse("desk:policy-publish"), {"what_changed": "w", "based_on": "3", "was": drafts.whole_of(draft)}),
        "move a row": (reverse("desk:policy-row-move", args=["new"]), {"way": "up"}),
        "switch": (reverse("desk:policy-switch"), {"on": "no"}),
    }


def set_up(juniper: House) -> dict[str, tuple[str, dict[str, str]]]:
    """The forms of setting up the practice."""
    elm, tess, odette = juniper.clinics["Elm Street"], juniper.providers["Tess Marrowby"], juniper.members[Role.FRONT_DESK]
    clinic, provider = reverse("desk:clinic", args=[elm.pk]), reverse("desk:provider", args=[tess.pk])
    lips = reverse("desk:service", args=[juniper.services["Lip filler"].pk])
    place = {"name": "Mill Lane", "zone_name": "America/Denver", "currency": "USD", "address": "a", "phone": "p", "online": "on"}
    offer = {"name": "Lips", "category": "c", "minutes": "45", "price": "700", "zones": "1", "buffer_before": "0", "buffer_after": "5"}
    off = {"kind": "other", "first_on": "2026-10-20", "last_on": "2026-10-21", "hours": "9-12", "clinic": str(elm.pk), "why": "w"}
    return {
        "rename": (reverse("desk:clinics"), {"name": "Juniper"}),
        "new clinic": (reverse("desk:clinic-new"), place),
        "clinic hours": (clinic, {"form": "week", "day_0": "9-12, 13-18"}),
        "clinic date": (clinic, {"form": "day", "on": "2026-12-25", "hours": "10-12", "why": "w"}),
        "new provider": (reverse("desk:provider-new"), {"name": "Ada Quill", "title": "NP", "clinics": str(elm.pk)}),
        "exception": (provider, {"form": "exception"} | off),
        "schedule": (provider, {"form": f"week-{elm.pk.hex}", f"{elm.pk.hex}-day_0": "9-12"}),
        "service": (lips, offer | {"performers": str(tess.pk), "active": "on"}),
        "new room": (reverse("desk:room-new"), {"name": "Room 9", "kind": "room", "clinic": str(elm.pk)}),
        "seat": (reverse("desk:seat", args=[odette.pk]), {"name": "O", "role": "billing", "provider": "", "active": "on"}),
        "new seat": (
            reverse("desk:seat-new"),
            {"name": "Ada", "email": "ada@example.com", "role": "auditor", "provider": ""},
        ),
        "new token": (
            reverse("desk:tokens"),
            {"key_id": str(new_id()), "name": "T", "member": str(odette.pk), "scope": "read", "days": "30"},
        ),
        "new endpoint": (
            reverse("desk:webhook-new"),
            {"endpoint_id": str(new_id()), "url": "https://example.com/kept", "kinds": "charge.failed"},
        ),
        "wording": (reverse("desk:letter", args=["moved"]), {"title": "{title}", "text": "{what}", "on": "on"}),
        "awaited cards": (reverse("desk:awaited-cards"), {"within_hours": "24", "before_hours": "4", "without_card": "call"}),
        "online": (
            reverse("desk:online"),
            {"lead_minutes": "60", "horizon_days": "30", "step_minutes": "15", "closed": "c", "sites": "https://www.example.com"},
        ),
    }


SET_UP = ["rename", "new clinic", "clinic hours", "clinic date", "new provider", "exception", "schedule", "service", "new room"]

POLICY = ["policy row", "policy ask", "policy options", "policy texts"]

FORMS = [
    *(*POLICY, "move a row"),
    *(*SET_UP, "seat", "new seat", "online", "awaited cards", "wording", "new token", "new endpoint"),
    *(
        "book",
        "block",
        "add a patient",
        "mark",
        "charge later",
        "spare",
        "check in",
        "restore",
        "stays",
        "refund",
        "record",
        "void",
        "publish",
        "switch",
    ),
    *("choose", "clinic", "theme", "privacy", "calendar"),
    *("front desk", "cancel", "fees and letters", "new patient", "edit", "note", "move", "move back"),
]


@pytest.mark.parametrize("form", FORMS)
def test_an_act_is_done_or_refused_and_a_refused_one_changes_nothing(juniper: House, odette: Member, asked: Asked, form: str) -> None:
    path, right = sent_to(juniper, odette)[form]

    found = {(key, what): asked("POST", path, right | {key: NASTY[what]}) for key in right for what in SHARP}

    assert {about: told for about, told in found.items() if told[0] >= 500 or (told[0] >= 400 and told[1])} == {}
    assert asked("POST", path, right)[0] in (200, 302)


def test_only_yes_or_no_switches_fees(juniper: House, odette: Member, asked: Asked) -> None:
    path, _right = sent_to(juniper, odette)["switch"]

    assert {what: asked("POST", path, {"on": value})[1] for what, value in NASTY.items()} == dict.fromkeys(NASTY, False)


def test_nothing_at_all_is_sent(juniper: House, odette: Member, asked: Asked) -> None:
    forms = sent_to(juniper, odette)

    found = {name: asked("POST", path, {"csrfmiddlewaretoken": "as every form has"}) for name, (path, _right) in forms.items()}

    assert found == {
        **{
            "book": (200, False),
            "block": (422, False),
            "add a patient": (200, False),
            "mark": (422, False),
            "charge later": (302, True),
            "spare": (422, False),
            "cancel": (422, False),
            "fees and letters": (422, False),
            "front desk": (422, False),
            "check in": (302, True),
            "restore": (422, False),
            "stays": (422, False),
            **dict.fromkeys(("new patient", "edit", "note"), (422, False)),
            **dict.fromkeys((*SET_UP, "seat", "new seat", "online", "awaited cards", "wording", "new token", "new endpoint"), (422, False)),
            "refund": (422, False),
            "record": (422, False),
            "void": (422, False),
            "publish": (422, False),
            **dict.fromkeys(POLICY, (422, False)),
            "move a row": (302, False),
        },
        **{"switch": (302, False), "choose": (200, False), "clinic": (302, False), "theme": (302, False), "sign in": (302, False)},
        **{"privacy": (302, False), "calendar": (422, False), "move": (200, False), "move back": (302, True)},
    }


@pytest.mark.parametrize("field", ["login", "password", "next"])
def test_signing_in(juniper: House, odette: Member, browser: Browser, field: str) -> None:
    path, right = sent_to(juniper, odette)["sign in"]

    statuses = {browser.post(path, right | {field: NASTY[what]}).status_code for what in SHARP[:3]}

    assert statuses <= {200, 429}


def test_the_card_page(juniper: House, odette: Member, browser: Browser) -> None:
    appointment = book(juniper, starts_at=STARTS_AT.replace(day=16))
    path = browser.get(f"/card/{cards.card_link(appointment, by=odette, at=QUARTER_PAST).split('/')[-2]}/")["Location"]

    statuses = {
        (key, what): browser.post(path, {"accept": "yes", "version": "", "card": "on_file"} | {key: NASTY[what]}).status_code
        for key in ("accept", "version", "card")
        for what in SHARP
    }

    assert set(statuses.values()) <= {409, 422}
    assert CardCapture.objects.count() == 0


def test_the_pay_page(juniper: House, odette: Member, browser: Browser) -> None:
    charge = marked(accepted(book(juniper), card_of(juniper.patients[0])), "declined", by=odette)
    path = browser.get(f"/pay/{paying.payment_link(charge, by=odette, at=QUARTER_PAST).split('/')[-2]}/")["Location"]

    statuses = {what: browser.post(path, {"card": NASTY[what]}).status_code for what in SHARP}

    assert set(statuses.values()) == {422}
    assert Charge.objects.get().state == "needs_patient"


def test_no_link_is_found_in_an_address(juniper: House, browser: Browser) -> None:
    texts = [value for value in NASTY.values() if isinstance(value, str) and value] + [f"{juniper.practice.pk.hex}.{'x' * 9_000}"]
    addresses = [
        f"/{door}/{before}%{text.encode().hex('%')}/"
        for door in ("card", "pay")
        for before in ("", "x.", f"{juniper.practice.pk.hex}.")
        for text in texts
    ]

    # each from elsewhere: of one who guesses, soon nothing more is looked at
    found = {each: browser.get(each, REMOTE_ADDR=f"203.0.113.{number}").status_code for number, each in enumerate(addresses)}
    assert found == dict.fromkeys(addresses, 404)


@pytest.mark.parametrize("signature", ["", "t=,v1=", "t=x,v1=y", f"t={2**70},v1={'0' * 64}", "t=1,v1=💉", "=" * 9_999])
def test_a_webhook_without_a_right_signature_is_refused(db: None, browser: Browser, signature: str) -> None:
    bodies: list[bytes] = [b"", b"\xff\xfe", b"{", b"[]", b'{"id": null}', b"\0" * 10_000]

    headers = {"Stripe-Signature": signature.encode().decode("latin-1")}
    answers = {browser.post("/webhooks/stripe/juniper/", body, "application/json", headers=headers).status_code for body in bodies}

    assert answers == {400}


# What reads text, on its own, for any text


quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(text=st.text() | st.dates().map(str))
def test_a_day_is_read_or_left_out(text: str) -> None:
    asked = QueryDict(mutable=True)
    asked["on"] = text
    found = lists.day_of(asked, "on")

    assert found is None or found.isoformat() in text or lists.EARLIEST <= found <= lists.LATEST


@quick
@given(text=st.text() | st.text("aZ09_-=", max_size=40) | st.datetimes(timezones=st.just(UTC)).map(lambda at: cursor(at.isoformat())))
def test_a_cursor_is_read_or_refused(text: str) -> None:
    try:
        instant, row = paging._read(text)
    except Refusal:
        return
    assert isinstance(instant, datetime)
    assert isinstance(row, UUID)


@quick
@given(text=st.text() | st.text("0189.,", min_size=1))
def test_an_amount_is_exact_or_refused(text: str) -> None:
    try:
        found = Money.parse(text, "USD")
    except ValueError:
        return
    assert found.minor >= 0
