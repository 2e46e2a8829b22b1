"""Jobs of the practice: housekeeping."""

from datetime import timedelta

from procrastinate.contrib.django import app

from kept.foundation import clock
from kept.foundation.scope import scope
from kept.practice.models import Idempotency, Practice

KEPT_FOR = timedelta(hours=24)


@app.periodic(cron="17 * * * *")
@app.task(name="practice.forget_answers_all", queue="desk", queueing_lock="forget_answers_all")
def forget_answers_all(timestamp: int) -> None:
    """Every hour: one job a practice, each with a transaction of its own."""
    for practice_id in Practice.objects.order_by("id").values_list("id", flat=True):
        app.configure_task("practice.forget_answers").defer(practice_id=str(practice_id))


@app.task(name="practice.forget_answers", queue="desk")
def forget_answers(practice_id: str) -> None:
    """Answers kept for repeated calls of the API go after a day."""
    with scope(practice_id, actor="job:forget_answers", source="job"):
        Idempotency.objects.filter(at__lt=clock.now() - KEPT_FOR).delete()
