"""What every table of a practice is made of."""

from typing import Any

from django.db import models
from django.db.models import Field

from kept.foundation.ids import new_id


class OfPractice(models.Model):
    """A row of one practice, behind its wall. Each child's Meta lists `walls(...)`: constraints are not inherited."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    practice = models.ForeignKey("practice.Practice", models.PROTECT, db_index=False, related_name="+")

    class Meta:
        abstract = True


def within(to: str, **options: Any) -> "models.ForeignKey[Any, Any]":
    """A field that refers to a row of the same practice; `walls(field="table")` in Meta makes the key that the database checks."""
    return models.ForeignKey(to, models.PROTECT, db_constraint=False, **({"related_name": "+"} | options))


def code(*, max_length: int = 40, **options: Any) -> "Field[Any, Any]":
    """A short text: a status, a kind, a currency."""
    return models.CharField(max_length=max_length, **options)
