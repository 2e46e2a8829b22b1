"""Jobs of webhooks: each calls one function."""

from datetime import timedelta

from django.db.models import Q
from procrastinate.contrib.django import app

from kept.foundation import clock
from kept.foundation.scope import job_scope
from kept.practice.jobs import for_each_practice
from kept.webhooks import sending, transitions
from kept.webhooks.models import Attempt, Delivery

KEPT_FOR = timedelta(days=30)


@app.task(name="webhooks.send", queue="webhooks")
def send(practice_id: str, delivery_id: str) -> None:
    sending.send(practice_id, delivery_id)


@app.task(name="webhooks.try_again", queue="webhooks")
def try_again(practice_id: str, delivery_id: str) -> None:
    """The pause is over."""
    with job_scope(practice_id, "try_again"):
        transitions.enter_lane(Delivery.objects.get(pk=delivery_id))


@app.task(name="webhooks.tell_owners", queue="letters")
def tell_owners(practice_id: str, endpoint_id: str) -> None:
    sending.tell_owners(practice_id, endpoint_id)


@app.periodic(cron="* * * * *")
@app.task(name="webhooks.follow_up_all", queue="webhooks", queueing_lock="follow_up_webhooks")
def follow_up_all(timestamp: int) -> None:
    """Every minute."""
    for_each_practice("webhooks.follow_up")


@app.task(name="webhooks.follow_up", queue="webhooks")
def follow_up(practice_id: str) -> None:
    """Messages whose job or worker was lost go again; those that ended a month ago are forgotten."""
    now = clock.now()
    with job_scope(practice_id, "follow_up"):
        waiting = Q(state=Delivery.State.QUEUED, next_at__lt=now - timedelta(minutes=1))
        lost = Q(state=Delivery.State.SENDING, lease_until__lte=now)
        for delivery in Delivery.objects.filter(waiting | lost).order_by("id"):
            transitions.enter_lane(delivery)
        old = Delivery.objects.filter(ended_at__lt=now - KEPT_FOR)
        Attempt.objects.filter(delivery__in=old).delete()
        old.delete()
