"""Nothing of one practice reaches another (R24, I8). Every text column of Juniper's rows is planted with a canary; then all of Quinta's
people, and nobody, ask every address with Juniper's ids in path, query and body. No canary sings, and the answer is the one that an id
gets which never was."""

import base64
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import stripe
from django.apps import apps
from django.db import models
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver

import kept.billing.transitions.cards as cards
import kept.billing.transitions.charging as charging
import kept.billing.transitions.disputing as disputing
import kept.billing.transitions.refunding as refunding
import kept.noshows.transitions.attendance as noshows
import kept.policies.transitions as policies
import kept.scheduling.transitions.booking as booking
from kept.billing.gateways.facts import DisputeFacts, IntentFacts, RefundFacts
from kept.billing.models import CardCapture, Charge, CreditNote, CustomerErasure, Dispute, GatewayEvent, InvoiceLine, Payment
from kept.events import journal
from kept.foundation.ids import new_id
from kept.foundation.models import OfPractice
from kept.foundation.money import Money
from kept.foundation.scope import outside, scope
from kept.messaging.models import Letter, Message, TextStop, Wording
from kept.noshows.models import Answer
from kept.ops.cast import House
from kept.patients.models import Card, Link, Merge, Note, Patient
from kept.policies import drafts
from kept.policies.document import Conditions, Document, Row, flat
from kept.practice.models import (
    ApiKey,
    Clinic,
    GatewayAccount,
    Idempotency,
    Member,
    OpeningHours,
    Provider,
    Resource,
    ScheduleException,
    Service,
    Settings,
)
from kept.practice.rules import Role
from kept.practice.transitions import issue_key
from kept.scheduling.models import Appointment, Block
from kept.webhooks.models import Attempt, Delivery, Endpoint
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.money import marked
from tests.kit.undone import undone
from tests.kit.visits import ACCEPTED_AT, BOOKED_AT, QUARTER_PAST, STARTS_AT, accepted, book, card_of

CANARY = "xq7canary"
HOUR_LATER = QUARTER_PAST.replace(hour=20)
NEVER = UUID("00000000-0000-7000-8000-00000000dead")

# Text that is a code, a hash or a key of ours, and says nothing of anybody. A new column is planted, or argued for here.
CODES = {
    *("Appointment.external_id", "Patient.external_id"),  # numbers of an import
    *("Acceptance.text_hash", "Acceptance.fees", "ApiKey.secret_hash", "Idempotency.request_hash", "Link.token_hash", "Tries.key"),
    *("Acceptance.currency", "Acceptance.locale", "Charge.currency", "Clinic.currency", "CreditNote.currency", "Fee.currency"),
    *("Invoice.currency", "InvoiceLine.currency", "Line.currency", "Payment.currency", "PolicyVersion.currency", "Refund.currency"),
    *("Dispute.currency", "Draft.currency", "Dispute.status"),
    *("Service.currency", "Settings.currency", "Clinic.zone_name", "Counter.name", "ApiKey.scopes"),
    *("Card.brand", "Card.last4", "Charge.create_key", "Charge.confirm_key", "Refund.key", "CardCapture.key"),
    *("Event.kind", "Trait.kind", "Event.subject_kind", "Event.actor", "Event.source", "Access.actor", "Access.source"),
    "Merge.moved",
    *("Fee.why_not", "GatewayEvent.kind", "Delivery.kind", "Message.arrival_code"),
    *("GatewayAccount.account_id", "GatewayAccount.country", "GatewayAccount.currency", "GatewayAccount.key_ending"),
}


@dataclass(frozen=True)
class Ids:
    """The ids that an address, a query or a body may name."""

    practice: Any
    clinic: Any
    provider: Any
    patient: Any
    appointment: Any
    invoice: Any
    charge: Any
    refund: Any
    link: Any
    version: Any
    capture: Any
    message: Any
    card: Any
    block: Any
    service: Any
    event: Any
    note: Any
    resource: Any
    seat: Any
    key: Any
    endpoint: Any
    delivery: Any
    day: Any
    exception: Any
    answer: Any
    number: int
    token: str

    def hide(self, text: str) -> str:
        """The text without them: two answers to different ids are then the same."""
        for value in (self.token, *vars(self).values()):
            if isinstance(value, UUID):
                text = text.replace(str(value), "ID").replace(value.hex, "ID")
        text = (
            text.replace(self.cursor.rstrip("="), "CURSOR")
            .replace(self.name_cursor.rstrip("="), "CURSOR")
            .replace(self.token.partition(".")[2], "SECRET")
        )
        return text.replace(f"/{self.number}/", "/NUMBER/")

    @property
    def name_cursor(self) -> str:
        """The same for a list by name."""
        return base64.urlsafe_b64encode(json.dumps(["", str(self.patient)]).encode()).decode()

    @property
    def cursor(self) -> str:
        """As a list's next page would be asked for after that appointment."""
        return base64.urlsafe_b64encode(f"{STARTS_AT.isoformat()}|{self.appointment}".encode()).decode()


