"""The API does what its description says: whatever is sent to any call, no error of ours, and no answer that the OpenAPI does not name.

Schemathesis writes the calls, right ones and wrong ones, half of them about things that there are. `bin/prove` writes many more."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS

from kept.foundation.ids import new_id
from kept.foundation.scope import outside, scope
from kept.ops.cast import House
from kept.policies.models import PolicyVersion
from kept.practice.rules import Role
from kept.practice.transitions import issue_key
from kept.webhooks.transitions import add_endpoint, send_test
from tests.kit.gateway import clock_at
from tests.kit.money import marked
from tests.kit.size import LONG, size
from tests.kit.visits import BOOKED_AT, QUARTER_PAST, STARTS_AT, accepted, book, card_of

SCHEMA = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
OPERATIONS: dict[str, list[Any]] = defaultdict(list)  # by what they are about: the first word of the path
for found in SCHEMA.get_all_operations():
    OPERATIONS[found.ok().path.split("/")[3]].append(found.ok())
NAMES = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]
KEPT = [check for check in CHECKS.get_all() if check.__name__ in NAMES]
ANY = settings(
    max_examples=size(6, 150),
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The application stays within the test's transaction, as with Django's own test client."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def ids(juniper: House) -> dict[str, str]:
    """Things that there are, as paths, queries and bodies name them."""
    desk = juniper.members[Role.FRONT_DESK]
    ahead = accepted(book(juniper, starts_at=STARTS_AT.replace(day=16)), card_of(juniper.patients[0]))
    charge = marked(accepted(book(juniper, patient=juniper.patients[1]), card_of(juniper.patients[1])), "paid", by=desk)
    owner = juniper.members[Role.OWNER]
    endpoint, _secret = add_endpoint(url="https://example.com/", kinds=["charge.failed"], endpoint_id=new_id(), by=owner, at=BOOKED_AT)
    found = {
        "appointment": ahead.pk,
        "invoice": charge.invoice_id,
        "patient": ahead.patient_id,
        "card": card_of(ahead.patient).pk,
        "clinic": ahead.clinic_id,
        "provider": ahead.provider_id,
        "service": juniper.services["Consultation"].pk,
        "endpoint": endpoint.pk,
        "delivery": send_test(endpoint, by=owner, at=BOOKED_AT).pk,
        "version": PolicyVersion.objects.latest("number").pk,
    }
    return {name: str(id_) for name, id_ in found.items()}


@pytest.fixture
def ask(juniper: House, ids: dict[str, str]) -> Callable[[Case[Any], bool], None]:
    """Call it as the owner's program would, about real things or any; what it did is taken back."""
    with outside(), scope(juniper.practice.pk, actor="test"):
        token = issue_key(juniper.members[Role.OWNER], "a program", scopes=[], at=BOOKED_AT)

    def call(case: Case[Any], about_real_things: bool) -> None:
        if about_real_things:
            _name(case, ids)
        before = transaction.savepoint()
        try:
            with outside():
                answer = case.call(headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"})
            case.validate_response(answer, checks=KEPT)
        finally:
            transaction.savepoint_rollback(before)

    return call


def _name(case: Case[Any], ids: dict[str, str]) -> None:
    """Where the case speaks of a thing, it speaks of one that there is."""
    for name in case.path_parameters or {}:
        if (thing := name.removesuffix("_id")) in ids:
            case.path_parameters[name] = ids[thing]
    for sent in (case.query, case.body):
        if isinstance(sent, dict):
            for name, value in ids.items():
                sent |= {name: value} if isinstance(sent.get(name), str) else {}
                sent |= {f"{name}s": [value]} if isinstance(sent.get(f"{name}s"), list) else {}


def test_the_checks_are_those_that_are_meant() -> None:
    assert sorted(check.__name__ for check in KEPT) == sorted(NAMES)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("about", sorted(OPERATIONS))
def test_each_answer_is_one_that_is_described(about: str, mode: GenerationMode, ask: Callable[[Case[Any], bool], None]) -> None:
    for operation in OPERATIONS[about]:

        @ANY
        @given(case=operation.as_strategy(generation_mode=mode), about_real_things=st.booleans())
        def answers(case: Case[Any], about_real_things: bool) -> None:
            ask(case, about_real_things)

        answers()
