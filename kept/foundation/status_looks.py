"""How a status looks: icon, word and tone. One table for chips, the calendar and its key.

Tones are the classes of frontend/styles/tones.css. An icon that stands here is in the sprite (frontend/icons.js)."""

from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Look:
    """`dashed`: nothing is settled yet."""

    icon: str
    label: str | Promise
    tone: str
    dashed: bool = False


STATUS_LOOKS = {
    "booked": Look("circle-dashed", _("Booked"), "booked", dashed=True),
    "awaiting_card": Look("qr-code", _("Awaiting card"), "booked", dashed=True),
    "confirmed": Look("check", _("Confirmed"), "confirmed"),
    "arrived": Look("map-pin-check", _("Arrived"), "arrived"),
    "in_treatment": Look("sparkles", _("In treatment"), "treating"),
    "completed": Look("circle-check", _("Completed"), "completed"),
    "needs_outcome": Look("clock-alert", _("Needs an outcome"), "outcome", dashed=True),
    "noshow": Look("user-x", _("No-show"), "noshow"),
    "cancelled": Look("calendar-x", _("Cancelled"), "cancelled"),
    "late_cancel": Look("calendar-x", _("Late cancel"), "cancelled"),
}

FEE_LOOKS = {
    "not_offered": Look("circle-minus", _("No fee"), "cancelled"),
    "undecided": Look("circle-question-mark", _("To decide"), "outcome", dashed=True),
    "waiting": Look("timer", _("Waiting"), "booked", dashed=True),
    "charging": Look("loader", _("Charging"), "booked"),
    "checking": Look("search-check", _("Being checked"), "outcome"),
    "paid": Look("credit-card-check", _("Charged"), "completed"),
    "declined": Look("octagon-alert", _("Declined"), "noshow"),
    "needs_patient": Look("smartphone", _("Needs the patient"), "confirmed"),
    "failed": Look("triangle-alert", _("Failed"), "noshow"),
    "spared": Look("circle-slash", _("Not charged"), "cancelled"),
    "part_refunded": Look("undo-2", _("Part refunded"), "treating"),
    "refunded": Look("undo-2", _("Refunded"), "treating"),
    "disputed": Look("gavel", _("Disputed"), "noshow"),
    # Second words of a state, for lists that say why: of not_offered, and of needs_patient.
    "no_card": Look("credit-card-x", _("No card"), "cancelled"),
    "link_sent": Look("send", _("Link sent"), "confirmed"),
}

INVOICE_LOOKS = {
    "issued": Look("circle-alert", _("Unpaid"), "outcome"),
    "balanced": Look("circle-check", _("Paid"), "completed"),
    "cancelled": Look("circle-slash", _("Cancelled"), "cancelled"),
    "part_refunded": FEE_LOOKS["part_refunded"],
    "refunded": FEE_LOOKS["refunded"],
    "link_sent": FEE_LOOKS["link_sent"],
    "disputed": FEE_LOOKS["disputed"],
}

# The key beside the calendar, in the order of a visit.
LEGEND = [
    *(STATUS_LOOKS[display] for display in ("booked", "confirmed", "arrived", "in_treatment", "completed")),
    replace(STATUS_LOOKS["needs_outcome"], label=_("No outcome")),
]


def for_script() -> list[dict[str, str]]:
    """The looks in the table's order, as calendar.js takes them."""
    return [{"display": key, "icon": look.icon, "label": str(look.label), "tone": look.tone} for key, look in STATUS_LOOKS.items()]
