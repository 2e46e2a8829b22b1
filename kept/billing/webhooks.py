"""Where the gateway reports: signed, stored once, answered at once; a job fetches the object it speaks of (I12)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from kept.billing.gateways import accounts
from kept.billing.gateways.stripe import verified_event
from kept.billing.models import GatewayEvent
from kept.billing.reports import speaks_of_us
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
        keys = accounts.secrets(clock.now())
        if keys is None:
            raise Http404
        if len(request.body) > MOST_BYTES:
            return HttpResponse("too large", status=413)
        try:
            event = verified_event(request.body, request.headers.get("Stripe-Signature", ""), keys.webhook_secrets)
        except ValueError:
            return HttpResponse("not signed by the gateway", status=400)
        stored, new = GatewayEvent.objects.get_or_create(
            practice_id=practice.id,
            event_id=event["id"],
            defaults={"kind": event["type"], "body": event, "received_at": clock.now()},
        )
        if new and speaks_of_us(stored.kind):
            jobs.defer("billing.apply_event", event_id=str(stored.id))
    return HttpResponse("ok")
