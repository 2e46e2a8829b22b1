"""Forms of setting up, and the hours of a week as seven lines of text."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.db.models import QuerySet
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from kept.foundation.lists import EARLIEST, LATEST
from kept.foundation.money import Money
from kept.practice.models import CALENDAR_STEPS, MOST_HORIZON, Clinic, OpeningHours, Provider, Resource, Schedule, ScheduleException
from kept.practice.rules import Role
from kept.practice.week import Hours, Week, read_hours, write_hours

HOURS = gettext_lazy("Write it like 9:00 AM – 12:15 PM, 1:00 PM – 6:00 PM.")
STEPS = [(step, ngettext_lazy("%(step)d minute", "%(step)d minutes", step) % {"step": step}) for step in CALENDAR_STEPS]
ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "posix/", "right/")))
LEADS = [0, 30, 60, 120, 240, 480, 720, 1440, 2880, 4320, 10080]


class Day(forms.DateField):
    """A date as browsers send it."""

    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")

    def clean(self, value: Any) -> Any:
        found: date | None = super().clean(value)
        if found and not EARLIEST <= found <= LATEST:
            raise forms.ValidationError(_("Choose a day that the calendar shows."))
        return found


class HoursField(forms.CharField):
    """The spans of a day as text; cleaned to a list of them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=200, widget=forms.TextInput({"autocomplete": "off", "class": "tnum"}), **options)

    def clean(self, value: Any) -> Any:
        try:
            return read_hours(super().clean(value))
        except ValueError:
            raise forms.ValidationError(_("These are no hours, or overlap. %s") % HOURS) from None


class WeekForm(forms.Form):
    """Seven lines, Monday first; an empty one is a day off."""

    def __init__(self, sent: Any, *, kept: Iterable[OpeningHours | Schedule], prefix: str = "") -> None:
        super().__init__(sent, prefix=prefix or None)
        self.kept: dict[int, list[Hours]] = {}
        for row in sorted((row for row in kept if row.opens_at and row.closes_at), key=lambda row: str(row.opens_at)):
            if row.opens_at and row.closes_at and row.weekday is not None:
                self.kept.setdefault(row.weekday, []).append((row.opens_at, row.closes_at))
        for weekday, label in WEEKDAYS.items():
            self.fields[f"day_{weekday}"] = HoursField(label=label, initial=write_hours(self.kept.get(weekday, [])))

    @property
    def week(self) -> Week:
        return {weekday: self.cleaned_data[f"day_{weekday}"] for weekday in range(7)}


class PracticeForm(forms.Form):
    name = forms.CharField(max_length=120, label=gettext_lazy("Name of the practice"))


class OnlineForm(forms.Form):
    lead_minutes = forms.TypedChoiceField(coerce=int, label=gettext_lazy("Lead time"))
    horizon_days = forms.IntegerField(min_value=1, max_value=MOST_HORIZON, label=gettext_lazy("Days ahead"))
    step_minutes = forms.TypedChoiceField(coerce=int, choices=STEPS, label=gettext_lazy("A time every"))
    closed = forms.CharField(
        max_length=300,
        required=False,
        label=gettext_lazy("What a page says when it is off"),
        help_text=gettext_lazy("else that it is booked by phone"),
    )
    sites = forms.CharField(
        max_length=1000,
        required=False,
        label=gettext_lazy("Sites that may show it"),
        help_text=gettext_lazy("one a line, as in https://www.example.com"),
        widget=forms.Textarea({"rows": 3}),
    )

    def clean_sites(self) -> list[str]:
        return str(self.cleaned_data["sites"]).split()

    def __init__(self, sent: Any, *, initial: dict[str, Any]) -> None:
        super().__init__(sent, initial=initial)
        leads = self.fields["lead_minutes"]
        assert isinstance(leads, forms.ChoiceField)
        leads.choices = [(minutes, lead_in_words(minutes)) for minutes in sorted({*LEADS, initial["lead_minutes"]})]


def lead_in_words(minutes: int) -> str:
    if not minutes:
        return _("None")
    if minutes % 60:
        return _("%d min") % minutes
    return _("%d h") % (minutes // 60)


class ClinicForm(forms.Form):
    name = forms.CharField(max_length=120, label=gettext_lazy("Name"))
    zone_name = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=[(zone, zone.replace("_", " ")) for zone in ZONES])
    currency = forms.CharField(max_length=3, min_length=3, label=gettext_lazy("Currency"))
    address = forms.CharField(max_length=200, required=False, label=gettext_lazy("Address"))
    phone = forms.CharField(max_length=30, required=False, label=gettext_lazy("Phone"))
    online = forms.BooleanField(required=False, label=gettext_lazy("Patients may book here online"))
    active = forms.BooleanField(required=False, label=gettext_lazy("In use"))

    def __init__(self, sent: Any, *, initial: dict[str, Any]) -> None:
        super().__init__(sent, initial=initial)
        zone = initial.get("zone_name")
        zones = self.fields["zone_name"]
        assert isinstance(zones, forms.ChoiceField)
        if zone and zone not in ZONES:
            zones.choices = [(zone, zone), *((each, each.replace("_", " ")) for each in ZONES)]

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()


class DayForm(forms.Form):
    """A date on which a clinic is open otherwise."""

    on = Day(label=gettext_lazy("Date"))
    hours = HoursField(label=gettext_lazy("Hours"), help_text=gettext_lazy("closed without"))
    why = forms.CharField(max_length=120, required=False, label=gettext_lazy("Why"))

    def clean_hours(self) -> Hours | None:
        return one_span(self.cleaned_data["hours"])


