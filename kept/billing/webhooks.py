"""Where the gateway reports: signed, stored once, answered at once; a job fetches the object it speaks of (I12)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from kept.billing.gateways import accounts
from kept.billing.gateways.stripe import verified_event
from kept.billing.models import CardCapture, GatewayEvent
from kept.foundation import clock, jobs
from kept.foundation.scope import scope
from kept.practice.queries import practice_by_slug

MOST_BYTES = 256 * 1024


@csrf_exempt  # the signature on the raw body is the proof
@require_POST
def receive(request: HttpRequest, slug: str) -> HttpResponse:
    """Store an authentic event once and queue its job in the same transaction. 400 for a forged or stale one."""
    practice = practice_by_slug(slug)
    if practice is None:
        raise Http404
    with scope(practice.id, actor="gateway:webhook", source="webhook"):
        keys = accounts.secrets()
        if keys is None:
            raise Http404
        if len(request.body) > MOST_BYTES:
            return HttpResponse("too large", status=413)
        try:
            event = verified_event(request.body, request.headers.get("Stripe-Signature", ""), keys[1])
        except ValueError:
            return HttpResponse("not signed by the gateway", status=400)
        _stored, new = GatewayEvent.objects.get_or_create(
            practice_id=practice.id,
            event_id=event["id"],
            defaults={"kind": event["type"], "body": event, "received_at": clock.now()},
        )
        if new:
            _queue(event["type"], event["data"]["object"])
    return HttpResponse("ok")


def _queue(kind: str, said: dict[str, object]) -> None:
    """The job that applies what the event is about; events about nothing of ours queue none."""
    if kind.startswith("payment_intent."):
        jobs.defer("billing.apply_event", object_kind="payment_intent", object_id=str(said["id"]))
    elif kind.startswith(("refund.", "charge.refund")) and said.get("payment_intent"):
        jobs.defer("billing.apply_event", object_kind="refund", object_id=str(said["payment_intent"]))
    elif kind == "checkout.session.completed":
        capture = CardCapture.objects.filter(session_id=str(said["id"])).values_list("id", flat=True).first()
        if capture:
            jobs.defer("billing.finish_capture", capture_id=str(capture))
