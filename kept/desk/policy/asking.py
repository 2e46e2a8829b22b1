"""What booking asks for, as the policy editor asks it."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.desk.policy.typed import Offer, Typed, Wrong, number_field, plain, share_as_typed, text_field
from kept.policies.checks import amount_too_small
from kept.policies.document import Ask, Conditions, Share, Sum

ASKS = [
    ("card", gettext_lazy("A card")),
    ("sum", gettext_lazy("A card and a deposit, a sum")),
    ("share", gettext_lazy("A card and a deposit, a share of the price")),
    ("prepay", gettext_lazy("The whole price")),
    ("never_card", gettext_lazy("Never a card, where the law forbids it")),
    ("none", gettext_lazy("Neither card nor money")),
]


class AskForm(Typed):
    """What booking asks for."""

    asks = forms.ChoiceField(
        choices=ASKS, widget=forms.RadioSelect({"class": "radio radio-primary radio-sm"}), label=gettext_lazy("Asks for")
    )
    sum = text_field(label=gettext_lazy("Deposit"))
    percent = number_field(label=gettext_lazy("Percent"))
    at_least = text_field(label=gettext_lazy("At least"))
    at_most = text_field(label=gettext_lazy("At most"))
    pay_first = forms.BooleanField(required=False, label=gettext_lazy("Payment of an unpaid fee first"))
    approval = forms.BooleanField(required=False, label=gettext_lazy("Staff approve the booking"))

    def __init__(self, *args: Any, offer: Offer, kept: Ask, **options: Any) -> None:
        super().__init__(*args, **({"initial": _ask_as_typed(kept, offer.currency)} | options))
        self.offer = offer

    def read(self) -> dict[str, Any]:
        """All of the ask but its conditions."""
        asks = self.cleaned_data["asks"]
        deposit = Sum(minor=self.charge("sum")) if asks == "sum" else self.share() if asks == "share" else None
        parts = {
            "card": asks in ("card", "sum", "share", "prepay"),
            "never_card": asks == "never_card",
            "deposit": deposit,
            "prepay": asks == "prepay",
            "pay_first": self.cleaned_data["pay_first"],
            "approval": self.cleaned_data["approval"],
        }
        if asks == "none" and not (parts["pay_first"] or parts["approval"]):
            raise Wrong("asks", _("Say what booking asks for."))
        return parts

    def refuse_too_small(self, conditions: Conditions) -> None:
        deposit = self.meant and self.meant["deposit"]
        if deposit and (sentence := amount_too_small(conditions, deposit, self.offer.currency, self.offer.priced)):
            self.add_error("percent" if deposit.form == "share" else "sum", sentence)


def _ask_as_typed(kept: Ask, currency: str) -> dict[str, Any]:
    asks = "card" if kept.card else "none"
    typed: dict[str, Any] = {}
    if kept.never_card:
        asks = "never_card"
    elif kept.prepay:
        asks = "prepay"
    elif isinstance(kept.deposit, Share):
        asks, typed = "share", share_as_typed(kept.deposit, currency)
    elif kept.deposit:
        asks, typed = "sum", {"sum": plain(kept.deposit.minor, currency)}
    return typed | {"asks": asks, "pay_first": kept.pay_first, "approval": kept.approval}
