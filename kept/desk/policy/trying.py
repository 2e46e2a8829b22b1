"""Try it: this service, this patient, this notice: what is charged, by which row, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.desk.policy.typed import Offer
from kept.desk.setup.forms import Day
from kept.foundation.clock import reached
from kept.foundation.dates import clock_time, moment
from kept.foundation.money import Money
from kept.policies import asks, fees
from kept.policies.case import Case, Facts, Item
from kept.policies.document import BEFORE_THE_START, Document, Kind
from kept.policies.fees import Quote
from kept.policies.words import Words
from kept.practice.models import Clinic, Service
from kept.practice.queries import open_days

HALF_PAST_TEN = time(10, 30)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PATIENTS = [
    ("0", gettext_lazy("Established, no missed visit")),
    ("1", gettext_lazy("Established, missed 1 visit")),
    ("2", gettext_lazy("Established, missed 2 visits")),
    ("3", gettext_lazy("Established, missed 3 visits")),
    ("new", gettext_lazy("New")),
]
KINDS = [
    (Kind.LATE_CANCEL.value, gettext_lazy("Cancels")),
    (Kind.LATE_RESCHEDULE.value, gettext_lazy("Moves")),
    (Kind.LATE_ARRIVAL.value, gettext_lazy("Comes late")),
    (Kind.NO_SHOW.value, gettext_lazy("Misses")),
]
BOOKED = [("month", gettext_lazy("A month before")), ("hour", gettext_lazy("An hour before that"))]


class WallTime(forms.TimeField):
    """A time as browsers send it."""

    widget = forms.TimeInput({"type": "time"}, format="%H:%M")


class TryForm(forms.Form):
    """A visit, its patient, and what happens to it. What was not asked is as it stands on the page."""

    service = forms.ChoiceField(label=gettext_lazy("Service"))
    patient = forms.ChoiceField(choices=PATIENTS, label=gettext_lazy("Patient"))
    clinic = forms.ChoiceField(label=gettext_lazy("Clinic"))
    on = Day(label=gettext_lazy("Day of the visit"))
    starts = WallTime(label=gettext_lazy("Start"))
    kind = forms.ChoiceField(choices=KINDS, widget=forms.RadioSelect, label=gettext_lazy("What happens"))
    when_on = Day(label=gettext_lazy("Day on which it happens"))
    when = WallTime(label=gettext_lazy("Time at which it happens"))
    late = forms.IntegerField(min_value=0, max_value=240, label=gettext_lazy("Minutes late"))
    booked = forms.ChoiceField(choices=BOOKED, label=gettext_lazy("Booked"))

    def __init__(self, sent: Any, *, offer: Offer, now: datetime) -> None:
        self.offer = offer
        self.services = {str(each.pk): each for each in offer.priced}
        self.clinics = {str(each.pk): each for each in offer.clinics if each.active}
        standard = self._standard(now)
        asked = {name: sent.get(name, value) for name, value in standard.items()}
        known: dict[str, Any] = {"service": self.services, "clinic": self.clinics, "patient": dict(PATIENTS)}
        asked |= {name: standard[name] for name, choices in known.items() if asked[name] not in choices}  # taken out of use meanwhile
        super().__init__(asked, auto_id="try_%s")
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = field.label
        self._choose("service", [(key, f"{each.name}, {each.minutes} min, {each.price}") for key, each in self.services.items()])
        self._choose("clinic", [(key, each.name) for key, each in self.clinics.items()])

    def _choose(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def _standard(self, now: datetime) -> dict[str, Any]:
        """A visit in a week, at half past ten, cancelled twenty hours and a half before."""
        clinic = next(iter(self.clinics.values()), None)
        on = clinic.local_date(now) + 7 * DAY if clinic else now.date()
        is_open = open_days(clinic) if clinic else None
        on = next((on + days * DAY for days in range(14) if is_open and is_open(on + days * DAY)), on)
        return {
            "service": next(iter(self.services), ""),
            "patient": "0",
            "clinic": next(iter(self.clinics), ""),
            "on": on.isoformat(),
            "starts": "10:30",
            "kind": Kind.LATE_CANCEL.value,
            "when_on": (on - DAY).isoformat(),
            "when": "14:00",
            "late": "20",
            "booked": "month",
        }

    @property
    def is_possible(self) -> bool:
        """There is something to try it with."""
        return bool(self.services and self.clinics)

    def visit(self, document: Document) -> "Tried":
        """What was asked, as the fees judge it."""
        asked = self.cleaned_data
        clinic, service = self.clinics[asked["clinic"]], self.services[asked["service"]]
        starts_at = reached(datetime.combine(asked["on"], asked["starts"]), clinic.zone)
        kind = Kind(asked["kind"])
        at = _at(kind, asked, starts_at, document, clinic.zone)
        accepted_at = at - HOUR if asked["booked"] == "hour" else min(starts_at, at) - 30 * DAY
        return Tried(kind, at, case_of(service, clinic, asked["patient"], starts_at=starts_at, accepted_at=accepted_at), clinic, service)


def _at(kind: Kind, asked: dict[str, Any], starts_at: datetime, document: Document, zone: ZoneInfo) -> datetime:
    if kind == Kind.LATE_ARRIVAL:
        return starts_at + timedelta(minutes=asked["late"])
    if kind == Kind.NO_SHOW:
        return starts_at + timedelta(minutes=document.late_minutes)
    return reached(datetime.combine(asked["when_on"], asked["when"]), zone)


def case_of(service: Service, clinic: Clinic, patient: str, *, starts_at: datetime, accepted_at: datetime) -> Case:
    """A visit that nobody has booked. `patient`: "new", or how many visits an established one has missed."""
    item = Item(service=service.pk, category=service.category, minutes=service.minutes, minor=service.price_minor, zones=service.zones)
    missed = 0 if patient == "new" else int(patient)
    facts = Facts(clinic=clinic.pk, currency=service.currency, items=(item,), new=patient == "new", missed_at=(accepted_at - DAY,) * missed)
    return Case(facts, starts_at, clinic.zone, accepted_at, open_days(clinic))


@dataclass(frozen=True, slots=True)
class Tried:
    kind: Kind
    at: datetime
    case: Case
    clinic: Clinic
    service: Service


class Part(NamedTuple):
    """A stretch of the line of time: what it costs there, and where it begins."""

    label: str
    begins: str
    tone: str
    here: bool


class Answer(NamedTuple):
    """What was found. `number` counts rows from 1; none where no row names it."""

    quote: Quote
    because: str
    line: list[Part]
    others: list[tuple[int, str]]
    booking: str


def answer(document: Document, words: Words, tried: Tried) -> Answer:
    """What it costs, by which row, why, and why not by those above."""
    case, kind, at = tried.case, tried.kind, tried.at
    after_the_start = kind in BEFORE_THE_START and at > case.starts_at
    judged = Kind.NO_SHOW if after_the_start else kind  # cancelling after the start is not coming
    found = fees.quote(document, case, judged, at=at)
    because = words.because(document, case, found, at=at)
    return Answer(
        quote=found,
        because=_("it is after the start: that counts as missed.") if after_the_start and found.fee else because,
        line=_line(document, tried),
        others=[(passed.number, words.why_not(document, case, passed, judged)) for passed in found.passed_over],
        booking=_booking(document, case),
    )


def _line(document: Document, tried: Tried) -> list[Part]:
    case, at = tried.case, tried.at
    kind = tried.kind if tried.kind in BEFORE_THE_START else Kind.LATE_CANCEL
    stops: list[tuple[datetime, str, str, str]] = [(min(case.accepted_at, at), _("Free"), "", "completed")]
    for after, fee in fees.tiers(document, case, kind):
        stops.append((after, str(fee) if fee else _("Free"), _before(after, case), "outcome" if fee else "completed"))
    late = fees.quote(document, case, Kind.LATE_ARRIVAL, at=fees.missed_from(document, case))
    if late.fee:
        stops.append((case.starts_at, f"+{late.fee}", _("start"), "outcome"))
    missed = fees.most(document, case, Kind.NO_SHOW)
    label = str(missed) if missed else _("Free")
    stops.append((fees.missed_from(document, case), label, _("+%d min") % document.late_minutes, "noshow" if missed else "completed"))
    here = max((index for index, (begins, *_rest) in enumerate(stops) if begins < at), default=0)
    if tried.kind == Kind.NO_SHOW:
        here = len(stops) - 1
    return [Part(label, said, tone, index == here) for index, (_begins, label, said, tone) in enumerate(stops)]


def _before(after: datetime, case: Case) -> str:
    """−24 h; of working days the moment itself."""
    hours, rest = divmod(case.starts_at - after, HOUR)
    return moment(after, case.zone) if rest or hours > 24 * 14 else f"−{_('%d h') % hours}"


def _booking(document: Document, case: Case) -> str:
    """What booking it asks for, in a few words."""
    found = asks.asked(document, case, unpaid_fee=False)
    parts = [_("staff approve")] if found.approval else []
    if found.deposit:
        parts.append(_("a card and a deposit of %s") % found.deposit)
    elif found.card:
        parts.append(_("a card"))
    return _(", then ").join(parts) or _("no card")


class PatientLine(NamedTuple):
    """A step of the line as the patient reads it."""

    icon: str
    tone: str
    title: str
    text: str


def for_patient(document: Document, case: Case) -> list[PatientLine]:
    """Free, then what it costs, the dates and the money of this visit."""
    zone = case.zone
    cancelling, moving = (fees.tiers(document, case, kind) for kind in BEFORE_THE_START)
    lines = (
        _tiers(_("Change or cancel"), cancelling, case)
        if cancelling == moving
        else [*_tiers(_("Cancel"), cancelling, case), *_tiers(_("Change the time"), moving, case)]
    )
    late, most_late = (_late(document, case, minutes) for minutes in (None, document.late_minutes))
    if late:
        from_minutes, fee = late
        begins = clock_time(case.starts_at + timedelta(minutes=from_minutes), zone)
        most = most_late[1] if most_late else fee
        title = str(fee) if most == fee else _("%(low)s to %(high)s") % {"low": fee, "high": most}
        lines.append(PatientLine("timer", "outcome", title, _("Come later than %s. We shorten the visit if we must.") % begins))
    missed = fees.most(document, case, Kind.NO_SHOW)
    by = clock_time(fees.missed_from(document, case), zone)
    text = _("Not here by %s, or cancelled after the start.") % by
    lines.append(PatientLine("user-x", "noshow" if missed else "completed", str(missed) if missed else _("Free"), text))
    return lines


def _tiers(verb: str, tiers: Sequence[tuple[datetime, Money]], case: Case) -> list[PatientLine]:
    until = moment(tiers[0][0], case.zone) if tiers else _("it starts")
    lines = [PatientLine("check", "completed", _("Free"), _("%(verb)s until %(until)s.") % {"verb": verb, "until": until})]
    for after, fee in tiers:
        text = _("%(verb)s after %(after)s.") % {"verb": verb, "after": moment(after, case.zone)}
        lines.append(PatientLine("calendar-x", "outcome", str(fee), text))
    return lines


def _late(document: Document, case: Case, minutes: int | None) -> tuple[int, Money] | None:
    """From how many minutes on coming late costs, and what; at that many minutes where they are given."""
    at = case.starts_at + timedelta(minutes=minutes if minutes is not None else document.late_minutes)
    found = fees.quote(document, case, Kind.LATE_ARRIVAL, at=at)
    if not found.fee or not found.step or found.number is None:
        return None
    first = min(step.from_minutes or 0 for step in document.rows[found.number - 1].naming(Kind.LATE_ARRIVAL))
    if minutes is not None:
        return first, found.fee
    return first, fees.quote(document, case, Kind.LATE_ARRIVAL, at=case.starts_at + timedelta(minutes=first, seconds=1)).fee
