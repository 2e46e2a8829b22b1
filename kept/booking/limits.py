"""How often a stranger may book: counted by address, e-mail, phone and practice over the hour, for all web processes at once."""

import hashlib
from datetime import timedelta

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext as _

from kept.foundation import clock
from kept.foundation.addresses import neighbourhood
from kept.foundation.refusals import Refusal

HOUR = int(timedelta(hours=1).total_seconds())
MOST = {"address": 10, "email": 5, "phone": 5, "practice": 300}


def check(request: HttpRequest, *, practice_id: str, email: str, phone: str) -> None:
    """Count this try. Raises Refusal `too_many` when there were too many in this hour."""
    hour = int(clock.now().timestamp()) // HOUR
    address = neighbourhood(str(request.META.get("REMOTE_ADDR", "")))
    whose = {"address": address, "email": email.lower(), "phone": phone, "practice": practice_id}
    for what, who in whose.items():
        if not who:
            continue
        key = "online:" + hashlib.sha256(f"{what}|{practice_id}|{who}|{hour}".encode()).hexdigest()
        cache.add(key, 0, HOUR)
        if cache.incr(key) > MOST[what]:
            raise Refusal("too_many", _("That were too many bookings in an hour. Please call the clinic, or try again later."))
