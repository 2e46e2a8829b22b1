"""Who may do what: six roles, their rights, and the clinics they hold for."""

from typing import TYPE_CHECKING, Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _

from kept.foundation.money import Money
from kept.foundation.refusals import Refusal

if TYPE_CHECKING:
    from kept.practice.models import Member


class Role(TextChoices):
    OWNER = "owner", "Owner"
    MANAGER = "manager", "Manager"
    FRONT_DESK = "front_desk", "Front desk"
    PROVIDER = "provider", "Provider"
    BILLING = "billing", "Billing"
    AUDITOR = "auditor", "Auditor"


class Scope(TextChoices):
    """What a token may of what its member may. Without any it may all of it."""

    READ = "read", "Read only"
    WRITE = "write", "Read and change"
    CONSENT = "consent", "A website of yours: finds times and books, with the patient’s card and consent"


class Right(TextChoices):
    """A right, and how a refusal names it."""

    SEE_BOOK = "see_book", "see the calendar"
    BOOK = "book", "book, check in or change appointments"
    MARK = "mark", "mark or restore no-shows"
    CHARGE = "charge", "charge or spare a fee"
    LIST_NO_SHOWS = "list_no_shows", "see the No Shows list"
    DOUBLE_BOOK = "double_book", "book two patients at the same time"
    SEE_SALES = "see_sales", "see invoices"
    COLLECT = "collect", "collect on invoices"
    REFUND = "refund", "refund"
    VOID = "void", "void invoices"
    SEE_PATIENTS = "see_patients", "see patients"
    CHANGE_PATIENTS = "change_patients", "add or change patients"
    ERASE_PATIENTS = "erase_patients", "export, merge or erase patients"
    SEE_AUDIT = "see_audit", "see who looked"
    SEE_SETTINGS = "see_settings", "see settings"
    SET_UP = "set_up", "change policies, services or staff"


HEADS = {Role.OWNER, Role.MANAGER}
DESK, PROVIDER, BILLING, AUDITOR = {Role.FRONT_DESK}, {Role.PROVIDER}, {Role.BILLING}, {Role.AUDITOR}

# The table of roles.
RIGHTS: dict[Right, set[Role]] = {
    Right.SEE_BOOK: HEADS | DESK | PROVIDER | AUDITOR,
    Right.BOOK: HEADS | DESK | PROVIDER,
    Right.MARK: HEADS | DESK | PROVIDER,
    Right.CHARGE: HEADS | DESK | BILLING,
    Right.LIST_NO_SHOWS: HEADS | DESK | PROVIDER | BILLING | AUDITOR,
    Right.DOUBLE_BOOK: HEADS | DESK,
    Right.SEE_SALES: HEADS | DESK | BILLING | AUDITOR,
    Right.COLLECT: HEADS | DESK | BILLING,
    Right.REFUND: HEADS | DESK | BILLING,
    Right.VOID: HEADS | DESK | BILLING,
    Right.SEE_PATIENTS: set(Role),
    Right.CHANGE_PATIENTS: HEADS | DESK | PROVIDER,
    Right.ERASE_PATIENTS: HEADS,
    Right.SEE_AUDIT: HEADS | AUDITOR,
    Right.SEE_SETTINGS: HEADS,
    Right.SET_UP: HEADS,
}

# What the front desk may only where the practice says so, and the setting that says it.
BY_SETTING = {
    Right.DOUBLE_BOOK: "front_desk_may_double_book",
    Right.REFUND: "front_desk_refund_limit_minor",
    Right.VOID: "front_desk_refund_limit_minor",
}


def may(member: "Member", right: Right, subject: Any = None) -> bool:
    """Whether that member may, on that subject: in her clinics (R24), and for a provider on her own appointments only."""
    if member.role not in RIGHTS[right]:
        return False
    if member.role == Role.FRONT_DESK and right in BY_SETTING and not getattr(member.practice.settings, BY_SETTING[right]):
        return False
    if subject is None:
        return True
    if member.role == Role.PROVIDER and getattr(subject, "provider_id", None) != member.provider_id:
        return False
    return works_at(member, subject.clinic_id)


def refund_limit(member: "Member") -> Money | None:
    """The most she may refund or void at once. None: no limit but the rights of her role."""
    if member.role != Role.FRONT_DESK:
        return None
    return member.practice.settings.front_desk_refund_limit


def within_limit(member: "Member", amount: Money) -> bool:
    """Whether she may refund or void that much. A limit says nothing of another currency, so there it allows nothing."""
    limit = refund_limit(member)
    return limit is None or (amount.currency == limit.currency and amount <= limit)


def works_at(member: "Member", clinic_id: Any) -> bool:
    """Whether the member was given that clinic; a member without limits was given all."""
    limits = member.clinic_limits
    return not limits or clinic_id in limits


def refusal_of(member: "Member", right: Right) -> Refusal:
    """The refusal that names the right and who has it; to a front desk, who may give it."""
    if member.role == Role.FRONT_DESK and right in BY_SETTING:
        sentence = _("The front desk can’t %(act)s here. An owner or manager does it, or allows it in Settings.")
        return Refusal("not_permitted", sentence % {"act": right.label})
    who = [role.label.lower() for role in Role if role in RIGHTS[right]]
    return Refusal(
        "not_permitted",
        _("You can’t %(act)s. That is for: %(who)s.") % {"act": right.label, "who": ", ".join(who)},
    )
