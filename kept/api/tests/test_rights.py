"""The table of roles over the calls: who may, who sees her own, and who is told that she may not."""

from collections.abc import Callable
from typing import Any

import pytest

import kept.billing.transitions.charging as charging
import kept.noshows.transitions.attendance as noshows
from kept.api.tests.conftest import Caller, problem
from kept.billing.gateways.facts import IntentFacts
from kept.billing.models import Charge, Invoice
from kept.foundation.ids import new_id
from kept.noshows.models import Answer
from kept.noshows.transitions import answering
from kept.ops.cast import House
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from kept.webhooks.transitions import add_endpoint, send_test
from tests.kit.visits import QUARTER_PAST

ALL = set(Role)
HEADS = {Role.OWNER, Role.MANAGER}
OFFICE = HEADS | {Role.FRONT_DESK}
DESK = OFFICE | {Role.PROVIDER}

PAUSE = {"start": "2026-10-16T12:00:00-04:00", "end": "2026-10-16T13:00:00-04:00"}

# A call, what it sends, in which status it finds the appointment, and the roles that may.
CALLS: list[tuple[str, str, Any, str, set[Role]]] = [
    ("GET", "/appointments", None, "booked", ALL - {Role.BILLING}),
    ("GET", "/appointments/{appointment}", None, "booked", ALL - {Role.BILLING}),
    ("GET", "/appointments/{appointment}", None, "noshow", ALL),
    ("GET", "/appointments/{appointment}/acceptance", None, "booked", ALL - {Role.BILLING}),
    ("GET", "/appointments/{appointment}/acceptance", None, "noshow", ALL),
    ("POST", "/appointments", "wish", "booked", DESK),
    ("POST", "/appointments/{appointment}/check-in", None, "booked", DESK),
    ("POST", "/appointments/{appointment}/undo-check-in", None, "arrived", DESK),
    ("POST", "/appointments/{appointment}/start-treatment", None, "arrived", DESK),
    ("POST", "/appointments/{appointment}/complete", None, "booked", DESK),
    ("POST", "/appointments/{appointment}/reopen", None, "fulfilled", DESK),
    ("POST", "/appointments/{appointment}/confirm", None, "booked", DESK),
    ("POST", "/appointments/{appointment}/entered-in-error", None, "booked", DESK),
    ("POST", "/appointments/{appointment}/reschedule", {"by": "patient", "start": "2026-10-20T10:00:00-04:00"}, "booked", DESK),
    ("POST", "/appointments/{appointment}/manage-link", {"notify": True}, "noshow", DESK),
    ("POST", "/appointments/{appointment}/no-show", {"charge_fee": False}, "booked", DESK),
    ("POST", "/appointments/{appointment}/no-show", {"charge_fee": True}, "booked", OFFICE),
    ("POST", "/appointments/{appointment}/restore", None, "noshow", DESK),
    ("GET", "/no-shows", None, "noshow", ALL),
    ("GET", "/no-shows/summary", None, "noshow", ALL),
    ("GET", "/no-shows.csv", None, "noshow", ALL),
    ("GET", "/cancelled", None, "cancelled", ALL),
    ("GET", "/cancelled.csv", None, "cancelled", ALL),
    ("GET", "/messages", None, "noshow", ALL),
    ("GET", "/attention", None, "booked", ALL - {Role.PROVIDER}),
    ("POST", "/attention/answers/{answer}", {"outcome": "stays", "note": "We looked."}, "noshow", DESK),
    ("GET", "/invoices", None, "booked", ALL - {Role.PROVIDER}),
    ("GET", "/patients", None, "booked", ALL),
    ("POST", "/patients", {"first_name": "Ada"}, "booked", DESK),
    ("GET", "/patients/{patient}", None, "booked", ALL),
    ("PATCH", "/patients/{patient}", {"first_name": "Ada"}, "booked", DESK),
    ("GET", "/patients/{patient}/notes", None, "booked", ALL),
    ("POST", "/patients/{patient}/notes", {"text": "Parks at the back."}, "booked", DESK),
    ("GET", "/patients/{patient}/cards", None, "booked", ALL),
    ("DELETE", "/patients/{patient}/cards/{card}", None, "booked", DESK),
    ("GET", "/clinics", None, "booked", ALL),
    ("GET", "/providers", None, "booked", ALL),
    ("GET", "/services", None, "booked", ALL),
    ("GET", "/resources", None, "booked", ALL),
    ("GET", "/clinics?active=false", None, "booked", HEADS),
    ("GET", "/clinics/{clinic}", None, "booked", ALL),
    ("GET", "/providers/{provider}", None, "booked", ALL),
    ("GET", "/services/{service}", None, "booked", ALL),
    ("POST", "/clinics", {"name": "Mill Lane", "zone": "America/Denver", "currency": "USD"}, "booked", HEADS),
    ("POST", "/providers", "a newcomer", "booked", HEADS),
    ("POST", "/services", {"name": "Lips", "minutes": 30, "price": {"minor": 0, "currency": "USD"}}, "booked", HEADS),
    ("PATCH", "/clinics/{clinic}", {"name": "Elm"}, "booked", HEADS),
    ("PATCH", "/providers/{provider}", {"title": "NP"}, "booked", HEADS),
    ("PATCH", "/services/{service}", {"minutes": 50}, "booked", HEADS),
    ("GET", "/online-booking", None, "booked", HEADS),
    ("PATCH", "/online-booking", {"lead_minutes": 60}, "booked", HEADS),
    ("GET", "/webhooks", None, "booked", HEADS),
    ("POST", "/webhooks", {"url": "https://example.com/kept", "events": ["charge.failed"]}, "booked", HEADS),
    ("GET", "/webhooks/{endpoint}", None, "booked", HEADS),
    ("PATCH", "/webhooks/{endpoint}", {"active": False}, "booked", HEADS),
    ("POST", "/webhooks/{endpoint}/secret", None, "booked", HEADS),
    ("POST", "/webhooks/{endpoint}/test", None, "booked", HEADS),
    ("GET", "/webhooks/{endpoint}/messages", None, "booked", HEADS),
    ("GET", "/webhooks/messages/{delivery}", None, "booked", HEADS),
    ("POST", "/webhooks/messages/{delivery}/send-again", None, "booked", HEADS),
    ("GET", "/blocks", None, "booked", ALL - {Role.BILLING}),
    ("POST", "/blocks", "a pause", "booked", DESK),
    ("GET", "/availability?{asked}", None, "booked", ALL - {Role.BILLING}),
    ("GET", "/policies", None, "booked", ALL - {Role.BILLING}),
    ("PATCH", "/policies", {"fees_on": False}, "booked", HEADS),
    ("GET", "/policies/draft", None, "booked", HEADS),
    ("PATCH", "/policies/draft", {"description": "d"}, "booked", HEADS),
    ("DELETE", "/policies/draft", None, "booked", HEADS),
    ("POST", "/policies/draft/publish", {"what_changed": "w", "based_on": 3}, "booked", HEADS),
]


