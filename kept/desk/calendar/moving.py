"""Moving a visit at the desk: a dialog that says what it would do before it does it, and a way back after."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

import kept.noshows.transitions.moving as transitions
from kept.billing.models import Kind
from kept.foundation import clock
from kept.foundation.dates import clock_time, moment, short_day
from kept.foundation.lists import EARLIEST, LATEST
from kept.foundation.pages import attempt, dialog, told
from kept.foundation.refusals import Refusal
from kept.messaging.models import Letter
from kept.messaging.queries import told_by_itself
from kept.noshows.forms import LateForm
from kept.noshows.offers import FeeOffer, fee_offer, late_facts
from kept.noshows.transitions.moving import moving_costs
from kept.patients.privacy import called
from kept.practice import queries as practice
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Provider
from kept.practice.rules import Right
from kept.scheduling.availability import free_starts
from kept.scheduling.conflicts import Outlook, outlook
from kept.scheduling.fitting import Visit
from kept.scheduling.models import Appointment
from kept.scheduling.queries import appointment_or_404
from kept.scheduling.rules import check_reschedulable, check_start

WALL = "%Y-%m-%dT%H:%M"
OFFERED, OFFERED_DAYS = 6, timedelta(days=13)
APART = timedelta(hours=3)  # two times offered on one day


class MoveForm(LateForm):
    """Also when, with whom, and whether the patient is told. `slot` is a free time that was pressed."""

    start = forms.CharField(error_messages={"required": gettext_lazy("Choose a day and a time.")})
    provider = forms.UUIDField(required=False)
    double_book = forms.BooleanField(required=False)
    notify = forms.BooleanField(required=False)


@dataclass
class Move:
    """A move that is being thought about: what the fields say, and what would follow. Without fields it is where it stands."""

    request: MemberRequest
    appointment: Appointment
    fields: QueryDict
    now: datetime

    @property
    def zone(self) -> Any:
        return self.appointment.clinic.zone

    @cached_property
    def providers(self) -> list[Provider]:
        return list(practice.providers(self.request.member, self.appointment.clinic))

    @cached_property
    def provider(self) -> Provider:
        wanted = self.fields.get("provider", "")
        return next((each for each in self.providers if str(each.pk) == wanted), self.appointment.provider)

    @cached_property
    def wall(self) -> str:
        """The start as the field says it."""
        said = self.fields.get("slot") or self.fields.get("start")
        return said[: len("2026-10-16T10:30")] if said else self.appointment.starts_at.astimezone(self.zone).strftime(WALL)

    @cached_property
    def starts_at(self) -> datetime | None:
        """None for what is no time, or one that the clinic's clocks skip."""
        on, _t, at = self.wall.partition("T")
        try:
            wall = datetime.combine(date.fromisoformat(on), time.fromisoformat(at))
            return clock.instant(wall, self.zone) if EARLIEST <= wall.date() <= LATEST else None
        except ValueError:
            return None

    @property
    def moves(self) -> bool:
        return self.starts_at is not None and (self.starts_at, self.provider) != (self.appointment.starts_at, self.appointment.provider)

    @cached_property
    def visit(self) -> Visit:
        return Visit.booked(self.appointment)

    @cached_property
    def outlook(self) -> Outlook | Refusal | None:
        """What is in the way, and what to know; None while it stays where it is."""
        if not self.moves or self.starts_at is None:
            return None
        clinic, member = self.appointment.clinic, self.request.member
        try:
            check_start(self.appointment, self.starts_at, at=self.now)
            return outlook(clinic, self.provider, self.visit, self.starts_at, by=member, at=self.now, but=self.appointment)
        except Refusal as refusal:
            return refusal

    def free(self) -> list[dict[str, Any]]:
        """Next free times with that provider, two a day at most."""
        today = self.appointment.clinic.local_date(self.now)
        slots = free_starts(
            self.appointment.clinic,
            self.visit,
            first=today,
            last=today + OFFERED_DAYS,
            at=self.now,
            provider=self.provider,
            but=self.appointment,
        )
        starts = [each.starts_at for each in slots if (each.starts_at, self.provider) != self._stands]
        return [self._slot(each) for each in _spread(starts, self.zone)]

    @property
    def _stands(self) -> tuple[datetime, Provider]:
        return self.appointment.starts_at, self.appointment.provider

    def _slot(self, start: datetime) -> dict[str, Any]:
        there = start.astimezone(self.zone)
        today = there.date() == self.appointment.clinic.local_date(self.now)
        return {
            "value": there.strftime(WALL),
            "day": _("Today") if today else short_day(start, self.zone, self.now),
            "time": clock_time(start, self.zone),
            "chosen": start == self.starts_at,
        }

    @property
    def effect(self) -> str:
        """Where Confirm would move it."""
        if not self.moves or self.starts_at is None:
            return _("Choose a new time.")
        words = {"when": moment(self.starts_at, self.zone, self.now), "who": self.provider.name}
        if self.provider == self.appointment.provider:
            return _("Moves to %(when)s.") % words
        return _("Moves to %(when)s with %(who)s.") % words

    @cached_property
    def offer(self) -> FeeOffer | None:
        """The fee of the patient's moving it now, to whatever time; None where that is free, or the clinic asks for it."""
        elsewhere = self.starts_at is None or self.starts_at != self.appointment.starts_at or not self.moves
        if self.fields.get("asked") == Appointment.Asked.CLINIC or not elsewhere or not moving_costs(self.appointment, at=self.now):
            return None
        return fee_offer(self.appointment, at=self.now, kind=Kind.LATE_RESCHEDULE)

    @property
    def may_charge(self) -> bool:
        return self.request.member.may(Right.CHARGE, self.appointment)

    def context(self, form: MoveForm) -> dict[str, Any]:
        member, patient = self.request.member, self.appointment.patient
        found = self.outlook if isinstance(self.outlook, Outlook) else None
        asked, charge_fee = form["asked"].value(), form["charge_fee"].value()
        return {
            "appointment": self.appointment,
            "offer": self.offer,
            "may_charge": self.may_charge,
            "facts": late_facts(self.appointment, at=self.now, kind=Kind.LATE_RESCHEDULE),
            "due_at": self.offer.chargeable_from if self.offer and self.offer.waits else None,
            "charge_chosen": charge_fee == "yes",
            "spare_chosen": charge_fee == "no",
            "form": form,
            "move": self,
            "zone": self.zone,
            "now": self.now,
            "asked": [
                (Appointment.Asked.PATIENT, called(patient), asked == Appointment.Asked.PATIENT),
                (Appointment.Asked.CLINIC, _("The clinic"), asked == Appointment.Asked.CLINIC),
            ],
            "free": self.free(),
            "refused": self.outlook.sentence if isinstance(self.outlook, Refusal) else "",
            "conflicts": found.conflicts if found else [],
            "instead": [self._slot(each) for each in found.next_starts] if found else [],
            "warnings": found.warnings if found else [],
            "may_double_book": member.may(Right.DOUBLE_BOOK, self.appointment),
        }


