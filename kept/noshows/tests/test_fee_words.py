"""A fee in sentences: what panel, dialog and lists say of each of its states. Money is never said before it is known."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from kept.billing.models import Charge, State
from kept.foundation.money import Money
from kept.foundation.status_looks import FEE_LOOKS
from kept.noshows.listing import FEE_STATES
from kept.noshows.offers import WHY_NOT
from kept.noshows.queries import fee_of
from kept.noshows.transitions.attendance import mark
from kept.noshows.words import FeeWords, fee_words
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.visits import QUARTER_PAST

FEE = Money(7500, "USD")
CHECKED_AT = QUARTER_PAST + timedelta(minutes=1)
NEXT_DAY = QUARTER_PAST + timedelta(days=1)

PAID = {"state": "succeeded", "captured_minor": 7500, "captured_at": QUARTER_PAST}


@pytest.fixture
def said(odette: Member, appointment: Appointment) -> Callable[..., FeeWords]:
    """`said(at=..., state="declined", ...)`: of a charged no-show whose charge has these fields."""

    def of_charge(at: datetime = CHECKED_AT, **fields: Any) -> FeeWords:
        mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)
        Charge.objects.update(**fields)
        return fee_words(appointment, fee_of(appointment, at=at), at=at)

    return of_charge


CHARGES: dict[str, tuple[dict[str, Any], FeeWords]] = {
    "waiting": (
        {"state": "due", "due_at": QUARTER_PAST + timedelta(hours=2)},
        FeeWords(
            "waiting",
            "$75.00 is charged today, 5:45 PM",
            "To Visa ••4242. Restore before then ends it, and Renata never sees a charge.",
            "Charges 5:45 PM",
            FEE,
        ),
    ),
    "charging": (
        {"state": "sending"},
        FeeWords("charging", "Charging $75.00 to Visa ••4242", "The result appears here by itself.", amount=FEE),
    ),
    "checking": (
        {"state": "unknown"},
        FeeWords(
            "checking",
            "We don’t know yet if $75.00 was charged",
            "Don’t charge again: this is asked until it is known, and appears here by itself.",
            amount=FEE,
            trouble=True,
        ),
    ),
    "paid": (PAID, FeeWords("paid", "$75.00 charged to Visa ••4242", "today, 3:45 PM", amount=FEE)),
    "declined": (
        {"state": "declined", "attempt": 2, "decline_code": "insufficient_funds"},
        FeeWords(
            "declined",
            "Visa ••4242 was declined",
            "Insufficient funds. Nothing was charged. 2 of 4 tries in 30 days used.",
            amount=FEE,
            trouble=True,
        ),
    ),
    "needs_patient": (
        {"state": "needs_patient"},
        FeeWords(
            "needs_patient",
            "Renata’s bank asks for confirmation",
            "Nothing was charged. Only Renata can answer it, by a payment link.",
            amount=FEE,
            trouble=True,
        ),
    ),
    "failed": (
        {"state": "failed", "live": False, "decline_code": "payments_off"},
        FeeWords("failed", "The charge did not go through", "Card payments are not set up. Nothing was charged.", amount=FEE, trouble=True),
    ),
    "spared": (
        {"state": "canceled", "live": False},
        FeeWords("spared", "$75.00 not charged", "The fee was ended before it was charged.", amount=FEE),
    ),
    "part_refunded": (
        PAID | {"refunded_minor": 2500},
        FeeWords("part_refunded", "$25.00 of $75.00 refunded", "To Visa ••4242. $50.00 stays paid.", amount=Money(2500, "USD")),
    ),
    "refunded": (
        PAID | {"refunded_minor": 7500},
        FeeWords("refunded", "$75.00 refunded", "To Visa ••4242. Banks take 5 to 10 business days.", amount=FEE),
    ),
    "disputed": (
        PAID | {"dispute": "open", "refunded_minor": 2500},
        FeeWords(
            "disputed",
            "$75.00 is disputed",
            "The patient’s bank took it back and asks for evidence. Until that is decided nothing can be refunded.",
            amount=FEE,
            trouble=True,
        ),
    ),
}


@pytest.mark.parametrize("state", CHARGES)
def test_each_state_of_a_charge(said: Callable[..., FeeWords], state: str) -> None:
    fields, expected = CHARGES[state]

    assert said(**fields) == expected


def test_every_state_of_a_charge_has_its_words() -> None:
    told = {fields["state"] for fields, _words in CHARGES.values()}

    assert set(State.values) - told == set()
    assert set(CHARGES) | {"undecided", "not_offered"} == set(FEE_STATES)
    assert set(FEE_STATES) <= set(FEE_LOOKS)


CASH = {"method": "cash", "note": "", "by": "", "at": ""}
IN_CASH = {"state": "canceled", "captured_minor": 7500, "captured_at": QUARTER_PAST, "recording": CASH}
BY_LINK = {"state": "needs_patient", "link_at": QUARTER_PAST, "expires_at": QUARTER_PAST + timedelta(days=14)}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (IN_CASH, FeeWords("paid", "$75.00 paid in cash", "Recorded today, 3:45 PM.", "Paid", FEE)),
        (
            IN_CASH | {"refunded_minor": 2500},
            FeeWords("part_refunded", "$25.00 of $75.00 refunded", "Given back by hand. $50.00 stays paid.", amount=Money(2500, "USD")),
        ),
        (
            {"state": "declined", "cancel_requested": True, "recording": CASH},
            FeeWords(
                "declined", "Recording the payment", "Its card payment is cancelled first, so that it cannot be paid twice.", amount=FEE
            ),
        ),
        (
            BY_LINK,
            FeeWords("link_sent", "Payment link sent, not paid yet", "Given out today, 3:45 PM. It works until Oct 28.", amount=FEE),
        ),
        (
            {"state": "failed", "live": False, "decline_code": "link_expired"},
            FeeWords("failed", "The payment link was not used in time", "Nothing was charged.", amount=FEE, trouble=True),
        ),
    ],
)
def test_paid_by_hand_by_link_or_about_to_be(said: Callable[..., FeeWords], fields: dict[str, Any], expected: FeeWords) -> None:
    assert said(**fields) == expected


def test_undecided(tess: Member, appointment: Appointment) -> None:
    appointment = mark(appointment, charge_fee=None, by=tess, at=QUARTER_PAST)

    assert fee_words(appointment, fee_of(appointment, at=CHECKED_AT), at=CHECKED_AT) == FeeWords(
        "undecided",
        "Charge $75.00 or spare it?",
        "Tess Marrowby marked it today, 3:45 PM. Decide until Nov 13; later only by payment link.",
        amount=FEE,
    )


@pytest.mark.parametrize(("at", "when"), [(CHECKED_AT, "today, 3:45 PM"), (NEXT_DAY, "Oct 14, 3:45 PM")])
def test_spared(odette: Member, appointment: Appointment, at: datetime, when: str) -> None:
    mark(appointment, charge_fee=False, fee_reason="Was ill.", by=odette, at=QUARTER_PAST)

    assert fee_words(appointment, fee_of(appointment, at=at), at=at) == FeeWords(
        "spared", "$75.00 not charged", f"Spared by Odette Farnley {when}. Reason: Was ill. Can be undone until Nov 13.", amount=FEE
    )


def test_no_card(odette: Member, appointment_without_card: Appointment) -> None:
    at = NEXT_DAY
    mark(appointment_without_card, charge_fee=None, by=odette, at=at)

    assert fee_words(appointment_without_card, fee_of(appointment_without_card, at=at), at=at) == FeeWords(
        "no_card",
        "No fee can be charged",
        "No card was given for this appointment.",
    )


def test_an_imported_visit_has_no_fee(appointment: Appointment) -> None:
    appointment.channel = Appointment.Channel.IMPORT

    assert fee_words(appointment, None, at=CHECKED_AT) == FeeWords(
        "not_offered", "No fee can be charged", "This visit was imported; its booking was made elsewhere."
    )


@pytest.mark.parametrize("why_not", WHY_NOT)
def test_r7a_every_reason_is_a_sentence(why_not: str) -> None:
    sentence = str(WHY_NOT[why_not])

    assert sentence.endswith(".")
    assert sentence[0].islower()  # it follows "Not offered: "


@pytest.mark.parametrize(
    ("code", "text", "reason"),
    [
        ("expired_card", "", "The card is expired"),
        ("generic_decline", "Your card was declined.", "The bank gave no reason"),
        ("try_again_later", "Your card was declined for now.", "Your card was declined for now"),
        ("", "", "The bank gave no reason"),
    ],
)
def test_a_decline_says_why(said: Callable[..., FeeWords], code: str, text: str, reason: str) -> None:
    words = said(state="declined", attempt=1, decline_code=code, decline_text=text)

    assert words.text == f"{reason}. Nothing was charged. 1 of 4 tries in 30 days used."


@pytest.mark.parametrize("state", ["sending", "unknown", "declined", "needs_patient", "failed"])
def test_money_is_never_said_to_be_charged_before_it_is_known(said: Callable[..., FeeWords], state: str) -> None:
    assert "$75.00 charged" not in said(state=state).title
