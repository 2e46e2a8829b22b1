"""`kept create-practice` and `kept create-token`."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from kept.events.models import Event
from kept.foundation.scope import scope
from kept.ops.people import JUNIPER
from kept.practice.models import ApiKey, Clinic, Member, Practice, Settings, User
from kept.practice.rules import Role
from kept.practice.transitions import secret_hash

OPENING = ("clinic.added", "member.added")
NORTH = {"clinic": "High Street", "zone": "Europe/London", "currency": "GBP", "owner": "Agnes Thorpewell", "email": "Agnes@example.com"}


@pytest.fixture
def password_file(tmp_path: Path) -> str:
    file = tmp_path / "password"
    file.write_text("a long enough secret\n")
    return str(file)


@pytest.mark.django_db
def test_a_practice_is_opened_with_a_clinic_and_its_owner(password_file: str) -> None:
    call_command("create_practice", "north", "North Skin", password_file=password_file, stdout=StringIO(), **NORTH)

    practice = Practice.objects.get(slug="north")
    with scope(practice.id, actor="test"):
        assert Settings.objects.get().currency == "GBP"
        assert Clinic.objects.get().zone_name == "Europe/London"
        assert (Member.objects.get().name, Member.objects.get().role) == ("Agnes Thorpewell", Role.OWNER)
        assert set(Event.objects.values_list("kind", "actor")) == {(kind, "command:create-practice") for kind in OPENING}
    assert User.objects.get(email="agnes@example.com").check_password("a long enough secret")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("slug", "changed", "sentence"),
    [
        ("juniper", {}, "There is a practice juniper already"),
        ("no th", {}, "letters, digits and hyphens"),
        ("north", {"zone": "Europe/Atlantis"}, "is no time zone"),
        ("north", {"currency": "XYZ1"}, "is no currency"),
    ],
)
def test_it_refuses_what_can_not_be(password_file: str, slug: str, changed: dict[str, str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("create_practice", slug, "North Skin", password_file=password_file, **(NORTH | changed))


@pytest.mark.django_db
def test_a_weak_password_opens_nothing(tmp_path: Path) -> None:
    (tmp_path / "weak").write_text("short")

    with pytest.raises(CommandError, match="too short"):
        call_command("create_practice", "north", "North Skin", password_file=str(tmp_path / "weak"), **NORTH)
    assert not Practice.objects.filter(slug="north").exists()


@pytest.mark.django_db
def test_a_token_is_shown_once_and_kept_by_its_hash() -> None:
    said = StringIO()

    call_command("create_token", "juniper", JUNIPER.email(Role.MANAGER), scope=["read"], days=7, stdout=said)

    practice_id, secret = said.getvalue().strip().split(".")
    with scope(practice_id, actor="test"):
        key = ApiKey.objects.select_related("member").get()
    assert (key.secret_hash, key.scopes, key.member.role) == (secret_hash(secret), ["read"], Role.MANAGER)
    assert key.expires_at is not None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("slug", "email"), [("nowhere", JUNIPER.email(Role.OWNER)), ("juniper", "nobody@example.com"), ("quinta", JUNIPER.email(Role.OWNER))]
)
def test_a_token_needs_a_practice_and_a_seat_in_it(slug: str, email: str) -> None:
    with pytest.raises(CommandError):
        call_command("create_token", slug, email)
