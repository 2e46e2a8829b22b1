"""Who or what has the time of a missed visit meanwhile, in words (R11), as far as the member may know (R24)."""

from django.utils.translation import gettext as _

from kept.foundation.dates import clock_time
from kept.patients.privacy import named
from kept.practice.models import Member
from kept.scheduling import claims
from kept.scheduling.fitting import Visit
from kept.scheduling.models import Appointment, Claim


def briefly(claim: Claim, by: Member) -> str:
    """In a row of a list."""
    if not claims.may_know(claim, by):
        return _("Taken meanwhile")
    if claim.appointment:
        return _("Taken by %s") % named(claim.appointment.patient)
    return _("Blocked meanwhile")


def at_length(claim: Claim, appointment: Appointment, by: Member) -> str:
    """In the way of that appointment, as a sentence, with the hours."""
    known, times = claims.may_know(claim, by), Visit.booked(appointment).at(appointment.starts_at)
    if claim.appointment is None or not known or claims.only_buffers(claim, times):
        return claims.in_the_way(claim, times, known=known)
    rival, zone = claim.appointment, claim.clinic.zone
    return _("%(who)s, %(start)s–%(end)s with %(provider)s.") % {
        "who": named(rival.patient),
        "start": clock_time(rival.starts_at, zone),
        "end": clock_time(rival.ends_at, zone),
        "provider": rival.provider.name,
    }
