"""History: triggers write every change of a row with the actor and reason of the scope; append-only by a missing grant."""

from collections.abc import Callable
from typing import TypeVar

import pghistory
from django.db import models
from django.db.models import Func, Q, Value

from kept.foundation.walls import Wall

M = TypeVar("M", bound=type[models.Model])


def said(setting: str) -> Func:
    """What the scope said, as a column's default in the database."""
    return Func(Value(setting), function="current_setting", output_field=models.TextField())


def remembered(name: str) -> Callable[[M], M]:
    """Keep the history of a model in `<Name>History`, behind the same wall; the app may add to it and read it, never change it."""
    return pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        context_field=None,  # type: ignore[arg-type]
        context_id_field=None,  # type: ignore[arg-type]
        model_name=f"{name}History",
        obj_field=pghistory.ObjForeignKey(db_index=False, related_name="history"),
        attrs={
            "pgh_id": models.BigAutoField(primary_key=True),
            "pgh_actor": models.TextField(db_default=said("app.actor")),
            "pgh_reason": models.TextField(db_default=said("app.reason")),
            "pgh_source": models.TextField(db_default=said("app.source")),
        },
        meta={
            "constraints": [
                Wall(name=f"{name.lower()}_history_wall", append_only=True),
                models.CheckConstraint(name=f"{name.lower()}_history_actor", condition=~Q(pgh_actor="")),
            ],
            "indexes": [models.Index(fields=["practice", "pgh_obj", "pgh_id"], name=f"{name.lower()}_history_of")],
        },
    )
