"""The one door to the database: what a scope says, that it is loud without one, and that two practices never share one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from kept.foundation.scope import ScopeError, current, outside, scope
from kept.ops.cast import House
from kept.ops.people import JUNIPER, QUINTA
from kept.patients.models import Patient
from kept.practice.models import Practice
from tests.kit.database import Cloned


@contextmanager
def loud() -> Iterator[None]:
    """The database refuses to answer: no practice was said."""
    with pytest.raises(DatabaseError), transaction.atomic():
        yield


def said() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('app.' || name) from unnest(array['practice', 'actor', 'reason', 'source']) name")
        return [value for (value,) in cursor.fetchall()]


def id_of(slug: str) -> UUID:
    return Practice.objects.get(slug=slug).id


@pytest.mark.django_db
def test_a_walled_table_is_loud_without_a_scope_and_again_after_one() -> None:
    with loud():
        Patient.objects.count()
    with scope(id_of(JUNIPER.slug), actor="test"):
        assert Patient.objects.count() == len(JUNIPER.patients)

    with loud():
        Patient.objects.count()


@pytest.mark.django_db
def test_an_update_without_a_scope_is_loud_too() -> None:
    with loud():
        Patient.objects.update(first_name="Nobody")


@pytest.mark.django_db
def test_it_tells_the_database_who_acts_why_and_from_where() -> None:
    practice_id = id_of(JUNIPER.slug)

    with scope(str(practice_id), actor="user:7", reason="a call", source="screen 192.0.2.1") as unit:
        assert said() == [str(practice_id), "user:7", "a call", "screen 192.0.2.1"]
        assert current() == unit


@pytest.mark.django_db
def test_a_scope_names_its_actor() -> None:
    with pytest.raises(ScopeError), scope(id_of(JUNIPER.slug), actor=""):
        pass


def test_no_scope_is_open_by_itself() -> None:
    with pytest.raises(ScopeError):
        current()


def test_inside_another_it_joins_and_the_outer_actor_stays(juniper: House) -> None:
    with scope(juniper.practice.id, actor="somebody else", reason="another") as unit:
        assert unit.actor == "test"


def test_inside_another_practices_it_refuses(juniper: House, quinta: House) -> None:
    with pytest.raises(ScopeError), scope(quinta.practice.id, actor="test"):
        pass


def test_outside_is_as_a_stranger_finds_the_database(juniper: House) -> None:
    with outside():
        with loud():
            Patient.objects.count()
        with scope(id_of(QUINTA.slug), actor="test"):
            assert Patient.objects.count() == len(QUINTA.patients)

    assert Patient.objects.count() == len(JUNIPER.patients)


def test_an_error_takes_everything_back(committed: Cloned) -> None:
    practice_id = id_of(JUNIPER.slug)

    def stumble() -> None:
        Patient.objects.update(first_name="Nobody")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), scope(practice_id, actor="test"):
        stumble()

    with scope(practice_id, actor="test"):
        assert not Patient.objects.filter(first_name="Nobody").exists()


def test_it_is_a_transaction_of_its_own_never_part_of_another(committed: Cloned) -> None:
    practice_id = id_of(JUNIPER.slug)

    with pytest.raises(RuntimeError), transaction.atomic(), scope(practice_id, actor="test"):
        pass


def test_threads_work_for_their_own_practice(committed: Cloned) -> None:
    ids = {plan.slug: id_of(plan.slug) for plan in (JUNIPER, QUINTA)}
    found: dict[str, set[UUID]] = {}
    together = threading.Barrier(len(ids))

    def look(slug: str) -> None:
        with scope(ids[slug], actor="test"):
            together.wait(10)
            found[slug] = set(Patient.objects.values_list("practice_id", flat=True))
        connection.close()

    threads = [threading.Thread(target=look, args=(slug,)) for slug in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert found == {slug: {practice_id} for slug, practice_id in ids.items()}
