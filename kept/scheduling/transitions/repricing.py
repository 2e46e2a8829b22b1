"""A visit at another price, which its patient has accepted."""

from collections.abc import Sequence

from kept.policies.case import Item
from kept.scheduling.models import Appointment, Line


def reprice(appointment: Appointment, items: Sequence[Item]) -> None:
    """Each service of the locked appointment costs what was accepted for it; `items` are in the order of its lines."""
    for line, item in zip(appointment.lines.order_by("position"), items, strict=True):
        Line.objects.filter(pk=line.pk).exclude(price_minor=item.minor).update(price_minor=item.minor)
