"""Jobs of the practice: housekeeping."""

from datetime import timedelta

from procrastinate.contrib.django import app

from kept.foundation import clock
from kept.foundation.scope import job_scope
from kept.practice.jobs import for_each_practice
from kept.practice.models import Idempotency, Tries

KEPT_FOR = timedelta(hours=24)


@app.periodic(cron="17 * * * *")
@app.task(name="practice.forget_answers_all", queue="desk", queueing_lock="forget_answers_all")
def forget_answers_all(timestamp: int) -> None:
    """Every hour."""
    for_each_practice("practice.forget_answers")


@app.task(name="practice.forget_answers", queue="desk")
def forget_answers(practice_id: str) -> None:
    """Answers kept for repeated calls of the API go after a day, and counts of what strangers tried with their hour."""
    with job_scope(practice_id, "forget_answers"):
        Tries.objects.filter(until__lt=clock.now()).delete()
        Idempotency.objects.filter(at__lt=clock.now() - KEPT_FOR).delete()
