"""GET /messages: letters to patients."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest

from kept.api.shapes.messages import Letter as LetterCode
from kept.api.tests.conftest import Caller, problem
from kept.events.models import Access
from kept.messaging.models import Letter, Message
from kept.noshows.transitions.attendance import mark
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.money import marked
from tests.kit.visits import QUARTER_PAST


def test_every_letter_has_its_code() -> None:
    assert sorted(get_args(LetterCode)) == sorted(Letter.values)


def test_a_letter_that_waits_and_that_went(
    desk: Caller, odette: Member, appointment: Appointment, run_jobs: Callable[..., Any], hour: Callable[[datetime], None]
) -> None:
    mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)
    letter = Message.objects.get()

    (item,) = desk.get("/messages").json()["items"]
    hour(QUARTER_PAST + timedelta(minutes=10))
    run_jobs(at=QUARTER_PAST + timedelta(minutes=10))
    (after,) = desk.get("/messages").json()["items"]

    assert item == {
        "id": str(letter.pk),
        "letter": "no_show",
        "channel": "email",
        "state": "queued",
        "patient": {"id": str(appointment.patient_id), "name": "Renata Solbrook"},
        "appointment": {"id": str(appointment.pk), "number": str(appointment), "start": "2026-10-14T15:30:00-04:00"},
        "invoice": None,
        "to": letter.to,
        "title": "We missed you on Wed, Oct 14, 3:30 PM",
        "text": letter.text,
        "queued_at": "2026-10-14T19:45:00Z",
        "queued_by": {"id": str(odette.pk), "name": odette.name},
        "send_after": "2026-10-14T19:55:00Z",
        "ended_at": None,
        "why": "",
        "arrival": "",
        "lost_why": "",
        "settled_at": None,
    }
    assert (after["state"], after["ended_at"]) == ("sent", "2026-10-14T19:55:00Z")


def test_filters(desk: Caller, odette: Member, appointment: Appointment) -> None:
    mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)
    found = {"patient": str(appointment.patient_id), "appointment": str(appointment.pk), "letter": "no_show", "state": "queued"}
    left_out = {"patient": "nobody", "appointment": "none", "letter": "receipt", "state": "sent"}

    assert {key: len(desk.get("/messages", **{key: value}).json()["items"]) for key, value in found.items()} == dict.fromkeys(found, 1)
    assert {key: len(desk.get("/messages", **{key: value}).json()["items"]) for key, value in left_out.items()} == dict.fromkeys(found, 0)
    assert problem(desk.get("/messages", letter="love")) == (422, "invalid")


def test_the_invoice_only_to_those_who_may_see_it(
    desk: Caller, caller: Callable[..., Caller], tess: Member, odette: Member, appointment: Appointment
) -> None:
    charge = marked(appointment, "declined", by=odette)
    desk.post(f"/invoices/{charge.invoice_id}/payment-link", {"notify": True})

    def bill(program: Caller) -> Any:
        return program.get("/messages", letter="payment_link").json()["items"][0]["invoice"]

    assert (bill(desk)["number"], bill(caller(tess))) == ("INV-10001", None)


def test_no_link_stands_in_a_letter(desk: Caller, odette: Member, appointment: Appointment, run_jobs: Callable[..., Any]) -> None:
    charge = marked(appointment, "declined", by=odette)
    desk.post(f"/invoices/{charge.invoice_id}/payment-link", {"notify": True})
    run_jobs(at=QUARTER_PAST)

    assert "/pay/" not in desk.get("/messages").content.decode()


@pytest.mark.parametrize("who", ["calla", "hana"])
def test_r24_in_her_clinics_alone(
    request: pytest.FixtureRequest, caller: Callable[..., Caller], odette: Member, appointment: Appointment, who: str
) -> None:
    mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)

    assert caller(request.getfixturevalue(who)).get("/messages").json()["items"] == []


def test_r25_who_read_them_is_written_down(desk: Caller) -> None:
    desk.get("/messages")

    assert Access.objects.filter(what="messages opened").count() == 1
