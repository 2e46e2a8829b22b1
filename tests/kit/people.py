"""Fixtures of people. Juniper's stand in their practice for the whole test; Hana works for another one."""

from collections.abc import Iterator

import pytest

from kept.foundation.scope import Unit, _unit, enter, outside, scope
from kept.ops import cast
from kept.ops.cast import House
from kept.ops.people import JUNIPER, QUINTA, PracticePlan
from kept.practice.models import Clinic, Member, Practice, Provider, ServiceProvider
from kept.practice.rules import Role


@pytest.fixture
def juniper(db: None) -> Iterator[House]:
    """The test stands in Juniper Skin Studio, as a scope would, but inside its own transaction: a refusal undoes nothing by itself."""
    token = enter(Unit(Practice.objects.get(slug=JUNIPER.slug).id, "test", "a test", "test"))
    try:
        yield cast.house(JUNIPER)
    finally:
        _unit.reset(token)


@pytest.fixture
def quinta(db: None) -> House:
    """Quinta da Pele, the other practice: loaded, but the test does not stand in it."""
    return seen(QUINTA)


def seen(plan: PracticePlan) -> House:
    """A practice of the cast, read in a scope of its own. For `committed` tests; not inside another practice."""
    with outside(), scope(Practice.objects.get(slug=plan.slug).id, actor="test"):
        found = cast.house(plan)
        for member in found.members.values():
            member.clinic_limits, member.practice.settings  # noqa: B018  read now: there is no scope later
    return found


@pytest.fixture
def odette(juniper: House) -> Member:
    """Juniper's front desk."""
    return juniper.members[Role.FRONT_DESK]


@pytest.fixture
def silas(juniper: House) -> Member:
    """Juniper's manager: may refund, double-book and set up."""
    return juniper.members[Role.MANAGER]


@pytest.fixture
def leonora(juniper: House) -> Member:
    """Juniper's owner."""
    return juniper.members[Role.OWNER]


@pytest.fixture
def tess(juniper: House) -> Member:
    """The seat of Tess Marrowby, a provider: her own appointments, and no right to charge."""
    return juniper.members[Role.PROVIDER]


@pytest.fixture
def benedikt(juniper: House) -> Member:
    """Juniper's billing."""
    return juniper.members[Role.BILLING]


@pytest.fixture
def philomena(juniper: House) -> Member:
    """Juniper's auditor: sees, and changes nothing."""
    return juniper.members[Role.AUDITOR]


@pytest.fixture
def calla(juniper: House) -> Member:
    """The front desk of Harbor Point, and of no other clinic."""
    assert juniper.limited
    return juniper.limited


@pytest.fixture
def hana(quinta: House) -> Member:
    """The front desk of the other practice."""
    return quinta.members[Role.FRONT_DESK]


@pytest.fixture
def elm(juniper: House) -> Clinic:
    """Elm Street, America/New_York."""
    return juniper.clinics["Elm Street"]


@pytest.fixture
def harbor(juniper: House) -> Clinic:
    """Harbor Point, America/Los_Angeles."""
    return juniper.clinics["Harbor Point"]


@pytest.fixture
def marrowby(juniper: House) -> Provider:
    """Tess Marrowby as she is booked: at Elm Street."""
    return juniper.providers["Tess Marrowby"]


@pytest.fixture
def all_rounders(juniper: House) -> None:
    """Every provider of Juniper performs every service."""
    ServiceProvider.objects.all().delete()
