"""All that is held on a patient, as a ZIP: the rows as JSON, and the same as a PDF to read."""

import io
import json
import zipfile
from datetime import date, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from kept.billing import paper
from kept.events import journal
from kept.events.models import Event
from kept.patients.models import Patient
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.rights.holdings import HOLDINGS, SECRET, subjects

NAMED = ("provider", "clinic", "service", "by", "status_by", "queued_by", "evidence_by")


def export(patient: Patient, *, by: Member, at: datetime) -> bytes:
    """The file. That it was made is recorded, as a look (R25). Raises Refusal `not_permitted`."""
    by.must(Right.ERASE_PATIENTS)
    journal.looked_at("patient exported", practice_id=patient.practice_id, patient_id=patient.pk, at=at)
    held = everything(patient)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("patient.json", json.dumps(held, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False))
        parts = [(label, _readable(rows)) for label, rows in held.items() if rows]
        files.writestr("patient.pdf", paper.sections(_("What is held on %s") % patient.name, by.practice.name, parts))
    return buffer.getvalue()


def everything(patient: Patient) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table that holds something, under its name. Keys of ours are left out, and ids of others named."""
    held = {str(each.label): [_row(row) for row in each.rows(patient)] for each in HOLDINGS}
    happened = Event.objects.filter(subjects(patient), practice=patient.practice_id).order_by("at", "id")
    return held | {_("What happened"): [_row(row) for row in happened]}


def _row(row: Any) -> dict[str, Any]:
    found = {}
    for field in row._meta.concrete_fields:
        if field.name in SECRET or field.name.startswith("pgh_obj"):
            continue
        value = getattr(row, field.attname)
        if field.name in NAMED and value is not None:
            value = str(getattr(row, field.name))
        found[field.name] = value
    return found


def _readable(rows: list[dict[str, Any]]) -> str:
    lines = [[f"{name.replace('_', ' ')}: {_said(value)}" for name, value in row.items() if _is_said(value)] for row in rows]
    return "\n\n".join("\n".join(each) for each in lines)


def _is_said(value: Any) -> bool:
    return value is not None and value not in ("", [], {})


def _said(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
