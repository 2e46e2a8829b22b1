"""A policy in words, written from its rows so that the two cannot disagree: for the desk, for the patient, and why a fee is what it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import NamedTuple
from uuid import UUID

from django.utils.formats import date_format, time_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kept.foundation.dates import elapsed, moment
from kept.foundation.money import Money
from kept.policies import deposits, fees
from kept.policies.case import Case
from kept.policies.document import (
    BEFORE_THE_START,
    Ask,
    AskConditions,
    ByPrice,
    Conditions,
    Deposit,
    Document,
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
)
from kept.policies.fees import PassedOver, Quote


class StepInWords(NamedTuple):
    """Cancels or moves | less than 24 h before | $25.00 | for each zone"""

    happening: str
    how_late: str
    money: str
    limits: str


@dataclass(frozen=True, slots=True)
class Words:
    """Says it in one currency, with the names of services and clinics by their id."""

    currency: str
    names: Mapping[UUID, str] = field(default_factory=dict)

    def money(self, minor: int) -> str:
        return str(Money(minor, self.currency))

    # Who and what

    def title(self, conditions: Conditions) -> str:
        """Laser hair removal; Visits of 90 min or more; Missed 1 or more in 12 months; Everyone else"""
        parts = self._parts(conditions)
        return capfirst(parts[0]) if parts else _("Everyone else")

    def subtitle(self, conditions: Conditions) -> str:
        """What else must fit: Dec 15 – Jan 5, each year"""
        return capfirst("; ".join(self._parts(conditions)[1:]))

    def _parts(self, conditions: Conditions) -> list[str]:
        services = [self.names.get(each, _("a service that is gone")) for each in conditions.services]
        clinics = [self.names.get(each, _("a clinic that is gone")) for each in conditions.clinics]
        parts = [", ".join(each) for each in (services, conditions.categories, clinics) if each]
        if isinstance(conditions, AskConditions) and conditions.unpaid_fee:
            parts.append(_("an unpaid fee"))
        if span := _span(conditions.minutes_from, conditions.minutes_below, lambda minutes: _("%d min") % minutes):
            parts.append(_("visits of %s") % span)
        if span := _span(conditions.price_from, conditions.price_below, self.money):
            parts.append(_("visits at %s") % span)
        if conditions.patients:
            parts.append(_("new patients") if conditions.patients == "new" else _("established patients"))
        if conditions.missed_from is not None or conditions.missed_to is not None:
            parts.append(_missed(conditions))
        if conditions.season:
            parts.append(_season(conditions.season))
        return parts

    # How late and how much

    def step(self, step: Step) -> StepInWords:
        money, limits = self._pays(step.pays)
        return StepInWords(_happening(step.kinds), _how_late(step), money, limits)

    def _pays(self, pays: Pays) -> tuple[str, str]:
        match pays:
            case Sum():
                return self.money(pays.minor), ""
            case Share():
                return _("%d %%") % pays.percent, self._bounds(pays)
            case ByPrice():
                first, *_between, last = pays.bands
                bands = ", ".join(self._band(band.percent, band.up_to) for band in pays.bands[1:-1])
                rest = _("to %(limit)s, %(bands)selse %(percent)d %%") % {
                    "limit": self.money(first.up_to or 0), "bands": f"{bands}, " if bands else "", "percent": last.percent,
                }  # fmt: skip
                return _("%d %%") % first.percent, rest
            case ForEach():
                most = _(", at most %s") % self.money(pays.at_most) if pays.at_most else ""
                return self.money(pays.minor), _("for each %s") % _unit(pays.unit) + most
            case Deposit():
                return _("The deposit"), _("is kept")
            case Nothing():
                return _("Nothing"), ""

    def _bounds(self, pays: Share) -> str:
        if pays.at_least and pays.at_most:
            return _("%(low)s to %(high)s") % {"low": self.money(pays.at_least), "high": self.money(pays.at_most)}
        if pays.at_least:
            return _("at least %s") % self.money(pays.at_least)
        return _("at most %s") % self.money(pays.at_most) if pays.at_most else ""

    def _band(self, percent: int, up_to: int | None) -> str:
        return _("%(percent)d %% to %(limit)s") % {"percent": percent, "limit": self.money(up_to or 0)}

    def patient_pays(self, pays: Pays) -> str:
        """25 % of the price, at most $150.00; $40.00 for each zone; nothing"""
        money, limits = self._pays(pays)
        match pays:
            case Sum():
                return money
            case Share():
                return _("%s of the price") % money + (f", {limits}" if limits else "")
            case ByPrice():
                return _("%s of a price") % money + f" {limits}"
            case Deposit():
                return _("your deposit")
            case Nothing():
                return _("nothing")
        return f"{money} {limits}"

    def to_patient(self, row: Row) -> str:
        """The row as the patient reads it where her visit is not known: Cancel or move less than 24 hours before: $40.00."""
        said = []
        for step in row.steps:
            pays = self.patient_pays(step.pays)
            if step.kinds[0] in BEFORE_THE_START:
                how_late = _notice(step.notice) if step.notice else _("at any time")
                said.append(_("%(verb)s %(how_late)s: %(pays)s.") % {"verb": _verb(step.kinds), "how_late": how_late, "pays": pays})
            elif step.kinds[0] == Kind.LATE_ARRIVAL:
                said.append(_("From %(minutes)d minutes late: %(pays)s.") % {"minutes": step.from_minutes, "pays": pays})
            else:
                said.append(_("If you miss it: %s.") % pays)
        return " ".join(said)

    def elsewhere(self, document: Document, number: int) -> list[tuple[str, int]]:
        """What row `number` does not name, and the row to which it falls where no other condition stands in between: (Comes late, 6)."""
        named = {kind for step in document.rows[number - 1].steps for kind in step.kinds}
        found: dict[int, list[Kind]] = {}
        for kind in (*BEFORE_THE_START, Kind.LATE_ARRIVAL, Kind.NO_SHOW):
            last = document.rows[-1]
            if kind not in named and number < len(document.rows) and last.naming(kind):
                found.setdefault(len(document.rows), []).append(kind)
        return [(", ".join(_happening(kinds) for kinds in _grouped(kinds)), row) for row, kinds in found.items()]

    def ask(self, ask: Ask) -> str:
        """What booking asks for: Card and a deposit of 25 %, at most $100.00"""
        parts = []
        if ask.pay_first:
            parts.append(_("payment of the fee first"))
        if ask.approval:
            parts.append(_("staff approve"))
        if ask.never_card:
            parts.append(_("never a card"))
        elif ask.prepay:
            parts.append(_("full prepayment"))
        elif ask.deposit:
            money, limits = self._pays(ask.deposit)
            parts.append(_("card and a deposit of %s") % ", ".join(each for each in (money, limits) if each))
        elif ask.card:
            parts.append(_("card"))
        return capfirst(_(", then ").join(parts))

    # A visit that is known

    def statement(self, document: Document, case: Case) -> str:
        """What it costs to cancel, to be late and to miss this visit, with its own dates and money: the text that is accepted."""
        lines = self._before_the_start(document, case)
        late = fees.quote(document, case, Kind.LATE_ARRIVAL, at=fees.missed_from(document, case))
        if late.fee and late.step:
            words = {"minutes": late.step.from_minutes, "pays": self.patient_pays(late.step.pays)}
            lines.append(_("From %(minutes)d minutes late, %(pays)s.") % words)
        missed = fees.most(document, case, Kind.NO_SHOW)
        lines.append(_("A missed appointment is charged %s.") % missed if missed else _("A missed appointment costs nothing."))
        return " ".join([*lines, *self.deposit(document, case)])

    def deposit(self, document: Document, case: Case) -> list[str]:
        """What is paid at booking and what becomes of it: a sentence each. None where nothing is."""
        if not case.facts.deposit:
            return []
        missed = fees.quote(document, case, Kind.NO_SHOW, at=case.starts_at)
        parts = deposits.split(document, missed, missed.fee, Money(case.facts.deposit, self.currency))
        says = [
            _("A deposit of %s is paid at booking and credited at the visit.") % self.money(case.facts.deposit),
            _("Cancelled in time, it goes back to the card.") if deposits.goes_back(document) else _("Cancelled in time, it is kept."),
        ]
        if parts.applied and not parts.charged:
            says.append(_("Cancelled late or missed, it pays the fee, and nothing further is charged."))
        elif parts.applied:
            says.append(_("Cancelled late or missed, it counts towards the fee: for a missed visit %s more is charged.") % parts.charged)
        else:
            says.append(_("Cancelled late or missed, it is kept beside the fee."))
        return says

    def _before_the_start(self, document: Document, case: Case) -> list[str]:
        cancelling, moving = (fees.tiers(document, case, kind) for kind in BEFORE_THE_START)
        if cancelling == moving:
            return [self._tiers(_("change or cancel"), cancelling, case)]
        return [self._tiers(_("cancel"), cancelling, case), self._tiers(_("change the time"), moving, case)]

    def _tiers(self, verb: str, tiers: Sequence[tuple[datetime, Money]], case: Case) -> str:
        if not tiers:
            return _("Free to %s until it starts.") % verb
        (first, fee), *rest = tiers
        said = [_("Free to %(verb)s until %(when)s.") % {"verb": verb, "when": moment(first, case.zone)}]
        said.append(_("After that it costs %s.") % fee)
        said += [_("After %(when)s, %(fee)s.") % {"when": moment(when, case.zone), "fee": fee} for when, fee in rest]
        return " ".join(said)

    # Why

    def because(self, document: Document, case: Case, quote: Quote, *, at: datetime) -> str:
        """Why it costs that much: it is cancelled 20 h 30 min before, and free only until Wed, Oct 21, 10:30 AM."""
        if quote.number is None:
            return _("no row says what this costs.")
        if quote.kind == Kind.NO_SHOW:
            return _("the visit is missed.") if quote.step and quote.fee else _("the row says that missing it costs nothing.")
        if quote.kind == Kind.LATE_ARRIVAL:
            late = elapsed(case.starts_at, max(at, case.starts_at))
            from_minutes = min(step.from_minutes or 0 for step in document.rows[quote.number - 1].naming(quote.kind))
            return _("the patient comes %(late)s late, and it is free up to %(minutes)d min.") % {"late": late, "minutes": from_minutes}
        verb = _("cancelled") if quote.kind == Kind.LATE_CANCEL else _("moved")
        if quote.just_booked:
            return _("it was booked less than %d h ago.") % document.free_hours
        words = {
            "verb": verb,
            "before": elapsed(at, case.starts_at),
            "until": moment(fees.free_until(document, case, quote.kind), case.zone),
        }
        if quote.fee:
            return _("it is %(verb)s %(before)s before, and free only until %(until)s.") % words
        return _("it is %(verb)s %(before)s before, and free until %(until)s.") % words

    def why_not(self, document: Document, case: Case, passed: PassedOver, kind: Kind) -> str:
        """Why a row above does not count: 60 min, and the row is for visits of 90 min or more."""
        conditions = document.rows[passed.number - 1].conditions
        if not passed.unfit:
            return _("does not say what it costs when the patient %s") % _happens(kind)
        if passed.unfit == "services":
            return _("not %s") % ", ".join(self.names.get(each, "") for each in conditions.services)
        if passed.unfit == "categories":
            return _("not %s") % ", ".join(conditions.categories)
        if passed.unfit == "clinics":
            return _("not at %s") % ", ".join(self.names.get(each, "") for each in conditions.clinics)
        if passed.unfit == "season" and conditions.season:
            return _("not in %s") % _season(conditions.season)
        if passed.unfit == "minutes":
            span = _span(conditions.minutes_from, conditions.minutes_below, lambda minutes: _("%d min") % minutes)
            return _("%(has)d min, and the row is for %(span)s") % {"has": case.minutes, "span": span}
        if passed.unfit == "price":
            span = _span(conditions.price_from, conditions.price_below, self.money)
            return _("%(has)s, and the row is for %(span)s") % {"has": case.facts.price, "span": span}
        if passed.unfit == "patients":
            return _("a new patient") if case.facts.new else _("an established patient")
        missed = case.missed(conditions.missed_months)
        count = ngettext("%d missed visit", "%d missed visits", missed) % missed if missed else _("no missed visit")
        return _("%(count)s in %(months)d months") % {"count": count, "months": conditions.missed_months}


def _span(low: int | None, high: int | None, said: Callable[[int], str]) -> str:
    if low is not None and high is not None:
        return _("%(low)s to less than %(high)s") % {"low": said(low), "high": said(high)}
    if low is not None:
        return _("%s or more") % said(low)
    return _("less than %s") % said(high) if high is not None else ""


def _missed(conditions: Conditions) -> str:
    low, high, months = conditions.missed_from, conditions.missed_to, conditions.missed_months
    if not high and not low:
        return _("missed none in %d months") % months
    if high is None:
        return _("missed %(low)d or more in %(months)d months") % {"low": low, "months": months}
    if low == high:
        return _("missed %(low)d in %(months)d months") % {"low": low, "months": months}
    return _("missed %(low)d to %(high)d in %(months)d months") % {"low": low or 0, "high": high, "months": months}


def _season(season: Season) -> str:
    first, last = (date_format(date.fromisoformat(f"2028-{day}"), "M j") for day in (season.first, season.last))
    return _("%(first)s – %(last)s, each year") % {"first": first, "last": last}


def _unit(unit: str) -> str:
    return {"zone": _("zone"), "session": _("session"), "quarter_hour": _("15 min")}[unit]


HAPPENS = {Kind.LATE_CANCEL: "cancels", Kind.LATE_RESCHEDULE: "moves", Kind.LATE_ARRIVAL: "comes late", Kind.NO_SHOW: "does not come"}


def _happens(kind: Kind) -> str:
    return _(HAPPENS[kind])


def _happening(kinds: Sequence[Kind]) -> str:
    return capfirst(_(" or ").join(_happens(kind) for kind in kinds))


def _grouped(kinds: Sequence[Kind]) -> list[tuple[Kind, ...]]:
    if set(BEFORE_THE_START) <= set(kinds):
        return [BEFORE_THE_START, *((kind,) for kind in kinds if kind not in BEFORE_THE_START)]
    return [(kind,) for kind in kinds]


def _verb(kinds: Sequence[Kind]) -> str:
    if len(kinds) > 1:
        return _("Cancel or move")
    return _("Cancel") if kinds[0] == Kind.LATE_CANCEL else _("Move")


def _how_late(step: Step) -> str:
    if step.from_minutes is not None:
        return _("from %d min") % step.from_minutes
    if step.kinds[0] in BEFORE_THE_START and step.notice is None:
        return _("at any time")
    if isinstance(step.notice, HoursBefore):
        return _("less than %d h before") % step.notice.hours
    return _notice(step.notice) if step.notice else ""


def _notice(notice: Notice) -> str:
    if isinstance(notice, HoursBefore):
        return ngettext("less than %d hour before", "less than %d hours before", notice.hours) % notice.hours
    days = ngettext("%d working day before", "%d working days before", notice.days) % notice.days
    return _("after %(wall)s, %(days)s") % {"wall": wall(notice.wall), "days": days}


def wall(at: time) -> str:
    """3:00 PM"""
    return time_format(at, "g:i A")
