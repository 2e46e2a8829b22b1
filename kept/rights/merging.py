"""Two records of one person become one, and apart again."""

import json
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from kept.events import journal
from kept.foundation.refusals import Refusal
from kept.patients.models import Merge, Patient, Trait, Word
from kept.patients.transitions import check_there
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.rights.locking import locked

FILLED = ("last_name", "email", "phone", "birth_date")


def merge(kept: Patient, gone: Patient, *, by: Member, at: datetime) -> Merge:
    """What was `gone`'s is `kept`'s: visits, cards, links, acceptances, invoices, letters, notes; what is empty in `kept` is filled, and
    both alerts stand. `gone` leads there from now on, also for whoever was writing to it meanwhile.

    Raises Refusal `not_permitted`, `wrong_status` when either was merged or erased, `invalid` for one and the same.
    """
    by.must(Right.ERASE_PATIENTS)
    if kept.pk == gone.pk:
        raise Refusal("invalid", _("Choose another record than this one."), field="other")
    kept, gone = _locked(kept, gone, moving=gone)
    for each in (kept, gone):
        check_there(each)
        if each.merged_into_id:
            raise Refusal("wrong_status", _("%s was merged already.") % each.name)
    before: dict[str, Any] = {}
    for field in FILLED:
        if not getattr(kept, field) and getattr(gone, field):
            before[field] = ""
            setattr(kept, field, getattr(gone, field))
    if gone.alert and gone.alert not in kept.alert:
        before["alert"] = kept.alert
        kept.alert = "; ".join(filter(None, [kept.alert, gone.alert]))[:200]
    gone.merged_into = kept
    gone.save(update_fields=["merged_into"])
    for kept_of_her in (Word, Trait):
        kept_of_her.objects.filter(patient=gone).delete()
    kept.version += 1
    kept.save()
    made = Merge.objects.create(practice_id=kept.practice_id, kept=kept, gone=gone, before=before, at=at, by=by)
    made.moved = _move(made)
    made.save(update_fields=["moved"])
    journal.record("patient.merged", kept, by=by, at=at, gone=str(gone.pk))
    return made


def undo(made: Merge, *, by: Member, at: datetime) -> Merge:
    """Each has again what it had, and what came to its visits since; what was filled in goes, unless it was changed since.

    Raises Refusal `not_permitted`, `wrong_status` when it is undone already, or the record was erased or merged further since.
    """
    by.must(Right.ERASE_PATIENTS)
    kept, gone = _locked(made.kept, made.gone, moving=made.kept)
    made = Merge.objects.select_for_update(no_key=True).get(pk=made.pk)
    if made.undone_at or kept.erased_at or kept.merged_into_id:
        raise Refusal("wrong_status", _("This merge can’t be undone any more."))
    for field, value in made.before.items():
        as_filled = "; ".join(filter(None, [value, gone.alert]))[:200] if field == "alert" else getattr(gone, field)
        if getattr(kept, field) == as_filled:
            setattr(kept, field, None if field == "birth_date" else value)
    made.undone_at = at
    made.save(update_fields=["undone_at"])
    gone.merged_into = None
    gone.save()
    kept.version += 1
    kept.save()
    _move(made)
    for each in (kept, gone):
        journal.record("patient.unmerged", each, by=by, at=at, merge=str(made.pk))
    return made


def _locked(one: Patient, other: Patient, *, moving: Patient) -> tuple[Patient, Patient]:
    found = locked([one.pk, other.pk], moving=[moving.pk])
    return found[one.pk], found[other.pk]


def _move(made: Merge) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("select patient_rows_move(%s)", [made.pk])
        moved: dict[str, Any] = json.loads(cursor.fetchone()[0])
    return moved
