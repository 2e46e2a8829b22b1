"""What happens, how late, and what it costs: the steps of a row, as the policy editor asks them."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.desk.policy.typed import Offer, Typed, Wrong, number_field, plain, share_as_typed, text_field
from kept.policies.checks import amount_too_small
from kept.policies.document import (
    BEFORE_THE_START,
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
    Share,
    Step,
    Sum,
    WorkingDaysBefore,
)
from kept.policies.minimum import least

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


class StepForm(Typed):
    """What happens, how late, and what it costs."""

    happens = forms.ChoiceField(choices=HAPPENS)
    unit = forms.ChoiceField(required=False, choices=UNITS)
    hours = number_field()
    days = number_field()
    wall = forms.CharField(required=False, max_length=8, widget=forms.TextInput({"type": "time"}))
    from_minutes = number_field()
    pays = forms.ChoiceField(choices=FORMS)
    sum = text_field()
    percent = number_field()
    at_least = text_field()
    at_most = text_field()
    each = forms.ChoiceField(required=False, choices=EACH)
    else_percent = number_field()

    def __init__(self, *args: Any, offer: Offer, number: int, bands: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer, self.number, self.bands = offer, number, bands
        for band in range(bands):
            self.fields[f"band{band}_to"], self.fields[f"band{band}_percent"] = text_field(), number_field()
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
            return {"sum": plain(pays.minor, currency)}
        case Share():
            return share_as_typed(pays, currency)
        case ForEach():
            return {"sum": plain(pays.minor, currency), "each": pays.unit, "at_most": plain(pays.at_most, currency)}
        case ByPrice():
            *bands, last = pays.bands
            typed: dict[str, Any] = {"else_percent": last.percent}
            for index, band in enumerate(bands):
                typed |= {f"band{index}_to": plain(band.up_to, currency), f"band{index}_percent": band.percent}
            return typed
        case _nothing:
            return {}
