"""Claims are found by an index, whatever the history (performance: flat in the size of the table)."""

from datetime import timedelta

from django.db import connections
from psycopg.types.range import Range

from kept.foundation.scope import scope
from kept.ops.people import JUNIPER
from kept.scheduling.models import Block, Claim
from tests.kit.database import Cloned
from tests.kit.people import seen
from tests.kit.visits import STARTS_AT

HOUR = timedelta(hours=1)


def test_claims_are_found_by_their_bounds_behind_the_wall(committed: Cloned) -> None:
    """Row-level security keeps `&&` from the index of the exclusion; here every bound is a condition of the index."""
    house = seen(JUNIPER)
    tess, here = house.providers["Tess Marrowby"].resource_id, {"practice": house.practice, "clinic": house.clinics["Elm Street"]}
    with scope(house.practice.id, actor="test"):
        starts = [STARTS_AT - place * HOUR for place in range(3000)]
        blocks = Block.objects.bulk_create(Block(**here, resource_id=tess, starts_at=start, ends_at=start + HOUR) for start in starts)
        Claim.objects.bulk_create(
            Claim(practice=house.practice, resource_id=tess, block=block, during=Range(block.starts_at, block.ends_at)) for block in blocks
        )
    with connections["owner"].cursor() as cursor:
        cursor.execute("analyze scheduling_claim")

    with scope(house.practice.id, actor="test"):
        plan = Claim.objects.over([tess], STARTS_AT, STARTS_AT + HOUR).explain()

    conditions = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "claim_of_resource" in plan, plan
    assert all(f"({name} " in conditions for name in ("practice_id", "resource_id", "ends_at")), plan
