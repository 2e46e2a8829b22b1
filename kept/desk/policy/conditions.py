"""Who and what a row is about, as the policy editor asks it. What a choice hides is neither asked nor judged."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.desk.policy.typed import Offer, Typed, Wrong, boxes_field, number_field, plain, text_field
from kept.policies.document import AskConditions, Conditions, Season

USES = [
    ("services", gettext_lazy("Service")),
    ("categories", gettext_lazy("Category")),
    ("clinics", gettext_lazy("Clinic")),
    ("minutes", gettext_lazy("Duration")),
    ("price", gettext_lazy("Price")),
    ("patients", gettext_lazy("New or established")),
    ("missed", gettext_lazy("Missed before")),
    ("season", gettext_lazy("Season")),
]
UNPAID = ("unpaid_fee", gettext_lazy("An unpaid fee"))


class ConditionsForm(Typed):
    """Who and what: the conditions chosen in `use`, all of which must fit."""

    use = boxes_field(choices=USES)
    services = boxes_field(label=gettext_lazy("Services"))
    categories = boxes_field(label=gettext_lazy("Categories"))
    clinics = boxes_field(label=gettext_lazy("Clinics"))
    minutes_from = number_field(label=gettext_lazy("At least, minutes"))
    minutes_below = number_field(label=gettext_lazy("Less than, minutes"))
    price_from = text_field(label=gettext_lazy("At least, price"))
    price_below = text_field(label=gettext_lazy("Less than, price"))
    patients = forms.ChoiceField(
        required=False,
        choices=[("new", gettext_lazy("New patients")), ("established", gettext_lazy("Established patients"))],
        label=gettext_lazy("Patients"),
    )
    missed_from = number_field(label=gettext_lazy("At least, missed visits"))
    missed_to = number_field(label=gettext_lazy("At most, missed visits"))
    missed_months = number_field(label=gettext_lazy("In how many months"))
    first_month = forms.ChoiceField(required=False, choices=MONTHS.items(), label=gettext_lazy("First month"))
    first_day = number_field(label=gettext_lazy("First day"))
    last_month = forms.ChoiceField(required=False, choices=MONTHS.items(), label=gettext_lazy("Last month"))
    last_day = number_field(label=gettext_lazy("Last day"))
    reads: type[Conditions] = Conditions

    def __init__(self, *args: Any, offer: Offer, kept: Conditions, **options: Any) -> None:
        super().__init__(*args, **({"initial": conditions_as_typed(kept, offer.currency)} | options))
        self.offer = offer
        for field in self.fields.values():
            if field.label and not isinstance(field, forms.MultipleChoiceField):
                field.widget.attrs["aria-label"] = field.label
        self._choose(
            "services", [(each.pk, each.name) for each in offer.services if each.active or each.pk in kept.services], kept.services
        )
        self._choose("clinics", [(each.pk, each.name) for each in offer.clinics if each.active or each.pk in kept.clinics], kept.clinics)
        self._choose("categories", [(each, each) for each in offer.categories], kept.categories)

    @property
    def several(self) -> list[tuple[str, forms.BoundField]]:
        return [(name, self[name]) for name in ("services", "categories", "clinics")]

    def _choose(self, name: str, known: Iterable[tuple[Any, str]], kept: Iterable[Any]) -> None:
        """The practice's own, and what the row names already though it is gone."""
        choices = {str(value): label for value, label in known}
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        gone = {str(each): str(each) if name == "categories" else _("(gone)") for each in kept if str(each) not in choices}
        field.choices = [*choices.items(), *gone.items()]

    def read(self) -> Conditions:
        used = set(self.cleaned_data["use"])
        parts: dict[str, Any] = {}
        for name in ("services", "categories", "clinics"):
            if name in used:
                parts[name] = tuple(self.cleaned_data[name])
                if not parts[name]:
                    raise Wrong(name, _("Choose at least one."))
        if "minutes" in used:
            parts |= self._span("minutes", self.whole_or_none("minutes_from", 1, 1440), self.whole_or_none("minutes_below", 1, 1440))
        if "price" in used:
            parts |= self._span("price", self.amount_or_none("price_from"), self.amount_or_none("price_below"))
        if "patients" in used:
            parts["patients"] = self.cleaned_data["patients"] or "new"
        if "missed" in used:
            parts |= self._missed()
        if "season" in used:
            parts["season"] = Season(first=self._day("first"), last=self._day("last"))
        if "unpaid_fee" in used:
            parts["unpaid_fee"] = True
        return self.reads(**parts)

    def _span(self, name: str, low: int | None, high: int | None) -> dict[str, Any]:
        if low is None and high is None:
            raise Wrong(f"{name}_from", _("Enter at least one of the two."))
        if low is not None and high is not None and low >= high:
            raise Wrong(f"{name}_from", _("Nothing is both at least that much and less than that."))
        return {f"{name}_from": low, f"{name}_below": high}

    def _missed(self) -> dict[str, Any]:
        low, high = self.whole_or_none("missed_from", 1, 99), self.whole_or_none("missed_to", 0, 99)
        if low is None and high is None:
            raise Wrong("missed_from", _("Enter at least one of the two."))
        if low is not None and high is not None and low > high:
            raise Wrong("missed_from", _("Nobody has missed at least that many and at most that many."))
        return {"missed_from": low, "missed_to": high, "missed_months": self.whole_or_none("missed_months", 1, 120) or 12}

    def _day(self, end: str) -> str:
        day = self.whole(f"{end}_day", 1, 31)
        try:
            return date(2028, int(self.cleaned_data[f"{end}_month"] or 1), day).strftime("%m-%d")
        except ValueError:
            raise Wrong(f"{end}_day", _("That month has no such day.")) from None


class AskConditionsForm(ConditionsForm):
    """The same of whom booking asks, with an unpaid fee."""

    use = boxes_field(choices=[UNPAID, *USES])
    reads = AskConditions


def conditions_as_typed(kept: Conditions, currency: str) -> dict[str, Any]:
    spans = {"minutes": (kept.minutes_from, kept.minutes_below), "price": (kept.price_from, kept.price_below)}
    used = [name for name in ("services", "categories", "clinics", "patients", "season") if getattr(kept, name)]
    used += [name for name, span in spans.items() if span != (None, None)]
    used += ["missed"] if (kept.missed_from, kept.missed_to) != (None, None) else []
    used += ["unpaid_fee"] if isinstance(kept, AskConditions) and kept.unpaid_fee else []
    season = kept.season or Season(first="12-15", last="01-05")
    return {
        "use": used,
        "services": [str(each) for each in kept.services],
        "categories": list(kept.categories),
        "clinics": [str(each) for each in kept.clinics],
        "minutes_from": kept.minutes_from,
        "minutes_below": kept.minutes_below,
        "price_from": plain(kept.price_from, currency),
        "price_below": plain(kept.price_below, currency),
        "patients": kept.patients,
        "missed_from": kept.missed_from,
        "missed_to": kept.missed_to,
        "missed_months": kept.missed_months,
        "first_month": int(season.first[:2]),
        "first_day": int(season.first[3:]),
        "last_month": int(season.last[:2]),
        "last_day": int(season.last[3:]),
    }
