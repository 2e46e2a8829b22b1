"""`kept create-token`: a token of the API that acts as a member."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kept.foundation import clock
from kept.foundation.scope import scope
from kept.practice.models import Member
from kept.practice.queries import practice_by_slug
from kept.practice.rules import Scope
from kept.practice.transitions import issue_key


class Command(BaseCommand):
    help = "Issue a token. It is shown once; Kept keeps its hash."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="of the practice")
        parser.add_argument("email", help="of the member as whom it acts")
        parser.add_argument("--name", default="Command line", help="what it is for")
        parser.add_argument("--scope", action="append", default=[], choices=Scope.values, help="narrows it; may be repeated")
        parser.add_argument("--days", type=int, help="for how long it works; always by default")

    def handle(self, *args: Any, slug: str, email: str, name: str, scope: list[str], days: int | None, **options: Any) -> None:
        self.stdout.write(_issue(slug, email, name, scope, days))


def _issue(slug: str, email: str, name: str, scopes: list[str], days: int | None) -> str:
    practice = practice_by_slug(slug)
    if practice is None:
        raise CommandError(f"There is no practice {slug}.")
    now = clock.now()
    with scope(practice.id, actor="command:create-token", source="command"):
        member = Member.objects.filter(user__email=email.lower(), active=True).first()
        if member is None:
            raise CommandError(f"{email} has no seat in {practice}.")
        return issue_key(member, name, scopes=scopes, at=now, expires_at=now + timedelta(days=days) if days else None)
