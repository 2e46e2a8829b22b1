"""What allauth asks of us: who may have an account, how failures are counted, and how secrets are kept."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kept.accounts import known, recording
from kept.foundation import qr, vault
from kept.foundation.addresses import neighbourhood
from kept.practice.models import User
from kept.practice.queries import seats
from kept.practice.rules import HEADS
from kept.practice.sessions import STEPS


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by invitation alone."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Said to who knows the password, so that nobody else learns of it."""
        words = {"title": _("This account is closed"), "text": _("Ask the owner of your practice to open it again.")}
        return render(request, "notice.html", words, status=403)

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """To the address that the account has, whatever was typed, and by a job."""
        recording.password_asked(context["request"], user)

    def get_client_ip(self, request: HttpRequest) -> str:
        """As our own outermost proxy saw it."""
        return str(request.META["REMOTE_ADDR"])

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords are counted for an account at a network address: who guesses elsewhere locks nobody out."""
        where = neighbourhood(self.get_client_ip(request))
        return f"{super()._get_login_attempts_cache_key(request, **credentials)}:{where}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Also from everywhere together, but for browsers that know her: a stranger with many addresses closes an account for strangers."""
        super().pre_authenticate(request, **credentials)
        email = credentials.get("email", "")
        self._anywhere = None
        if known.is_known(request, email):
            return
        self._anywhere = ratelimit.consume(request, app="allauth.account", action="login_failed_anywhere", key=email.lower())
        if self._anywhere is None:
            raise ValidationError(
                _("Too many wrong passwords for this account. Sign in with a passkey, in a browser you used before, or in an hour.")
            )

    def _rollback_login_failed_rl_usage(self) -> None:
        super()._rollback_login_failed_rl_usage()
        if self._anywhere:
            self._anywhere.rollback()

    def post_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **more)
        known.remember(request, response, user.email)
        return response


class SecondStep(DefaultMFAAdapter):  # type: ignore[misc]
    """Authenticator apps, passkeys and recovery codes."""

    def encrypt(self, text: str) -> str:
        return vault.seal(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return vault.unseal(encrypted_text.encode())

    def build_totp_svg(self, url: str) -> str:
        return qr.drawing(url)

    def get_totp_issuer(self) -> str:
        return str(settings.MFA_TOTP_ISSUER)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return super().get_public_key_credential_rp_entity() | {"name": "Kept"}  # type: ignore[no-any-return]

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Who must have a second step keeps one."""
        steps = Authenticator.objects.filter(user=authenticator.user, type__in=STEPS)
        return not must_have_second_step(authenticator.user) or steps.exclude(pk=authenticator.pk).exists()


def must_have_second_step(user: User) -> bool:
    """As an owner or manager of some practice. What a practice asks of everybody is asked again at its door."""
    return settings.SECOND_STEP and any(seat.role in HEADS for seat in seats(user))
