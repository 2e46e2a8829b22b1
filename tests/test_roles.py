"""The table of roles over every address: who may, who is told that she may not, and to whom the thing does not exist."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

import kept.billing.transitions.cards as cards
import kept.billing.transitions.paying as paying
import kept.noshows.transitions.attendance as noshows
import kept.scheduling.transitions.attendance as attendance
import kept.scheduling.transitions.booking as booking
from kept.billing.models import CardCapture, GatewayEvent
from kept.foundation.ids import new_id
from kept.noshows.models import Answer
from kept.ops.cast import House
from kept.practice.models import ApiKey, Member, MemberClinic, OpeningHours, Resource, ScheduleException, Settings, User
from kept.practice.rules import Role
from kept.practice.transitions import issue_key
from kept.scheduling.models import Appointment, Block
from kept.scheduling.transitions.blocking import block_time
from kept.scheduling.transitions.managing import manage_token
from kept.webhooks.transitions import add_endpoint, send_test
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.money import marked
from tests.kit.undone import undone
from tests.kit.visits import BOOKED_AT, QUARTER_PAST, STARTS_AT, accepted, book, card_of

OWNER, MANAGER, FRONT_DESK, PROVIDER, BILLING, AUDITOR = Role
HEADS = {OWNER, MANAGER}
OFFICE = HEADS | {FRONT_DESK}
DESK = OFFICE | {PROVIDER}
ALL = set(Role)
HARBOR = "front desk of Harbor Point"
NOBODY = "nobody"
NONE: set[Role] = set()

SAME = ""  # an address about nothing in particular
BOOKED, ARRIVED, TREATED, DONE, MISSED, AHEAD = "booked", "arrived", "treated", "done", "missed", "ahead"
PAID, DECLINED, UNKNOWN, UNDECIDED, WAITING = "paid", "declined", "unknown", "undecided", "waiting"


A_STEP = {"step0-happens": "no_show", "step0-pays": "nothing"}
SETUP_LISTS = ("clinics", "providers", "services", "rooms", "staff", "online", "awaited-cards")
SETUP_NEW = ("clinic-new", "provider-new", "service-new", "room-new", "seat-new")
HOOKS = ("webhook", "webhook-secret", "webhook-test", "delivery", "delivery-again")
SETUP_ROWS = {"clinic": "clinic_id", "provider": "provider_id", "service": "service_id", "room": "resource_id", "seat": "seat_id"}


@dataclass(frozen=True)
class Row:
    """An address and a method: what it is about, what is sent, the answer to those who may, and to the others of the practice.

    What is about a visit is asked twice: of Tess Marrowby's at Elm Street, and of Petra Lindvall's at Harbor Point. A provider finds her
    own alone, the front desk of Harbor Point what is there alone; to them the other does not exist."""

    name: str
    method: str
    may: set[Role]
    answer: int = 200
    about: str = SAME
    verb: str = ""
    sent: Mapping[str, str] = field(default_factory=dict)
    otherwise: int = 403
    to_nobody: int = 302

    def __str__(self) -> str:
        return " ".join(filter(None, [self.method, self.name, self.verb, self.about, *self.sent.values()]))


def act(verb: str, about: str) -> Row:
    return Row("desk:act", "POST", DESK, 302, about, verb)


TABLE = [
    Row("desk:enter", "GET", ALL, 302),
    Row("desk:choose", "GET", ALL),
    Row("desk:choose", "POST", ALL, 302, sent={"practice": "{practice}"}),
    Row("desk:switch-clinic", "POST", ALL, 302, sent={"clinic": "{clinic}"}),
    Row("desk:theme", "POST", ALL, 302, sent={"theme": "dark"}),
    Row("desk:day", "GET", ALL - {BILLING}),
    Row("desk:feed", "GET", ALL - {BILLING}),
    Row("desk:new", "GET", DESK),
    Row("desk:new", "POST", DESK),
    Row("desk:block", "GET", DESK),
    Row("desk:block", "POST", DESK, 422),
    Row("desk:lift-block", "GET", ALL - {BILLING}, 200, BOOKED),
    Row("desk:lift-block", "POST", DESK, 302, BOOKED),
    Row("desk:day-sheet", "GET", ALL - {BILLING}),
    Row("desk:privacy", "POST", ALL, 302, sent={"initials": "on"}),
    Row("desk:settings", "GET", HEADS),
    Row("desk:front-desk-settings", "GET", HEADS),
    Row("desk:front-desk-settings", "POST", HEADS, 302, sent={"refund_limit": "50"}),
    Row("desk:calendar-settings", "GET", HEADS),
    Row("desk:calendar-settings", "POST", HEADS, 302, sent={"step_minutes": "15"}),
    *(Row(f"desk:{name}", "GET", HEADS) for name in (*SETUP_LISTS, *SETUP_NEW, *SETUP_ROWS)),
    Row("desk:clinics", "POST", HEADS, 302, sent={"name": "Juniper"}),
    *(Row(f"desk:{name}", "POST", HEADS, 422) for name in (*SETUP_NEW, *SETUP_ROWS)),
    Row("desk:online", "POST", HEADS, 302, sent={"lead_minutes": "60", "horizon_days": "30", "step_minutes": "15"}),
    Row("desk:online-switch", "POST", HEADS, 302, sent={"on": "no"}),
    Row("desk:online-code", "GET", HEADS),
    Row("desk:awaited-cards", "POST", HEADS, 302, sent={"within_hours": "24", "before_hours": "4", "without_card": "release"}),
    Row("desk:sign-in", "GET", HEADS),
    Row("desk:sign-in", "POST", HEADS, 302, sent={"idle_minutes": "10"}),
    *(Row(f"staff_{name}", "POST", HEADS, 302) for name in ("invite", "end_sessions", "reset_second_step")),
    Row("desk:letters", "GET", HEADS),
    Row("desk:letter", "GET", HEADS),
    Row("desk:letter", "POST", HEADS, 422),
    Row("desk:texts", "GET", HEADS),
    Row("desk:texts", "POST", HEADS, 422, sent={"text_from": "555"}),
    Row("desk:tokens", "GET", HEADS),
    Row("desk:tokens", "POST", HEADS, 422),
    Row("desk:token-revoke", "GET", HEADS),
    Row("desk:token-revoke", "POST", HEADS, 302),
    *(Row(f"desk:{name}", "GET", HEADS) for name in ("webhooks", "webhook-new", "webhook", "delivery")),
    *(Row(f"desk:{name}", "POST", HEADS, 422) for name in ("webhook-new", "webhook")),
    Row("desk:webhook-secret", "POST", HEADS),
    *(Row(f"desk:{name}", "POST", HEADS, 302) for name in ("webhook-test", "delivery-again")),
    Row("desk:services-starting-set", "POST", HEADS, 302),
    Row("desk:getting-started-hide", "POST", HEADS, 302),
    Row("desk:clinic-day-remove", "POST", HEADS, 302),
    Row("desk:exception-remove", "POST", HEADS, 302),
    Row("desk:panel", "GET", ALL - {BILLING}, 200, BOOKED),
    Row("desk:panel", "GET", ALL, 200, MISSED),
    Row("desk:acceptance", "GET", ALL - {BILLING}, 200, BOOKED),
    Row("desk:acceptance", "GET", ALL, 200, MISSED),
    Row("desk:reschedule", "GET", DESK, 200, BOOKED),
    Row("desk:reschedule", "POST", DESK, 302, BOOKED, sent={"confirm": "1", "asked": "patient", "start": "2026-10-20T16:00"}),
    Row("desk:move-back", "POST", DESK, 409, BOOKED),  # nothing to undo
    Row("desk:card-link", "POST", DESK, 200, AHEAD),
    Row("desk:accept-again", "POST", DESK, 409, AHEAD),  # nothing was accepted yet
    Row("desk:send-card-link", "POST", DESK, 302, AHEAD),
    Row("desk:manage-link", "POST", DESK, 200, MISSED),
    Row("desk:send-manage-link", "POST", DESK, 302, MISSED),
    Row("desk:call-list", "GET", ALL - {BILLING}),
    Row("desk:call", "GET", DESK, 200, AHEAD),
    Row("desk:call", "POST", DESK, 302, AHEAD, sent={"result": "no_answer"}),
    Row("desk:call-link", "POST", DESK, 200, AHEAD),
    Row("desk:card-given", "GET", ALL - {BILLING}, 302, AHEAD),
    act("check-in", BOOKED),
    act("undo-check-in", ARRIVED),
    act("start-treatment", ARRIVED),
    act("undo-start-treatment", TREATED),
    act("complete", BOOKED),
    act("reopen", DONE),
    act("confirm", BOOKED),
    Row("desk:act", "POST", NONE, 404, BOOKED, "vanish", otherwise=404),
    Row("desk:patients", "GET", ALL),
    Row("desk:patient-new", "GET", DESK),
    Row("desk:patient-new", "POST", DESK, 302, sent={"first_name": "Ada"}),
    Row("desk:patient", "GET", ALL),
    Row("desk:patient-appointments", "GET", ALL - {BILLING}),
    Row("desk:patient-invoices", "GET", ALL - {PROVIDER}),
    Row("desk:patient-cards", "GET", ALL),
    Row("desk:patient-notes", "GET", ALL),
    Row("desk:patient-messages", "GET", ALL),
    Row("desk:patient-history", "GET", ALL),
    Row("desk:patient-looks", "GET", HEADS | {AUDITOR}),
    Row("desk:patient-edit", "GET", DESK),
    Row("desk:patient-edit", "POST", DESK, 302, sent={"first_name": "Ada"}),
    Row("desk:patient-texts", "POST", DESK, 302, sent={"stop": "yes"}),
    Row("desk:patient-note", "GET", DESK),
    Row("desk:patient-note", "POST", DESK, 302, sent={"text": "Parks at the back."}),
    Row("desk:patient-export", "GET", HEADS),
    Row("desk:patient-export", "POST", HEADS),
    Row("desk:patient-erase", "GET", HEADS),
    Row("desk:patient-erase", "POST", HEADS, 422),
    Row("desk:patient-merge", "GET", HEADS),
    Row("desk:patient-merge", "POST", HEADS, 422),
    Row("desk:duplicates", "GET", HEADS),
    Row("desk:patient-tell-apart", "POST", HEADS, 404),
    Row("desk:patient-unmerge", "GET", NONE, 404, otherwise=404),
    Row("desk:patient-unmerge", "POST", NONE, 404, otherwise=404),
    Row("desk:card-take-off", "GET", DESK),
    Row("desk:card-take-off", "POST", DESK, 302),
    *(Row(f"desk:audit-{name}", "GET", HEADS | {AUDITOR}) for name in ("looks", "changes", "looks-csv", "changes-csv")),
    Row("desk:search", "GET", ALL),
    Row("noshows:list", "GET", ALL),
    Row("noshows:csv", "GET", ALL),
    Row("noshows:mark", "GET", DESK, 200, BOOKED),
    Row("noshows:mark", "POST", DESK, 302, BOOKED, sent={"charge_fee": "no"}),
    Row("noshows:mark", "POST", OFFICE, 302, BOOKED, sent={"charge_fee": "yes"}),  # a provider may not charge
    Row("noshows:cancelled", "GET", ALL),
    Row("noshows:cancelled-csv", "GET", ALL),
    Row("noshows:cancel", "GET", DESK, 200, AHEAD),
    Row("noshows:cancel", "POST", DESK, 302, AHEAD, sent={"asked": "clinic"}),
    Row("noshows:cancel-letter", "GET", DESK, 200, AHEAD),
    Row("noshows:entered-in-error", "GET", DESK, 200, BOOKED),
    Row("noshows:entered-in-error", "POST", DESK, 302, BOOKED, sent={"version": ""}),
    Row("noshows:fee-settings", "GET", HEADS),
    Row("noshows:fee-settings", "POST", HEADS, 302, sent={"breathing_space_minutes": "60", "decide_days": "14", "when_filled": "spare"}),
    Row("noshows:letter", "GET", DESK, 200, BOOKED),
    Row("noshows:fee", "GET", OFFICE | {BILLING}, 200, UNDECIDED, "charge"),
    Row("noshows:fee", "POST", OFFICE | {BILLING}, 302, UNDECIDED, "charge"),
    Row("noshows:fee", "POST", OFFICE | {BILLING}, 302, UNDECIDED, "spare", {"fee_reason": "Illness"}),
    Row("noshows:fee", "POST", OFFICE | {BILLING}, 302, WAITING, "charge_now"),
    Row("noshows:fee", "POST", OFFICE | {BILLING}, 302, MISSED, "unspare"),
    Row("noshows:fee", "POST", OFFICE | {BILLING}, 404, MISSED, "forgive", otherwise=404),
    Row("messaging:withdraw", "POST", DESK, 302, MISSED),
    *(Row(f"messaging:{act}", "POST", DESK, 409, MISSED) for act in ("again", "settle")),  # it has not gone yet
    *(
        Row("messaging:mail-reports", method, NONE, 404, otherwise=404, to_nobody=404) for method in ("GET", "POST")
    ),  # a secret of no account
    *(Row(f"messaging:{said}", "POST", NONE, 404, otherwise=404, to_nobody=404) for said in ("sms", "sms-status")),  # a signature
    Row("noshows:next", "POST", OFFICE | {BILLING}, 302, DECLINED, sent={"step": "retry"}),
    Row("noshows:evidence", "GET", ALL - {PROVIDER}, 404, PAID),  # nobody disputes it
    Row("noshows:evidence-zip", "GET", ALL - {PROVIDER}, 404, PAID),
    Row("noshows:keep-fee", "POST", OFFICE | {BILLING}, 302, DECLINED),
    Row("noshows:payment-link", "GET", OFFICE | {BILLING}, 200, DECLINED),
    Row("noshows:payment-link", "POST", OFFICE | {BILLING}, 200, DECLINED),
    Row("noshows:paid", "GET", ALL, 302, DECLINED),
    Row("noshows:late-arrival", "GET", OFFICE | {BILLING}, 409, ARRIVED),  # who came in time
    Row("noshows:late-arrival", "POST", OFFICE | {BILLING}, 409, ARRIVED),
    Row("noshows:outcome", "GET", ALL, 302, MISSED),
    Row("noshows:stays", "GET", DESK, 200, MISSED),
    Row("noshows:stays", "POST", DESK, 302, MISSED, sent={"note": "We looked."}),
    Row("noshows:restore", "GET", DESK, 200, MISSED),
    Row("noshows:restore", "POST", DESK, 302, MISSED),
    Row("noshows:restore", "POST", HEADS, 302, PAID, sent={"refund": "on"}),  # the front desk's limit is 0
    Row("billing:invoices", "GET", ALL - {PROVIDER}),
    Row("billing:invoice", "GET", ALL - {PROVIDER}, 200, PAID),
    Row("billing:refund", "GET", HEADS | {BILLING}, 200, PAID),
    Row("billing:refund", "POST", HEADS | {BILLING}, 302, PAID, sent={"how_much": "all", "reason": "Goodwill"}),
    Row("billing:csv", "GET", ALL - {PROVIDER}),
    Row("billing:receipt", "GET", ALL - {PROVIDER}, 200, PAID),
    Row("billing:receipt-pdf", "GET", ALL - {PROVIDER}, 200, PAID),
    Row("billing:credit-note-pdf", "GET", ALL - {PROVIDER}, 404, PAID),  # none yet
    Row("messaging:send-receipt", "POST", OFFICE | {BILLING}, 302, PAID),
    Row("billing:record", "GET", OFFICE | {BILLING}, 200, DECLINED),
    Row("billing:record", "POST", OFFICE | {BILLING}, 302, DECLINED, sent={"method": "cash"}),
    Row("billing:void", "GET", HEADS | {BILLING}, 200, DECLINED),
    Row("billing:void", "POST", HEADS | {BILLING}, 302, DECLINED, sent={"reason": "Kindness"}),
    Row("billing:keep", "GET", OFFICE | {BILLING}, 200, PAID),
    Row("billing:keep", "POST", OFFICE | {BILLING}, 302, PAID),
    Row("billing:ask-again", "POST", OFFICE | {BILLING}, 302, UNKNOWN),
    Row("billing:attention", "GET", ALL - {PROVIDER}),
    Row("billing:look-again", "POST", OFFICE | {BILLING}, 302),
    Row("billing:set-aside", "POST", OFFICE | {BILLING}, 302, sent={"why": "Refunded there"}),
    Row("billing:late-card-seen", "POST", OFFICE | {BILLING}, 302),
    Row("billing:account", "GET", HEADS),
    Row("billing:account", "POST", HEADS, 302, sent={"secret_key": "sk_test_1"}),
    Row("billing:account-check", "POST", HEADS, 302),
    Row("billing:webhook-secret", "POST", HEADS, 302, sent={"webhook_secret": "whsec_1"}),
    Row("billing:webhook-secret-retire", "POST", HEADS, 302),
    Row("billing:retry", "POST", OFFICE | {BILLING}, 302, DECLINED),
    Row("billing:webhook", "POST", NONE, 400, otherwise=400, to_nobody=400),  # the gateway's signature is its right
    Row("desk:policy", "GET", HEADS),
    *(Row(f"desk:policy{page}", "GET", HEADS) for page in ("", "-booking", "-texts", "-patients-view", "-version")),
    *(Row(f"desk:policy-{dialog}", "GET", HEADS) for dialog in ("row", "ask", "publish", "discard")),
    *(Row(f"desk:policy-{page}", "POST", HEADS, 422) for page in ("booking", "texts", "publish")),
    Row("desk:policy-row", "POST", HEADS, 302, sent={"use": "patients", "do": "save"} | A_STEP),
    Row("desk:policy-row-move", "POST", HEADS, 302, sent={"way": "up"}),
    Row("desk:policy-ask", "POST", HEADS, 302, sent={"asks": "card", "do": "save"}),
    Row("desk:policy-discard", "POST", HEADS, 302),
    Row("desk:policy-earlier", "GET", HEADS),
    Row("desk:policy-earlier", "POST", HEADS, 302),
    Row("desk:policy-start-from", "POST", HEADS, 302),
    Row("desk:policy-switch", "POST", HEADS, 302, sent={"on": "no"}),
    Row("booking:online", "GET", ALL, to_nobody=200),  # the clinic's public address
    Row("booking:online", "POST", ALL, 422, to_nobody=422),
    Row("booking:card-link", "GET", ALL, 302, AHEAD, to_nobody=302),  # whoever has the link
    Row("booking:card", "GET", NONE, 404, AHEAD, otherwise=404, to_nobody=404),  # only a browser that came by the link
    Row("booking:card", "POST", NONE, 404, AHEAD, otherwise=404, to_nobody=404),
    Row("booking:card-back", "GET", NONE, 404, AHEAD, otherwise=404, to_nobody=404),
    Row("booking:calendar-file", "GET", NONE, 404, AHEAD, otherwise=404, to_nobody=404),
    Row("booking:manage-link", "GET", ALL, 302, AHEAD, to_nobody=302),
    *(Row(f"booking:manage{page}", "GET", NONE, 404, AHEAD, otherwise=404, to_nobody=404) for page in ("", "-cancel", "-time")),
    *(
        Row(f"booking:manage-{act}", "POST", NONE, 404, AHEAD, otherwise=404, to_nobody=404)
        for act in ("confirm", "cancel", "time", "answer")
    ),
    Row("booking:pay-link", "GET", ALL, 302, DECLINED, to_nobody=302),
    Row("booking:pay", "GET", NONE, 404, DECLINED, otherwise=404, to_nobody=404),
    Row("booking:pay", "POST", NONE, 404, DECLINED, otherwise=404, to_nobody=404),
    Row("booking:pay-back", "GET", NONE, 404, DECLINED, otherwise=404, to_nobody=404),
]
OF_ALL_CLINICS = {"billing:look-again", "billing:set-aside"}  # what belongs to no clinic is not found by who has but one
HIDDEN_TO_PROVIDERS = {"billing:retry", "billing:ask-again"}  # a charge is known by its invoice, and she sees none
PUBLIC = {
    "billing:webhook",
    *("messaging:mail-reports", "messaging:sms", "messaging:sms-status"),
    "booking:online",
    "booking:calendar-file",
    *(f"booking:{name}{end}" for name in ("card", "pay") for end in ("", "-link", "-back")),
    *(f"booking:manage{end}" for end in ("", "-link", "-confirm", "-cancel", "-time", "-answer")),
}
OF_A_PATIENT = {row.name for row in TABLE if row.name.startswith("desk:patient")} - {"desk:patients", "desk:patient-new"}
OF_ONES_OWN = ("account_", "mfa_", "usersessions_")  # kept/accounts/tests
POST_ONLY = {row.name for row in TABLE} - {row.name for row in TABLE if row.method == "GET"}


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def seats(juniper: House, signed_in: Callable[[Member], Browser]) -> dict[str, Browser]:
    """The browsers of all who may ask: the six, one more who is limited to Harbor Point, and nobody."""
    user = User.objects.create(email="limited@example.com")
    limited = Member.objects.create(practice=juniper.practice, user=user, name="Limited", role=FRONT_DESK)
    MemberClinic.objects.create(practice=juniper.practice, member=limited, clinic=juniper.clinics["Harbor Point"])
    members = {str(role): juniper.members[role] for role in Role} | {HARBOR: limited}
    return {who: signed_in(member) for who, member in members.items()} | {NOBODY: Browser()}


def visit(juniper: House, state: str, provider: str, clinic: str, patient: int) -> Appointment:
    """A visit in that state, its card given; `ahead` is one that can still be asked for a card."""
    desk = juniper.members[FRONT_DESK]
    booked = booking.book(
        clinic=juniper.clinics[clinic],
        provider=juniper.providers[provider],
        patient=juniper.patients[patient],
        services=[juniper.services["Lip filler"]],
        starts_at=STARTS_AT.replace(day=16 if state == AHEAD else 14),
        by=desk,
        at=BOOKED_AT,
    )
    if state == AHEAD:
        return booked
    found = accepted(booked, card_of(juniper.patients[patient]))
    if state in (ARRIVED, TREATED):
        found = attendance.check_in(found, by=desk, at=STARTS_AT)
    if state == TREATED:
        found = attendance.start_treatment(found, by=desk, at=STARTS_AT)
    if state == DONE:
        found = attendance.complete(found, by=desk, at=STARTS_AT)
    if state == MISSED:
        found = noshows.mark(found, charge_fee=False, by=desk, at=QUARTER_PAST)
    if state == UNDECIDED:
        seat = Member(practice=juniper.practice, role=PROVIDER, provider=found.provider, pk=juniper.members[PROVIDER].pk, name="")
        found = noshows.mark(found, charge_fee=None, by=seat, at=QUARTER_PAST)
    if state == WAITING:
        Settings.objects.update(breathing_space_minutes=60)
        found = noshows.mark(Appointment.objects.locked(found), charge_fee=True, by=desk, at=QUARTER_PAST)
    if state in (PAID, DECLINED, UNKNOWN):
        marked(found, state, by=desk)
    return found


def address(row: Row, juniper: House, subject: Appointment | None) -> str:
    return reverse(row.name, kwargs=ids(row.name, juniper, subject) | ({"verb": row.verb} if row.verb else {}))


def ids(name: str, juniper: House, subject: Appointment | None) -> dict[str, Any]:
    """What the address is about, as its pattern calls it."""
    patient = juniper.patients[0]
    if name in ("desk:online-switch", "desk:online-code"):
        return {"clinic_id": juniper.clinics["Elm Street"].pk}
    if name == "desk:card-take-off":
        return {"patient_id": patient.pk, "card_id": card_of(patient).pk}
    if name == "desk:patient-unmerge":
        return {"patient_id": patient.pk, "merge_id": patient.pk}
    if name in OF_A_PATIENT:
        return {"patient_id": patient.pk}
    if name.startswith("staff_"):
        return {"seat_id": juniper.members[FRONT_DESK].pk}
    if name == "billing:late-card-seen":
        return {"capture_id": too_late(juniper).pk}
    if name in OF_ALL_CLINICS:
        return {"event_id": parked(juniper).pk}
    if name.startswith("desk:") and name.removeprefix("desk:") in (
        *SETUP_ROWS,
        "clinic-day-remove",
        "exception-remove",
        "token-revoke",
        *HOOKS,
    ):
        return set_up(name.removeprefix("desk:"), juniper)
    if subject is None:
        return {
            **dict.fromkeys(("billing:webhook", "messaging:sms"), {"slug": "juniper"}),
            "messaging:sms-status": {"slug": "juniper", "message_id": patient.pk},
            "desk:letter": {"letter": "moved"},
            "booking:online": {"practice": "juniper", "clinic": "elm-street"},
            **dict.fromkeys(("desk:policy-version", "desk:policy-start-from"), {"number": 3}),
            **dict.fromkeys(("desk:policy-row", "desk:policy-row-move", "desk:policy-ask"), {"key": "new"}),
        }.get(name, {})
    if name == "desk:lift-block":
        return {"block_id": blocked(juniper, subject).pk}
    if name in HIDDEN_TO_PROVIDERS:
        return {"charge_id": subject.charges.get().pk}
    if name == "billing:credit-note-pdf":
        return {"invoice_id": subject.invoices.get().pk, "note_id": juniper.practice.pk}
    if name.startswith(("billing:", "noshows:evidence")) or name == "messaging:send-receipt":
        return {"invoice_id": subject.invoices.get().pk}
    if name in ("booking:card-link", "booking:manage-link", "booking:pay-link"):
        return {"token": token(name, juniper, subject)}
    if name == "noshows:stays":
        said = {"practice": juniper.practice, "appointment": subject, "kind": "here"}
        return {"answer_id": Answer.objects.get_or_create(**said, defaults={"at": QUARTER_PAST})[0].pk}
    if name.startswith("messaging:"):
        return {"message_id": subject.messages.get().pk}
    return {"link_id" if name.startswith("booking:") else "appointment_id": subject.pk}


def set_up(name: str, juniper: House) -> dict[str, Any]:
    """What a page of setting up is about."""
    elm, tess = juniper.clinics["Elm Street"], juniper.providers["Tess Marrowby"]
    day = STARTS_AT.date()
    if name == "clinic-day-remove":
        return {"day_id": OpeningHours.objects.get_or_create(practice=juniper.practice, clinic=elm, on=day)[0].pk}
    if name == "exception-remove":
        off = {"kind": "off", "first_on": day, "last_on": day}
        return {"exception_id": ScheduleException.objects.get_or_create(practice=juniper.practice, provider=tess, **off)[0].pk}
    if name in HOOKS:
        about = {"url": "https://example.com/", "kinds": ["charge.failed"], "endpoint_id": new_id()}
        endpoint, _secret = add_endpoint(**about, by=juniper.members[OWNER], at=BOOKED_AT)
        sent = send_test(endpoint, by=juniper.members[OWNER], at=BOOKED_AT)
        return {"delivery_id": sent.pk} if name.startswith("delivery") else {"endpoint_id": endpoint.pk}
    if name == "token-revoke":
        issue_key(juniper.members[FRONT_DESK], "a program", scopes=[], at=BOOKED_AT)
        return {"key_id": ApiKey.objects.latest("created_at").pk}
    rows = {"clinic": elm, "provider": tess, "service": juniper.services["Lip filler"], "seat": juniper.members[FRONT_DESK]}
    return {SETUP_ROWS[name]: (rows.get(name) or Resource.objects.get(clinic=elm, name="Room 1")).pk}


def too_late(juniper: House) -> CardCapture:
    """A card that came when the time was another's."""
    visit = book(juniper, starts_at=STARTS_AT + timedelta(days=40))
    Appointment.objects.filter(pk=visit.pk).update(channel="online")
    return CardCapture.objects.create(
        practice=juniper.practice, appointment=visit, patient=visit.patient, key="late", created_at=QUARTER_PAST, state="too_late"
    )


