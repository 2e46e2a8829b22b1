"""Jobs about jobs, and those that fill the sample."""

from datetime import datetime

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from kept.ops import sample
from kept.ops.people import PLANS
from kept.practice.models import Practice

AFTER_ALL_ELSE = -10


@app.periodic(cron="* * * * *")
@app.task(name="ops.retry_cut_off", queue="desk", queueing_lock="retry_cut_off")
async def retry_cut_off(timestamp: int) -> None:
    """A killed worker leaves its jobs under way for ever: once it was not seen for half a minute they are queued anew (I5, I13)."""
    for job in await app.job_manager.get_stalled_jobs():
        await app.job_manager.retry_job(job)


@app.task(name=sample.FILL, queue="sample", priority=AFTER_ALL_ELSE, retry=RetryStrategy(max_attempts=5, wait=5))
def fill_sample(practice_id: str, unit: str, seen_from: str) -> None:
    """A day of a sample practice; the next is queued with it."""
    slug = Practice.objects.get(pk=practice_id).slug
    sample.fill(next(plan for plan in PLANS if plan.slug == slug), int(unit), now=datetime.fromisoformat(seen_from))
