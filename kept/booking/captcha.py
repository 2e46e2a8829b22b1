"""Who books online again and again from one network address proves first that she is a person (`KEPT_CAPTCHA`)."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from csp.constants import SELF
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from kept.booking.limits import address_of
from kept.foundation.network import leave_the_database
from kept.foundation.refusals import Refusal
from kept.practice.tries import tries_before

WORDS = "I am a person"  # of the test mode
TIMEOUT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Provider:
    """Of captchas: its script, the origins of its frames, the class of its box, the field it fills in, and where an answer is checked."""

    script: str
    origins: tuple[str, ...]
    box: str
    field: str
    verify: str


PROVIDERS = {
    "turnstile": Provider(
        "https://challenges.cloudflare.com/turnstile/v0/api.js",
        ("https://challenges.cloudflare.com",),
        "cf-turnstile",
        "cf-turnstile-response",
        "https://challenges.cloudflare.com/turnstile/v0/siteverify",
    ),
    "hcaptcha": Provider(
        "https://js.hcaptcha.com/1/api.js",
        ("https://js.hcaptcha.com", "https://newassets.hcaptcha.com", "https://hcaptcha.com"),
        "h-captcha",
        "h-captcha-response",
        "https://api.hcaptcha.com/siteverify",
    ),
}


def wanted(request: HttpRequest, *, at: datetime) -> dict[str, Any] | None:
    """What the page shows to ask for it; None where it is off, or not asked for yet. Inside the practice's scope."""
    if settings.CAPTCHA == "off" or tries_before("online address", address_of(request), at=at) < settings.CAPTCHA_AFTER:
        return None
    return {"provider": PROVIDERS.get(settings.CAPTCHA), "key": settings.CAPTCHA_SITE_KEY, "words": WORDS}


def allowed(response: HttpResponse, asked: dict[str, Any] | None) -> HttpResponse:
    """The page that asks may load the provider's script and frames; no other may."""
    if asked and asked["provider"]:
        origins = list(asked["provider"].origins)
        loading: Any = response
        loading._csp_replace = {"script-src": [SELF, *origins], "connect-src": [SELF, *origins], "frame-src": origins}
    return response


def check(request: HttpRequest) -> None:
    """Ask the provider whether the answer is right. It must answer: else who floods the page would only have to break that. Outside of any
    scope. Raises Refusal `captcha_required`."""
    provider = PROVIDERS.get(settings.CAPTCHA)
    said = request.POST.get(provider.field if provider else "captcha", "")
    if not (_right(provider, said, address_of(request)) if provider else said == WORDS):
        raise Refusal("captcha_required", _("Please show that you are a person, or call the clinic. Nothing you typed is lost."))


def _right(provider: Provider, said: str, address: str) -> bool:
    if not said:
        return False
    leave_the_database()
    sent = urlencode({"secret": settings.CAPTCHA_SECRET, "response": said, "remoteip": address}).encode()
    try:
        with urlopen(provider.verify, sent, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  one of ours above
            return json.load(answer).get("success") is True
    except (URLError, TimeoutError, ValueError):
        return False
