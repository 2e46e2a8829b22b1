"""Where the services that bring letters report what became of them, and where a patient's STOP arrives: signed, or not heard."""

from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape

from anymail.exceptions import AnymailError
from anymail.signals import tracking
from django.conf import settings
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from kept.foundation import clock
from kept.foundation.ids import as_id
from kept.foundation.phones import international
from kept.foundation.scope import scope
from kept.messaging import delivering
from kept.messaging.channels import sms as texts
from kept.messaging.models import Channel, Message
from kept.messaging.stopping import resume_texts, stop_texts
from kept.practice.models import Clinic, Practice
from kept.practice.queries import practice_by_slug

Arrival = Message.Arrival
MAIL = {
    "delivered": Arrival.DELIVERED,
    "bounced": Arrival.UNDELIVERED,
    "rejected": Arrival.UNDELIVERED,
    "failed": Arrival.UNDELIVERED,
    "complained": Arrival.COMPLAINED,
}
SMS = {"delivered": Arrival.DELIVERED, "undelivered": Arrival.UNDELIVERED, "failed": Arrival.UNDELIVERED}
# https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out, in capitals
STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"}
START = {"START", "UNSTOP", "YES"}


@csrf_exempt  # the secret, or the service's signature, is the proof
def mail(request: HttpRequest) -> HttpResponse:
    """django-anymail reads what the chosen mail service says, and gives it to `reported`. 404 where there is none, or no secret."""
    name = f"{settings.MAIL_SERVICE}_tracking_webhook"
    found = [each.callback for each in import_string("anymail.urls.urlpatterns") if each.name == name]
    if not found or not settings.ANYMAIL["WEBHOOK_SECRET"]:
        raise Http404
    try:
        heard: HttpResponse = found[0](request)
    except (AnymailError, ValueError, KeyError, TypeError, AttributeError):
        return HttpResponse("not understood", status=400)
    return heard


@receiver(tracking)
def reported(sender: Any, event: Any, esp_name: str, **more: Any) -> None:
    """What became of a letter, by the ids that went with it."""
    ids = event.metadata or {}
    practice_id, message_id = as_id(str(ids.get("practice"))), as_id(str(ids.get("letter")))
    if practice_id and message_id and event.event_type in MAIL:
        with scope(practice_id, actor="mail:webhook", source="webhook"):
            _arrived(Channel.EMAIL, message_id, MAIL[event.event_type], event.reject_reason or "")


@csrf_exempt  # the signature is the proof
@require_POST
def sms(request: HttpRequest, slug: str, message_id: UUID) -> HttpResponse:
    """Twilio says what became of a text message."""
    practice = _signed(request, slug)
    if arrival := SMS.get(request.POST.get("MessageStatus", "")):
        with scope(practice.id, actor="sms:webhook", source="webhook"):
            _arrived(Channel.SMS, message_id, arrival, request.POST.get("ErrorCode", ""))
    return HttpResponse(status=204)


@csrf_exempt  # the signature is the proof
@require_POST
def answered(request: HttpRequest, slug: str) -> HttpResponse:
    """A patient wrote to the number: STOP and START count; to anything else she is told whom to call, since nobody reads it."""
    practice, now = _signed(request, slug), clock.now()
    said = request.POST.get("OptOutType", "") or request.POST.get("Body", "").strip().upper()
    number = international(request.POST.get("From", ""))
    answer = ""
    with scope(practice.id, actor="sms:webhook", source="webhook"):
        if number and said in STOP:
            stop_texts(practice.id, number, by=None, at=now)
        elif number and said in START:
            resume_texts(practice.id, number, by=None, at=now)
        else:
            clinic = Clinic.objects.filter(active=True).exclude(phone="").order_by("name").first()
            words = {"practice": practice, "phone": clinic.phone if clinic else ""}
            answer = (
                _("Nobody reads this number. Please call %(practice)s: %(phone)s.") if clinic else _("Nobody reads this number.")
            ) % words
    inside = f"<Message>{escape(answer)}</Message>" if answer else ""
    return HttpResponse(f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>', content_type="text/xml")


def _signed(request: HttpRequest, slug: str) -> Practice:
    """The practice that is spoken to, where it was Twilio who spoke; else it answers as if nothing were here."""
    url, signature = f"{settings.BASE_URL}{request.get_full_path()}", request.headers.get("X-Twilio-Signature", "")
    practice = practice_by_slug(slug) if texts.signed(url, request.POST, signature) else None
    if settings.SMS != "twilio" or practice is None:
        raise Http404
    return practice


def _arrived(channel: Channel, message_id: UUID, arrival: Message.Arrival, code: str) -> None:
    if Message.objects.filter(pk=message_id, channel=channel).exists():
        delivering.arrived(message_id, arrival, code=code, at=clock.now())
