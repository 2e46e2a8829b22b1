"""The letters about an account: the invitation, with a link on which somebody new sets a password or the news that one more practice is
hers; and the one to her who forgot it."""

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from kept.foundation.network import leave_the_database
from kept.foundation.scope import job_scope
from kept.practice.models import Member, User

GOOD_FOR = settings.PASSWORD_RESET_TIMEOUT // 86_400  # days, of a link


def link(user: User) -> str:
    """Where she sets her password: signed, good for `PASSWORD_RESET_TIMEOUT` or until one is set, and nowhere kept. allauth's page takes
    the key into the session and out of the address."""
    key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return settings.BASE_URL + reverse("account_reset_password_from_key", kwargs=key)


def send(practice_id: str, member_id: str) -> None:
    """Write to her, unless her seat was taken away meanwhile."""
    with job_scope(practice_id, "invite"):
        member = Member.objects.select_related("user", "practice").filter(pk=member_id, active=True).first()
        if member is None:
            return
        new = not member.user.has_usable_password()
        words = {
            "name": member.name,
            "practice": member.practice.name,
            "role": member.get_role_display(),
            "days": GOOD_FOR if new else 0,
            "url": link(member.user) if new else settings.BASE_URL + reverse("account_login"),
        }
    _write(member, _("Your seat at %s") % words["practice"], "accounts/invitation.txt", words)


def send_forgotten(practice_id: str, member_id: str) -> None:
    """Write to her whose password is to be set anew, as somebody asked."""
    with job_scope(practice_id, "forgotten"):
        member = Member.objects.select_related("user").filter(pk=member_id, active=True, user__is_active=True).first()
        if member is None:
            return
        words = {"name": member.name, "days": GOOD_FOR, "url": link(member.user)}
    _write(member, _("A new password for Kept"), "accounts/forgotten.txt", words)


def _write(member: Member, subject: str, template: str, words: dict[str, Any]) -> None:
    leave_the_database()
    EmailMessage(subject, render_to_string(template, words), None, [member.user.email], headers={"Auto-Submitted": "auto-generated"}).send()
