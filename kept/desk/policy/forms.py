"""The questions of the policy editor. What a choice hides is neither asked nor judged: each form reads only what goes with its choices."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from django import forms
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ValidationError

from kept.foundation.money import Money
from kept.policies.checks import amount_too_small
from kept.policies.document import (
    BEFORE_THE_START,
    LARGEST_MINOR,
    Ask,
    AskConditions,
    Band,
    ByPrice,
    Conditions,
    Deposit,
    ForEach,
    HoursBefore,
    Kind,
    Nothing,
    Notice,
    Pays,
    Row,
    Season,
    Share,
    Step,
    Sum,
    WorkingDaysBefore,
)
from kept.policies.drafts import said
from kept.policies.minimum import least
from kept.practice.models import Clinic, Service

MOST_STEPS = 20
BANDS = 3
HAPPENS = [
    ("before", gettext_lazy("Cancels or moves")),
    (Kind.LATE_CANCEL.value, gettext_lazy("Cancels")),
    (Kind.LATE_RESCHEDULE.value, gettext_lazy("Moves")),
    (Kind.LATE_ARRIVAL.value, gettext_lazy("Comes late")),
    (Kind.NO_SHOW.value, gettext_lazy("Does not come")),
]
UNITS = [
    ("hours", gettext_lazy("hours before")),
    ("working_days", gettext_lazy("working days before")),
    ("any", gettext_lazy("at any time")),
]
FORMS = [
    ("sum", gettext_lazy("A sum")),
    ("share", gettext_lazy("A share of the price")),
    ("by_price", gettext_lazy("By price")),
    ("for_each", gettext_lazy("A sum for each")),
    ("deposit", gettext_lazy("The deposit")),
    ("nothing", gettext_lazy("Nothing")),
]
EACH = [("zone", gettext_lazy("zone")), ("session", gettext_lazy("session")), ("quarter_hour", gettext_lazy("15 min"))]
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
ASKS = [
    ("card", gettext_lazy("A card")),
    ("sum", gettext_lazy("A card and a deposit, a sum")),
    ("share", gettext_lazy("A card and a deposit, a share of the price")),
    ("prepay", gettext_lazy("The whole price")),
    ("never_card", gettext_lazy("Never a card, where the law forbids it")),
    ("none", gettext_lazy("Neither card nor money")),
]


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


def _text(**options: Any) -> forms.CharField:
    mode = options.pop("mode", "decimal")
    return forms.CharField(required=False, max_length=20, widget=forms.TextInput({"inputmode": mode, "autocomplete": "off"}), **options)


def _boxes(**options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple({"class": "checkbox checkbox-primary checkbox-sm"}), **options
    )


def _number(**options: Any) -> forms.CharField:
    return _text(mode="numeric", **options)


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


class ConditionsForm(Typed):
    """Who and what: the conditions chosen in `use`, all of which must fit."""

    use = _boxes(choices=USES)
    services = _boxes(label=gettext_lazy("Services"))
    categories = _boxes(label=gettext_lazy("Categories"))
    clinics = _boxes(label=gettext_lazy("Clinics"))
    minutes_from = _number(label=gettext_lazy("At least, minutes"))
    minutes_below = _number(label=gettext_lazy("Less than, minutes"))
    price_from = _text(label=gettext_lazy("At least, price"))
    price_below = _text(label=gettext_lazy("Less than, price"))
    patients = forms.ChoiceField(
        required=False,
        choices=[("new", gettext_lazy("New patients")), ("established", gettext_lazy("Established patients"))],
        label=gettext_lazy("Patients"),
    )
    missed_from = _number(label=gettext_lazy("At least, missed visits"))
    missed_to = _number(label=gettext_lazy("At most, missed visits"))
    missed_months = _number(label=gettext_lazy("In how many months"))
    first_month = forms.ChoiceField(required=False, choices=MONTHS.items(), label=gettext_lazy("First month"))
    first_day = _number(label=gettext_lazy("First day"))
    last_month = forms.ChoiceField(required=False, choices=MONTHS.items(), label=gettext_lazy("Last month"))
    last_day = _number(label=gettext_lazy("Last day"))
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

    use = _boxes(choices=[UNPAID, *USES])
    reads = AskConditions


class StepForm(Typed):
    """What happens, how late, and what it costs."""

    happens = forms.ChoiceField(choices=HAPPENS)
    unit = forms.ChoiceField(required=False, choices=UNITS)
    hours = _number()
    days = _number()
    wall = forms.CharField(required=False, max_length=8, widget=forms.TextInput({"type": "time"}))
    from_minutes = _number()
    pays = forms.ChoiceField(choices=FORMS)
    sum = _text()
    percent = _number()
    at_least = _text()
    at_most = _text()
    each = forms.ChoiceField(required=False, choices=EACH)
    else_percent = _number()

    def __init__(self, *args: Any, offer: Offer, number: int, bands: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer, self.number, self.bands = offer, number, bands
        for band in range(bands):
            self.fields[f"band{band}_to"], self.fields[f"band{band}_percent"] = _text(), _number()
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = _("%(what)s of step %(number)d") % {"what": _label(name), "number": number}

    @property
    def band_fields(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"band{band}_to"], self[f"band{band}_percent"]) for band in range(self.bands)]

    def read(self) -> Step:
        happens = self.cleaned_data["happens"]
        kinds = BEFORE_THE_START if happens == "before" else (Kind(happens),)
        late = self.whole("from_minutes", 0, 240) if happens == Kind.LATE_ARRIVAL else None
        notice = self._notice() if kinds[0] in BEFORE_THE_START else None
        return Step(kinds=kinds, notice=notice, from_minutes=late, pays=self._pays())

    def _notice(self) -> Notice | None:
        unit = self.cleaned_data["unit"] or "hours"
        if unit == "hours":
            return HoursBefore(hours=self.whole("hours", 0, 1440))
        return WorkingDaysBefore(days=self.whole("days", 1, 30), wall=self._wall()) if unit == "working_days" else None

    def _wall(self) -> time:
        try:
            return time.fromisoformat(self.typed("wall")).replace(second=0, microsecond=0, tzinfo=None)
        except ValueError:
            raise Wrong("wall", _("Enter a time as the clinic’s clocks show it, for example 15:00.")) from None

    def _pays(self) -> Pays:
        match self.cleaned_data["pays"]:
            case "sum":
                return Sum(minor=self.charge("sum"))
            case "share":
                return self.share()
            case "by_price":
                return self._by_price()
            case "for_each":
                lowest = least(self.offer.currency)
                return ForEach(
                    unit=self.cleaned_data["each"] or "zone",
                    minor=self.charge("sum"),
                    at_most=self.amount_or_none("at_most", lowest=lowest),
                )
            case "deposit":
                return Deposit()
            case _nothing:
                return Nothing()

    def _by_price(self) -> ByPrice:
        bands: list[Band] = []
        for band in range(self.bands):
            limit, percent = f"band{band}_to", f"band{band}_percent"
            if not self.typed(limit) and not self.typed(percent) and band:
                continue
            up_to = self.amount(limit)
            if bands and up_to <= (bands[-1].up_to or 0):
                raise Wrong(limit, _("Each band goes up to a higher price than the one above it."))
            bands.append(Band(up_to=up_to, percent=self.whole(percent, 1, 100)))
        return ByPrice(bands=(*bands, Band(percent=self.whole("else_percent", 1, 100))))

    def refuse_too_small(self, conditions: Conditions) -> None:
        """An amount that no card can be charged is refused here, not when it is due."""
        if self.meant and (sentence := amount_too_small(conditions, self.meant.pays, self.offer.currency, self.offer.priced)):
            field = {"share": "percent", "by_price": "else_percent"}.get(self.meant.pays.form, "sum")
            self.add_error(field, sentence)


def _label(name: str) -> str:
    labels = {
        "happens": _("What happens"), "unit": _("Notice in"), "hours": _("Hours of notice"), "days": _("Working days of notice"),
        "wall": _("Time of day"), "from_minutes": _("Minutes late"), "pays": _("How much"), "sum": _("Sum"), "percent": _("Percent"),
        "at_least": _("At least"), "at_most": _("At most"), "each": _("For each"), "else_percent": _("Percent of higher prices"),
    }  # fmt: skip
    if name in labels:
        return labels[name]
    what = _("Price up to, band %d") if name.endswith("_to") else _("Percent, band %d")
    return what % (int(name[4 : name.index("_")]) + 1)


class Steps:
    """The steps of a row as typed, in order. Without `sent` those of the row; adding, removing and moving keep what was typed."""

    def __init__(self, offer: Offer, row: Row, sent: Mapping[str, Any] | None) -> None:
        self.offer, self.sent = offer, sent
        self.typed = _typed_steps(sent) if sent is not None else [step_as_typed(step, offer.currency) for step in row.steps]
        self.forms = self._forms(bound=sent is not None)

    def _forms(self, *, bound: bool) -> list[StepForm]:
        made = []
        for index, typed in enumerate(self.typed):
            bands = min(max([BANDS - 1, *(int(name[4:-3]) + 1 for name in typed if _is_band(name))]), 20)
            options: dict[str, Any] = {"prefix": f"step{index}", "offer": self.offer, "number": index + 1, "bands": bands}
            data = {f"step{index}-{name}": value for name, value in typed.items()}
            made.append(StepForm(data, **options) if bound else StepForm(initial=typed, **options))
        return made

    def add(self) -> None:
        if len(self.typed) < MOST_STEPS:
            self.typed.append(dict(self.typed[-1]) if self.typed else NEW_STEP)
        self.forms = self._forms(bound=False)

    def remove(self, index: int) -> None:
        if len(self.typed) > 1 and 0 <= index < len(self.typed):
            del self.typed[index]
        self.forms = self._forms(bound=False)

    def move_up(self, index: int) -> None:
        if 0 < index < len(self.typed):
            self.typed.insert(index - 1, self.typed.pop(index))
        self.forms = self._forms(bound=False)

    def are_valid(self) -> bool:
        valid = [form.is_valid() for form in self.forms]  # each says what is wrong with it
        return all(valid)


NEW_STEP: dict[str, Any] = {
    "happens": "before", "unit": "hours", "hours": 24, "days": 1, "wall": "15:00", "from_minutes": 10, "pays": "sum", "each": "zone",
}  # fmt: skip


def _is_band(name: str) -> bool:
    return name.startswith("band") and name.endswith("_to") and name[4:-3].isdecimal() and len(name) < 10


def _typed_steps(sent: Mapping[str, Any]) -> list[dict[str, Any]]:
    steps: dict[int, dict[str, Any]] = {}
    for key, value in sent.items():
        prefix, dash, name = key.partition("-")
        number = prefix.removeprefix("step")
        if dash and prefix.startswith("step") and number.isdecimal() and len(number) < 4:
            steps.setdefault(int(number), {})[name] = value
    return [steps[number] for number in sorted(steps)][:MOST_STEPS] or [{}]


def _plain(minor: int | None, currency: str) -> str:
    return str(Money(minor, currency).decimal) if minor is not None else ""


def step_as_typed(step: Step, currency: str) -> dict[str, Any]:
    typed = dict(NEW_STEP) | {"happens": "before" if len(step.kinds) > 1 else step.kinds[0].value, "pays": step.pays.form}
    if isinstance(step.notice, HoursBefore):
        typed |= {"unit": "hours", "hours": step.notice.hours}
    elif step.notice:
        typed |= {"unit": "working_days", "days": step.notice.days, "wall": step.notice.wall.strftime("%H:%M")}
    elif step.kinds[0] in BEFORE_THE_START:
        typed["unit"] = "any"
    if step.from_minutes is not None:
        typed["from_minutes"] = step.from_minutes
    return typed | _pays_as_typed(step.pays, currency)


def _pays_as_typed(pays: Pays, currency: str) -> dict[str, Any]:
    match pays:
        case Sum():
            return {"sum": _plain(pays.minor, currency)}
        case Share():
            return share_as_typed(pays, currency)
        case ForEach():
            return {"sum": _plain(pays.minor, currency), "each": pays.unit, "at_most": _plain(pays.at_most, currency)}
        case ByPrice():
            *bands, last = pays.bands
            typed: dict[str, Any] = {"else_percent": last.percent}
            for index, band in enumerate(bands):
                typed |= {f"band{index}_to": _plain(band.up_to, currency), f"band{index}_percent": band.percent}
            return typed
        case _nothing:
            return {}


def share_as_typed(pays: Share, currency: str) -> dict[str, Any]:
    return {"percent": pays.percent, "at_least": _plain(pays.at_least, currency), "at_most": _plain(pays.at_most, currency)}


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
        "price_from": _plain(kept.price_from, currency),
        "price_below": _plain(kept.price_below, currency),
        "patients": kept.patients,
        "missed_from": kept.missed_from,
        "missed_to": kept.missed_to,
        "missed_months": kept.missed_months,
        "first_month": int(season.first[:2]),
        "first_day": int(season.first[3:]),
        "last_month": int(season.last[:2]),
        "last_day": int(season.last[3:]),
    }


class AskForm(Typed):
    """What booking asks for."""

    asks = forms.ChoiceField(
        choices=ASKS, widget=forms.RadioSelect({"class": "radio radio-primary radio-sm"}), label=gettext_lazy("Asks for")
    )
    sum = _text(label=gettext_lazy("Deposit"))
    percent = _number(label=gettext_lazy("Percent"))
    at_least = _text(label=gettext_lazy("At least"))
    at_most = _text(label=gettext_lazy("At most"))
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
        asks, typed = "sum", {"sum": _plain(kept.deposit.minor, currency)}
    return typed | {"asks": asks, "pay_first": kept.pay_first, "approval": kept.approval}


class OptionsForm(forms.Form):
    """What stands in no row."""

    cancelled_in_time = forms.ChoiceField(
        choices=[("returned", gettext_lazy("Returned to the card")), ("kept", gettext_lazy("Kept"))],
        label=gettext_lazy("Cancelled in time"),
    )
    late_or_missed = forms.ChoiceField(
        choices=[("applied", gettext_lazy("Applied to the fee first")), ("kept", gettext_lazy("Kept beside the fee"))],
        label=gettext_lazy("Late or missed"),
    )
    free_hours = forms.IntegerField(min_value=0, max_value=24 * 14, label=gettext_lazy("Free after the booking is confirmed, hours"))
    late_minutes = forms.IntegerField(min_value=0, max_value=240, label=gettext_lazy("Counts as missed from, minutes after the start"))
    first_time = forms.ChoiceField(
        choices=[
            ("off", gettext_lazy("Off")),
            ("propose", gettext_lazy("Propose it to the desk")),
            ("by_itself", gettext_lazy("Spare it by itself")),
        ],
        label=gettext_lazy("The first no-show is forgiven"),
    )
    first_within = forms.IntegerField(min_value=1, max_value=120, label=gettext_lazy("The first in how many months"))
    was = forms.CharField(max_length=16, widget=forms.HiddenInput)


class TextsForm(forms.Form):
    description = forms.CharField(label=gettext_lazy("Description"), max_length=4000, widget=forms.Textarea({"rows": 4}))
    authorization_text = forms.CharField(label=gettext_lazy("CC Authorization Text"), max_length=4000, widget=forms.Textarea({"rows": 5}))
    was = forms.CharField(max_length=16, widget=forms.HiddenInput)


class PublishForm(forms.Form):
    what_changed = forms.CharField(label=gettext_lazy("What changed, for the record"), max_length=200)
    was = forms.CharField(max_length=16, widget=forms.HiddenInput)
    based_on = forms.IntegerField(min_value=0, max_value=1_000_000, widget=forms.HiddenInput)


class WasForm(forms.Form):
    """The fingerprint of the row that was opened; none for a new one."""

    was = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)
