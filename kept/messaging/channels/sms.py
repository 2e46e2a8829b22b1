"""By text message: files in a folder, or Twilio (KEPT_SMS). One POST; no client library."""

import base64
import json
from collections.abc import Mapping
from hashlib import sha1
from hmac import compare_digest, digest
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from kept.messaging.channels import Refused, TryAgain, Unknown
from kept.messaging.letters import Written
from kept.messaging.models import Message

TIMEOUT_SECONDS = 20
STOPPED = "21610"  # https://www.twilio.com/docs/api/errors/21610: the recipient wrote STOP
NOT_SENT = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


def post(message: Message, written: Written) -> None:
    if settings.SMS == "files":
        _into_folder(message, written.text)
    else:
        _by_twilio(message, written.text)


def _into_folder(message: Message, text: str) -> None:
    if settings.SMS_FOLDER:
        folder = Path(settings.SMS_FOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{message.id}.txt").write_text(f"To: {message.to}\nFrom: {message.appointment.practice.settings.text_from}\n\n{text}\n")


def _by_twilio(message: Message, text: str) -> None:
    """https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource"""
    practice = message.appointment.practice
    address = f"{settings.TWILIO_API_BASE}/2010-04-01/Accounts/{settings.TWILIO_ACCOUNT_SID}/Messages.json"
    told = {"To": message.to, "From": practice.settings.text_from, "Body": text, "StatusCallback": status_url(message)}
    key = base64.b64encode(f"{settings.TWILIO_ACCOUNT_SID}:{settings.TWILIO_AUTH_TOKEN}".encode()).decode()
    request = Request(address, urlencode(told).encode(), {"Authorization": f"Basic {key}"})  # noqa: S310  an address of the settings
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
            return
    except HTTPError as answer:
        raise _said(answer) from answer
    except URLError as trouble:
        if isinstance(trouble.reason, TimeoutError):
            raise Unknown from trouble
        raise TryAgain(type(trouble.reason).__name__) from trouble
    except OSError as trouble:  # the connection broke once the message was on its way
        raise Unknown from trouble


def _said(answer: HTTPError) -> Exception:
    if answer.code in NOT_SENT:
        return TryAgain(str(answer.code))
    if answer.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unknown()
    try:
        code = str(json.load(answer).get("code", answer.code))
    except ValueError:
        code = str(answer.code)
    return Refused(why_refused(code), code=code, stopped=code == STOPPED)


def why_refused(code: str) -> str:
    """What Twilio's code means to a front desk."""
    words = {
        STOPPED: _("The patient wrote STOP: no text messages go to this number."),
        "21211": _("This is no number that takes text messages."),
        "21614": _("This is no number that takes text messages."),
        "30003": _("The telephone could not be reached."),
        "30004": _("The telephone does not take these messages."),
        "30005": _("The number is not in use."),
        "30006": _("This is a fixed line; it takes no text messages."),
    }
    return words.get(code, _("The text message was not delivered (%s).") % code if code else _("The text message was not delivered."))


def status_url(message: Message) -> str:
    """Where Twilio reports what became of it."""
    path = reverse("messaging:sms-status", args=[message.appointment.practice.slug, message.pk])
    return f"{settings.BASE_URL}{path}"


def signed(url: str, fields: Mapping[str, Any], signature: str) -> bool:
    """Whether Twilio sent these fields to that address: https://www.twilio.com/docs/usage/security#validating-requests"""
    said = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    made = base64.b64encode(digest(settings.TWILIO_AUTH_TOKEN.encode(), said.encode(), sha1)).decode()
    return bool(settings.TWILIO_AUTH_TOKEN) and compare_digest(made, signature)
