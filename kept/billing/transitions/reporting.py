"""Reports of the gateway that fit nothing in the book: staff have them looked at again, or set them aside."""

from datetime import datetime

from django.utils.translation import gettext as _

from kept.billing.models import GatewayEvent
from kept.events import journal
from kept.foundation import jobs
from kept.foundation.refusals import Refusal
from kept.practice.models import Member
from kept.practice.rules import Right


def look_again(event: GatewayEvent, *, by: Member, at: datetime) -> None:
    """Its job runs once more. Raises Refusal `not_permitted`."""
    by.must(Right.COLLECT)
    jobs.defer("billing.apply_event", event_id=str(event.id))
    journal.record("report.looked_at", event, by=by, at=at)


def set_aside(event: GatewayEvent, *, why: str, by: Member, at: datetime) -> GatewayEvent:
    """It asks for nobody's attention any more, and is kept. Raises Refusal `reason_required`, `wrong_status`, `not_permitted`."""
    by.must(Right.COLLECT)
    if not why.strip():
        raise Refusal("reason_required", _("Say what became of it."), field="why")
    event = GatewayEvent.objects.select_for_update(no_key=True).get(pk=event.pk)
    if event.state != GatewayEvent.State.PARKED:
        raise Refusal("wrong_status", _("Somebody else has dealt with it already."))
    event.state = GatewayEvent.State.SET_ASIDE
    event.save(update_fields=["state"])
    journal.record("report.set_aside", event, by=by, at=at, why=why.strip()[:200])
    return event
