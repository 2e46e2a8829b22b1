"""The lists of No Shows and Cancelled around their rows: what the address asks for, the filter's choices, ranges of days, totals."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kept.foundation.lists import Option, chosen_ids, chosen_label, day_of, with_query
from kept.foundation.status_looks import FEE_LOOKS
from kept.noshows import queries
from kept.practice import queries as practice
from kept.practice.models import Member
from kept.scheduling.models import Appointment

FEE_STATES = [
    "paid",
    "charging",
    "waiting",
    "checking",
    "declined",
    "needs_patient",
    "failed",
    "undecided",
    "spared",
    "not_offered",
    "part_refunded",
    "refunded",
    "disputed",
]


ASKED_BY = {Appointment.Asked.PATIENT: gettext_lazy("The patient"), Appointment.Asked.CLINIC: gettext_lazy("The clinic")}


@dataclass(frozen=True, slots=True)
class Total:
    label: str
    value: str
    text: str


def today(member: Member, *, at: datetime) -> date:
    """The latest local day among her clinics: the list's last one."""
    return max((clinic.local_date(at) for clinic in member.given_clinics), default=at.date())


@dataclass(frozen=True, slots=True)
class Days:
    """Which days a list shows at first, and which are one click away, by today."""

    ranges: Callable[[date], list[tuple[str, date, date]]]
    default: Callable[[date], tuple[date, date]]


def _until(today: date) -> list[tuple[str, date, date]]:
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    return [
        (_("Today"), today, today),
        (_("Last 7 days"), today - timedelta(days=6), today),
        (_("Last 30 days"), *queries.last_days(today)),
        (_("Last 90 days"), today - timedelta(days=89), today),
        (_("This month"), month, today),
        (_("Last month"), before, month - timedelta(days=1)),
        (_("Last 12 months"), today - timedelta(days=364), today),
    ]


def around(today: date) -> tuple[date, date]:
    """Thirty days back and thirty ahead."""
    return today - timedelta(days=30), today + timedelta(days=30)


def _around(today: date) -> list[tuple[str, date, date]]:
    return [(_("30 days around today"), *around(today)), (_("To come"), today, today + timedelta(days=90)), *_until(today)]


def ahead(today: date) -> tuple[date, date]:
    """Today and thirty days more."""
    return today, today + timedelta(days=30)


def _ahead(today: date) -> list[tuple[str, date, date]]:
    return [
        (_("Next 30 days"), *ahead(today)),
        (_("Today"), today, today),
        (_("Today and tomorrow"), today, today + timedelta(days=1)),
        (_("Next 7 days"), today, today + timedelta(days=7)),
        (_("Next 90 days"), today, today + timedelta(days=90)),
    ]


AHEAD = Days(_ahead, ahead)
BACK = Days(_until, queries.last_days)
BOTH_WAYS = Days(_around, around)


def wanted(asked: QueryDict, today: date, days: Days) -> queries.Filter:
    """The filter of an address. What it does not understand it leaves out: a kept link never breaks."""
    first, last = days.default(today)
    first, last = day_of(asked, "from") or first, day_of(asked, "to") or last
    return queries.Filter(
        first=min(first, last),
        last=max(first, last),
        clinics=chosen_ids(asked, "clinic"),
        providers=chosen_ids(asked, "provider"),
        fees=[state for state in asked.getlist("fee") if state in FEE_STATES],
        asked=[who for who in asked.getlist("asked") if who in Appointment.Asked.values],
        calls=[each for each in queries.CALLS if each in asked.getlist("calls")],
        search=asked.get("q", "").replace("\0", "")[:80],
    )


def filters(chosen: queries.Filter, member: Member, last: "FilterButton") -> "list[FilterButton]":
    """The group *Filter*: clinics, providers, and what that list is asked beside; several of each."""
    clinics = [Option(str(each.pk), each.name, each.pk in chosen.clinics) for each in member.given_clinics]
    providers = [Option(str(each.pk), each.name, each.pk in chosen.providers) for each in practice.providers(member)]
    return [
        FilterButton("clinic", _("Clinics"), chosen_label(clinics, _("All clinics"), _("clinics")), clinics),
        FilterButton("provider", _("Providers"), chosen_label(providers, _("All providers"), _("providers")), providers),
        last,
    ]


