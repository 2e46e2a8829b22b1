"""How booking a draft would go: what is in the way, said at its field, and the buttons that change it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.utils.translation import gettext as _

from kept.desk.booking.draft import Draft, becomes
from kept.foundation.dates import clock_span, clock_time, short_day
from kept.foundation.refusals import Refusal
from kept.practice.models import Provider
from kept.practice.rules import Right
from kept.scheduling.availability import free_starts
from kept.scheduling.conflicts import Conflict, Outlook, outlook
from kept.scheduling.fitting import Visit
from kept.scheduling.transitions.booking import Place

OFFERED = 4
OFFERED_DAYS = timedelta(days=13)


@dataclass(frozen=True, slots=True)
class Way:
    """A button: what it says, and what it makes of the fields."""

    label: str
    change: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a field can't stay as it is, and what would do."""

    sentence: str
    text: str = ""
    ways: Sequence[Way] = ()


@dataclass
class Prospect:
    """Of a draft: asked without changing anything."""

    draft: Draft

    @cached_property
    def _outlook(self) -> Outlook | Refusal | None:
        """None while there is something left to choose."""
        draft = self.draft
        if not draft.services or draft.provider is None or draft.starts_at is None:
            return None
        visit = Visit.of(draft.services)
        try:
            return outlook(draft.clinic, draft.provider, visit, draft.starts_at, resources=draft.resources, by=draft.member, at=draft.now)
        except Refusal as refusal:
            return refusal

    @cached_property
    def troubles(self) -> dict[str, Trouble]:
        """By the field that is to change."""
        found = self._outlook
        if found is None:
            return {}
        if isinstance(found, Refusal):
            return {found.field: Trouble(found.sentence)}
        ways = {"resources": self._rooms(found) + self._times(found), "start": self._times(found)}
        return {each.field: Trouble(each.sentence, self._besides(each, found), ways[each.field]) for each in reversed(found.conflicts)}

    def _besides(self, conflict: Conflict, found: Outlook) -> str:
        """Of a room: that the provider has time, and until when."""
        if conflict.field != "resources" or found.provider_free_until is None:
            return ""
        words = {"who": self.draft.provider, "until": clock_time(found.provider_free_until, self.draft.clinic.zone)}
        return _("%(who)s is free until %(until)s.") % words

    def _rooms(self, found: Outlook) -> list[Way]:
        taken = {each.resource for each in found.conflicts}
        kept = [each.pk for each in self.draft.resources if each not in taken]
        return [Way(_("%s, free") % room, becomes(resources=[*kept, room.pk])) for room in found.free_rooms]

    def _times(self, found: Outlook) -> list[Way]:
        """In the rooms that were chosen, then in any."""
        chosen = " ".join(str(each) for each in self.draft.resources)
        same = [self._at(start, _(" in %s") % chosen if chosen else "") for start in found.next_in_rooms]
        others = [start for start in found.next_starts if start not in (self.draft.starts_at, *found.next_in_rooms)]
        return same[:2] + [self._at(start, resources="") for start in others][: OFFERED - 2]

    def _at(self, start: datetime, where: str = "", provider: Provider | None = None, **changes: str) -> Way:
        zone = self.draft.clinic.zone
        there = start.astimezone(zone)
        when = clock_time(start, zone)
        if there.date() != self.draft.day:
            when = f"{short_day(start, zone, self.draft.now)}, {when}"
        if provider:
            changes["provider"] = str(provider.pk)
        return Way(f"{when}{where}", becomes(date=there.date().isoformat(), start=f"{there:%H:%M}", **changes))

    @cached_property
    def free(self) -> list[Way]:
        """The next free starts, while none is chosen."""
        draft = self.draft
        if not draft.services or draft.starts_at or draft.form.errors:
            return []
        slots = free_starts(
            draft.clinic,
            Visit.of(draft.services),
            first=draft.day,
            last=draft.day + OFFERED_DAYS,
            at=draft.now,
            provider=draft.provider,
            resources=draft.resources,
        )
        with_whom = [(slot.starts_at, None if draft.provider else slot.providers[0]) for slot in slots[:OFFERED]]
        return [self._at(start, _(" with %s") % who if who else "", who) for start, who in with_whom]

    @property
    def warnings(self) -> list[str]:
        """What the desk may do and should know."""
        found = self._outlook
        return [each.sentence for each in found.warnings] if isinstance(found, Outlook) else []

    @property
    def may_double_book(self) -> bool:
        """Whether the conflict can be booked over on purpose, by her."""
        draft = self.draft
        conflicting = isinstance(self._outlook, Outlook) and bool(self._outlook.conflicts)
        return conflicting and draft.provider is not None and draft.member.may(Right.DOUBLE_BOOK, Place(draft.clinic.pk, draft.provider.pk))

    @property
    def double(self) -> bool:
        """Whether it is a deliberate double booking (R16)."""
        return self.may_double_book and bool(self.draft.form.cleaned_data.get("double_book"))

    @property
    def blocked(self) -> bool:
        return bool(self.troubles) and not self.double

    @property
    def _remedy(self) -> str:
        """What to change, in a word. A provider who is taken has no time in another room either."""
        if "provider" in self.troubles:
            return _("Choose another provider.")
        return _("Choose another time or provider.") if "start" in self.troubles else _("Choose another room or time.")

    @property
    def effect(self) -> str:
        """What Book would do, in the line beside it."""
        draft = self.draft
        if not draft.patient or not draft.services:
            return _("Choose a patient and a service.")
        if not draft.provider or not draft.starts_at or not draft.ends_at:
            return _("Choose a provider and a time.")
        if self.blocked:
            return self._remedy
        zone = draft.clinic.zone
        words = {"day": short_day(draft.starts_at, zone, draft.now), "span": clock_span(draft.starts_at, draft.ends_at, zone)}
        if draft.afterwards:
            return _("Records %(day)s, %(span)s afterwards.") % words
        if self.double:
            return _("Books %(day)s, %(span)s, two at one time.") % words
        if draft.sends:
            return _("Books %(day)s, %(span)s and sends the card link.") % words
        if draft.tells:
            return _("Books %(day)s, %(span)s and sends a confirmation.") % words
        return _("Books %(day)s, %(span)s.") % words