def parked(juniper: House) -> GatewayEvent:
    about = {"event_id": str(new_id()), "kind": "payment_intent.succeeded", "body": {"data": {"object": {"id": "pi_lost"}}}}
    return GatewayEvent.objects.create(practice=juniper.practice, **about, received_at=QUARTER_PAST, state="parked")


def token(name: str, juniper: House, subject: Appointment) -> str:
    owner = juniper.members[OWNER]
    if name == "booking:pay-link":
        return paying.payment_link(subject.charges.get(), by=owner, at=QUARTER_PAST).split("/")[-2]
    if name == "booking:manage-link":
        return manage_token(subject, at=QUARTER_PAST)
    return cards.card_link(subject, by=owner, at=QUARTER_PAST).split("/")[-2]


def blocked(juniper: House, subject: Appointment) -> Block:
    """An hour on the next day of the one who has that visit."""
    times = {"starts_at": STARTS_AT.replace(day=15), "ends_at": STARTS_AT.replace(day=15, hour=20)}
    return block_time(subject.provider.resource, subject.clinic, **times, why="", by=juniper.members[OWNER], at=QUARTER_PAST)


def answers(row: Row, juniper: House, seats: Mapping[str, Browser], subject: Appointment | None) -> dict[str, int]:
    """What each is answered; what she changed is taken back before the next one asks."""
    path, here = address(row, juniper, subject), {"practice": str(juniper.practice.pk), "clinic": str(juniper.clinics["Harbor Point"].pk)}
    sent = {"window_hours": "24", "late_minutes": "15"} | {key: value.format(**here) for key, value in row.sent.items()}
    found = {}
    for who, browser in seats.items():
        with undone(browser):
            found[who] = (browser.post(path, sent) if row.method == "POST" else browser.get(path)).status_code
    return found


