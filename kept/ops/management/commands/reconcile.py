"""`kept reconcile`: the book against the gateway's own list, both ways, for every practice."""

import json
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kept.billing.gateways.facts import Busy, NoAnswer
from kept.billing.reports import reconcile
from kept.foundation import clock
from kept.practice.models import Practice


class Command(BaseCommand):
    help = "Compare payments and refunds with the gateway, bring up to date what differs, and list what can't be. Exit code 1 with a list."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=3, help="how far back, by when the payment was made (default: 3)")
        parser.add_argument("--json", action="store_true", help="print the answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        since = clock.now() - timedelta(days=options["days"])
        try:
            found = {practice.slug: list(reconcile(str(practice.pk), since=since)) for practice in Practice.objects.order_by("slug")}
        except (NoAnswer, Busy) as silent:
            raise CommandError(f"The gateway does not answer: {silent}. Nothing is lost: run this again when it does.") from silent
        if options["json"]:
            self.stdout.write(json.dumps({"since": since.isoformat(), "practices": found}, indent=2))
        else:
            for slug, sentences in found.items():
                self.stdout.write(f"{'NOT' if sentences else 'ok '}  {slug}")
                for sentence in sentences:
                    self.stdout.write(f"       {sentence}")
        if any(found.values()):
            raise SystemExit(1)
