"""What the shell of every staff page shows: who, where, and the tabs that this member may see."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from kept.billing import queries as billing
from kept.foundation import clock
from kept.messaging import queries as letters
from kept.noshows.queries import open_answers
from kept.practice import sessions
from kept.practice.models import Clinic, Member
from kept.practice.rules import Right

THEMES = {"light": "kept", "dark": "kept-dark"}


@dataclass(frozen=True, slots=True)
class Tab:
    key: str
    label: str
    url: str
    icon: str
    keys: str


def tabs(member: Member) -> list[Tab]:
    """The tabs that exist and that she may open. No Shows stands under the book's wrench; who sees no book has a tab for it."""
    offered = [
        (Right.SEE_BOOK, "appointments", _("Appointments"), "desk:day", "calendar-days", "g a"),
        (Right.SEE_PATIENTS, "patients", _("Patients"), "desk:patients", "users", "g p"),
        (Right.SEE_SALES, "sales", _("Sales"), "billing:invoices", "receipt", "g s"),
        *([] if member.may(Right.SEE_BOOK) else [(Right.LIST_NO_SHOWS, "appointments", _("No Shows"), "noshows:list", "user-x", "g n")]),
        (Right.SEE_SETTINGS, "settings", _("Settings"), "desk:settings", "settings", ""),
    ]
    return [Tab(key, label, reverse(name), icon, keys) for right, key, label, name, icon, keys in offered if member.may(right)]


def _attention(member: Member) -> int:
    """How many things wait for a person's decision, for those who may decide about money."""
    if not member.may(Right.COLLECT):
        return 0
    at = clock.now()
    charges = billing.attention(member, at=at)
    others = [billing.parked_reports(member), billing.late_cards(member), open_answers(member, at=at), letters.lost(member)]
    return charges.order_by().values("pk").union(*(each.order_by().values("pk") for each in others), all=True).count()


def clinic_of(request: HttpRequest, member: Member) -> Clinic | None:
    """The clinic she works at now, of those she was given; None where she has none."""
    return _chosen(request, member.given_clinics)


def _chosen(request: HttpRequest, clinics: list[Clinic]) -> Clinic | None:
    chosen = request.session.get("clinic")
    return next((clinic for clinic in clinics if str(clinic.pk) == chosen), clinics[0] if clinics else None)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of the shell; outside the staff door only the theme."""
    user = getattr(request, "user", None)
    theme = THEMES.get(user.theme, "") if user and user.is_authenticated else ""
    member = getattr(request, "member", None)
    if member is None:
        return {"member": None, "theme": theme}
    clinics = member.given_clinics
    return {
        "member": member,
        "practice": member.practice,
        "clinics": clinics,
        "clinic": _chosen(request, clinics),
        "tabs": tabs(member),
        "search_url": reverse("desk:search") if member.may(Right.SEE_PATIENTS) else "",
        "audit_url": reverse("desk:audit-looks") if member.may(Right.SEE_AUDIT) else "",
        "attention": partial(_attention, member),  # asked by whole pages alone
        "theme": theme,
        "idle_minutes": sessions.idle_minutes(request),
    }
