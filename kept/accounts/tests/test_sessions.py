"""I19: a session ends, locks, and is seen by whose it is."""

import time
from collections.abc import Callable

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password

from kept.events.models import Event
from kept.ops.cast import PASSWORD, House
from kept.practice.models import Member
from kept.practice.setting_up import staff
from tests.kit.browser import Browser
from tests.kit.visits import BOOKED_AT

QUARTER, HOURS = 15 * 60 + 1, 12 * 60 * 60 + 1


def turned_back(browser: Browser, **seconds: int) -> None:
    """As if what the session remembers had been so long ago."""
    session = browser.session
    session.update({name: int(time.time()) - ago for name, ago in seconds.items()})
    session.save()


@pytest.fixture
def desk(odette: Member, signed_in: Callable[..., Browser]) -> Browser:
    return signed_in(odette)


def test_i19_after_a_quarter_of_an_hour_without_a_touch_the_page_is_locked(desk: Browser) -> None:
    turned_back(desk, touched=QUARTER)

    page = desk.get("/patients/?q=renata")
    part = desk.get("/appointments/", headers={"HX-Request": "true"})
    feed = desk.get("/appointments/feed/", headers={"Accept": "application/json"})

    assert (page.status_code, "Locked, Odette Farnley" in page.content.decode(), "Renata" in page.content.decode()) == (423, True, False)
    assert [(each.status_code, each.content, each.headers["HX-Trigger"]) for each in (part, feed)] == [(423, b"", "locked")] * 2
    assert desk.get("/accounts/2fa/").status_code == 423


def test_i19_what_a_page_asks_by_itself_is_no_touch(desk: Browser) -> None:
    turned_back(desk, touched=QUARTER - 100)
    before = desk.session["touched"]

    desk.get("/appointments/", headers={"X-Background": "1"})
    assert desk.session["touched"] == before
    desk.get("/appointments/")
    assert desk.session["touched"] > before


def test_i19_no_touch_prolongs_a_sign_in_beyond_its_hours(desk: Browser) -> None:
    turned_back(desk, since=HOURS)

    assert desk.get("/appointments/").headers["Location"] == "/accounts/login/?next=/appointments/"
    assert "_auth_user_id" not in desk.session


@pytest.mark.parametrize("secret", ["4071", PASSWORD])
def test_a_pin_or_the_password_unlocks_and_leads_back(desk: Browser, odette: Member, secret: str) -> None:
    odette.user.pin = make_password("4071")
    odette.user.save()
    desk.post("/accounts/lock/")
    assert desk.get("/appointments/").status_code == 423

    answer = desk.post("/accounts/unlock/", {"secret": secret, "next": "/patients/"})

    assert answer.headers["Location"] == "/patients/"
    assert desk.get("/appointments/").status_code == 200


def test_a_part_that_unlocks_says_so_to_the_page(desk: Browser) -> None:
    desk.post("/accounts/lock/")

    answer = desk.post("/accounts/unlock/", {"secret": PASSWORD}, headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["HX-Trigger"]) == (204, "unlocked")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/"])
def test_unlocking_leads_nowhere_else(desk: Browser, elsewhere: str) -> None:
    desk.post("/accounts/lock/")

    assert desk.post("/accounts/unlock/", {"secret": PASSWORD, "next": elsewhere}).headers["Location"] == "/"


def test_five_wrong_ones_end_the_session(desk: Browser) -> None:
    desk.post("/accounts/lock/")
    told = [desk.post("/accounts/unlock/", {"secret": "0000"}).status_code for _try in range(5)]

    assert told == [422] * 4 + [302]
    assert "_auth_user_id" not in desk.session


def test_tries_that_come_at_once_are_counted_one_by_one(desk: Browser) -> None:
    desk.post("/accounts/lock/")
    for _try in range(5):
        desk.post("/accounts/unlock/", {"secret": "0000"})
        at_once = desk.session
        at_once["wrong"] = 0  # each read the session before the others wrote it
        at_once.save()

    desk.post("/accounts/unlock/", {"secret": PASSWORD})

    assert "_auth_user_id" not in desk.session


