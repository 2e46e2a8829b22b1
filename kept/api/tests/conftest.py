"""Fixtures of the API: callers with a token, and the hour at which they call."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.http import HttpResponse

from kept.foundation import clock
from kept.foundation.ids import new_id
from kept.foundation.scope import outside, scope
from kept.ops.cast import House
from kept.practice.models import ApiKey, Member
from kept.practice.setting_up.tokens import note_use
from kept.practice.transitions import issue_key
from tests.kit.browser import Browser
from tests.kit.visits import BOOKED_AT, QUARTER_PAST


@dataclass(frozen=True, slots=True)
class Caller:
    """A program with a token. `get`, `post`, `patch` and `delete` take the path below /api/v1."""

    browser: Browser
    token: str

    def get(self, path: str, **query: Any) -> HttpResponse:
        asked = {"from" if name == "first" else name: value for name, value in query.items()}
        return self.browser.get(f"/api/v1{path}", asked, headers={"Authorization": f"Bearer {self.token}"})

    def post(self, path: str, body: Any = None, *, key: str = "") -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Idempotency-Key": key} if key else {})
        sent = "" if body is None else body if isinstance(body, str) else json.dumps(body)
        return self.browser.post(f"/api/v1{path}", sent, content_type="application/json", headers=headers)

    def patch(self, path: str, body: Any) -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.browser.patch(f"/api/v1{path}", json.dumps(body), content_type="application/json", headers=headers)

    def delete(self, path: str) -> HttpResponse:
        return self.browser.delete(f"/api/v1{path}", headers={"Authorization": f"Bearer {self.token}"})


@pytest.fixture
def caller() -> Callable[..., Caller]:
    """`caller(odette)`: a program that acts as her, with all her rights unless scopes narrow it. It has called within the minute, so that
    its calls do not note its use."""

    def open_for(member: Member, *scopes: str, **options: Any) -> Caller:
        with outside(), scope(member.practice_id, actor="test"):
            key_id = new_id()
            token = issue_key(member, "a program", scopes=list(scopes), key_id=key_id, **({"at": BOOKED_AT} | options))
            note_use(ApiKey.objects.get(pk=key_id), None, at=clock.now(), address=None)
        return Caller(Browser(), token)

    return open_for


@pytest.fixture
def desk(caller: Callable[..., Caller], odette: Member) -> Caller:
    """A program of Juniper's front desk."""
    return caller(odette)


@pytest.fixture(autouse=True)
def hour(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """It is a quarter past the start of the appointment; `hour(STARTS_AT)` makes it another time."""

    def strike(at: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: at)

    strike(QUARTER_PAST)
    return strike


@pytest.fixture
def wish(juniper: House) -> dict[str, Any]:
    """What to send to book Marguerite Sloane with Tess Marrowby for Friday, October 16, 10:00 AM in New York."""
    return {
        "clinic": str(juniper.clinics["Elm Street"].pk),
        "provider": str(juniper.providers["Tess Marrowby"].pk),
        "patient": str(juniper.patients[1].pk),
        "services": [str(juniper.services[name].pk) for name in ("Consultation", "Lip filler")],
        "start": "2026-10-16T10:00:00-04:00",
    }


def problem(answer: HttpResponse) -> tuple[int, str]:
    """Its status and code; it must be a problem."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.content
    said = answer.json()  # type: ignore[attr-defined]
    assert said["status"] == answer.status_code
    return answer.status_code, said["code"]