def one_span(hours: Sequence[Hours]) -> Hours | None:
    if len(hours) > 1:
        raise forms.ValidationError(_("One span of hours only."))
    return hours[0] if hours else None


class Several(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Rows of the practice, as checkboxes."""

    widget = forms.CheckboxSelectMultiple

    def clean(self, value: Any) -> Any:
        return list(super().clean(value))


class ProviderForm(forms.Form):
    name = forms.CharField(max_length=120, label=gettext_lazy("Name"))
    title = forms.CharField(max_length=40, required=False, label=gettext_lazy("Title"), help_text=gettext_lazy("as in NP"))
    clinics = Several(Clinic.objects.none(), required=False, label=gettext_lazy("Works at"))
    active = forms.BooleanField(required=False, label=gettext_lazy("In use: can be booked"))

    def __init__(self, sent: Any, *, initial: dict[str, Any], clinics: QuerySet[Clinic]) -> None:
        super().__init__(sent, initial=initial)
        _of(self, "clinics", clinics)


class ExceptionForm(forms.Form):
    kind = forms.ChoiceField(choices=ScheduleException.Kind.choices, label=gettext_lazy("What"))
    first_on = Day(label=gettext_lazy("From"))
    last_on = Day(required=False, label=gettext_lazy("To"), help_text=gettext_lazy("the same day without"))
    hours = HoursField(label=gettext_lazy("Hours"), help_text=gettext_lazy("all day without"))
    clinic = forms.ModelChoiceField(Clinic.objects.none(), required=False, label=gettext_lazy("Clinic"), empty_label=gettext_lazy("All"))
    why = forms.CharField(max_length=120, required=False, label=gettext_lazy("Why"))

    def __init__(self, sent: Any, *, clinics: QuerySet[Clinic]) -> None:
        super().__init__(sent)
        _of(self, "clinic", clinics)

    def clean_hours(self) -> Hours | None:
        return one_span(self.cleaned_data["hours"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        cleaned["last_on"] = cleaned.get("last_on") or cleaned.get("first_on")
        return cleaned


class ServiceForm(forms.Form):
    name = forms.CharField(max_length=120, label=gettext_lazy("Name"))
    category = forms.CharField(max_length=60, required=False, label=gettext_lazy("Category"))
    minutes = forms.IntegerField(min_value=1, max_value=720, label=gettext_lazy("Minutes"))
    price = forms.CharField(max_length=20, label=gettext_lazy("Price"), widget=forms.TextInput({"inputmode": "decimal"}))
    zones = forms.IntegerField(min_value=1, max_value=99, label=gettext_lazy("Zones treated"))
    buffer_before = forms.IntegerField(min_value=0, max_value=240, label=gettext_lazy("Minutes before"))
    buffer_after = forms.IntegerField(min_value=0, max_value=240, label=gettext_lazy("Minutes after"))
    performers = Several(Provider.objects.none(), required=False, label=gettext_lazy("Performed by"))
    resources = Several(Resource.objects.none(), required=False, label=gettext_lazy("Rooms and devices"))
    online = forms.BooleanField(required=False, label=gettext_lazy("Patients may book it online"))
    active = forms.BooleanField(required=False, label=gettext_lazy("In use: can be booked"))

    def __init__(
        self, sent: Any, *, initial: dict[str, Any], currency: str, providers: QuerySet[Provider], resources: QuerySet[Resource]
    ) -> None:
        super().__init__(sent, initial=initial)
        self.currency = currency
        _of(self, "performers", providers)
        _of(self, "resources", resources)

    def clean_price(self) -> Money:
        try:
            return Money.parse(self.cleaned_data["price"], self.currency)
        except ValueError:
            raise forms.ValidationError(_("Enter an amount, for example %s.") % Money(6000, self.currency).decimal) from None


class RoomForm(forms.Form):
    name = forms.CharField(max_length=120, label=gettext_lazy("Name"))
    kind = forms.ChoiceField(choices=[("room", gettext_lazy("Room")), ("device", gettext_lazy("Device"))], label=gettext_lazy("What"))
    clinic = forms.ModelChoiceField(Clinic.objects.none(), label=gettext_lazy("Clinic"), empty_label=None)
    active = forms.BooleanField(required=False, label=gettext_lazy("In use: can be taken"))

    def __init__(self, sent: Any, *, initial: dict[str, Any], clinics: QuerySet[Clinic], known: bool) -> None:
        super().__init__(sent, initial=initial)
        _of(self, "clinic", clinics)
        if known:  # what it is and where it stands is what its history rests on
            del self.fields["kind"], self.fields["clinic"]


class StaffForm(forms.Form):
    name = forms.CharField(max_length=120, label=gettext_lazy("Name"))
    email = forms.EmailField(max_length=254, label=gettext_lazy("E-mail"))
    role = forms.ChoiceField(choices=Role.choices, label=gettext_lazy("Role"))
    provider = forms.ModelChoiceField(Provider.objects.none(), required=False, label=gettext_lazy("Provider"), empty_label="–")
    clinics = Several(Clinic.objects.none(), required=False, label=gettext_lazy("Clinics"))
    active = forms.BooleanField(required=False, label=gettext_lazy("May sign in here"))

    def __init__(
        self, sent: Any, *, initial: dict[str, Any], clinics: QuerySet[Clinic], providers: QuerySet[Provider], known: bool
    ) -> None:
        super().__init__(sent, initial=initial)
        _of(self, "clinics", clinics)
        _of(self, "provider", providers)
        if known:
            del self.fields["email"]


def _of(form: forms.Form, name: str, rows: QuerySet[Any]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows
