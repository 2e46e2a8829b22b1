"""Blocked time: a provider, room or device is kept free of appointments for a while."""

from datetime import datetime

from django.utils.translation import gettext as _

from kept.events import journal
from kept.foundation.refusals import Refusal
from kept.practice.models import Clinic, Member, Provider, ProviderClinic, Resource
from kept.practice.rules import Right
from kept.scheduling import claims
from kept.scheduling.fitting import Times
from kept.scheduling.models import LONGEST, Block
from kept.scheduling.transitions.booking import Place


def block_time(resource: Resource, clinic: Clinic, *, starts_at: datetime, ends_at: datetime, why: str, by: Member, at: datetime) -> Block:
    """Nobody books that time of the provider, room or device: at any clinic where it is a provider's. A month at most.

    Appointments in that time are never pushed aside: raises Refusal `slot_taken`, naming who has it; `invalid`, `not_permitted`.
    """
    provider = resource.providers.first()
    by.must(Right.BOOK, Place(clinic.pk, provider.pk if provider else None))
    _check(resource, provider, clinic, starts_at, ends_at, at)
    claims.lock([resource.pk])
    span = starts_at, ends_at
    if taken := claims.holders([resource.pk], span):
        raise claims.slot_taken(taken, Times(span, span), provider, by)
    block = Block.objects.create(
        practice_id=by.practice_id, resource=resource, clinic=clinic, starts_at=starts_at, ends_at=ends_at, why=why.strip(), by=by
    )
    claims.write(block, {resource.pk: 0}, span)
    journal.record("block.made", block, by=by, at=at, resource=str(resource.pk), start=starts_at.isoformat(), end=ends_at.isoformat())
    return block


def lift_block(block: Block, *, by: Member, at: datetime) -> Block:
    """The time can be booked again; that it was blocked stays on record. Raises Refusal `wrong_status`, `not_permitted`."""
    provider = block.resource.providers.first()
    by.must(Right.BOOK, Place(block.clinic_id, provider.pk if provider else None))
    block = Block.objects.select_for_update(no_key=True).get(pk=block.pk)
    if block.lifted_at:
        raise Refusal("wrong_status", _("It was lifted already."), by=None, at=block.lifted_at.isoformat())
    block.lifted_at = at
    block.save(update_fields=["lifted_at"])
    block.claims.update(live=False)
    journal.record("block.lifted", block, by=by, at=at)
    return block


def _check(resource: Resource, provider: Provider | None, clinic: Clinic, starts_at: datetime, ends_at: datetime, at: datetime) -> None:
    if provider and not ProviderClinic.objects.filter(provider=provider, clinic=clinic).exists():
        raise Refusal("invalid", _("%(who)s does not work at %(where)s.") % {"who": provider, "where": clinic}, field="resource")
    if not provider and resource.clinic_id != clinic.pk:
        raise Refusal("invalid", _("%(what)s is not at %(where)s.") % {"what": resource, "where": clinic}, field="resource")
    if not resource.active:
        raise Refusal("invalid", _("%s is out of use.") % resource, field="resource")
    if ends_at <= starts_at:
        raise Refusal("invalid", _("The end is not after the start."), field="end")
    if ends_at - starts_at > LONGEST:
        raise Refusal("invalid", _("Block at most %d days at once.") % LONGEST.days, field="end")
    if ends_at <= at:
        raise Refusal("invalid", _("That time is past."), field="end")