THINGS = (
    "practice",
    "clinic",
    "provider",
    "patient",
    "appointment",
    "invoice",
    "charge",
    "refund",
    "link",
    "version",
    "capture",
    "message",
    "card",
    "block",
    "service",
    "event",
    "note",
    "resource",
    "seat",
    "key",
    "endpoint",
    "delivery",
    "day",
    "exception",
    "answer",
)
UNKNOWN = Ids(**dict.fromkeys(THINGS, NEVER), **{"number": 987_654, "token": f"{NEVER.hex}.{'x' * 43}"})


@pytest.fixture(autouse=True)
def an_hour_later() -> Iterator[None]:
    with clock_at(HOUR_LATER):
        yield


@pytest.fixture
def planted(juniper: House) -> Ids:
    """Juniper with a canary in everything that somebody wrote or that says who somebody is."""
    desk, owner = juniper.members[Role.FRONT_DESK], juniper.members[Role.OWNER]
    _rename(juniper)
    for_canaries = Row(conditions=Conditions(categories=(CANARY,)), steps=flat(9000).rows[0].steps)
    version = policies.publish(
        description=CANARY, authorization_text=CANARY, what_changed=CANARY, currency="USD",
        terms=Document(rows=(for_canaries, *flat(9000).rows)), by=owner, at=BOOKED_AT,
    )  # fmt: skip
    drafts.write_draft(description=f"{CANARY}, a draft", by=owner, at=BOOKED_AT)
    Wording.objects.create(
        practice=owner.practice, letter=Letter.MOVED, title=CANARY, text=f"{CANARY} {{what}}", short=f"{CANARY} {{what}}"
    )
    TextStop.objects.create(practice=owner.practice, number=CANARY, at=HOUR_LATER)
    issue_key(owner, CANARY, scopes=[], at=BOOKED_AT)
    appointment = _booked(juniper)
    token = cards.card_link(appointment, by=desk, at=BOOKED_AT).split("/")[-2]
    capture = cards.begin(appointment, version_id=str(version.pk), origin=cards.Origin("203.0.113.9", CANARY), at=ACCEPTED_AT)
    CardCapture.objects.update(session_id=CANARY, payment_method_id=CANARY)
    card = card_of(appointment.patient)
    Card.objects.update(payment_method_id=CANARY, gateway_customer_id=CANARY)
    Patient.objects.filter(pk=appointment.patient_id).update(gateway_customer_id=CANARY)
    cards.accept(capture, card, setup_intent_id=CANARY, at=ACCEPTED_AT)
    charge, refund = _charged_and_refunded(Appointment.objects.locked(appointment), desk, owner)
    _rest(juniper, charge)
    return Ids(
        practice=juniper.practice.pk,
        clinic=appointment.clinic_id,
        provider=appointment.provider_id,
        patient=appointment.patient_id,
        appointment=appointment.pk,
        invoice=charge.invoice_id,
        charge=charge.pk,
        refund=refund,
        link=Link.objects.get().pk,
        version=version.pk,
        capture=capture.pk,
        message=Message.objects.filter(key=CANARY).get().pk,
        card=card.pk,
        block=Block.objects.get().pk,
        service=Service.objects.get(name=CANARY).pk,
        event=GatewayEvent.objects.get(event_id=CANARY).pk,
        note=CreditNote.objects.filter(why=CANARY).latest("number").pk,
        resource=Resource.objects.filter(clinic=appointment.clinic_id).first().pk,  # type: ignore[union-attr]
        seat=desk.pk,
        key=ApiKey.objects.get(name=CANARY).pk,
        endpoint=Endpoint.objects.get().pk,
        delivery=Delivery.objects.get().pk,
        day=OpeningHours.objects.get(why=CANARY).pk,
        exception=ScheduleException.objects.get(why=CANARY).pk,
        answer=Answer.objects.get().pk,
        number=version.number,
        token=token,
    )