def expected(row: Row, place: str = SAME) -> dict[str, int]:
    """As the table says it, for what is at that place."""
    due = {str(role): row.answer if role in row.may else row.otherwise for role in Role} | {NOBODY: row.to_nobody}
    due[HARBOR] = 404 if row.name in {*OF_ALL_CLINICS, "billing:late-card-seen"} else due[FRONT_DESK]
    if row.name in HIDDEN_TO_PROVIDERS:
        due[PROVIDER] = 404
    if row.name in PUBLIC or not place:
        return due
    return due | ({HARBOR: 404} if place == "Elm Street" else {str(PROVIDER): 404})


@pytest.mark.parametrize("row", [row for row in TABLE if not row.about], ids=str)
def test_who_may(juniper: House, seats: dict[str, Browser], row: Row) -> None:
    assert answers(row, juniper, seats, None) == expected(row)


@pytest.mark.parametrize("row", [row for row in TABLE if row.about], ids=str)
def test_who_may_at_her_own_and_in_her_clinic(juniper: House, seats: dict[str, Browser], row: Row) -> None:
    tesss = visit(juniper, row.about, "Tess Marrowby", "Elm Street", 0)
    petras = visit(juniper, row.about, "Petra Lindvall", "Harbor Point", 1)

    assert answers(row, juniper, seats, tesss) == expected(row, "Elm Street")
    assert answers(row, juniper, seats, petras) == expected(row, "Harbor Point")