class FilterButton(NamedTuple):
    """One of them: its parameter, its legend, what its button says now, and its choices."""

    name: str
    legend: str
    label: str
    options: list[Option]


def by_fee(chosen: queries.Filter) -> FilterButton:
    fees = [Option(state, str(FEE_LOOKS[state].label), state in chosen.fees) for state in FEE_STATES]
    return FilterButton("fee", _("Fee"), chosen_label(fees, _("Any fee"), _("fee states")), fees)


def by_asked(chosen: queries.Filter) -> FilterButton:
    asked = [Option(each.value, str(ASKED_BY[each]), each in chosen.asked) for each in Appointment.Asked]
    return FilterButton("asked", _("Who asked"), chosen_label(asked, _("Whoever asked"), _("who asked")), asked)


def by_call(chosen: queries.Filter) -> FilterButton:
    labels = {"due": _("To call now"), "waiting": _("Still has time")}
    calls = [Option(each, labels[each], each in chosen.calls) for each in queries.CALLS]
    return FilterButton("calls", _("The card"), chosen_label(calls, labels["due"], _("of both")), calls)


class Chosen(Protocol):
    """A filter with a range of days."""

    @property
    def first(self) -> date: ...

    @property
    def last(self) -> date: ...


def presets(asked: QueryDict, chosen: Chosen, today: date, days: Days) -> dict[str, Any]:
    """Ranges one click away, and the chosen one in words."""
    choices = []
    label = ""
    for name, first, end in days.ranges(today):
        selected = (first, end) == (chosen.first, chosen.last)
        label = label or (name if selected else "")
        url = with_query(asked, after=None, **{"from": first.isoformat(), "to": end.isoformat()})
        choices.append({"label": name, "url": url, "selected": selected})
    words = f"{date_format(chosen.first, 'M j')} – {date_format(chosen.last, 'M j, Y')}"
    return {"choices": choices, "label": label or _("Other days"), "dates": words}


def totals(figures: queries.Totals) -> list[Total]:
    """Above the list. Money of several currencies stands side by side, never added."""
    share = f"{figures.collected_share:.0%}" if figures.fees else ""
    return [
        Total(_("No Shows"), f"{figures.count:,}", _("of %s appointments") % f"{figures.concluded:,}"),
        Total(_("Rate"), f"{figures.rate:.1%}" if figures.concluded else "–", _("of completed and missed")),
        Total(_("Charged"), _money(figures, figures.invoiced), ngettext("%d fee", "%d fees", figures.fees) % figures.fees),
        Total(
            _("Recovered"),
            _money(figures, figures.collected),
            ngettext("%(paid)d fee paid, %(share)s", "%(paid)d fees paid, %(share)s", figures.paid) % {"paid": figures.paid, "share": share}
            if figures.fees
            else _("no fees"),
        ),
        Total(_("Refunded"), _money(figures, figures.refunded), ngettext("%d fee", "%d fees", figures.refunds) % figures.refunds),
    ]


def _money(figures: queries.Totals, amounts: dict[str, int]) -> str:
    return " · ".join(str(money) for money in figures.money(amounts)) or "–"


def cancellations(figures: queries.Cancellations) -> list[Total]:
    """Above the list of cancelled appointments."""

    def share(count: int) -> str:
        return _("%s of them") % f"{count / figures.cancelled:.0%}" if figures.cancelled else ""

    return [
        Total(_("Cancelled"), f"{figures.cancelled:,}", _("of %s appointments") % f"{figures.booked:,}"),
        Total(_("Rate"), f"{figures.rate:.1%}" if figures.booked else "–", _("of all booked")),
        Total(_("By the patient"), f"{figures.by_patient:,}", share(figures.by_patient)),
        Total(_("By the clinic"), f"{figures.by_clinic:,}", share(figures.by_clinic)),
        Total(_("Still to come"), f"{figures.to_come:,}", _("can be restored")),
    ]
