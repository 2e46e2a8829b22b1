"""A patient's page: an overview, and what it shows in short as pages of their own."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Subquery, Value
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _

import kept.billing.queries as billing
import kept.messaging.queries as messaging
import kept.noshows.queries as noshows
import kept.patients.queries as patients
import kept.scheduling.queries as scheduling
from kept.billing.models import Invoice
from kept.desk.context import clinic_of
from kept.desk.patients import history
from kept.events import journal
from kept.foundation import clock
from kept.foundation.lists import with_query
from kept.foundation.money import Money
from kept.foundation.paging import Page, page
from kept.messaging.models import Message
from kept.messaging.reach import texts_to
from kept.noshows.words import FeeWords, fee_words
from kept.patients.models import Card, Patient
from kept.practice.doors import MemberRequest, member_required
from kept.practice.looks import looks_at
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment, Status
from kept.scheduling.rules import display

ROWS = 50
SOON, PAST, SOME = 3, 7, 3  # on the overview


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment as a line: `display` as everywhere, the words of its fee where it has one."""

    appointment: Appointment
    display: str
    words: FeeWords | None

    @property
    def zone(self) -> tzinfo:
        return self.appointment.clinic.zone


@dataclass(frozen=True, slots=True)
class OnFile:
    """A card on the profile, and what relies on it (R7a): the appointments the member may see, and how many more."""

    card: Card
    expired: bool
    relying: list[Appointment]
    elsewhere: int


