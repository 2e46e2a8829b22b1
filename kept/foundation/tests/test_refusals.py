"""Saying no: the status that goes with a code, and constraints that become refusals."""

import pytest
from django.db import IntegrityError

from kept.foundation.refusals import Refusal, refusing
from kept.ops.cast import House
from kept.practice.models import Clinic
from tests.kit.checks import refused


@pytest.mark.parametrize(
    ("code", "status"),
    [("not_found", 404), ("not_permitted", 403), ("not_authenticated", 401), ("wrong_status", 409), ("slot_taken", 409), ("invalid", 422)],
)
def test_each_code_has_its_status(code: str, status: int) -> None:
    assert Refusal(code, "No.").status == status


def twin(house: House) -> Clinic:
    """A clinic of the same name as another, which the database refuses."""
    return Clinic(practice=house.practice, name="Elm Street", zone_name="America/New_York", currency="USD")


def test_a_named_constraint_becomes_its_refusal_and_the_work_goes_on(juniper: House) -> None:
    with refused("name_taken"), refusing(clinic_name_once=Refusal("name_taken", "There is one of that name.")):
        twin(juniper).save(force_insert=True)

    assert Clinic.objects.count() == len(juniper.plan.clinics)


def test_another_constraint_rises_as_it_is(juniper: House) -> None:
    with pytest.raises(IntegrityError, match="clinic_name_once"), refusing(something_else=Refusal("invalid", "No.")):
        twin(juniper).save(force_insert=True)
