"""The audit log tells what became of an account."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from kept.accounts.tests.test_signing_in import NEW, code_of, give_app, sign_in
from kept.events.models import Event
from kept.foundation.scope import outside
from kept.ops.cast import PASSWORD
from kept.practice.models import Member
from tests.kit.browser import Browser
from tests.kit.html import words


@pytest.fixture
def post(browser: Browser, django_capture_on_commit_callbacks: Callable[..., Any]) -> Callable[..., Any]:
    """A request of the browser whose transaction is committed."""

    def committed(url: str, sent: dict[str, str], **more: Any) -> Any:
        with outside(), django_capture_on_commit_callbacks(execute=True):
            return browser.post(f"/accounts/{url}", sent, **more)

    return committed


def told_of(member: Member) -> list[str]:
    """What the journal has of her, but for her coming in."""
    found = Event.objects.filter(subject_id=member.pk, kind__startswith="member.").exclude(kind="member.came_in")
    return list(found.order_by("at", "id").values_list("kind", flat=True))


def test_refused_sign_ins_are_told_with_where_they_came_from(
    odette: Member, leonora: Member, post: Callable[..., Any], signed_in: Callable[..., Browser]
) -> None:
    give_app(odette)
    post("login/", {"login": odette.user.email, "password": "not it"}, REMOTE_ADDR="203.0.113.9")
    post("login/", {"login": "nobody@example.com", "password": "not it"})
    post("login/", {"login": odette.user.email, "password": PASSWORD})
    post("2fa/authenticate/", {"code": "000000"})

    log = words(signed_in(leonora).get(reverse("desk:audit-changes")))

    assert told_of(odette) == ["member.sign_in_refused", "member.code_refused"]
    assert f"Somebody unknown Sign-in refused: wrong password, {odette.name} – Screen, 203.0.113.9" in log


def test_passwords_and_second_steps_are_told_as_she_changes_them(odette: Member, browser: Browser, post: Callable[..., Any]) -> None:
    sign_in(browser, odette)
    post("password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    post("reauthenticate/", {"password": NEW})
    secret = browser.get("/accounts/2fa/totp/activate/").context["form"].secret
    post("2fa/totp/activate/", {"code": code_of(secret)})
    post("2fa/recovery-codes/generate/", {})
    post("2fa/totp/deactivate/", {})

    assert not Authenticator.objects.filter(user=odette.user).exists()
    assert told_of(odette) == [
        "member.password_changed",
        "member.second_step_added",
        "member.codes_made",
        "member.codes_made",
        "member.second_step_removed",
    ]


def test_a_session_ended_at_its_lock_is_told(odette: Member, browser: Browser, post: Callable[..., Any]) -> None:
    sign_in(browser, odette)
    browser.post("/accounts/lock/")
    for _try in range(5):
        post("unlock/", {"secret": "0000"})

    assert told_of(odette) == ["member.unlocking_refused"]
