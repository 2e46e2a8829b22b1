"""What setting up shares: the check of a name, and of clinics a member may give to others."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from kept.foundation.refusals import Refusal
from kept.practice.models import Clinic, Member
from kept.practice.rules import works_at


def named(name: str, *, field: str = "name", most: int = 120) -> str:
    """The name without blanks around it. Raises Refusal `invalid`."""
    name = name.strip()
    if not name:
        raise Refusal("invalid", _("Enter a name."), field=field)
    if len(name) > most:
        raise Refusal("invalid", _("At most %d characters.") % most, field=field)
    return name


def taken(sentence: str) -> Refusal:
    """For the constraint that keeps names apart."""
    return Refusal("invalid", sentence, field="name")


def given(clinics: Sequence[Clinic], by: Member, *, before: Collection[UUID] = ()) -> list[Clinic]:
    """Those clinics, of which nobody gives or takes one that she was not given herself. Raises Refusal `not_permitted`."""
    changed: set[Any] = {each.pk for each in clinics} ^ set(before)
    if any(not works_at(by, pk) for pk in changed):
        raise Refusal("not_permitted", _("That is for somebody who works at all of these clinics."))
    return list(clinics)
