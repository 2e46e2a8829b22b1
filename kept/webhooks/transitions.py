"""Webhooks: endpoints set up, events put down for them in their own transaction, and what became of each try."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _
from standardwebhooks import Webhook

from kept.events import journal
from kept.events.models import Event
from kept.foundation import jobs, vault
from kept.foundation.ids import new_id
from kept.foundation.refusals import Refusal, refusing
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.webhooks.addresses import NotAllowed, target
from kept.webhooks.catalogue import LABELS, TEST, body_of, written
from kept.webhooks.models import Attempt, Delivery, Endpoint
from kept.webhooks.posting import Answer

SECRET_BYTES = 32
OLD_SECRET_COUNTS = timedelta(hours=24)
LEASE = timedelta(minutes=1)
AGAIN_AFTER = [
    *(timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30)),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
]
OFF_AFTER = timedelta(days=5)
MOST_ENDPOINTS = 20
LANES = 2  # however slow they all are, so many workers wait for endpoints at a time, and the others do the rest


def must_connect(by: Member) -> None:
    """Raises Refusal `not_permitted` unless she sets up, and works at all clinics: events of all of them go out."""
    by.must(Right.SET_UP)
    if by.clinic_limits:
        raise Refusal("not_permitted", _("Webhooks tell of every clinic. They are for somebody who works at all of them."))


def add_endpoint(*, url: str, kinds: Sequence[str], endpoint_id: UUID, by: Member, at: datetime) -> tuple[Endpoint, str]:
    """An endpoint and its secret, which is shown once. The same `endpoint_id` sent again is refused: a form that is sent twice makes one.

    Raises Refusal `invalid`, `already_made`, `not_permitted`."""
    must_connect(by)
    if Endpoint.objects.filter(active=True).count() >= MOST_ENDPOINTS:
        raise Refusal("invalid", _("At most %d endpoints. Take one out of use first.") % MOST_ENDPOINTS)
    secret = _secret()
    endpoint = Endpoint(id=endpoint_id, practice_id=by.practice_id, secret_box=vault.seal(secret), created_at=at)
    endpoint.url, endpoint.kinds = _allowed(url), _known(kinds)
    made = Refusal("already_made", _("This endpoint was made already. Give it a new secret if the first one is lost."))
    with refusing(webhooks_endpoint_pkey=made):
        endpoint.save(force_insert=True)
    journal.record("webhook.added", endpoint, by=by, at=at, kinds=endpoint.kinds)
    return endpoint, secret


def change_endpoint(endpoint: Endpoint, *, url: str, kinds: Sequence[str], active: bool, by: Member, at: datetime) -> Endpoint:
    """Where it is, what it is told, and whether it is told anything; what waits for it goes there or, out of use, no more.

    Raises Refusal `invalid`, `not_permitted`."""
    must_connect(by)
    endpoint = _locked(endpoint.pk)
    if active and not endpoint.active or endpoint.url != url:
        endpoint.failing_since, endpoint.off_why = None, ""  # it begins anew
    endpoint.url, endpoint.kinds, endpoint.active = _allowed(url), _known(kinds), active
    endpoint.save(update_fields=["url", "kinds", "active", "failing_since", "off_why"])
    journal.record("webhook.changed", endpoint, by=by, at=at, active=active, kinds=endpoint.kinds)
    return endpoint


def renew_secret(endpoint: Endpoint, *, by: Member, at: datetime) -> str:
    """A new secret, shown once. For another day the one before signs too, so that no message is lost while it is changed.

    Raises Refusal `not_permitted`."""
    must_connect(by)
    endpoint, secret = _locked(endpoint.pk), _secret()
    endpoint.old_secret_box, endpoint.old_secret_until = endpoint.secret_box, at + OLD_SECRET_COUNTS
    endpoint.secret_box = vault.seal(secret)
    endpoint.save(update_fields=["secret_box", "old_secret_box", "old_secret_until"])
    journal.record("webhook.secret_renewed", endpoint, by=by, at=at)
    return secret


def queue(event: Event) -> None:
    """Put the event down for every endpoint that wants it: a row and its job in the event's own transaction (I14). What is told of a past,
    by the sample practices, is news to nobody."""
    if event.kind not in LABELS or jobs.are_held():
        return
    for endpoint in Endpoint.objects.filter(practice=event.practice_id, active=True, kinds__contains=[event.kind]):
        _put_down(endpoint, event.pk, event.kind, body_of(event), at=event.at)


def send_test(endpoint: Endpoint, *, by: Member, at: datetime) -> Delivery:
    """A message that says nothing, to see whether it arrives. Raises Refusal `wrong_status` out of use, `not_permitted`."""
    must_connect(by)
    _must_be_in_use(endpoint)
    return _put_down(endpoint, new_id(), TEST, written(TEST, at.isoformat(), {}), at=at)


def send_again(delivery: Delivery, *, by: Member, at: datetime) -> Delivery:
    """The same message once more, with the same id, whatever became of it before. Raises Refusal `wrong_status`, `not_permitted`."""
    must_connect(by)
    delivery = _locked_delivery(delivery.pk)
    _must_be_in_use(delivery.endpoint)
    if delivery.state == Delivery.State.SENDING:
        raise Refusal("wrong_status", _("It is being sent at this moment."))
    delivery.state, delivery.tries, delivery.next_at, delivery.ended_at = Delivery.State.QUEUED, 0, at, None
    delivery.save(update_fields=["state", "tries", "next_at", "ended_at"])
    journal.record("webhook.sent_again", delivery.endpoint, by=by, at=at, delivery=str(delivery.pk))
    enter_lane(delivery)
    return delivery


class Letter(NamedTuple):
    """A message ready to go."""

    url: str
    body: str
    headers: dict[str, str]


def begin(delivery_id: UUID, *, at: datetime) -> Letter | None:
    """The delivery is this worker's for a minute; None where another has it, it has ended, or its time has not come."""
    delivery = _locked_delivery(delivery_id)
    lost = delivery.state == Delivery.State.SENDING and delivery.lease_until is not None and delivery.lease_until <= at
    if not (lost or (delivery.state == Delivery.State.QUEUED and delivery.next_at <= at)):
        return None
    endpoint = delivery.endpoint
    if not endpoint.active or delivery.tries > len(AGAIN_AFTER):  # out of use, or every try was lost with its worker
        _end(delivery, Delivery.State.FAILED, at)
        return None
    delivery.state, delivery.lease_until, delivery.tries = Delivery.State.SENDING, at + LEASE, delivery.tries + 1
    delivery.save(update_fields=["state", "lease_until", "tries"])
    boxes = [endpoint.secret_box]
    if endpoint.old_secret_box and endpoint.old_secret_until and endpoint.old_secret_until > at:
        boxes.append(endpoint.old_secret_box)
    signed = [Webhook(vault.unseal(box)).sign(delivery.message_id, at, delivery.body) for box in boxes]
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Kept-Webhooks/1",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signed),
    }
    return Letter(endpoint.url, delivery.body, headers)


