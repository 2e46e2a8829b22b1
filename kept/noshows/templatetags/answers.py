"""What patients say to no-shows, for Needs attention: a page of Billing, which knows no no-shows."""

from typing import Any

from django import template
from django.template.context import RequestContext

from kept.foundation import clock
from kept.foundation.lists import chosen_ids
from kept.noshows import answers

register = template.Library()


@register.simple_tag(takes_context=True)
def open_answers(context: RequestContext) -> list[Any]:
    """Those to settle, at the clinics that the page's filter says; none on its later pages."""
    request: Any = context.request
    if request.GET.get("after"):
        return []
    return answers.to_settle(request.member, at=clock.now(), clinics=chosen_ids(request.GET, "clinic"))