def call(program: Caller, method: str, path: str, sent: Any) -> Any:
    if method in ("POST", "PATCH"):
        return program.post(path, sent) if method == "POST" else program.patch(path, sent)
    return program.delete(path) if method == "DELETE" else program.get(path)


def hook(juniper: House) -> dict[str, Any]:
    """An endpoint, and a message to it."""
    about = {"url": "https://example.com/", "kinds": ["charge.failed"], "endpoint_id": new_id()}
    endpoint, _secret = add_endpoint(**about, by=juniper.members[Role.OWNER], at=QUARTER_PAST)
    return {"endpoint": endpoint.pk, "delivery": send_test(endpoint, by=juniper.members[Role.OWNER], at=QUARTER_PAST).pk}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("method", "path", "sent", "status", "who"), CALLS)
def test_who_may(
    caller: Callable[..., Caller],
    juniper: House,
    appointment_that_is: Callable[[str], Appointment],
    wish: dict[str, Any],
    method: str,
    path: str,
    sent: Any,
    status: str,
    who: set[Role],
    role: Role,
) -> None:
    appointment = appointment_that_is(status)
    program = caller(juniper.members[role])

    pause = {"clinic": wish["clinic"], "provider": wish["provider"]} | PAUSE
    bodies = {"wish": wish, "a pause": pause, "a newcomer": {"name": "Ada Quill", "clinics": [wish["clinic"]]}}
    asked = f"clinic={wish['clinic']}&service={wish['services'][0]}"
    body = bodies[sent] if isinstance(sent, str) else sent

    ids = {"appointment": appointment.pk, "patient": appointment.patient_id, "card": appointment.acceptance.card_id}
    ids |= hook(juniper)
    if status == "noshow":
        ids |= {"answer": answering.say(appointment, Answer.Kind.HERE, "", at=QUARTER_PAST).pk}
    ids |= {"clinic": wish["clinic"], "provider": appointment.provider_id, "service": wish["services"][0]}
    answer = call(program, method, path.format(**ids, asked=asked), body)

    assert answer.status_code in (200, 201, 204) if role in who else problem(answer) == (403, "not_permitted")
    if method == "POST" and role not in who:
        appointment.refresh_from_db()
        assert appointment.status == status