def settle(delivery_id: UUID, answer: Answer, *, at: datetime) -> Delivery:
    """What came of a try is written down; one that did not arrive is tried again after a growing pause. An endpoint to which nothing has
    arrived for five days is turned off, as is one that says it is gone, and the owners are told."""
    delivery = _locked_delivery(delivery_id)
    Attempt.objects.create(
        practice_id=delivery.practice_id,
        delivery=delivery,
        at=at,
        status=answer.status,
        text=answer.text,
        trouble=answer.trouble,
        took_ms=answer.took_ms,
    )
    if delivery.state != Delivery.State.SENDING:
        return delivery  # its lease ran out, and another worker has settled it
    if answer.arrived:
        _end(delivery, Delivery.State.DELIVERED, at)
        Endpoint.objects.filter(pk=delivery.endpoint_id, failing_since__isnull=False).update(failing_since=None)
        return delivery
    if delivery.tries <= len(AGAIN_AFTER) and not answer.gone:
        delivery.state, delivery.lease_until, delivery.next_at = Delivery.State.QUEUED, None, at + AGAIN_AFTER[delivery.tries - 1]
        delivery.save(update_fields=["state", "lease_until", "next_at"])
        _pause(delivery)
    else:
        _end(delivery, Delivery.State.FAILED, at)
    _mind(_locked(delivery.endpoint_id), gone=answer.gone, at=at)
    return delivery


def _mind(endpoint: Endpoint, *, gone: bool, at: datetime) -> None:
    """Its failing is remembered, and has an end."""
    endpoint.failing_since = endpoint.failing_since or at
    if endpoint.active and (gone or endpoint.failing_since <= at - OFF_AFTER):
        days = (at - endpoint.failing_since).days
        endpoint.active, endpoint.off_why = False, _("It answered that it is gone.") if gone else _("Nothing arrived for %d days.") % days
        journal.record("webhook.turned_off", endpoint, by=None, at=at, gone=gone)
        jobs.defer("webhooks.tell_owners", endpoint_id=str(endpoint.pk))
    endpoint.save(update_fields=["failing_since", "active", "off_why"])


def _put_down(endpoint: Endpoint, event_id: UUID, kind: str, body: str, *, at: datetime) -> Delivery:
    about = {"practice_id": endpoint.practice_id, "endpoint": endpoint, "event_id": event_id}
    delivery = Delivery.objects.create(**about, kind=kind, body=body, created_at=at, next_at=at)
    enter_lane(delivery)
    return delivery


def enter_lane(delivery: Delivery) -> None:
    """Its job stands in one of the lanes, of each of which one is done at a time."""
    lane = f"webhooks-{delivery.endpoint_id.int % LANES}"
    jobs.defer("webhooks.send", lock=lane, delivery_id=str(delivery.pk))


def _pause(delivery: Delivery) -> None:
    """It enters a lane at its next try: in the lane, a job that waits for its time would hold up all behind it."""
    jobs.defer("webhooks.try_again", at=delivery.next_at, delivery_id=str(delivery.pk))


def _end(delivery: Delivery, state: Delivery.State, at: datetime) -> None:
    delivery.state, delivery.lease_until, delivery.ended_at = state, None, at
    delivery.save(update_fields=["state", "lease_until", "ended_at"])


def _locked(endpoint_id: UUID) -> Endpoint:
    return Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint_id)


def _locked_delivery(delivery_id: UUID) -> Delivery:
    return Delivery.objects.select_for_update(of=("self",), no_key=True).select_related("endpoint").get(pk=delivery_id)


def _must_be_in_use(endpoint: Endpoint) -> None:
    if not endpoint.active:
        raise Refusal("wrong_status", _("The endpoint is out of use. Put it to use first."))


def _allowed(url: str) -> str:
    try:
        target(url)
    except NotAllowed as why:
        raise Refusal("invalid", str(why), field="url") from None
    return url


def _known(kinds: Sequence[str]) -> list[str]:
    if not kinds or set(kinds) - LABELS.keys():
        raise Refusal("invalid", _("Choose one event at least."), field="kinds")
    return [kind for kind in LABELS if kind in kinds]


def _secret() -> str:
    """As Standard Webhooks writes one."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