@dataclass
class PatientPage:
    """One patient as one member may see her, at that instant."""

    member: Member
    patient: Patient
    now: datetime
    zone: tzinfo
    after: str | None = None

    @cached_property
    def records(self) -> list[UUID]:
        """Her own, and those merged into it."""
        return patients.records(self.patient)

    # Appointments

    @property
    def visits(self) -> QuerySet[Appointment]:
        return scheduling.visible(self.member).filter(patient=self.patient)

    @property
    def ahead(self) -> Q:
        return Q(status__in=[Status.BOOKED, Status.ARRIVED], ends_at__gt=self.now)

    def upcoming(self, most: int) -> list[Visit]:
        """Booked or here, the next first."""
        return self._lines(noshows.with_fees(self.visits.filter(self.ahead), at=self.now).order_by("starts_at", "id")[:most])

    @property
    def _past(self) -> QuerySet[Appointment]:
        return noshows.with_fees(self.visits.exclude(self.ahead), at=self.now).order_by("-starts_at", "-id")

    def latest(self, most: int) -> list[Visit]:
        """All others, the latest first."""
        return self._lines(self._past[:most])

    def _lines(self, found: Iterable[Appointment]) -> list[Visit]:
        lines = []
        for each in found:
            fee = noshows.fee_of(each, at=self.now)
            words = fee_words(each, fee, at=self.now) if fee or each.status == Status.NOSHOW else None
            lines.append(Visit(each, display(each, at=self.now), words))
        return lines

    # Money

    @property
    def invoices(self) -> QuerySet[Invoice]:
        return billing.invoices(self.member, billing.Filter(patient=self.patient.pk))

    @property
    def owes(self) -> list[billing.Balance]:
        return billing.balances(self.member, [self.patient.pk]).get(self.patient.pk, [])

    @property
    def nothing(self) -> Money:
        return Money(0, self.member.practice.settings.currency)

    @cached_property
    def cards(self) -> list[OnFile]:
        found = list(patients.cards(self.patient))
        relying = list(scheduling.relying_on([card.pk for card in found])) if found else []
        return [self._on_file(card, [each for each in relying if each.acceptance and each.acceptance.card_id == card.pk]) for card in found]

    def _on_file(self, card: Card, relying: list[Appointment]) -> OnFile:
        seen = [each for each in relying if self.member.may(Right.SEE_BOOK, each)]
        return OnFile(card, card.expired(self.today), seen, len(relying) - len(seen))

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def letters(self) -> QuerySet[Message]:
        return messaging.of_patient(self.member, self.patient)

    def counts(self, of: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
        """How many there are of each, in one question."""
        each = {name.replace("-", "_"): found.order_by().values(one=Value(1)).annotate(number=Count("pk")) for name, found in of.items()}
        questions = {name: Subquery(found.values("number")) for name, found in each.items()}
        answers = Patient.objects.filter(pk=self.patient.pk).annotate(**questions).values_list(*questions).get()
        return dict(zip(of, answers, strict=True))

    # The sections: what each takes beside the header

    def overview(self) -> dict[str, Any]:
        seen: dict[str, Any] = {"notes": patients.notes(self.patient)[:SOME], "letters": self.letters[:SOME], "cards": self.cards}
        if self.member.may(Right.SEE_BOOK):
            seen |= {"upcoming": self.upcoming(SOON), "past": self.latest(PAST), "lately": noshows.lately(self.patient, at=self.now)}
        if self.member.may(Right.SEE_SALES):
            seen |= {"invoices": _bills(self.invoices[:SOME]), "owes": self.owes, "nothing": self.nothing}
        if self.member.may(Right.SEE_AUDIT):
            seen |= {"looks": history.looks(journal.looks(*self.records)[:SOME])}
        return seen

    def appointments(self) -> dict[str, Any]:
        shown = self._page(self._past, "starts_at")
        ahead = [] if self.after else self.upcoming(ROWS)
        return {"upcoming": ahead, "past": self._lines(shown.rows), "lately": noshows.lately(self.patient, at=self.now), "page": shown}

    def bills(self) -> dict[str, Any]:
        shown = self._page(self.invoices, "issued_at")
        return {"invoices": _bills(shown.rows), "owes": self.owes, "nothing": self.nothing, "page": shown}

    def on_file(self) -> dict[str, Any]:
        return {"cards": self.cards}

    def noted(self) -> dict[str, Any]:
        shown = self._page(patients.notes(self.patient), "at")
        return {"notes": shown.rows, "page": shown}

    def written(self) -> dict[str, Any]:
        shown = self._page(self.letters, "queued_at")
        return {"letters": shown.rows, "page": shown, "texts": texts_to(self.patient, self.member.practice)}

    def past_changes(self) -> dict[str, Any]:
        shown = self._page(journal.timeline(*self.records), "at")
        return {"entries": history.entries(self.patient, shown.rows), "page": shown}

    def who_looked(self) -> dict[str, Any]:
        shown = self._page(journal.looks(*self.records), "at")
        return {"looks": history.looks(shown.rows), "page": shown}

    def _page(self, found: "QuerySet[Any]", by: str) -> Page[Any]:
        return page(found, by=by, cursor=self.after, limit=ROWS)


def _bills(found: Iterable[Invoice]) -> list[dict[str, Any]]:
    return [{"invoice": each, "status": billing.shown_status(each)} for each in found]


@dataclass(frozen=True, slots=True)
class Section:
    """A tab of the page: its address, its words, who may see it, what it shows, and what it counts."""

    name: str
    path: str
    template: str
    label: str | Promise
    right: Right
    shown: Callable[[PatientPage], dict[str, Any]]
    counted: Callable[[PatientPage], QuerySet[Any]] | None = None


SEE = Right.SEE_PATIENTS
SECTIONS = [
    Section("patient", "", "_overview", _("Overview"), SEE, PatientPage.overview),
    Section(
        "patient-appointments",
        "appointments/",
        "_visits",
        _("Appointments"),
        Right.SEE_BOOK,
        PatientPage.appointments,
        lambda page: page.visits,
    ),
    Section("patient-invoices", "invoices/", "_invoices", _("Invoices"), Right.SEE_SALES, PatientPage.bills, lambda page: page.invoices),
    Section("patient-cards", "cards/", "_cards", _("Cards"), SEE, PatientPage.on_file, lambda page: patients.cards(page.patient)),
    Section("patient-notes", "notes/", "_notes", _("Notes"), SEE, PatientPage.noted, lambda page: patients.notes(page.patient)),
    Section("patient-messages", "messages/", "_messages", _("Messages"), SEE, PatientPage.written, lambda page: page.letters),
    Section("patient-history", "history/", "_history", _("History"), SEE, PatientPage.past_changes),
    Section("patient-looks", "looks/", "_looks", _("Who looked"), Right.SEE_AUDIT, PatientPage.who_looked),
]
BY_NAME = {section.name: section for section in SECTIONS}


@member_required
def patient(request: MemberRequest, patient_id: UUID, section: str = "patient") -> HttpResponse:
    now, member, asked = clock.now(), request.member, BY_NAME[section]
    found = patients.patient_or_404(member, patient_id)
    member.must(asked.right)
    if found.pk != patient_id:
        return redirect(f"desk:{asked.name}", found.pk)
    looks_at(request, "patient", found.pk, now)
    clinic = clinic_of(request, member)
    shown = PatientPage(member, found, now, clinic.zone if clinic else UTC, request.GET.get("after"))
    content = asked.shown(shown)
    paged = content.get("page")
    sections = [each for each in SECTIONS if member.may(each.right)]
    counts = shown.counts({each.name: each.counted(shown) for each in sections if each.counted})
    context = {
        "tab": "patients",
        "patient": found,
        "zone": shown.zone,
        "now": now,
        "template": f"desk/patients/{asked.template}.html",
        "overview": section == "patient",
        "sections": [
            {
                "label": each.label,
                "url": reverse(f"desk:{each.name}", args=[found.pk]),
                "count": counts.get(each.name),
                "selected": each is asked,
            }
            for each in sections
        ],
        "at_the_gateway": history.at_the_gateway(found) if found.erased_at else "",
        "may_change": not found.erased_at and member.may(Right.CHANGE_PATIENTS),
        "may_book": not found.erased_at and member.may(Right.BOOK),
        "may_erase": not found.erased_at and member.may(Right.ERASE_PATIENTS),
        "merge": found.merges.filter(undone_at=None).select_related("gone").last() if member.may(Right.ERASE_PATIENTS) else None,
        "may_export": member.may(Right.ERASE_PATIENTS),
        "several_clinics": len(member.given_clinics) > 1,
        "next_url": with_query(request.GET, after=paged.next) if paged and paged.next else "",
        "first_url": with_query(request.GET, after=None) if request.GET.get("after") else "",
    }
    return render(request, "desk/patients/page.html", context | content)
