"""Who may have an account: those invited to a practice, nobody else."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kept.practice.models import User


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Said to who knows the password, so that nobody else learns of it."""
        words = {"title": _("This account is closed"), "text": _("Ask the owner of your practice to open it again.")}
        return render(request, "notice.html", words, status=403)