def test_who_unlocks_has_all_her_tries_again(desk: Browser) -> None:
    for _time in range(2):
        desk.post("/accounts/lock/")
        for _try in range(3):
            desk.post("/accounts/unlock/", {"secret": "0000"})
        desk.post("/accounts/unlock/", {"secret": PASSWORD})

    assert desk.get("/appointments/").status_code == 200


def test_a_pin_that_anybody_would_try_is_refused(desk: Browser, odette: Member) -> None:
    turned_back(desk)
    desk.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert [desk.post("/accounts/pin/", {"pin": pin}).status_code for pin in ("1111", "1234", "98765", "12", "abcd")] == [422] * 5
    assert desk.post("/accounts/pin/", {"pin": "4071"}).status_code == 302

    odette.user.refresh_from_db()
    assert odette.user.pin
    assert "4071" not in odette.user.pin


def test_she_sees_her_sessions_and_ends_one(odette: Member) -> None:
    here, there = Browser(headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/120 Edg/120"}), Browser()
    for each in (here, there):
        each.post("/accounts/login/", {"login": odette.user.email, "password": PASSWORD})
    shown = here.get("/accounts/sessions/").content.decode()
    assert "Edge · Windows" in shown
    assert shown.count("Sign out there") == 1

    (other,) = UserSession.objects.filter(user=odette.user).exclude(session_key=here.session.session_key)
    here.post("/accounts/sessions/", {"end": str(other.pk)})

    assert (here.get("/appointments/").status_code in (200, 302), there.get("/accounts/sessions/").status_code) == (True, 302)
    assert "_auth_user_id" not in there.session


def test_nobody_ends_anothers_session(odette: Member, silas: Member) -> None:
    hers, his = Browser(), Browser()
    for each, member in ((hers, odette), (his, silas)):
        each.post("/accounts/login/", {"login": member.user.email, "password": PASSWORD})

    his.post("/accounts/sessions/", {"end": str(UserSession.objects.get(user=odette.user).pk)})

    assert UserSession.objects.filter(user=odette.user).exists()


def test_the_owner_signs_her_out_everywhere(juniper: House, odette: Member, leonora: Member, signed_in: Callable[..., Browser]) -> None:
    hers = Browser()
    hers.post("/accounts/login/", {"login": odette.user.email, "password": PASSWORD})

    signed_in(leonora).post(f"/accounts/staff/{odette.pk}/end-sessions/")

    assert hers.get("/accounts/sessions/").status_code == 302
    assert Event.objects.filter(kind="member.sessions_ended", subject_id=odette.pk, by_id=leonora.pk).exists()


def test_a_new_password_ends_the_other_sessions(odette: Member) -> None:
    here, there = Browser(), Browser()
    for each in (here, there):
        each.post("/accounts/login/", {"login": odette.user.email, "password": PASSWORD})

    new = {"oldpassword": PASSWORD, "password1": "a-long-new-password", "password2": "a-long-new-password"}
    here.post("/accounts/password/change/", new)

    assert (here.get("/accounts/sessions/").status_code, there.get("/accounts/sessions/").status_code) == (200, 302)


def test_i19_a_dismissed_member_gets_nothing_on_her_next_request(desk: Browser, odette: Member, leonora: Member) -> None:
    staff.change_member(odette, name=odette.name, role=odette.role, active=False, by=leonora, at=BOOKED_AT)

    assert desk.get("/appointments/").status_code == 404
    assert desk.get("/appointments/feed/", headers={"X-Background": "1"}).status_code == 404


def test_coming_in_is_recorded_once_a_sign_in(juniper: House, odette: Member, browser: Browser) -> None:
    browser.post("/accounts/login/", {"login": odette.user.email, "password": PASSWORD})
    for _page in range(2):
        browser.get("/", follow=True)

    assert Event.objects.filter(kind="member.came_in", subject_id=odette.pk).count() == 1
