"""Jobs that a killed worker left under way are done after all."""

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from procrastinate.contrib.django import app

from kept.ops import tasks
from tests.kit.checks import queued
from tests.kit.database import Cloned

PRACTICE = "01900000-0000-7000-8000-000000000001"


@pytest.mark.parametrize(("unseen_for", "again"), [("10 seconds", set()), ("40 seconds", {("now", "0")})])
def test_i13_a_job_of_a_worker_not_seen_for_half_a_minute_is_queued_anew(
    committed: Cloned, unseen_for: str, again: set[tuple[str, str]]
) -> None:
    app.configure_task("ops.fill_sample").defer(practice_id=PRACTICE, unit="0", seen_from="now")
    with connection.cursor() as cursor:
        cursor.execute("select worker_id from procrastinate_register_worker_v1()")
        (worker,) = cursor.fetchone()
        cursor.execute("select id from procrastinate_fetch_job_v2(array['sample'], %s)", [worker])
        assert cursor.fetchone()
        cursor.execute("update procrastinate_workers set last_heartbeat = now() - %s::interval where id = %s", [unseen_for, worker])

    async_to_sync(tasks.retry_cut_off.func)(timestamp=0)

    assert queued("ops.fill_sample") == again
