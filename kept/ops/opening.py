"""A practice comes into being: its row, what it decided, its first clinic, and the owner who may invite the others."""

from datetime import datetime
from uuid import UUID

from kept.events import journal
from kept.foundation.ids import new_id
from kept.foundation.scope import scope
from kept.practice.models import Clinic, Member, Practice, Settings
from kept.practice.rules import Role
from kept.practice.setting_up.staff import user_of


def open_practice(
    *,
    slug: str,
    name: str,
    currency: str,
    clinic: str,
    zone: str,
    owner_name: str,
    owner_email: str,
    password: str | None = None,
    at: datetime,
) -> UUID:
    """A practice with one clinic and its owner. Opens a scope of its own; returns the practice's id.

    Somebody who signs in already keeps her password. Without one, a new owner sets it by a link (`kept.accounts.inviting`).
    """
    practice_id = new_id()
    with scope(practice_id, actor="command:create-practice", source="command"):
        practice = Practice(id=practice_id, slug=slug, name=name)
        practice.save(force_insert=True)
        Settings.objects.create(practice=practice, currency=currency)
        first = Clinic.objects.create(practice=practice, name=clinic, zone_name=zone, currency=currency)
        owner = Member.objects.create(practice=practice, user=user_of(owner_email, password), name=owner_name, role=Role.OWNER)
        journal.record("clinic.added", first, by=None, at=at)
        journal.record("member.added", owner, by=None, at=at, role=Role.OWNER)
    return practice_id
