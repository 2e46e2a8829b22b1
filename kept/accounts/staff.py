"""What an owner or manager does about somebody's account: invite her again, end her sessions, take her second step away."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kept.accounts import stepping
from kept.events import journal
from kept.foundation import clock
from kept.foundation.refusals import Refusal
from kept.practice import queries as practice
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.practice.setting_up import staff as setting_up


@require_POST
@member_required
def invite(request: MemberRequest, seat_id: UUID) -> HttpResponse:
    """The letter of invitation goes again. The link of the one before stays good until a password is set."""
    found = _seat(request, seat_id)
    setting_up.invite(found, by=request.member, at=clock.now())
    messages.success(request, _("Invited again: %s") % found.user.email)
    return redirect("desk:seat", seat_id)


@require_POST
@member_required
def end_sessions(request: MemberRequest, seat_id: UUID) -> HttpResponse:
    """She is signed out of this practice, wherever she is."""
    found = _seat(request, seat_id)
    stepping.end_sessions(found.user, found.practice_id)
    journal.record("member.sessions_ended", found, by=request.member, at=clock.now())
    messages.success(request, _("%s is signed out everywhere.") % found.name)
    return redirect("desk:seat", seat_id)


@require_POST
@member_required
def reset_second_step(request: MemberRequest, seat_id: UUID) -> HttpResponse:
    """Her telephone is lost: her authenticator app, passkeys and recovery codes count no more, and her sessions end."""
    found = _seat(request, seat_id)
    if found.user_id == request.member.user_id:
        raise Refusal("invalid", _("Change your own second step in your account."))
    if practice.sits_elsewhere(found):
        raise Refusal("invalid", _("This account is not your practice’s alone. Whoever runs the server takes its second step away."))
    stepping.take_away(found.user)
    journal.record("member.second_step_reset", found, by=request.member, at=clock.now())
    messages.success(request, _("%s sets up a second step at the next sign-in.") % found.name)
    return redirect("desk:seat", seat_id)


def _seat(request: MemberRequest, seat_id: UUID) -> Member:
    """A seat that she may set up; an owner's only by an owner."""
    member = request.member
    member.must(Right.SET_UP)
    found = practice.all_members(member).filter(pk=seat_id).first()
    if found is None:
        raise Http404
    setting_up.check_may_set_up(found.role, member)
    return found
