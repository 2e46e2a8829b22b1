"""Accounts by invitation, the second step, and how wrong passwords are counted."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.management import call_command

from kept.accounts import states
from kept.events.models import Event
from kept.foundation.scope import outside
from kept.ops.cast import PASSWORD, House
from kept.practice.models import Member, Settings
from kept.practice.rules import Role
from kept.practice.setting_up import staff
from tests.kit.browser import Browser
from tests.kit.visits import BOOKED_AT

NEW = "a-long-new-password"
LINK = re.compile(r"http://testserver(/\S+)")


def code_of(secret: str) -> str:
    """What an app shows now."""
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def give_app(member: Member) -> str:
    """She has an authenticator app; its secret."""
    secret: str = generate_totp_secret()
    TOTP.activate(member.user, secret)
    return secret


def sign_in(browser: Browser, member: Member, password: str = PASSWORD, **more: Any) -> Any:
    return browser.post("/accounts/login/", {"login": member.user.email, "password": password}, **more)


@pytest.fixture
def second_step(settings: Any) -> None:
    """As on a server: owners and managers need one."""
    settings.SECOND_STEP = True


@pytest.fixture
def ada(juniper: House, leonora: Member, run_jobs: Callable[..., Any]) -> Member:
    """Somebody new at the front desk, invited by the owner."""
    found = staff.add_member(name="Ada Quennell", email="ada.quennell@example.com", role=Role.FRONT_DESK, by=leonora, at=BOOKED_AT)
    run_jobs()
    return found


def test_an_invitation_leads_to_a_password_and_to_work(ada: Member, browser: Browser) -> None:
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == ([ada.user.email], "Your seat at Juniper Skin Studio")
    link = LINK.search(str(letter.body))
    assert link

    page = browser.get(link[1], follow=True)
    assert "set-password" in page.redirect_chain[-1][0]  # the key is out of the address
    browser.post(page.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})
    browser.post("/accounts/logout/")
    answer = sign_in(browser, ada, NEW)

    assert (answer.status_code, browser.get("/", follow=True).status_code) == (302, 200)
    assert "The link works no longer" in browser.get(link[1], follow=True).content.decode()


@pytest.mark.parametrize("weak", ["short", "ada.quennell@example.com", "password1234"])
def test_a_weak_password_is_told_at_its_field(ada: Member, browser: Browser, weak: str) -> None:
    link = LINK.search(str(mail.outbox[0].body))
    assert link
    page = browser.get(link[1], follow=True)

    answer = browser.post(page.redirect_chain[-1][0], {"password1": weak, "password2": weak})

    ada.user.refresh_from_db()
    assert answer.context["form"].errors
    assert not ada.user.has_usable_password()


def test_a_seat_taken_away_is_no_longer_written_to(juniper: House, leonora: Member, run_jobs: Callable[..., Any]) -> None:
    added = staff.add_member(name="Ada Quennell", email="ada.quennell@example.com", role=Role.FRONT_DESK, by=leonora, at=BOOKED_AT)
    staff.change_member(added, name=added.name, role=added.role, active=False, by=leonora, at=BOOKED_AT)

    run_jobs()

    assert mail.outbox == []


def test_she_is_invited_again_from_her_seat(ada: Member, leonora: Member, signed_in: Callable[..., Browser], run_jobs: Any) -> None:
    desk = signed_in(leonora)
    assert "Invite again" in desk.get(f"/settings/staff/{ada.pk}/").content.decode()

    desk.post(f"/accounts/staff/{ada.pk}/invite/")
    run_jobs()

    assert [letter.to for letter in mail.outbox] == [[ada.user.email]] * 2
    assert Event.objects.filter(kind="member.invited", subject_id=ada.pk).count() == 2


def test_a_lost_password_is_asked_for_with_one_answer_for_all(odette: Member, browser: Browser, run_jobs: Callable[..., Any]) -> None:
    typed = (odette.user.email.upper(), "nobody@example.com")
    known, unknown = [browser.post("/accounts/password/reset/", {"email": each}, follow=True) for each in typed]
    assert mail.outbox == []  # nobody waits for the letter
    run_jobs()

    assert (known.status_code, known.redirect_chain) == (unknown.status_code, unknown.redirect_chain)
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == ([odette.user.email], "A new password for Kept")
    assert Event.objects.filter(kind="member.password_asked", subject_id=odette.pk).count() == 1


def test_the_link_of_that_letter_sets_a_password_once(odette: Member, browser: Browser, run_jobs: Callable[..., Any]) -> None:
    browser.post("/accounts/password/reset/", {"email": odette.user.email})
    run_jobs()
    link = LINK.search(str(mail.outbox[0].body))
    assert link

    page = browser.get(link[1], follow=True)
    browser.post(page.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})

    assert browser.get("/", follow=True).status_code == 200
    assert Browser().get(link[1], follow=True).context["token_fail"]


@pytest.mark.usefixtures("second_step")
def test_owners_and_managers_set_up_a_second_step_before_anything_else(
    juniper: House, leonora: Member, odette: Member, signed_in: Callable[..., Browser], htmx: Callable[..., Browser]
) -> None:
    assert signed_in(leonora).get("/appointments/").headers["Location"] == "/accounts/2fa/"
    assert htmx(leonora).get("/appointments/").headers["HX-Redirect"] == "/accounts/2fa/"
    assert signed_in(odette).get("/appointments/").status_code == 200
    asked = [b"One thing before you start" in signed_in(each).get("/accounts/2fa/").content for each in (leonora, odette)]
    assert asked == [True, False]

    give_app(leonora)

    assert signed_in(leonora).get("/appointments/").status_code == 200


@pytest.mark.usefixtures("second_step")
def test_a_practice_may_want_it_of_everybody(juniper: House, odette: Member, browser: Browser) -> None:
    Settings.objects.update(second_step_for_all=True)
    sign_in(browser, odette)

    assert browser.get("/", follow=True).redirect_chain[-1][0] == "/accounts/2fa/"


def test_the_code_follows_the_password_once_a_day_in_one_browser(odette: Member, browser: Browser) -> None:
    secret = give_app(odette)
    assert sign_in(browser, odette).headers["Location"] == "/accounts/2fa/authenticate/"
    assert browser.get("/appointments/").status_code == 302  # not in yet

    answer = browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret)}, follow=True)
    assert answer.status_code == 200
    assert browser.get("/appointments/").status_code == 200
    assert browser.cookies["trusted"]["max-age"] == timedelta(days=1).total_seconds()

    browser.post("/accounts/logout/")
    assert sign_in(browser, odette).headers["Location"] == "/"
    assert sign_in(Browser(), odette).headers["Location"] == "/accounts/2fa/authenticate/"


def test_secrets_of_apps_are_encrypted(odette: Member) -> None:
    secret = give_app(odette)

    assert secret not in str(Authenticator.objects.get(user=odette.user).data)


@pytest.mark.usefixtures("second_step")
def test_who_needs_a_second_step_keeps_one(juniper: House, leonora: Member, browser: Browser) -> None:
    secret = give_app(leonora)
    sign_in(browser, leonora)
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret)}, follow=True)

    browser.post("/accounts/2fa/totp/deactivate/")

    assert Authenticator.objects.filter(user=leonora.user, type="totp").exists()


def test_who_guesses_elsewhere_locks_nobody_out(odette: Member) -> None:
    stranger, desk = Browser(), Browser()
    for _try in range(6):
        answer = sign_in(stranger, odette, "not the password", REMOTE_ADDR="203.0.113.9")
    assert "Too many" in answer.content.decode()
    assert sign_in(stranger, odette, REMOTE_ADDR="203.0.113.9").status_code == 200  # the right one, too
    assert sign_in(stranger, odette, REMOTE_ADDR="203.0.113.9", HTTP_X_FORWARDED_FOR="198.51.100.7").status_code == 200  # forged

    assert sign_in(desk, odette, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_another_address_of_the_same_ipv6_network_is_the_same_stranger(odette: Member) -> None:
    stranger = Browser()
    for last in range(6):
        sign_in(stranger, odette, "not the password", REMOTE_ADDR=f"2001:db8:1:2::{last}")

    assert sign_in(stranger, odette, REMOTE_ADDR="2001:db8:1:2:ffff::1").status_code == 200
    assert sign_in(Browser(), odette, REMOTE_ADDR="2001:db8:1:3::1").status_code == 302


def test_guesses_from_everywhere_close_an_account_for_strangers_alone(odette: Member, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed_anywhere": "3/h/key"}
    hers = Browser()
    sign_in(hers, odette)
    hers.post("/accounts/logout/")
    for last in range(3):
        sign_in(Browser(), odette, "not the password", REMOTE_ADDR=f"203.0.113.{last}")

    stranger = sign_in(Browser(), odette, REMOTE_ADDR="198.51.100.7")
    forged = Browser()
    forged.cookies["known"] = "0" * 64

    assert "Sign in with a passkey" in stranger.content.decode()
    assert sign_in(forged, odette, REMOTE_ADDR="198.51.100.8").status_code == 200
    assert sign_in(hers, odette).status_code == 302


def test_right_passwords_close_nothing(odette: Member, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed_anywhere": "3/h/key"}

    assert [sign_in(Browser(), odette).status_code for _time in range(5)] == [302] * 5


def test_the_owner_takes_away_a_lost_second_step(
    juniper: House, leonora: Member, silas: Member, odette: Member, signed_in: Callable[..., Browser]
) -> None:
    give_app(odette)
    hers = signed_in(odette)
    sign_in_again = Browser()
    assert sign_in(sign_in_again, odette).headers["Location"] == "/accounts/2fa/authenticate/"

    assert signed_in(silas).post(f"/accounts/staff/{leonora.pk}/reset-second-step/").status_code == 403
    signed_in(silas).post(f"/accounts/staff/{odette.pk}/reset-second-step/")

    assert sign_in(Browser(), odette).headers["Location"] == "/"
    assert Event.objects.filter(kind="member.second_step_reset", subject_id=odette.pk, by_id=silas.pk).exists()
    assert hers.get("/appointments/").status_code in (200, 302)


@pytest.fixture
def shared(hana: Member, juniper: House, leonora: Member) -> Member:
    """Hana of the other practice, whom Juniper gave a seat too; she has an authenticator app."""
    give_app(hana)
    return staff.add_member(name="Hana", email=hana.user.email, role=Role.FRONT_DESK, by=leonora, at=BOOKED_AT)


def test_an_account_of_two_practices_is_neither_ones_to_change(
    shared: Member, hana: Member, leonora: Member, signed_in: Callable[..., Browser]
) -> None:
    there, here, owner = signed_in(hana), signed_in(shared), signed_in(leonora)
    for each in (there, here):
        UserSession.objects.create(user=hana.user, session_key=each.session.session_key, ip="127.0.0.1", user_agent="")

    page = owner.get(f"/settings/staff/{shared.pk}/").content.decode()
    refused = owner.post(f"/accounts/staff/{shared.pk}/reset-second-step/")
    owner.post(f"/accounts/staff/{shared.pk}/end-sessions/")

    assert "Telephone lost" not in page
    assert refused.status_code == 422
    assert Authenticator.objects.filter(user=hana.user).exists()
    assert ("_auth_user_id" in there.session, "_auth_user_id" in here.session) == (True, False)


def test_a_practice_learns_nothing_of_sign_ins_in_another(
    shared: Member, hana: Member, leonora: Member, signed_in: Callable[..., Browser]
) -> None:
    sign_in(Browser(), hana)

    assert "last signed in" not in signed_in(leonora).get(f"/settings/staff/{shared.pk}/").content.decode()
    assert states.of([shared])[shared.user_id].seen is None


def test_the_server_takes_away_a_second_step_that_no_practice_may(hana: Member, shared: Member) -> None:
    with outside():
        call_command("reset_second_step", hana.user.email.upper())

    assert not Authenticator.objects.filter(user=hana.user).exists()
    assert Event.objects.filter(kind="member.second_step_reset", subject_id=shared.pk, by_id=None).exists()
