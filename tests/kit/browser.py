"""The test client as a stranger's browser: each request meets the walls with nothing said, even another practice's."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from kept.foundation.scope import outside
from kept.practice.models import Member

IDLE = 15


class Browser(Client):
    """Django's client; its requests run outside of the practice in which the test stands."""

    def request(self, **request: Any) -> HttpResponse:
        with outside():
            answer = super().request(**request)
            if not answer.streaming:
                return answer
            # A stream goes on after its view is done, outside of every practice.
            return HttpResponse(b"".join(answer.streaming_content), status=answer.status_code, headers=dict(answer.items()))


@pytest.fixture
def browser() -> Browser:
    """Nobody is signed in."""
    return Browser()


@pytest.fixture
def signed_in() -> Callable[[Member], Browser]:
    """`signed_in(odette)`: a browser in which that member works, seated in her practice."""

    def open_for(member: Member) -> Browser:
        return _seated(Browser(), member)

    return open_for


@pytest.fixture
def htmx() -> Callable[[Member], Browser]:
    """`htmx(odette)`: the same, asking for parts of pages as htmx does."""

    def open_for(member: Member) -> Browser:
        return _seated(Browser(headers={"HX-Request": "true"}), member)

    return open_for


def _seated(client: Browser, member: Member) -> Browser:
    with outside():
        client.force_login(member.user)
        session = client.session
        session["practice"] = str(member.practice_id)
        # She came in before: what a session learns then, it knows.
        session["house"] = {"practice": str(member.practice_id), "idle": IDLE, "all_two_steps": False, "name": member.name}
        session.save()
    return client
