"""Pieces of schema that travel in a model's Meta and so in its migrations: row-level security, keys that stay in a practice, triggers."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement, Table
from django.db.models import BaseConstraint, Model, UniqueConstraint

APP_ROLE = "kept_app"


class Schema(BaseConstraint):
    """Plain SQL that comes and goes with a table. In it `%(table)s` is the table, and a literal percent sign is doubled."""

    def create_text(self) -> str:
        raise AssertionError("each piece of schema says how it is made")

    def remove_text(self) -> str:
        raise AssertionError("each piece of schema says how it is removed")

    def _statement(self, text: str, model: type[Model], editor: BaseDatabaseSchemaEditor) -> Statement:
        return Statement(text, table=Table(model._meta.db_table, editor.quote_name))

    # The stubs say `str | None` where Django takes and makes statements.
    def create_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> Statement:  # type: ignore[override]
        return self._statement(self.create_text(), model, schema_editor)

    def remove_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> Statement:  # type: ignore[override]
        return self._statement(self.remove_text(), model, schema_editor)

    def constraint_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> None:  # type: ignore[override]
        """Not inside CREATE TABLE but after it."""
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))

    def validate(self, model: type[Model], instance: Model, exclude: Any = None, using: str = "default") -> None:
        """The database alone checks these."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and type(self) is type(other) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((type(self), self.name))


class Wall(Schema):
    """Row-level security: a row is seen and written by its practice's scope alone, and loudly by none when no scope is open."""

    def __init__(self, *, name: str, append_only: bool = False) -> None:
        super().__init__(name=name)
        self.append_only = append_only

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | ({"append_only": True} if self.append_only else {})

    def create_text(self) -> str:
        mine = "practice_id = current_setting('app.practice')::uuid"
        text = f"alter table %(table)s enable row level security; create policy {self.name} on %(table)s using ({mine}) with check ({mine})"
        return text + (f"; revoke update, delete, truncate on %(table)s from {APP_ROLE}" if self.append_only else "")

    def remove_text(self) -> str:
        return f"drop policy {self.name} on %(table)s; alter table %(table)s disable row level security"


class SamePractice(Schema):
    """A foreign key over (practice, id): no row can point into another practice. The Django field has `db_constraint=False`."""

    def __init__(self, *, name: str, field: str, to: str) -> None:
        super().__init__(name=name)
        self.field, self.to = field, to

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"field": self.field, "to": self.to}

    def create_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> None:  # type: ignore[override]
        """At the end of the migration, when the other table has its pair too."""
        schema_editor.deferred_sql.append(self._statement(self.create_text(), model, schema_editor))

    def constraint_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> None:  # type: ignore[override]
        self.create_sql(model, schema_editor)

    def create_text(self) -> str:
        return (
            f"alter table %(table)s add constraint {self.name} "
            f"foreign key (practice_id, {self.field}_id) references {self.to} (practice_id, id) on delete no action"
        )

    def remove_text(self) -> str:
        return f"alter table %(table)s drop constraint {self.name}"


class PlainSql(Schema):
    """A trigger, policy or grant of the table's own. Never a pgtrigger trigger: any session can switch those off."""

    def __init__(self, *, name: str, create: str, drop: str) -> None:
        super().__init__(name=name)
        self.create, self.drop = create, drop

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"create": self.create, "drop": self.drop}

    def create_text(self) -> str:
        return self.create

    def remove_text(self) -> str:
        return self.drop


def fixed(table: str) -> PlainSql:
    """A table of facts about the past: the app may add a row and read it, and neither change nor remove one."""
    return PlainSql(
        name=f"{table.split('_', 1)[1]}_fixed",
        create=f"revoke update, delete, truncate on %(table)s from {APP_ROLE}",
        drop=f"grant update, delete on %(table)s to {APP_ROLE}",
    )


def walls(table: str, *, append_only: bool = False, **keys: str) -> list[BaseConstraint]:
    """What every table of a practice has: the pair (practice, id), its wall, and a same-practice key for each `field="other_table"`."""
    short = table.split("_", 1)[1]
    return [
        UniqueConstraint(fields=["practice", "id"], name=f"{short}_of_practice"),
        Wall(name=f"{short}_wall", append_only=append_only),
        *(SamePractice(name=f"{short}_{field}_fk", field=field, to=to) for field, to in keys.items()),
    ]