INVOICE_CALLS: list[tuple[str, str, Any, str, set[Role]]] = [
    ("GET", "/invoices/{invoice}", None, "paid", ALL - {Role.PROVIDER}),
    ("POST", "/invoices/{invoice}/refunds", {"reason": "Goodwill"}, "paid", {Role.OWNER, Role.MANAGER, Role.BILLING}),
    ("POST", "/invoices/{invoice}/retry", None, "declined", OFFICE | {Role.BILLING}),
    ("POST", "/invoices/{invoice}/payment-link", None, "declined", OFFICE | {Role.BILLING}),
    ("POST", "/appointments/{appointment}/payment-link", None, "declined", OFFICE | {Role.BILLING}),
    ("POST", "/invoices/{invoice}/record-payment", {"method": "cash"}, "declined", OFFICE | {Role.BILLING}),
    ("POST", "/invoices/{invoice}/void", {"reason": "Kindness"}, "declined", {Role.OWNER, Role.MANAGER, Role.BILLING}),
    ("POST", "/invoices/{invoice}/send-receipt", None, "paid", OFFICE | {Role.BILLING}),
    ("POST", "/invoices/{invoice}/keep", None, "paid", OFFICE | {Role.BILLING}),
]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("method", "path", "sent", "outcome", "who"), INVOICE_CALLS)
def test_who_may_with_money(
    caller: Callable[..., Caller],
    juniper: House,
    appointment: Appointment,
    method: str,
    path: str,
    sent: Any,
    outcome: str,
    who: set[Role],
    role: Role,
) -> None:
    noshows.mark(appointment, charge_fee=True, by=juniper.members[Role.FRONT_DESK], at=QUARTER_PAST)
    charge = Charge.objects.get()
    charging.begin(charge.pk, at=QUARTER_PAST)
    paid = IntentFacts("pi_1", "succeeded", captured_minor=7500, gateway_charge_id="ch_1")
    declined = IntentFacts("pi_1", "requires_payment_method", error_code="card_declined", decline_code="generic_decline")
    charging.settle(charge.pk, paid if outcome == "paid" else declined, at=QUARTER_PAST, attempt=1)

    answer = call(caller(juniper.members[role]), method, path.format(invoice=Invoice.objects.get().pk, appointment=appointment.pk), sent)

    assert answer.status_code in (200, 201) if role in who else problem(answer) == (403, "not_permitted")


def test_a_providers_rights_end_at_her_own(caller: Callable[..., Caller], juniper: House, wish: dict[str, Any]) -> None:
    desk, tess = caller(juniper.members[Role.FRONT_DESK]), caller(juniper.members[Role.PROVIDER])
    priyas = desk.post("/appointments", wish | {"provider": str(juniper.providers["Priya Ramsethi"].pk)}).json()["id"]

    unknown = tess.post(f"/appointments/{'0' * 32}/check-in")
    hidden = tess.post(f"/appointments/{priyas}/check-in")

    assert problem(hidden) == (404, "not_found")
    assert hidden.content == unknown.content


PATHS = [
    "",
    "/no-show",
    "/restore",
    "/check-in",
    "/undo-check-in",
    "/start-treatment",
    "/complete",
    "/reopen",
    "/confirm",
    "/card-link",
    "/payment-link",
]


@pytest.mark.parametrize("role", Role)
def test_another_practices_appointment_is_as_unknown_whoever_asks(
    caller: Callable[..., Caller], quinta: House, appointment: Appointment, role: Role
) -> None:
    theirs = caller(quinta.members[role])

    for path in PATHS:
        method, sent = ("POST", {"charge_fee": False} if path == "/no-show" else None) if path else ("GET", None)
        hidden, unknown = (call(theirs, method, f"/appointments/{id_}{path}", sent) for id_ in (appointment.pk, "0" * 32))
        assert problem(hidden) == (404, "not_found")
        assert hidden.content == unknown.content

    appointment.refresh_from_db()
    assert appointment.status == "booked"
