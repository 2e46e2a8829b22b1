"""Needs attention: money that only a person can decide about, in words, grouped by what is asked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.billing.acts import Acts, acts
from kept.billing.models import Charge, Refund, State
from kept.billing.words import reason
from kept.foundation.dates import elapsed, moment
from kept.practice.models import Member

Flag = Charge.Flag
STAFF_DECIDE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Item:
    """One charge about which something is asked, and what that member may do about it. `kind` is the API's word for it."""

    kind: str
    charge: Charge
    text: str
    since: datetime
    waited: timedelta
    age: str
    acts: Acts

    @property
    def for_staff(self) -> bool:
        """Unknown for so long that a person decides whether it is still wanted."""
        return self.kind == "checking" and self.waited >= STAFF_DECIDE

    @property
    def dashboard_url(self) -> str:
        """The payment on the gateway's own pages."""
        intent_id = self.charge.gateway_intent_id
        return f"{settings.GATEWAY_DASHBOARD}/payments/{intent_id}" if self.for_staff and intent_id else ""

    @property
    def icon(self) -> str:
        return LOOKS[self.kind].icon

    @property
    def tone(self) -> str:
        return LOOKS[self.kind].tone


@dataclass(frozen=True, slots=True)
class Group:
    icon: str
    tone: str
    title: str | Promise
    text: str | Promise
    items: list[Item] = field(default_factory=list)


LOOKS = {
    Flag.REFUND_OR_KEEP.value: Group(
        "undo-2", "outcome", gettext_lazy("Refund or keep?"), gettext_lazy("Paid, although the fee was ended meanwhile.")
    ),
    Flag.REFUND_FAILED.value: Group(
        "triangle-alert", "noshow", gettext_lazy("Refunds that failed"), gettext_lazy("The money did not go back; the clinic still has it.")
    ),
    "dispute": Group(
        "gavel",
        "noshow",
        gettext_lazy("Disputed by the patient’s bank"),
        gettext_lazy("The bank took the money back, and decides by the evidence it is sent in time."),
    ),
    "checking": Group(
        "search-check",
        "outcome",
        gettext_lazy("Being checked for too long"),
        gettext_lazy("The payment provider has not said yet whether it charged. It is asked again by itself."),
    ),
    "unpaid": Group("octagon-alert", "noshow", gettext_lazy("Unpaid for over a week"), gettext_lazy("Nothing happens to these by itself.")),
}


def item(charge: Charge, member: Member, *, at: datetime) -> Item:
    """What is asked about that charge, of `queries.attention`, with its refunds."""
    kind = charge.flag or ("dispute" if charge.dispute else "checking" if charge.state == State.UNKNOWN else "unpaid")
    said: dict[str, Callable[[Charge], tuple[str, datetime]]] = {
        Flag.REFUND_OR_KEEP.value: _refund_or_keep,
        Flag.REFUND_FAILED.value: _refund_failed,
        "dispute": _disputed,
        "checking": partial(_checking, at=at),
        "unpaid": _unpaid,
    }
    text, since = said[kind](charge)
    return Item(kind, charge, text, since, at - since, elapsed(since, at), acts(charge, member, at=at))


def groups(items: Iterable[Item]) -> list[Group]:
    """By what is asked, in a fixed order; the oldest first within each."""
    found = {kind: Group(look.icon, look.tone, look.title, look.text) for kind, look in LOOKS.items()}
    for each in items:
        found[each.kind].items.append(each)
    return [group for group in found.values() if group.items]


def _when(charge: Charge, at: datetime) -> str:
    return moment(at, charge.appointment.clinic.zone)


def _refund_or_keep(charge: Charge) -> tuple[str, datetime]:
    since = charge.captured_at or charge.due_at
    told = {"why": charge.cancel_why or _("The fee had ended"), "card": charge.card, "when": _when(charge, since)}
    return _("%(why)s while the charge was on its way; %(card)s was charged on %(when)s.") % told, since


def _refund_failed(charge: Charge) -> tuple[str, datetime]:
    failed = max((refund for refund in charge.refunds.all() if refund.state == Refund.State.FAILED), key=lambda each: each.created_at)
    since = failed.settled_at or failed.created_at
    told = {"amount": failed.amount, "card": charge.card, "when": _when(charge, since), "why": failed.failure.replace("_", " ")}
    said = _("%(amount)s did not go back to %(card)s, %(when)s.") % told
    return f"{said} {_('Reason: %(why)s.') % told}" if failed.failure else said, since


def _disputed(charge: Charge) -> tuple[str, datetime]:
    dispute = max(charge.disputes.all(), key=lambda each: each.opened_at)
    told = {"amount": dispute.amount, "card": charge.card, "why": dispute.reason.replace("_", " ")}
    said = _("%(amount)s charged to %(card)s. Reason: %(why)s.") % told
    due = _("Evidence is due by %s.") % _when(charge, dispute.due_by) if dispute.due_by else ""
    return f"{said} {due}".rstrip(), dispute.opened_at


def _checking(charge: Charge, at: datetime) -> tuple[str, datetime]:
    since = charge.unknown_since or charge.due_at
    told = {"card": charge.card, "when": _when(charge, since), "reference": charge.gateway_intent_id or charge.pk}
    sent = _("Sent to %(card)s on %(when)s. Nothing is charged again until it is known. Reference %(reference)s.")
    if at - since < STAFF_DECIDE:
        return sent % told, since
    decide = _("It has been so for a day: look it up in the payment provider’s dashboard, or end the fee. It is followed either way.")
    return f"{sent % told} {decide}", since


def _unpaid(charge: Charge) -> tuple[str, datetime]:
    told = {"card": charge.card, "when": _when(charge, charge.due_at), "why": reason(charge)}
    return _("Charging %(card)s on %(when)s did not work: %(why)s.") % told, charge.due_at
