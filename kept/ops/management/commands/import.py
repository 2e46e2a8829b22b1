"""`kept import`: past bookings and their outcomes from a clinic's CSV files. docs/importing.md explains it."""  # noqa: N999  the command is called so

from argparse import ArgumentParser
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kept.foundation import clock
from kept.foundation.refusals import Refusal
from kept.foundation.scope import Unit, scope
from kept.ops.importing.mapping import Mapping, read_mapping
from kept.ops.importing.plan import make_plan
from kept.ops.importing.reading import sort_files
from kept.ops.importing.report import summary, write_rejects
from kept.ops.importing.standing import Work, work_left
from kept.ops.importing.table import WrongUse
from kept.ops.importing.writing import write
from kept.practice.models import Clinic, Member, Practice
from kept.practice.queries import practice_by_slug

WRONG_USE = 2


class Command(BaseCommand):
    help = "Read past bookings and their outcomes. Without --apply it says what it would do and writes nothing. It may run twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE.csv")
        parser.add_argument("--practice", required=True, metavar="SLUG")
        parser.add_argument("--mapping", required=True, type=Path, metavar="FILE.toml", help="which column says what")
        parser.add_argument("--apply", action="store_true", help="write it")
        parser.add_argument("--rejects", type=Path, metavar="OUT.csv", help="where all rejected rows go, each with its reason")
        parser.add_argument("--as", dest="email", metavar="EMAIL", help="of the member who imports; the system by default")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._import(**options)
        except WrongUse as wrong:
            raise CommandError(str(wrong), returncode=WRONG_USE) from wrong
        except Refusal as refusal:
            raise CommandError(refusal.sentence, returncode=WRONG_USE) from refusal

    def _import(
        self, *, files: list[Path], practice: str, mapping: Path, apply: bool, rejects: Path | None, email: str | None, **_others: Any
    ) -> None:
        wanted = read_mapping(mapping)
        given = sort_files(files, wanted)
        tenant = practice_by_slug(practice)
        if tenant is None:
            raise WrongUse(f"There is no practice {practice}.")
        now = clock.now()
        with scope(tenant.id, actor="command:import", source="command"):
            clinic = _clinic(tenant, wanted)
            by = _member(tenant, email) if email else None
        plan = make_plan(given, wanted, clinic, at=now)

        def opens() -> AbstractContextManager[Unit]:
            return scope(tenant.id, actor=f"user:{by.user_id}" if by else "command:import", reason="import", source="command")

        with opens():
            work = work_left(plan, wanted, clinic)
        if rejects:
            _keep(rejects, work)
        if apply:
            for behind in write(work, opens, by=by, at=now):
                self._progress(behind, work)
        for line in summary(work, applied=apply):
            self.stdout.write(line)

    def _progress(self, behind: int, work: Work) -> None:
        """On one line for somebody who watches, else a line of its own."""
        done = behind == len(work.visits)
        ending = "\r" if self.stderr.isatty() and not done else "\n"
        self.stderr.write(f"{behind:,} of {len(work.visits):,} visits", str, ending=ending)


def _clinic(practice: Practice, mapping: Mapping) -> Clinic:
    clinics = Clinic.objects.filter(practice=practice).order_by("name")
    found = clinics.filter(name=mapping.clinic).first()
    if found is None:
        names = ", ".join(clinic.name for clinic in clinics)
        raise mapping.table.wrong(f"{practice} has no clinic “{mapping.clinic}”. It has: {names}.", "clinic")
    return found


def _keep(file: Path, work: Work) -> None:
    try:
        write_rejects(file, work.rejected)
    except OSError as wrong:
        raise WrongUse(f"{file} can’t be written: {wrong.strerror}.") from wrong


def _member(practice: Practice, email: str) -> Member:
    found = Member.objects.filter(practice=practice, user__email=email.lower(), active=True).select_related("practice").first()
    if found is None:
        raise WrongUse(f"{email} has no seat in {practice}.")
    return found
