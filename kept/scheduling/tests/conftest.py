"""Fixtures of the book."""

from datetime import time

import pytest

from kept.ops.cast import House
from kept.practice.models import Schedule


@pytest.fixture
def plain_weeks(juniper: House) -> None:
    """Everybody works every day at the first of her clinics from nine to six, with lunch at noon; Joanna Veltmoor on Tuesdays at the
    second."""
    Schedule.objects.all().delete()
    for person in juniper.plan.providers:
        for weekday in range(7):
            place = person.clinics[-1 if weekday == 1 else 0]
            for opens_at, closes_at in ((time(9), time(12)), (time(13), time(18))):
                Schedule.objects.create(
                    practice=juniper.practice,
                    provider=juniper.providers[person.name],
                    clinic=juniper.clinics[place],
                    weekday=weekday,
                    opens_at=opens_at,
                    closes_at=closes_at,
                )
