"""`kept audit-invariants`: whether what must be true of the book and its money is true, for every practice."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from kept.foundation import clock
from kept.ops.audit import audit


class Command(BaseCommand):
    help = "Ask the rows themselves whether every invariant holds. Exit code 1 and a list when something does not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        at = clock.now()
        answers = []
        for invariant, breaches in audit(at=at):
            answers.append({"code": invariant.code, "what": invariant.what, "against": [asdict(breach) for breach in breaches]})
            if not options["json"]:
                self.stdout.write(f"{'NOT' if breaches else 'ok '}  {invariant.code:<4} {invariant.what}")
                for breach in breaches:
                    more = f" and {breach.count - len(breach.against)} more" if breach.count > len(breach.against) else ""
                    self.stdout.write(f"          {breach.practice}: {', '.join(breach.against)}{more}")
        holds = not any(answer["against"] for answer in answers)
        if options["json"]:
            self.stdout.write(json.dumps({"holds": holds, "at": at.isoformat(), "invariants": answers}, indent=2))
        if not holds:
            raise SystemExit(1)
