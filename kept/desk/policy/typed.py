"""What is typed in the policy editor, read as what it means, and written as it would be typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from pydantic import ValidationError

from kept.foundation.money import Money
from kept.policies.document import LARGEST_MINOR, Share
from kept.policies.drafts import said
from kept.policies.minimum import least
from kept.practice.models import Clinic, Service


class Wrong(Exception):
    """What was typed into a field can't be meant."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field, self.sentence = field, sentence


@dataclass(frozen=True, slots=True)
class Offer:
    """What the practice's policy can be about."""

    currency: str
    services: Sequence[Service]
    clinics: Sequence[Clinic]

    @property
    def priced(self) -> list[Service]:
        """Those that a fee's minimum is checked against."""
        return [each for each in self.services if each.active and each.currency == self.currency]

    @property
    def categories(self) -> list[str]:
        return sorted({each.category for each in self.services if each.category})


def text_field(**options: Any) -> forms.CharField:
    mode = options.pop("mode", "decimal")
    return forms.CharField(required=False, max_length=20, widget=forms.TextInput({"inputmode": mode, "autocomplete": "off"}), **options)


def boxes_field(**options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple({"class": "checkbox checkbox-primary checkbox-sm"}), **options
    )


def number_field(**options: Any) -> forms.CharField:
    return text_field(mode="numeric", **options)


class Typed(forms.Form):
    """Reads what was typed as what it means. Errors go to the field that is meant."""

    offer: Offer

    def typed(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "").strip()

    def whole(self, name: str, low: int, high: int) -> int:
        try:
            value = int(self.typed(name))
        except ValueError:
            raise Wrong(name, _("Enter a whole number.")) from None
        if not low <= value <= high:
            raise Wrong(name, _("Enter %(low)d to %(high)d.") % {"low": low, "high": high})
        return value

    def whole_or_none(self, name: str, low: int, high: int) -> int | None:
        return self.whole(name, low, high) if self.typed(name) else None

    def amount(self, name: str, *, lowest: int = 1) -> int:
        currency = self.offer.currency
        try:
            minor = Money.parse(self.typed(name), currency).minor
        except ValueError:
            raise Wrong(name, _("Enter an amount, for example %s.") % Money(7500, currency).decimal) from None
        if minor < lowest:
            raise Wrong(name, _("The payment provider charges no less than %s.") % Money(lowest, currency))
        if minor > LARGEST_MINOR:
            raise Wrong(name, _("The payment provider charges no more than %s.") % Money(LARGEST_MINOR, currency))
        return minor

    def amount_or_none(self, name: str, *, lowest: int = 1) -> int | None:
        return self.amount(name, lowest=lowest) if self.typed(name) else None

    def charge(self, name: str) -> int:
        """An amount that is charged as it is."""
        return self.amount(name, lowest=least(self.offer.currency))

    def share(self) -> Share:
        lowest = least(self.offer.currency)
        percent, at_least, at_most = (
            self.whole("percent", 1, 100),
            self.amount_or_none("at_least", lowest=lowest),
            self.amount_or_none("at_most", lowest=lowest),
        )
        if at_least and at_most and at_least > at_most:
            raise Wrong("at_least", _("‘At least’ is more than ‘at most’."))
        return Share(percent=percent, at_least=at_least, at_most=at_most)

    def read(self) -> Any:
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        self.meant: Any = None
        if self.errors:
            return cleaned
        try:
            self.meant = self.read()
        except Wrong as wrong:
            self.add_error(wrong.field if wrong.field in self.fields else None, wrong.sentence)
        except ValidationError as error:
            self.add_error(None, said(error))
        return cleaned


def plain(minor: int | None, currency: str) -> str:
    return str(Money(minor, currency).decimal) if minor is not None else ""


def share_as_typed(pays: Share, currency: str) -> dict[str, Any]:
    return {"percent": pays.percent, "at_least": plain(pays.at_least, currency), "at_most": plain(pays.at_most, currency)}
