"""Letters to nobody: each with facts that never were, so that a practice sees its words before a patient does."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django.utils.translation import gettext as _

from kept.foundation.dates import clock_time, full_date, moment
from kept.foundation.money import Money
from kept.messaging.letters import HIDDEN_LINK, Written, compose, short
from kept.messaging.models import Letter
from kept.practice.models import Clinic, Practice

WHEN = datetime(2030, 10, 16, 15, 30, tzinfo=UTC)
CARD = "Visa ••4242"
INVOICE = "INV-10001"


def sample(letter: Letter, practice: Practice, clinic: Clinic, *, title: str, text: str) -> Written:
    """That letter about a made-up appointment at this clinic, in these words; blank ones are Kept's."""
    return compose(letter, _appointment(practice, clinic), _facts(letter, practice, clinic), title=title, text=text)


def sample_short(letter: Letter, practice: Practice, clinic: Clinic, *, text: str) -> Written:
    """The same as a text message."""
    return short(letter, _appointment(practice, clinic), _facts(letter, practice, clinic), text=text)


def _appointment(practice: Practice, clinic: Clinic) -> SimpleNamespace:
    return SimpleNamespace(patient=SimpleNamespace(first_name=_("Alex")), starts_at=WHEN, practice=practice, clinic=clinic)


def _facts(letter: Letter, practice: Practice, clinic: Clinic) -> dict[str, Any]:
    amount = Money(7500, practice.settings.currency)
    by_card = {"method": "card", "amount": amount, "charge": SimpleNamespace(card=CARD)}
    line = SimpleNamespace(text=_("Appointment Cancellation/Rescheduling Charges"), amount=amount, detail=moment(WHEN, clinic.zone))
    fee = _("the fee is %s") % amount
    policy = SimpleNamespace(fee=fee, text=_("(Here stands the cancellation policy that the patient accepted, in full.)"))
    facts: dict[Letter, dict[str, Any]] = {
        Letter.BOOKED: {
            "provider": _("your provider"),
            "acceptance": policy,
            "free_until": moment(WHEN - timedelta(days=1), clinic.zone),
            "link": HIDDEN_LINK,
        },
        Letter.MOVED: {"link": HIDDEN_LINK},
        Letter.MANAGE_LINK: {"link": HIDDEN_LINK},
        Letter.ANSWERED: {"link": HIDDEN_LINK, "outcome": "restored", "note": ""},
        Letter.CANCELLED: {"by_clinic": False, "late": True, "fee": "paid", "amount": amount, "card": CARD},
        Letter.CARD_LINK: {"link": HIDDEN_LINK, "until": moment(WHEN, clinic.zone)},
        Letter.ACCEPT_AGAIN: {"link": HIDDEN_LINK, "until": clock_time(WHEN, clinic.zone)},
        Letter.CARD_REMINDER: {"link": HIDDEN_LINK, "due": moment(WHEN - timedelta(days=1), clinic.zone), "releases": False},
        Letter.NO_SHOW: {"fee": "paid", "amount": amount, "card": CARD, "link": HIDDEN_LINK},
        Letter.PAYMENT_LINK: {"link": HIDDEN_LINK, "invoice": INVOICE, "amount": amount, "until": full_date(WHEN, clinic.zone)},
        Letter.RECEIPT: {
            "invoice": INVOICE,
            "lines": [line],
            "payment": SimpleNamespace(**by_card),
            "paid_on": full_date(WHEN, clinic.zone),
            "refunds": [],
        },
        Letter.REFUNDED: {"invoice": INVOICE, "refund": SimpleNamespace(**by_card)},
    }
    return facts.get(letter, {})
