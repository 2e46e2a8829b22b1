"""Events: what happened, as Stripe tells it, and the signature that proves who tells it."""

import hashlib
import hmac
import json
from copy import deepcopy

from double import objects
from double.objects import Object

API_VERSION = "2026-10-28.endive"


def new(kind: str, thing: Object, request_id: str | None, idempotency_key: str | None, *, pending: int) -> Object:
    """The event with the object as it is at this moment."""
    return objects.new("event", "evt") | {
        "api_version": API_VERSION,
        "data": {"object": deepcopy(thing)},
        "pending_webhooks": pending,
        "request": {"id": request_id, "idempotency_key": idempotency_key},
        "type": kind,
    }


def body_of(event: Object) -> str:
    """The exact text that is signed and delivered."""
    return json.dumps(event, indent=2)


def signature(body: str, secret: str, at: int) -> str:
    """The `Stripe-Signature` header for a body sent at this second."""
    digest = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
