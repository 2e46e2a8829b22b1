"""From the opaque ids of a request to rows the token's member may see. Another's id, an unknown one and a garbled one are all not found."""

from collections.abc import Iterable, Sequence
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import Http404

from kept.practice.models import Member
from kept.practice.queries import NIL
from kept.scheduling.models import Appointment
from kept.scheduling.queries import appointment_or_404

M = TypeVar("M", bound=Model)


def one(found: QuerySet[M], id_: str) -> M:
    """The row with that id. Raises Http404."""
    row = found.filter(pk=_uuid(id_)).first()
    if row is None:
        raise Http404
    return row


def several(found: QuerySet[M], ids: Sequence[str]) -> list[M]:
    """The rows with those ids, in that order, one as often as it is named. Raises Http404 where one is missing."""
    wanted = [_uuid(id_) for id_ in ids]
    rows = found.in_bulk(set(wanted)) if wanted else {}
    if set(wanted) - rows.keys():
        raise Http404
    return [rows[id_] for id_ in wanted]


def appointment(member: Member, id_: str) -> Appointment:
    """The appointment with that id, in her clinics; for a provider, hers. Raises Http404."""
    return appointment_or_404(member, _uuid(id_))


def ids(wanted: Iterable[str]) -> list[UUID]:
    """Ids to filter by. One that is none finds nothing, as an unknown one does."""
    return [_uuid(id_) for id_ in wanted]


def _uuid(id_: str) -> UUID:
    try:
        return UUID(id_)
    except ValueError:
        return NIL
