"""Sending a webhook: commit that it is being sent, send, commit what came back. A job may run twice or be killed anywhere; the other side
may then get a message twice, with the same id."""

from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils.translation import gettext as _

from kept.foundation import clock
from kept.foundation.crashpoints import crashpoint
from kept.foundation.network import leave_the_database
from kept.foundation.scope import job_scope
from kept.practice.models import Member
from kept.practice.rules import Role
from kept.webhooks import transitions
from kept.webhooks.models import Endpoint
from kept.webhooks.posting import post


def send(practice_id: str, delivery_id: str) -> None:
    """One try. What does not arrive is tried again by a job of its own."""
    with job_scope(practice_id, "send_webhook"):
        letter = transitions.begin(UUID(delivery_id), at=clock.now())
    if letter is None:
        return
    crashpoint("webhook.begun")
    answer = post(*letter)
    crashpoint("webhook.posted")
    with job_scope(practice_id, "send_webhook"):
        transitions.settle(UUID(delivery_id), answer, at=clock.now())


def tell_owners(practice_id: str, endpoint_id: str) -> None:
    """The owners read by e-mail that an endpoint was turned off, and why."""
    with job_scope(practice_id, "tell_owners"):
        endpoint = Endpoint.objects.select_related("practice").get(pk=endpoint_id)
        owners = list(Member.objects.filter(role=Role.OWNER, active=True).values_list("user__email", flat=True))
    page = settings.BASE_URL + reverse("desk:webhook", args=[endpoint.pk])
    words = {"url": endpoint.url, "why": endpoint.off_why, "practice": endpoint.practice, "page": page}
    text = _(
        "Kept no longer sends events of %(practice)s to %(url)s.\n\n%(why)s\n\n"
        "Once it answers again, put it to use there, where you also see what did not arrive:\n%(page)s\n"
    )
    leave_the_database()
    for owner in owners:
        EmailMessage(_("A webhook was turned off"), text % words, None, [owner], headers={"Auto-Submitted": "auto-generated"}).send()
