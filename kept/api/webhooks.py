"""Webhooks over the API: programs that register themselves, ask what did not arrive, and have it sent again."""

from django.db.models import QuerySet
from ninja import Body, Query, Router

from kept.api import find
from kept.api.door import KeyRequest
from kept.api.pages import Page, Paged, by_name
from kept.api.problems import called
from kept.api.shapes.webhooks import EndpointChanged, EndpointMade, EndpointSent, EndpointShape, WebhookMessage, WebhookMessageWhole
from kept.foundation import clock
from kept.foundation.ids import new_id
from kept.foundation.paging import page
from kept.webhooks import transitions
from kept.webhooks.models import Delivery, Endpoint

router = Router(tags=["Webhooks"])


def _endpoints(request: KeyRequest) -> QuerySet[Endpoint]:
    transitions.must_connect(request.member)
    return Endpoint.objects.filter(practice=request.member.practice_id)


def _deliveries(request: KeyRequest) -> QuerySet[Delivery]:
    transitions.must_connect(request.member)
    return Delivery.objects.filter(practice=request.member.practice_id).select_related("endpoint")


@router.get("", response=Page[EndpointShape])
def list_webhooks(request: KeyRequest, asked: Query[Paged]) -> Page[EndpointShape]:
    """The practice's endpoints, in use or not, by address."""
    found = by_name(_endpoints(request), "url", asked=asked)
    return Page[EndpointShape](items=[EndpointShape.of(each) for each in found.rows], next=found.next)


@router.post("", response={201: EndpointMade})
def post_webhook(request: KeyRequest, body: Body[EndpointSent]) -> EndpointMade:
    """Add an endpoint. Its signing secret is said in this answer and never again."""
    with called(kinds="events"):
        made, secret = transitions.add_endpoint(url=body.url, kinds=body.events, endpoint_id=new_id(), by=request.member, at=clock.now())
    return EndpointMade(**dict(EndpointShape.of(made)), secret=secret)


@router.get("/{endpoint_id}", response=EndpointShape)
def get_webhook(request: KeyRequest, endpoint_id: str) -> EndpointShape:
    """One endpoint."""
    return EndpointShape.of(find.one(_endpoints(request), endpoint_id))


@router.patch("/{endpoint_id}", response=EndpointShape)
def patch_webhook(request: KeyRequest, endpoint_id: str, body: Body[EndpointChanged]) -> EndpointShape:
    """Change what is sent, and nothing else."""
    endpoint = find.one(_endpoints(request), endpoint_id)
    sent = body.model_fields_set
    with called(kinds="events"):
        changed = transitions.change_endpoint(
            endpoint,
            url=body.url if "url" in sent else endpoint.url,
            kinds=body.events if "events" in sent else endpoint.kinds,
            active=body.active if "active" in sent else endpoint.active,
            by=request.member,
            at=clock.now(),
        )
    return EndpointShape.of(changed)


@router.post("/{endpoint_id}/secret", response=EndpointMade)
def renew_webhook_secret(request: KeyRequest, endpoint_id: str) -> EndpointMade:
    """A new signing secret, said in this answer and never again. The one before signs too for another day."""
    endpoint = find.one(_endpoints(request), endpoint_id)
    secret = transitions.renew_secret(endpoint, by=request.member, at=clock.now())
    return EndpointMade(**dict(EndpointShape.of(endpoint)), secret=secret)


@router.post("/{endpoint_id}/test", response=WebhookMessage)
def test_webhook(request: KeyRequest, endpoint_id: str) -> WebhookMessage:
    """Send a message that says nothing, to see whether it arrives."""
    return WebhookMessage.of(transitions.send_test(find.one(_endpoints(request), endpoint_id), by=request.member, at=clock.now()))


@router.get("/{endpoint_id}/messages", response=Page[WebhookMessage])
def list_webhook_messages(request: KeyRequest, endpoint_id: str, asked: Query[Paged]) -> Page[WebhookMessage]:
    """Its messages of the last 30 days, newest first."""
    mine = find.one(_endpoints(request), endpoint_id).deliveries.order_by("-created_at", "-id")
    found = page(mine, by="created_at", cursor=asked.cursor, limit=asked.limit)
    return Page[WebhookMessage](items=[WebhookMessage.of(each) for each in found.rows], next=found.next)


@router.get("/messages/{delivery_id}", response=WebhookMessageWhole)
def get_webhook_message(request: KeyRequest, delivery_id: str) -> WebhookMessageWhole:
    """One message, with what it says and each try."""
    return WebhookMessageWhole.whole(find.one(_deliveries(request), delivery_id))


@router.post("/messages/{delivery_id}/send-again", response=WebhookMessageWhole)
def send_webhook_again(request: KeyRequest, delivery_id: str) -> WebhookMessageWhole:
    """Send it once more, with the same id, whatever became of it before."""
    found = find.one(_deliveries(request), delivery_id)
    return WebhookMessageWhole.whole(transitions.send_again(found, by=request.member, at=clock.now()))
