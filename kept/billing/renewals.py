"""What a patient accepted beside what she would accept today."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from kept.billing.transitions.cards import terms_now
from kept.events.models import Event
from kept.foundation.money import Money
from kept.patients.models import Link
from kept.policies import queries as policies
from kept.policies.case import Facts
from kept.policies.changes import Change, changes
from kept.policies.models import Acceptance, PolicyVersion
from kept.policies.rules import Terms, terms
from kept.practice import queries as practice
from kept.practice.models import Member
from kept.scheduling.cases import REPRICED, case_anew, case_of
from kept.scheduling.models import Appointment, Line, Status


@dataclass(frozen=True, slots=True)
class Renewal:
    """`old` and `new` terms of one visit, its price under each, and what changed, in words. `asked_at`: when a link to accept was last
    made; `kept_at`: when she last said no."""

    before: Acceptance
    version: PolicyVersion
    old: Terms
    new: Terms
    old_price: Money
    price: Money
    changes: list[Change]
    asked_at: datetime | None
    kept_at: datetime | None

    @property
    def dearer(self) -> bool:
        return self.price != self.old_price

    @property
    def same_money(self) -> bool:
        """Nothing that she may be charged, and none of the times, is another."""
        told = [(each.most, each.free_until, each.tiers) for each in (self.old, self.new)]
        return not self.dearer and told[0] == told[1]


def renewal(appointment: Appointment, *, at: datetime) -> Renewal:
    """Of an appointment that may be accepted again (`check_again`)."""
    before, version = appointment.acceptance, policies.version_in_use()
    assert before is not None
    assert version is not None
    price = case_anew(appointment, at=at).facts.price
    kept = Facts.model_validate(before.facts).price if before.facts else appointment.price
    link = Link.objects.filter(subject_id=appointment.pk, purpose=Link.Purpose.RENEW).order_by("-created_at").first()
    no = Event.objects.filter(subject_id=appointment.pk, kind="policy.kept_earlier").order_by("-at").first()
    return Renewal(
        before=before,
        version=version,
        old=terms(before.version, case_of(appointment, at=at), practice=appointment.practice.name),
        new=terms_now(appointment, version, at=at),
        old_price=kept,
        price=price,
        changes=_changes(before.version, version, kept, price),
        asked_at=link.created_at if link else None,
        kept_at=no.at if no else None,
    )


def _changes(before: PolicyVersion, after: PolicyVersion, was: Money, price: Money) -> list[Change]:
    found = [Change(_("Price of the visit"), f"{was} → {price}", "changed")] if was != price else []
    if before.pk == after.pk:
        return found
    found += changes(before.terms, after.terms, policies.words(after))
    if before.description != after.description:
        found.append(Change(_("Description"), _("It reads differently."), "changed"))
    if before.authorization_text != after.authorization_text:
        found.append(Change(_("Card authorization"), _("It reads differently."), "changed"))
    return found


def last_asked(appointments: Iterable[Appointment]) -> dict[UUID, datetime]:
    """When the patient of each was last asked."""
    found = Link.objects.filter(subject_id__in=[each.pk for each in appointments], purpose=Link.Purpose.RENEW)
    return dict(found.order_by("created_at").values_list("subject_id", "created_at"))


def under_earlier_terms(member: Member, *, at: datetime) -> QuerySet[Appointment]:
    """Of her clinics, the booked visits to come whose patients accepted other terms or prices than today's."""
    version = policies.version_in_use()
    ahead = Appointment.objects.filter(practice.own(member), status=Status.BOOKED, starts_at__gt=at, acceptance__isnull=False)
    if version is None:
        return ahead.none()
    dearer = Exists(Line.objects.filter(REPRICED, appointment=OuterRef("pk")))
    return ahead.filter(~Q(acceptance__version=version.pk) | Q(dearer))
