"""What a policy version says, in money and in words, for one appointment. Pure functions."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from kept.foundation.dates import moment
from kept.foundation.money import Money
from kept.policies.models import PolicyVersion


@dataclass(frozen=True, slots=True)
class Terms:
    """A policy applied to one appointment. Instants are UTC; `chargeable_from` is when a patient counts as missed (R7d)."""

    fee: Money
    free_until: datetime
    chargeable_from: datetime
    free_to_the_start: bool
    text: str

    @property
    def text_hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def free_until(version: PolicyVersion, *, starts_at: datetime, accepted_at: datetime) -> datetime:
    """To when cancelling is free (R14): the window, in elapsed hours; at least `free_hours` after acceptance; never after the start."""
    window = starts_at - timedelta(hours=version.window_hours)
    return max(window, min(accepted_at + timedelta(hours=version.free_hours), starts_at))


def terms(version: PolicyVersion, *, starts_at: datetime, accepted_at: datetime, zone: ZoneInfo, practice: str) -> Terms:
    """The terms as the patient reads them, and the full text she accepts: description, money and dates, card authorization."""
    until = free_until(version, starts_at=starts_at, accepted_at=accepted_at)
    when = moment(until, zone)
    text = "\n\n".join(
        [
            _("Cancellation policy of %(practice)s, version %(number)d") % {"practice": practice, "number": version.number},
            version.description.strip(),
            _("Free to change or cancel until %(when)s. A missed appointment is charged %(fee)s.") % {"when": when, "fee": version.fee},
            version.authorization_text.strip(),
        ]
    )
    return Terms(version.fee, until, starts_at + timedelta(minutes=version.late_minutes), until >= starts_at, text)