def _rename(juniper: House) -> None:
    renata = Patient.objects.get(pk=juniper.patients[0].pk)
    renata.first_name = renata.last_name = renata.phone = renata.alert = CANARY
    renata.email = f"{CANARY}@example.com"
    renata.save()
    Note.objects.create(practice=juniper.practice, patient=renata, text=CANARY, by=juniper.members[Role.OWNER], at=BOOKED_AT)
    tess = juniper.providers["Tess Marrowby"]
    Provider.objects.filter(pk=tess.pk).update(name=CANARY, title=CANARY)
    Resource.objects.filter(pk=tess.resource_id).update(name=CANARY)
    Clinic.objects.filter(name="Elm Street").update(name=CANARY, address=CANARY, phone=CANARY)
    Service.objects.filter(name="Lip filler").update(name=CANARY, category=CANARY)
    Member.objects.filter(role=Role.FRONT_DESK).update(name=CANARY)


def _booked(juniper: House) -> Appointment:
    return booking.book(
        clinic=Clinic.objects.get(name=CANARY),
        provider=Provider.objects.get(name=CANARY),
        patient=Patient.objects.get(first_name=CANARY),
        services=[Service.objects.get(name=CANARY)],
        starts_at=STARTS_AT,
        note=CANARY,
        by=juniper.members[Role.FRONT_DESK],
        at=BOOKED_AT,
    )


def _charged_and_refunded(appointment: Appointment, desk: Member, owner: Member) -> tuple[Charge, UUID]:
    """Declined, tried again and paid; one part went back, another failed to; disputed, and won."""
    at = QUARTER_PAST
    noshows.mark(appointment, charge_fee=True, amount=Money(8000, "USD"), fee_reason=CANARY, reason=CANARY, note=CANARY, by=desk, at=at)
    charge = Charge.objects.get()
    charging.begin(charge.pk, at=at)
    declined = IntentFacts(CANARY, "requires_payment_method", error_code=CANARY, decline_code=CANARY, error_text=CANARY)
    charging.settle(charge.pk, declined, at=at, attempt=1)
    charging.retry(charge, by=desk, at=at)
    charging.begin(charge.pk, at=at)
    paid = IntentFacts(CANARY, "succeeded", captured_minor=8000, gateway_charge_id=CANARY)
    charging.settle(charge.pk, paid, at=at, attempt=2)
    sent = refunding.refund(charge, Money(1000, "USD"), reason=CANARY, note=CANARY, by=owner, at=at)
    refunding.settle(sent.pk, RefundFacts(CANARY, "failed", 1000, failure=CANARY), at=at)
    disputing.found(charge.pk, DisputeFacts(CANARY, "won", CANARY, 8000, None), at=at)
    Charge.objects.update(
        cancel_why=CANARY, decline_code=CANARY, decline_text=CANARY, decline_advice=CANARY, recording={"method": "cash", "note": CANARY}
    )
    return Charge.objects.select_related("invoice").get(), sent.pk


