"""Whether every wall stands: asked of the database's own catalogue, by `kept doctor`, by tests, and before web and worker serve."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

TRIGGERS = {"appointment_guard", "appointment_claims", "claim_guard", "invoice_guard", "charge_guard", "message_guard"}
KNOWN_DEFINERS = {
    "patient_erased",
    "patient_rows_move",
}  # functions that run as the owner; each is read by a person before it is listed here
SAFE_SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")

ROLE = """select role.rolsuper, role.rolbypassrls, exists (
    select from pg_class c where c.relrowsecurity and pg_has_role(current_user, c.relowner, 'member'))
from pg_roles role where role.rolname = current_user"""

# The tables of the schema, and of those the ones that belong to a practice.
TABLES = """with tables as (
    select c.oid, c.relname as name, c.relrowsecurity from pg_class c
    where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace),
walled as (
    select t.*, a.attnum as practice, a.attnotnull from tables t
    join pg_attribute a on a.attrelid = t.oid and a.attname = 'practice_id' and not a.attisdropped)
"""
HOLES = {
    "Row security on every table of a practice": "select name from walled where not relrowsecurity",
    "Every policy asks for the practice": """select p.tablename || '.' || p.policyname from pg_policies p
        join walled on walled.name = p.tablename
        where p.cmd in ('ALL', 'INSERT', 'UPDATE', 'DELETE')
        and coalesce(p.qual, '') || coalesce(p.with_check, '') not like '%current_setting(''app.practice''::text)%'""",
    "Every row names its practice": "select name from walled where not attnotnull",
    "Keys stay within a practice": """select f.conname from pg_constraint f join walled on walled.oid = f.conrelid
        where f.contype = 'f' and f.confrelid in (select oid from walled) and not walled.practice = any (f.conkey)""",
    "Unique keys contain the practice": """select i.indexrelid::regclass::text from pg_index i join walled on walled.oid = i.indrelid
        where i.indisunique and not i.indisprimary and not walled.practice = any (i.indkey::int2[])""",
    "History can only grow": """select name from tables where name like '%history' and (has_table_privilege('kept_app', oid, 'update')
        or has_table_privilege('kept_app', oid, 'delete') or has_table_privilege('kept_app', oid, 'truncate'))""",
    "Views obey the walls": """select relname from pg_class where relkind = 'v' and relnamespace = 'public'::regnamespace
        and not coalesce('security_invoker=true' = any (reloptions), false)""",
}
DEFINERS = "select proname from pg_proc where prosecdef and pronamespace = 'public'::regnamespace"
STANDING_TRIGGERS = "select tgname from pg_trigger where tgenabled in ('O', 'A') and not tgisinternal"
CLAIM_ONCE = "select conname from pg_constraint where conname = 'claim_once' and contype = 'x' and convalidated"
WORKERS = "select 'worker' from procrastinate_workers having max(last_heartbeat) > now() - interval '1 minute'"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that must hold, and what speaks against it; nothing when it holds."""

    what: str
    against: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.against


def examine() -> list[Finding]:
    """Everything, in the order of the table that `kept doctor` prints."""
    return [*_settings(), *_role(), *_catalogue(), _migrations(), _worker()]


def refuse_unsafe() -> None:
    """Before serving: raise ImproperlyConfigured when the walls do not bind this role, or a crash could lose what was acknowledged."""
    against = [reason for finding in [*_settings(), *_role()] for reason in finding.against]
    connection.close()  # a server may fork after this
    if against:
        raise ImproperlyConfigured(f"Kept does not serve like this: {'; '.join(against)}. See `kept doctor`.")


def _settings() -> Iterable[Finding]:
    off = [name for name in SAFE_SETTINGS if _column(f"show {name}") == ["off"]]
    yield Finding("What is committed survives a crash", [f"{name} is off" for name in off])


def _role() -> Iterable[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(ROLE)
        is_superuser, passes_walls, owns_tables = cursor.fetchone()
    who = connection.settings_dict["USER"]
    wrong = [(is_superuser, "is a superuser"), (passes_walls, "may bypass row security"), (owns_tables, "owns the tables")]
    yield Finding("The walls bind this role", [f"{who} {reason}" for is_so, reason in wrong if is_so])


def _catalogue() -> Iterable[Finding]:
    for what, holes in HOLES.items():
        yield Finding(what, _column(TABLES + holes))
    yield Finding("No function runs as its owner unread", sorted(set(_column(DEFINERS)) - KNOWN_DEFINERS))
    yield Finding("The guards are on", sorted(TRIGGERS - set(_column(STANDING_TRIGGERS))))
    yield Finding("No two visits claim one time", [] if _column(CLAIM_ONCE) else ["the constraint claim_once is missing"])


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return Finding("All migrations are applied", [str(migration) for migration, _backwards in plan])


def _worker() -> Finding:
    seen = _column(WORKERS)
    return Finding("A worker was seen in the last minute", [] if seen else ["none was: start `kept worker`"])


def _column(sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [str(value) for (value, *_rest) in cursor.fetchall()]
