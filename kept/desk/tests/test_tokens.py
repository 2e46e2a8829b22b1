"""Settings > API tokens: shown once, acting as somebody of the staff and never as more than who makes them may give, revoked at once."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse

from kept.events.models import Event
from kept.foundation.ids import new_id
from kept.ops.cast import House
from kept.practice.models import ApiKey, KeyUse, Member, MemberClinic
from kept.practice.rules import Role
from kept.practice.setting_up.tokens import make_token, revoke_token
from kept.practice.transitions import issue_key, secret_hash
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.gateway import clock_at
from tests.kit.html import words
from tests.kit.visits import BOOKED_AT, QUARTER_PAST

LATER = QUARTER_PAST + timedelta(seconds=59)


@pytest.fixture
def manager(silas: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(silas)


def form(member: Member, **more: str) -> dict[str, str]:
    return {"key_id": str(new_id()), "name": "Till", "member": str(member.pk), "scope": "read", "days": "30"} | more


def called(token: str, address: str = "203.0.113.7") -> int:
    return Browser().get("/api/v1/clinics", headers={"Authorization": f"Bearer {token}"}, REMOTE_ADDR=address).status_code


def made(member: Member, by: Member) -> ApiKey:
    return make_token(member, name="Till", scope="", expires_at=None, key_id=new_id(), by=by, at=BOOKED_AT)[0]


def test_a_token_is_shown_once_and_kept_as_its_hash(manager: Browser, juniper: House, odette: Member, silas: Member) -> None:
    with clock_at(QUARTER_PAST):
        answer = manager.post(reverse("desk:tokens"), form(odette))
        found = re.search(r'id="token">([^<]+)<', answer.content.decode())
        assert found
        again = words(manager.get(reverse("desk:tokens")))
        status = called(found[1])

    key = ApiKey.objects.get()
    event = Event.objects.get(kind="token.made")
    assert (answer.status_code, answer["Cache-Control"], status) == (200, "no-store", 200)
    assert (key.secret_hash, key.scopes, key.member, key.expires_at) == (
        secret_hash(found[1].partition(".")[2]), ["read"], odette, QUARTER_PAST + timedelta(days=30),
    )  # fmt: skip
    assert found[1] not in again
    assert "As Odette Farnley · Read only" in again
    assert (event.by_id, event.particulars) == (silas.pk, {"member": str(odette.pk), "scope": "read"})


def test_a_form_sent_twice_makes_one_token(manager: Browser, juniper: House, odette: Member) -> None:
    sent = form(odette)
    manager.post(reverse("desk:tokens"), sent)

    again = manager.post(reverse("desk:tokens"), sent)

    assert (again.status_code, ApiKey.objects.count()) == (409, 1)
    assert "made already" in words(again)


def test_the_page_says_when_it_was_last_used_and_from_where(manager: Browser, juniper: House, odette: Member) -> None:
    token = issue_key(odette, "Till", scopes=[], at=BOOKED_AT)
    unused = words(manager.get(reverse("desk:tokens")))

    with clock_at(QUARTER_PAST):
        called(token)
    with clock_at(LATER):
        called(token, "203.0.113.8")  # within the minute: not written again
        shown = words(manager.get(reverse("desk:tokens")))

    assert "never used" in unused
    assert "last used Today, 3:45 PM from 203.0.113.7" in shown
    assert list(KeyUse.objects.values_list("at", "address")) == [(QUARTER_PAST, "203.0.113.7")]


def test_a_revoked_token_opens_nothing_from_the_next_call_on(manager: Browser, juniper: House, odette: Member) -> None:
    token = issue_key(odette, "Till", scopes=[], at=BOOKED_AT)
    page = reverse("desk:token-revoke", args=[ApiKey.objects.get().pk])
    asks, before = words(manager.get(page)), called(token)

    answer = manager.post(page)

    assert "Revoke Till?" in asks
    assert (before, answer.status_code, called(token)) == (200, 302, 401)
    assert "1 that works no more" in words(manager.get(reverse("desk:tokens")))
    assert Event.objects.filter(kind="token.revoked").count() == 1


def test_revoked_twice_it_stays_as_it_was(juniper: House, silas: Member, odette: Member) -> None:
    key = made(odette, silas)
    first = revoke_token(key, by=silas, at=BOOKED_AT)

    assert revoke_token(key, by=silas, at=QUARTER_PAST).revoked_at == first.revoked_at == BOOKED_AT


def test_only_an_owner_makes_or_revokes_a_token_of_an_owner(juniper: House, silas: Member, leonora: Member) -> None:
    with refused("not_permitted"):
        made(leonora, silas)
    key = made(leonora, leonora)
    with refused("not_permitted"):
        revoke_token(key, by=silas, at=BOOKED_AT)


def test_r24_nobody_makes_a_token_for_clinics_she_was_not_given(juniper: House, silas: Member, odette: Member) -> None:
    MemberClinic.objects.create(practice=juniper.practice, member=silas, clinic=juniper.clinics["Elm Street"])
    with refused("not_permitted"):
        made(odette, silas)  # who works at all of them
    limit = MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=juniper.clinics["Harbor Point"])
    with refused("not_permitted"):
        made(Member.objects.get(pk=odette.pk), silas)

    MemberClinic.objects.filter(pk=limit.pk).update(clinic=juniper.clinics["Elm Street"])

    assert made(Member.objects.get(pk=odette.pk), silas).member == odette


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.PROVIDER, Role.BILLING, Role.AUDITOR])
def test_others_make_none(juniper: House, odette: Member, role: Role) -> None:
    with refused("not_permitted"):
        made(odette, juniper.members[role])