def _rest(juniper: House, charge: Charge) -> None:
    """Rows that come about in other ways."""
    practice = juniper.practice
    InvoiceLine.objects.create(practice=practice, invoice=charge.invoice, text=CANARY, detail=CANARY, amount_minor=1, currency="USD")
    Payment.objects.create(
        practice=practice,
        invoice=charge.invoice,
        charge=charge,
        method="cash",
        amount_minor=1,
        currency="USD",
        note=CANARY,
        at=HOUR_LATER,
    )
    CreditNote.objects.create(
        practice=practice, invoice=charge.invoice, number=1, amount_minor=1, currency="USD", why=CANARY, at=HOUR_LATER
    )
    about = {"data": {"object": {"id": CANARY}}}
    GatewayEvent.objects.create(practice=practice, event_id=CANARY, kind="x", body=about, received_at=HOUR_LATER, state="parked")
    GatewayAccount.objects.update(account_name=CANARY, trouble=CANARY)
    Settings.objects.update(online_sites=[CANARY], online_closed=CANARY, text_from=CANARY)
    Dispute.objects.update(evidence={"uncategorized_text": CANARY}, evidence_trouble=CANARY)
    Idempotency.objects.create(practice=practice, key_id=new_id(), key=CANARY, request_hash="", at=HOUR_LATER)
    visit = charge.appointment
    off = HOUR_LATER.date() + timedelta(days=9)
    OpeningHours.objects.create(practice=practice, clinic=visit.clinic, on=off, why=CANARY)
    ScheduleException.objects.create(practice=practice, provider=visit.provider, kind="off", first_on=off, last_on=off, why=CANARY)
    Block.objects.create(
        practice=practice,
        resource_id=visit.provider.resource_id,
        clinic=visit.clinic,
        starts_at=HOUR_LATER,
        ends_at=HOUR_LATER + timedelta(hours=1),
        why=CANARY,
    )
    Answer.objects.create(practice=practice, appointment=visit, kind="here", text=CANARY, note=CANARY, at=HOUR_LATER)
    Message.objects.create(
        practice=practice,
        letter=Letter.NO_SHOW,
        patient_id=visit.patient_id,
        appointment=visit,
        subject_id=visit.pk,
        key=CANARY,
        to=f"{CANARY}@example.com",
        title=CANARY,
        text=CANARY,
        queued_at=HOUR_LATER,
        send_after=HOUR_LATER,
        why=CANARY,
    )
    Merge.objects.create(
        practice=practice,
        kept_id=visit.patient_id,
        gone=juniper.patients[1],
        before={"alert": CANARY},
        by=juniper.members[Role.OWNER],
        at=HOUR_LATER,
        undone_at=HOUR_LATER,
    )
    erased = {"patient_id": visit.patient_id, "gateway_customer_id": CANARY, "why": CANARY, "asked_at": HOUR_LATER, "look_at": HOUR_LATER}
    CustomerErasure.objects.create(practice=practice, **erased)
    listener = {"url": CANARY, "kinds": [CANARY], "off_why": CANARY, "secret_box": b"", "created_at": HOUR_LATER}
    told = Delivery.objects.create(
        practice=practice,
        endpoint=Endpoint.objects.create(practice=practice, **listener),
        event_id=new_id(),
        kind="webhook.test",
        body=CANARY,
        created_at=HOUR_LATER,
        next_at=HOUR_LATER,
    )
    Attempt.objects.create(practice=practice, delivery=told, at=HOUR_LATER, text=CANARY, trouble=CANARY, took_ms=1)
    journal.record("canary.sang", charge, by=None, at=HOUR_LATER, said=CANARY)
    journal.looked_at(CANARY, practice_id=practice.pk, at=HOUR_LATER)


def test_a_canary_sits_in_every_text_column(planted: Ids) -> None:
    texts = {
        f"{model.__name__}.{field.name}": model.objects.filter(**{f"{field.name}__icontains": CANARY}).exists()
        for model in apps.get_models()
        if issubclass(model, OfPractice)
        for field in model._meta.get_fields()
        if isinstance(field, models.CharField | models.TextField | models.JSONField) and not field.choices
    }

    assert {column for column, sits in texts.items() if not sits} == CODES


# The crawl


@dataclass(frozen=True)
class Address:
    """A pattern of the resolver, to be filled with ids."""

    name: str
    route: str

    def filled(self, ids: Ids) -> str:
        given = {
            "appointment_id": ids.appointment,
            "invoice_id": ids.invoice,
            "charge_id": ids.charge,
            "link_id": ids.link,
            "message_id": ids.message,
            "patient_id": ids.patient,
            "merge_id": ids.patient,
            "card_id": ids.card,
            "version_id": ids.version,
            "capture_id": ids.capture,
            "number": ids.number,
            "token": ids.token,
            "block_id": ids.block,
            "event_id": ids.event,
            "note_id": ids.note,
            "clinic_id": ids.clinic,
            "provider_id": ids.provider,
            "service_id": ids.service,
            "resource_id": ids.resource,
            "seat_id": ids.seat,
            "key_id": ids.key,
            "endpoint_id": ids.endpoint,
            "delivery_id": ids.delivery,
            "key": "new",
            "day_id": ids.day,
            "exception_id": ids.exception,
            "answer_id": ids.answer,
            "verb": "check-in",
            "slug": "juniper",
            "letter": "moved",
        }
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(given[found[1]]), self.route)


def addresses(resolver: URLResolver, within: str = "", before: str = "") -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, f"{pattern.namespace}:" if pattern.namespace else within, route)
        elif isinstance(pattern, URLPattern) and pattern.name and not pattern.name.startswith(OF_ONES_OWN):
            yield Address(within + pattern.name, route)


