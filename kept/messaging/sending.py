"""Handing a letter to the service that brings it: commit that it is being sent, send, commit what became of it. Jobs call this; each may
run twice, be killed anywhere, and be run again."""

from functools import partial

from kept.foundation import clock
from kept.foundation.crashpoints import crashpoint
from kept.foundation.network import leave_the_database
from kept.foundation.scope import job_scope
from kept.messaging import delivering
from kept.messaging.channels import Refused, TryAgain, Unknown, email, sms
from kept.messaging.models import Channel

POST = {Channel.EMAIL: email.post, Channel.SMS: sms.post}


def send(practice_id: str, message_id: str) -> None:
    """Send a letter whose time has come. Two workers send it once; one that was perhaps sent is not sent again (I14)."""
    with job_scope(practice_id, "send_letter"):
        taken = delivering.begin(message_id, at=clock.now())
    if taken is None:
        return
    message, written = taken
    crashpoint("letter.begun")
    leave_the_database()
    became = partial(delivering.sent, message_id)
    try:
        POST[Channel(message.channel)](message, written)
    except TryAgain as trouble:
        became = partial(delivering.put_back, message_id, why=str(trouble))
    except Refused as trouble:
        became = partial(delivering.refused, message_id, why=trouble.why, code=trouble.code, stopped=trouble.stopped)
    except Unknown:
        became = partial(delivering.unknown, message_id)
    else:
        crashpoint("letter.posted")
    with job_scope(practice_id, "send_letter"):
        became(at=clock.now())
