"""Jobs that every practice has: housekeeping by the clock."""

from procrastinate.contrib.django import app

from kept.practice.models import Practice


def for_each_practice(*tasks: str) -> None:
    """Queue these tasks once a practice, so that each works in a transaction of its own and one that fails stops no other."""
    for practice_id in Practice.objects.order_by("id").values_list("id", flat=True):
        for task in tasks:
            app.configure_task(task).defer(practice_id=str(practice_id))