OF_ONES_OWN = ("account_", "mfa_", "usersessions_")  # kept/accounts/tests
CALM = {200, 204, 302, 403, 404, 405, 409, 422}
ALL = list(addresses(get_resolver()))
OPEN_TO_ALL = {
    "billing:webhook",
    "booking:card-link",
    "booking:manage-link",
    "booking:online",
    "booking:pay-link",
}  # a signature, or a link, opens them to whoever has it: tests of their own below
SCREENS = [each for each in ALL if not each.name.startswith("api:") and each.name not in OPEN_TO_ALL]
CALLS = [each for each in ALL if each.name.startswith("api:")]


def named(ids: Ids, address: Address) -> dict[str, str]:
    """Every parameter that any screen reads, all at once, naming those ids."""
    after = ids.name_cursor if address.name == "desk:patients" else ids.cursor
    fixed = {
        **{"charge_fee": "no", "accept": "yes", "card": "on_file", "how_much": "all", "reason": "Goodwill", "where": "beside"},
        **{
            "on": "no",
            "theme": "",
            "method": "cash",
            "date": "2026-10-14",
            "view": "list",
            "from": "2026-10-01",
            "to": "2026-10-31",
            "after": after,
        },
    }
    about = {thing: str(getattr(ids, thing)) for thing in THINGS}
    return about | fixed | {"refund_id": str(ids.refund), "number": "INV-10001", "q": "xq7"}


def said(answer: HttpResponse, ids: Ids) -> tuple[int, str]:
    """Status, where it leads and what it says, without what differs from one time to the next."""
    text = "\n".join([*(f"{name}: {answer[name]}" for name in ("Location", "HX-Redirect", "HX-Trigger") if name in answer), body(answer)])
    text = re.sub(
        r'(name="csrfmiddlewaretoken" value|name="csrf-token" content|name="(?:refund_id|key_id|endpoint_id)" value)="[^"]*"', "", text
    )
    return answer.status_code, ids.hide(text)


def body(answer: HttpResponse) -> str:
    text = answer.content.decode(errors="replace")  # a PDF is no text
    assert CANARY not in text.lower(), text
    return text


@pytest.fixture
def quintas(juniper: House, quinta: House, planted: Ids) -> Ids:
    """Quinta's own: a visit that was missed, charged and paid, so that its pages are full."""
    with outside(), scope(quinta.practice.pk, actor="test"):
        visit = accepted(book(quinta, service="Peeling"), card_of(quinta.patients[0]))
        charge = marked(visit, "paid", by=quinta.members[Role.FRONT_DESK])
        own = visit.clinic_id, visit.provider_id, visit.patient_id, visit.pk, charge.invoice_id, charge.pk
    others = dict.fromkeys(THINGS[THINGS.index("link") :], new_id())
    return Ids(quinta.practice.pk, *own, refund=new_id(), **others, number=1, token=UNKNOWN.token)


@pytest.fixture
def people(quinta: House, quintas: Ids, signed_in: Callable[[Member], Browser], htmx: Callable[[Member], Browser]) -> dict[str, Browser]:
    """All of Quinta, its manager with htmx too, and nobody."""
    members = {str(role): signed_in(quinta.members[role]) for role in Role}
    return members | {"with htmx": htmx(quinta.members[Role.MANAGER]), "nobody": Browser()}


def asked(browser: Browser, method: str, path: str, sent: dict[str, str]) -> HttpResponse:
    """The answer; what it changed is taken back."""
    with undone(browser):
        return browser.get(path, sent) if method == "GET" else browser.post(path, sent)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_juniper_is_to_quinta_as_if_it_never_was(people: dict[str, Browser], planted: Ids, method: str) -> None:
    def answers(ids: Ids) -> dict[tuple[str, str], tuple[int, str]]:
        return {
            (address.name, who): said(asked(browser, method, address.filled(ids), named(ids, address)), ids)
            for address in SCREENS
            for who, browser in people.items()
        }

    theirs, nothing = answers(planted), answers(UNKNOWN)

    assert theirs == nothing
    assert {status for status, _text in theirs.values()} <= CALM


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_quintas_own_pages_take_nothing_of_juniper(people: dict[str, Browser], planted: Ids, quintas: Ids, method: str) -> None:
    statuses = {
        (address.name, who): said(asked(browser, method, address.filled(quintas), named(planted, address)), planted)[0]
        for address in SCREENS
        if "<" in address.route
        for who, browser in people.items()
    }

    assert {asked: status for asked, status in statuses.items() if status not in CALM} == {}