def _spread(starts: Iterable[datetime], zone: Any) -> list[datetime]:
    """The first of each day, and one some hours later."""
    found: list[datetime] = []
    for start in starts:
        today = [each for each in found if each.astimezone(zone).date() == start.astimezone(zone).date()]
        if not today or (len(today) == 1 and start - today[0] >= APART):
            found.append(start)
        if len(found) == OFFERED:
            break
    return found


@member_required
def reschedule(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """Every button of the dialog posts it and changes what it says; *Confirm* moves the visit."""
    now, member = clock.now(), request.member
    appointment = appointment_or_404(member, appointment_id)
    member.must(Right.BOOK, appointment)
    check_reschedulable(appointment)
    move = Move(request, appointment, request.POST if request.method == "POST" else request.GET, now)
    asks: dict[str, Any] = {"who": called(appointment.patient), "offer": move.offer, "may_charge": move.may_charge}
    form = MoveForm(_filled(move), **asks) if "confirm" in request.POST else MoveForm(initial=_initial(move), **asks)
    if form.is_valid():
        moved = attempt(form, lambda: _moved(form, move), version=appointment.version)
        if moved:
            context = {"appointment": moved, "when": moment(moved.starts_at, move.zone, now)}
            return told(request, "desk/calendar/_moved.html", context, "desk:panel", moved.pk)
    return dialog(request, "desk/calendar/_move.html", move.context(form))


def _filled(move: Move) -> QueryDict:
    sent = move.fields.copy()
    sent["start"] = move.wall
    return sent


def _initial(move: Move) -> dict[str, Any]:
    """As the fields say, or as it stands."""
    fresh = "version" not in move.fields
    return {
        **{name: move.fields.get(name, "") for name in ("asked", "charge_fee", "fee_reason", "amount")},
        "start": move.wall,
        "provider": move.provider.pk,
        "double_book": "double_book" in move.fields,
        "notify": told_by_itself(move.appointment.practice, Letter.MOVED) if fresh else "notify" in move.fields,
        "version": move.appointment.version,
    }


def _moved(form: MoveForm, move: Move) -> Appointment:
    said = form.cleaned_data
    if move.starts_at is None:
        raise Refusal("invalid", _("The clinic’s clocks never show that time. Choose another."), field="start")
    return transitions.reschedule(
        move.appointment,
        starts_at=move.starts_at,
        provider=move.provider,
        asked=said["asked"],
        double_book=said["double_book"],
        charge_fee=said["charge_fee"],
        amount=said["amount"],
        fee_reason=said["fee_reason"],
        notify=said["notify"],
        version=said["version"],
        by=move.request.member,
        at=move.now,
    )


@require_POST
@member_required
def move_back(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """Undo, while nothing else has happened to it."""
    appointment = appointment_or_404(request.member, appointment_id)
    now, version = clock.now(), request.POST.get("version", "")
    back = transitions.move_back(appointment, by=request.member, at=now, version=int(version[:10]) if version.isdecimal() else None)
    context = {"when": moment(back.starts_at, back.clinic.zone, now)}
    return told(request, "desk/calendar/_moved_back.html", context, "desk:panel", back.pk)
