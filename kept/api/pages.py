"""Pages of a list: some items and the cursor of the next ones."""

from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from pydantic import BaseModel, Field

from kept.api.shapes.fields import Asked
from kept.foundation import paging

T = TypeVar("T")
M = TypeVar("M", bound=Model)


class Page(BaseModel, Generic[T]):
    """`next` is the `cursor` of the page after this one; null at the end."""

    items: list[T]
    next: str | None


class Paged(Asked):
    """A query for a page."""

    cursor: str | None = Field(None, max_length=1000, pattern=r"^[A-Za-z0-9_=-]*$", description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=200)


def by_name(found: QuerySet[M], *fields: str, asked: Paged) -> paging.Page[M]:
    """The page that is asked for, in the order of those text fields."""
    return paging.page_by_name(found, *fields, cursor=asked.cursor, limit=asked.limit)