@pytest.fixture
def token(quinta: House, quintas: Ids) -> str:
    """A program with all rights of Quinta's owner."""
    with outside(), scope(quinta.practice.pk, actor="test"):
        return issue_key(quinta.members[Role.OWNER], "a program", scopes=[], at=BOOKED_AT)


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_nor_do_quintas_programs_find_it(token: str, planted: Ids, method: str) -> None:
    browser = Browser(headers={"Authorization": f"Bearer {token}"})

    def answers(ids: Ids) -> dict[str, tuple[int, str]]:
        found = {}
        for address in CALLS:
            with undone(browser):
                if method == "GET":
                    asks = ("clinic", "service") if address.route.endswith("availability") else ("clinic", "provider", "patient")
                    answer = browser.get(address.filled(ids), {key: str(getattr(ids, key)) for key in asks})
                else:
                    sent = named(ids, address) | {"services": [str(ids.version)], "start": "2026-10-20T10:00:00+01:00", "first_name": "Ada"}
                    answer = browser.generic(method, address.filled(ids), json.dumps(sent), content_type="application/json")
            found[address.name] = _program_said(answer, ids)
        return found

    assert answers(planted) == answers(UNKNOWN)


def _program_said(answer: HttpResponse, ids: Ids) -> tuple[int, str]:
    """As `said`, but for the ids and times of what the call itself made."""
    text = re.sub(r'"id": ?"[^"]*"', "", body(answer))
    return answer.status_code, ids.hide(text)


# Links and webhooks


def test_a_link_opens_in_its_own_practice_alone(planted: Ids, quintas: Ids) -> None:
    secret = planted.token.partition(".")[2]

    def at(token: str) -> tuple[int, str]:
        answers = [said(Browser().get(f"/{door}/{token}/"), planted) for door in ("card", "pay")]
        assert answers[0] == answers[1] or token == planted.token
        return answers[0]

    assert at(f"{quintas.practice.hex}.{secret}") == at(f"{NEVER.hex}.{secret}") == at(UNKNOWN.token) == at("nothing") == at(secret)
    assert at(UNKNOWN.token)[0] == 404


def test_the_page_behind_a_link_is_for_the_browser_that_came_by_it(planted: Ids, people: dict[str, Browser]) -> None:
    for path in ("/card/{}/", "/card/{}/back/", "/pay/{}/", "/pay/{}/back/"):
        answers = {said(browser.get(path.format(id_)), planted) for browser in people.values() for id_ in (planted.link, NEVER)}
        assert {status for status, _text in answers} == {404}


def test_quintas_gateway_reports_nothing_to_juniper(juniper: House, quinta: House, planted: Ids) -> None:
    event = json.dumps({"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "data": {"object": {"id": CANARY}}})

    def report(slug: str, secret: str) -> int:
        at = int(time.time())
        signature = stripe.WebhookSignature._compute_signature(f"{at}.{event}", secret)
        signed = {"Stripe-Signature": f"t={at},v1={signature}"}
        answer = Browser().post(f"/webhooks/stripe/{slug}/", event, content_type="application/json", headers=signed)
        assert CANARY not in body(answer)
        return answer.status_code

    reports = {slug: report(slug, quinta.plan.webhook_secret) for slug in ("juniper", "nobody", "quinta")}

    assert reports == {"juniper": 400, "nobody": 404, "quinta": 200}
    assert not GatewayEvent.objects.filter(event_id="evt_1").exists()


def test_at_home_it_sings(planted: Ids, leonora: Member, signed_in: Callable[[Member], Browser]) -> None:
    full = {
        *("desk:day", "desk:day-sheet", "desk:panel", "desk:feed", "noshows:list", "noshows:csv", "desk:policy-version"),
        *("desk:patients", "desk:patient", "desk:patient-notes", "desk:search"),
        *(f"billing:{name}" for name in ("invoices", "csv", "invoice", "receipt")),
    }
    browser = signed_in(leonora)

    Appointment.objects.filter(pk=planted.appointment).update(status="booked")  # on the calendar, and then on the list
    heard = {name for name in full if CANARY in _at_home(browser, name, planted)}
    Appointment.objects.filter(pk=planted.appointment).update(status="noshow")
    heard |= {name for name in full if CANARY in _at_home(browser, name, planted)}

    assert heard == full


def _at_home(browser: Browser, name: str, ids: Ids) -> str:
    address = next(each for each in SCREENS if each.name == name)
    return browser.get(address.filled(ids), {"clinic": str(ids.clinic), "date": "2026-10-14", "q": CANARY}).content.decode()
