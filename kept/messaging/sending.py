"""Handing a letter to the mail server: commit that it is being sent, send, commit what became of it. Jobs call this; each may run
twice, be killed anywhere, and be run again."""

from email.utils import formataddr
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage

from kept.foundation import clock
from kept.foundation.crashpoints import crashpoint
from kept.foundation.network import leave_the_database
from kept.foundation.scope import job_scope
from kept.messaging import transitions
from kept.messaging.letters import Written
from kept.messaging.models import Message


def send(practice_id: str, message_id: str) -> None:
    """Send a letter whose time has come. Two workers send it once; one that was perhaps sent is not sent again (I14)."""
    with job_scope(practice_id, "send_letter"):
        taken = transitions.begin(message_id, at=clock.now())
    if taken is None:
        return
    crashpoint("letter.begun")
    try:
        _post(*taken)
    except (SMTPException, OSError) as trouble:
        with job_scope(practice_id, "send_letter"):
            transitions.put_back(message_id, why=type(trouble).__name__, at=clock.now())
        return
    crashpoint("letter.posted")
    with job_scope(practice_id, "send_letter"):
        transitions.sent(message_id, at=clock.now())


def _post(message: Message, written: Written) -> None:
    leave_the_database()
    sender = formataddr((message.appointment.practice.name, settings.DEFAULT_FROM_EMAIL))
    # The same letter has the same id at each try, so that mail servers can tell.
    headers = {"Message-ID": f"<{message.id}@{settings.INSTALLATION}>", "Auto-Submitted": "auto-generated"}
    EmailMessage(written.title, written.text, sender, [message.to], headers=headers).send()
