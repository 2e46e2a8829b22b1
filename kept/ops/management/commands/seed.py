"""`kept seed --into FILE`: the sample practices, once, and who may sign in to them. For bin/demo, never for a real practice."""

import json
import time
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from kept.foundation import clock
from kept.foundation.scope import scope
from kept.ops import cast, sample
from kept.ops.cast import PASSWORD
from kept.ops.datafolder import write_private
from kept.ops.people import PLANS
from kept.ops.plans import PracticePlan
from kept.practice.models import Member, Practice
from kept.practice.rules import Role
from kept.practice.transitions import issue_key

CONSENT = "consent"
DONE = "done"
LOOK_EVERY_SECONDS = 1.0


class Command(BaseCommand):
    help = "Seed the sample practices unless FILE says that they are there; say in FILE which sample fee is in which state now."
    requires_system_checks = []  # they take longer than half a day of the sample

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--into", type=Path, required=True, metavar="FILE")
        parser.add_argument("--wait", action="store_true", help="until the worker has filled them")

    def handle(self, *args: Any, into: Path, wait: bool, **options: Any) -> None:
        facts = json.loads(into.read_text()) if into.exists() else _seed()
        while wait and facts["seeding"] != DONE and not all(map(sample.is_full, PLANS)):
            time.sleep(LOOK_EVERY_SECONDS)
        facts |= {"samples": _samples(), "seeding": DONE if wait else facts["seeding"]}
        write_private(into, json.dumps(facts, ensure_ascii=False))


def _seed() -> dict[str, Any]:
    now = clock.now()
    cast.open_all(at=now - sample.OPENED_BEFORE)
    for plan in PLANS:
        sample.open_book(plan, now=now)
    return {"practices": [_facts(plan) for plan in PLANS], "seeding": "running"}


def _facts(plan: PracticePlan) -> dict[str, Any]:
    """A practice as demo.json has it. Tokens are issued here, since only their hashes are kept."""
    now = clock.now()
    with scope(Practice.objects.get(slug=plan.slug).id, actor="command:seed", source="command"):
        house = cast.house(plan)
        facts: dict[str, Any] = {
            "slug": plan.slug,
            "name": plan.name,
            "clinics": [{"id": str(clinic.id), "name": clinic.name, "zone": clinic.zone_name} for clinic in house.clinics.values()],
            "members": {role.value: _sign_in(house.members[role], now) for role in Role},
            "consent_token": issue_key(house.members[Role.OWNER], "Website", scopes=[CONSENT], at=now),
            "webhook_secret": plan.webhook_secret,
        }
        if house.limited and plan.limited:
            facts["limited"] = {"role": plan.limited.role.value, "clinic": plan.limited.clinic} | _sign_in(house.limited, now)
        return facts


def _sign_in(member: Member, now: datetime) -> dict[str, str]:
    return {"email": member.user.email, "password": PASSWORD, "token": issue_key(member, "Demo", scopes=[], at=now)}


def _samples() -> dict[str, str]:
    """The first practice's, then what only another has."""
    found: dict[str, str] = {}
    for plan in reversed(PLANS):
        found |= sample.states(plan, at=clock.now())
    return found
