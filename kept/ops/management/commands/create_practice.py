"""`kept create-practice`: a new practice with one clinic and its owner."""

from argparse import ArgumentParser
from getpass import getpass
from typing import Any
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_slug

from kept.accounts.inviting import GOOD_FOR, link
from kept.foundation import clock
from kept.ops.opening import open_practice
from kept.practice.queries import practice_by_slug
from kept.practice.setting_up.staff import user_of


class Command(BaseCommand):
    help = "Open a practice. Asks for the owner's password, unless it stands in --password-file or she is to set it by a link."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="its name in addresses: juniper")
        parser.add_argument("name", help='"Juniper Skin Studio"')
        parser.add_argument("--clinic", required=True, help='its first clinic: "Elm Street"')
        parser.add_argument("--zone", required=True, help="the clinic's zone: America/New_York")
        parser.add_argument("--currency", required=True, help="ISO code: USD")
        parser.add_argument("--owner", required=True, help='"Leonora Ashcombe"')
        parser.add_argument("--email", required=True, help="of the owner")
        password = parser.add_mutually_exclusive_group()
        password.add_argument("--password-file", help="its first line is the owner's password")
        password.add_argument("--invite", action="store_true", help="print a link on which the owner sets it")

    def handle(self, *args: Any, **options: Any) -> None:
        _check(options)
        password = None if options["invite"] else _password(options["password_file"])
        practice_id = open_practice(
            slug=options["slug"],
            name=options["name"],
            currency=options["currency"],
            clinic=options["clinic"],
            zone=options["zone"],
            owner_name=options["owner"],
            owner_email=options["email"],
            password=password,
            at=clock.now(),
        )
        self.stdout.write(f"{options['name']} is open; its id is {practice_id}. {options['email']} may sign in.")
        owner = user_of(options["email"])
        if not owner.has_usable_password():
            self.stdout.write(f"The owner sets a password here, within {GOOD_FOR} days: {link(owner)}")


def _check(options: dict[str, Any]) -> None:
    try:
        validate_slug(options["slug"])
    except ValidationError as wrong:
        raise CommandError("The slug may have letters, digits and hyphens.") from wrong
    if practice_by_slug(options["slug"]):
        raise CommandError(f"There is a practice {options['slug']} already.")
    if options["zone"] not in available_timezones():
        raise CommandError(f"{options['zone']} is no time zone. One is America/New_York.")
    if options["currency"] not in list_currencies():
        raise CommandError(f"{options['currency']} is no currency. One is USD.")


def _password(file: str | None) -> str:
    if file:
        with open(file) as lines:
            password = lines.readline().rstrip("\n")
    else:
        password = getpass("The owner's password: ")
    try:
        validate_password(password)
    except ValidationError as weak:
        raise CommandError(" ".join(weak.messages)) from weak
    return password
