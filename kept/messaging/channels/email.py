"""By e-mail: Django's backend, or one of django-anymail, which also hears what came back (KEPT_MAIL_SERVICE)."""

from email.utils import formataddr
from smtplib import SMTPException
from typing import Any

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from kept.messaging.channels import Refused, TryAgain
from kept.messaging.letters import Written
from kept.messaging.models import Message


def post(message: Message, written: Written) -> None:
    sender = formataddr((message.appointment.practice.name, settings.DEFAULT_FROM_EMAIL))
    # The same letter has the same id at each try, so that mail servers can tell.
    headers = {"Message-ID": f"<{message.id}@{settings.INSTALLATION}>", "Auto-Submitted": "auto-generated"}
    mail: Any = EmailMessage(written.title, written.text, sender, [message.to], headers=headers)
    mail.metadata = {"practice": str(message.practice_id), "letter": str(message.id)}  # comes back with the service's reports
    try:
        mail.send()
    except AnymailRecipientsRefused as refused:
        raise Refused(_("The mail service does not take letters to this address."), code="rejected") from refused
    except AnymailAPIError as trouble:
        if trouble.status_code and trouble.status_code < 500 and trouble.status_code != 429:
            raise Refused(_("The mail service did not take it (%d).") % trouble.status_code, code=str(trouble.status_code)) from trouble
        raise TryAgain(type(trouble).__name__) from trouble
    except (SMTPException, OSError, AnymailError) as trouble:
        raise TryAgain(type(trouble).__name__) from trouble
