"""`kept reset-second-step`: for an owner who lost her telephone and the codes, and for accounts of several practices."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kept.accounts import stepping
from kept.events import journal
from kept.foundation import clock
from kept.foundation.scope import scope
from kept.practice.models import User
from kept.practice.queries import seats


class Command(BaseCommand):
    help = "Take somebody's second step away and end her sessions. Make sure first that it is she who asks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="of the account")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            raise CommandError(f"There is no account {email}.")
        stepping.take_away(user)
        for seat in seats(user):
            with scope(seat.practice_id, actor="command:reset-second-step", source="command"):
                journal.record("member.second_step_reset", seat, by=None, at=clock.now())
        self.stdout.write(f"{user.email} signs in with the password alone, and is asked to set up a second step if her seat needs one.")
