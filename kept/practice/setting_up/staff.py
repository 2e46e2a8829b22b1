"""Setting up staff: seats in the practice, their roles and clinics."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from kept.events import journal
from kept.foundation import jobs
from kept.foundation.refusals import Refusal, refusing
from kept.practice.models import Clinic, Member, MemberClinic, Provider, User
from kept.practice.rules import Right, Role
from kept.practice.setting_up.words import given, named


def user_of(email: str, password: str | None = None) -> User:
    """Who signs in with that address, made if nobody has it yet; without a password she is to be invited."""
    known = User.objects.filter(email=email.lower()).first()
    return known or User.objects.create_user(email, password)


def add_member(
    *, name: str, email: str, role: str, clinics: Sequence[Clinic] = (), provider: Provider | None = None, by: Member, at: datetime
) -> Member:
    """A seat for whoever signs in with that address, who is invited by a letter; without clinics she works at all.

    Raises Refusal `invalid`, `not_permitted`."""
    by.must(Right.SET_UP)
    check_may_set_up(role, by)
    member = Member(practice_id=by.practice_id, user=user_of(email), name=named(name))
    member.role, member.provider = role, _provider(role, provider)
    with refusing(member_once=Refusal("invalid", _("Somebody with that address has a seat here already, or had one."), field="email")):
        member.save()
    _limit(member, clinics, by)
    journal.record("member.added", member, by=by, at=at, role=role)
    invite(member, by=by, at=at)
    return member


def invite(member: Member, *, by: Member, at: datetime) -> None:
    """A letter with a link to her account goes. Raises Refusal `invalid`, `not_permitted`."""
    by.must(Right.SET_UP)
    check_may_set_up(member.role, by)
    if not member.active:
        raise Refusal("invalid", _("Give the seat back first."))
    member.invited_at = at
    member.save(update_fields=["invited_at"])
    journal.record("member.invited", member, by=by, at=at)
    jobs.defer("accounts.invite", member_id=str(member.pk))


def change_member(
    member: Member,
    *,
    name: str,
    role: str,
    clinics: Sequence[Clinic] = (),
    provider: Provider | None = None,
    active: bool = True,
    by: Member,
    at: datetime,
) -> Member:
    """Her role and clinics from the next request on; not active: she gets nothing more. What she did keeps her name.

    Owners alone make and change owners, and one is always left. Raises Refusal `invalid`, `not_permitted`."""
    by.must(Right.SET_UP)
    # All seats of owners are locked, so that two cannot take each other's away at once.
    owners = list(Member.objects.filter(role=Role.OWNER, active=True).order_by("id").select_for_update(of=("self",), no_key=True))
    member = Member.objects.select_for_update(of=("self",), no_key=True).get(pk=member.pk)
    check_may_set_up(member.role, by)
    check_may_set_up(role, by)
    if member.pk == by.pk and not active:
        raise Refusal("invalid", _("You can’t take your own seat away. Ask another owner or manager."), field="active")
    if [each.pk for each in owners] == [member.pk] and (role != Role.OWNER or not active):
        raise Refusal("invalid", _("A practice keeps one owner at least. Make somebody else an owner first."), field="role")
    member.name, member.role, member.provider, member.active = named(name), role, _provider(role, provider), active
    member.save(update_fields=["name", "role", "provider", "active"])
    _limit(member, clinics, by)
    journal.record("member.changed", member, by=by, at=at, role=role, active=active, clinics=[str(each.pk) for each in clinics])
    return member


def may_set_up(role: str, by: Member) -> bool:
    """Whether she makes and changes seats of that role: only an owner an owner's."""
    return role != Role.OWNER or by.role == Role.OWNER


def check_may_set_up(role: str, by: Member) -> None:
    """Raises Refusal `not_permitted`, and `invalid` for no role of ours."""
    if role not in Role.values:
        raise Refusal("invalid", _("Choose one of these."), field="role")
    if not may_set_up(role, by):
        raise Refusal("not_permitted", _("Only an owner makes or changes an owner."))


def _provider(role: str, provider: Provider | None) -> Provider | None:
    if role != Role.PROVIDER:
        return None
    if provider is None:
        raise Refusal("invalid", _("Choose the provider she is. Her own appointments are what she sees."), field="provider")
    return provider


def _limit(member: Member, clinics: Sequence[Clinic], by: Member) -> None:
    """She works at those clinics alone; at all without any, which only who works at all of them may give."""
    before = set(member.limits.values_list("clinic_id", flat=True))
    given(clinics, by, before=before)
    if by.clinic_limits and not clinics:
        raise Refusal("invalid", _("Choose a clinic."), field="clinics")
    member.limits.exclude(clinic__in=clinics).delete()
    MemberClinic.objects.bulk_create(
        MemberClinic(practice_id=member.practice_id, member=member, clinic=each) for each in clinics if each.pk not in before
    )
