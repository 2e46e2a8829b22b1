"""`kept doctor`: a table of what must hold, and whether it does."""

from typing import Any

from django.core.management.base import BaseCommand

from kept.ops.doctor import examine


class Command(BaseCommand):
    help = "Say whether every wall stands. Exit code 1 when something does not hold."

    def handle(self, *args: Any, **options: Any) -> None:
        findings = examine()
        for finding in findings:
            self.stdout.write(f"{'ok ' if finding.holds else 'NOT'}  {finding.what}")
            for reason in finding.against:
                self.stdout.write(f"       {reason}")
        if not all(finding.holds for finding in findings):
            raise SystemExit(1)
