"""Why a card was not charged, and how something was paid, in the staff's words."""

from django.utils.translation import gettext as _

from kept.billing.models import Charge, Method


def how(method: str) -> str:
    """As it follows "paid"."""
    ways = {Method.CASH: _("in cash"), Method.TERMINAL: _("at the card terminal"), Method.TRANSFER: _("by transfer")}
    return ways.get(Method(method), _("another way")) if method in Method.values else _("another way")


def reason(charge: Charge) -> str:
    """Without a full stop: "insufficient funds"."""
    known = {
        "insufficient_funds": _("insufficient funds"),
        "generic_decline": _("the bank gave no reason"),
        "expired_card": _("the card is expired"),
        "lost_card": _("the card is reported lost"),
        "stolen_card": _("the card is reported stolen"),
        "authentication_required": _("the bank asks for the patient"),
        "payment_intent_authentication_failure": _("the bank’s question was not answered"),
        "payments_off": _("card payments are not set up"),
        "resource_missing": _("the card was removed at the payment provider"),
        "card_refused": _("the card was removed at the payment provider"),
        "link_expired": _("the payment link was not used in time"),
        "canceled_at_gateway": _("the payment was cancelled at the payment provider"),
    }
    return known.get(charge.decline_code) or charge.decline_text.rstrip(".") or _("the bank gave no reason")
