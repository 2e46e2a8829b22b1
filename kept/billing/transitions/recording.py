"""What staff settle themselves: a fee that was paid another way, a bill that is not to be paid."""

from datetime import datetime

from django.utils.translation import gettext as _

from kept.billing.models import Charge, Invoice, Method
from kept.billing.rules import check_limit, check_record, check_stopped
from kept.billing.transitions import charging
from kept.billing.transitions.invoicing import issue_invoice
from kept.events import journal
from kept.foundation.refusals import Refusal
from kept.practice.models import Member
from kept.practice.rules import Right

BY_HAND = [method for method in Method if method != Method.CARD]


def record_payment(charge: Charge, *, method: str, note: str = "", by: Member, at: datetime) -> Charge:
    """The whole fee was paid in cash, at the card terminal or another way (R6). Its payment at the gateway is cancelled first, by a job
    where there is one; if that turns out to be paid, nothing is recorded, and staff are asked: refund or keep?

    Raises Refusal `charge_in_flight`, `wrong_status`, `choice_required`, `not_permitted`.
    """
    by.must(Right.COLLECT, charge.appointment)
    charge = charging.locked(charge.pk)
    check_record(charge)
    if method not in BY_HAND:
        raise Refusal("choice_required", _("Choose how it was paid."), field="method")
    issue_invoice(charge, at=at)
    charge.recording = {"method": method, "note": note.strip(), "by": str(by.pk), "at": at.isoformat()}
    charge.save(update_fields=["recording"])
    return charging.end(charge, why=_("Paid another way"), by=by, at=at)


def void(invoice: Invoice, charge: Charge, *, reason: str, by: Member, at: datetime) -> Charge:
    """The bill is not to be paid: a credit note over the whole answers it, and its fee ends, at the gateway first.

    Raises Refusal `charge_in_flight`, `wrong_status`, `reason_required`, `not_permitted`.
    """
    by.must(Right.VOID, charge.appointment)
    charge = charging.locked(charge.pk)
    check_stopped(charge)
    check_limit(by, charge.amount, _("The front desk may void up to %s. Ask a manager or billing."))
    if not reason.strip():
        raise Refusal("reason_required", _("Say why it is not to be paid."), field="reason")
    journal.record("invoice.voided", invoice, by=by, at=at)
    return charging.end(charge, why=reason.strip(), by=by, at=at)