def test_every_address_has_its_row() -> None:
    assert {row.name for row in TABLE} == set(named(get_resolver()))


def named(resolver: URLResolver, within: str = "") -> Iterator[str]:
    """The names of all addresses but those of the API, which has its own table, and of one's own account (kept/accounts/tests)."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "api":
                yield from named(pattern, f"{pattern.namespace}:" if pattern.namespace else within)
        elif isinstance(pattern, URLPattern) and pattern.name and not pattern.name.startswith(OF_ONES_OWN):
            yield within + pattern.name


def test_what_changes_something_is_never_done_by_a_get(juniper: House, leonora: Member, signed_in: Callable[[Member], Browser]) -> None:
    subject = visit(juniper, PAID, "Tess Marrowby", "Elm Street", 0)
    browser = signed_in(leonora)

    rows = {row.name: row for row in TABLE if row.name in POST_ONLY}
    given = {name: browser.get(address(row, juniper, subject if row.about else None)).status_code for name, row in rows.items()}

    assert given == dict.fromkeys(rows, 405)
    assert set(rows) == {
        *("desk:clinic-day-remove", "desk:exception-remove", "desk:getting-started-hide", "desk:services-starting-set"),
        *("desk:webhook-secret", "desk:webhook-test", "desk:delivery-again"),
        *(
            "desk:accept-again",
            "desk:act",
            "desk:call-link",
            "desk:card-link",
            "desk:move-back",
            "desk:privacy",
            "desk:send-card-link",
            "desk:manage-link",
            "desk:send-manage-link",
            "desk:online-switch",
            "desk:switch-clinic",
            "desk:theme",
            "desk:patient-texts",
        ),
        *(
            "messaging:send-receipt",
            "messaging:withdraw",
            "messaging:again",
            "messaging:settle",
            "messaging:sms",
            "messaging:sms-status",
            "noshows:next",
            "noshows:keep-fee",
            "billing:ask-again",
            "billing:retry",
            "billing:webhook",
            "billing:look-again",
            "billing:set-aside",
            "billing:late-card-seen",
            "billing:account-check",
            "billing:webhook-secret",
            "billing:webhook-secret-retire",
            "booking:manage-confirm",
            "booking:manage-answer",
        ),
        *("desk:policy-switch", "desk:policy-row-move", "desk:policy-start-from", "desk:patient-tell-apart"),
        *("staff_invite", "staff_end_sessions", "staff_reset_second_step"),
    }


@pytest.mark.parametrize("row", [row for row in TABLE if row.method == "POST" and row.name not in PUBLIC], ids=str)
def test_another_sites_form_changes_nothing(juniper: House, leonora: Member, signed_in: Callable[[Member], Browser], row: Row) -> None:
    subject = visit(juniper, row.about, "Tess Marrowby", "Elm Street", 0) if row.about else None
    browser = signed_in(leonora)
    browser.handler.enforce_csrf_checks = True

    assert browser.post(address(row, juniper, subject), row.sent).status_code == 403


def test_rights_are_read_anew_with_each_request(odette: Member, signed_in: Callable[[Member], Browser]) -> None:
    browser = signed_in(odette)
    first = browser.get(reverse("billing:invoices")).status_code

    Member.objects.filter(pk=odette.pk).update(role=PROVIDER)

    assert (first, browser.get(reverse("billing:invoices")).status_code) == (200, 403)
