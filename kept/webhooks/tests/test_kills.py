"""A worker is killed between the steps of sending a webhook. What it left behind is found and sent, with the same id (I13, I14)."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kept.foundation import clock
from kept.foundation.ids import new_id
from kept.foundation.scope import scope
from kept.ops.people import JUNIPER
from kept.ops.server import APP
from kept.practice.rules import Role
from kept.webhooks import transitions
from kept.webhooks.models import Delivery
from kept.webhooks.tasks import follow_up
from kept.webhooks.tests.conftest import Listener
from tests.kit.database import Cloned
from tests.kit.gateway import clock_at, do_jobs
from tests.kit.people import seen

ROOT = Path(__file__).resolve().parents[3]
SEND = "import sys, django; django.setup(); from kept.webhooks import sending; sending.send(*sys.argv[1:])"


@pytest.mark.parametrize(("point", "heard"), [("webhook.begun", 0), ("webhook.posted", 1)])
def test_what_a_killed_worker_left_goes_with_the_same_id(committed: Cloned, listener: Listener, point: str, heard: int) -> None:
    house, at = seen(JUNIPER), clock.now()
    practice, owner = str(house.practice.pk), house.members[Role.OWNER]
    with scope(practice, actor="test"):
        endpoint, _secret = transitions.add_endpoint(url=listener.url, kinds=["charge.failed"], endpoint_id=new_id(), by=owner, at=at)
        delivery = transitions.send_test(endpoint, by=owner, at=at)
    here = {"DATABASE_URL": committed.server.url(APP, committed.name), "KEPT_CRASH_AT": point, "KEPT_WEBHOOKS_TO_LOCALHOST": "1"}

    command = [sys.executable, "-c", SEND, practice, str(delivery.pk)]
    died_of = subprocess.run(command, cwd=ROOT, env=os.environ | here, check=False).returncode
    meanwhile = len(listener.heard)
    later = at + 2 * transitions.LEASE
    with clock_at(later):
        follow_up(practice)
    do_jobs(at=later)

    assert (died_of, meanwhile, len(listener.heard)) == (-signal.SIGKILL, heard, heard + 1)
    assert {headers["webhook-id"] for _path, headers, _body in listener.heard} == {delivery.message_id}
    with scope(practice, actor="test"):
        assert (Delivery.objects.get().state, Delivery.objects.get().tries) == ("delivered", 2)
