"""Where a letter goes, and those that did not arrive."""

from typing import Any

from django import template
from django.template.context import RequestContext

from kept.foundation.lists import chosen_ids
from kept.messaging import queries, reach
from kept.messaging.lost import Lost, said, why_lost
from kept.scheduling.models import Appointment

register = template.Library()
register.filter("in_words", reach.in_words)
register.filter("addresses", reach.addresses)
register.filter("why_lost", why_lost)


@register.simple_tag(takes_context=True)
def ways_of(context: RequestContext, letter: str, appointment: Appointment) -> list[reach.Way]:
    """How that letter would reach her; none where nothing does."""
    request: Any = context.request
    return reach.ways(letter, appointment.patient, request.member.practice)


@register.simple_tag(takes_context=True)
def lost_letters(context: RequestContext) -> list[Lost]:
    """Those nobody has seen to, for Needs attention, at the clinics that the page's filter says; none on its later pages."""
    request: Any = context.request
    if request.GET.get("after"):
        return []
    found = queries.lost(request.member, clinics=chosen_ids(request.GET, "clinic"))
    return [said(each, request.member) for each in found[: queries.MOST_LOST]]
