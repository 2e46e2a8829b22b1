"""Jobs of the money: each loads nothing and calls one function. The queue `money` comes before all else."""

import logging
from datetime import timedelta

from django.db.models import Q
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from kept.billing import account_check, reports, sending
from kept.billing.models import Charge, CustomerErasure, Refund, State
from kept.billing.queries import TOO_LONG
from kept.billing.transitions import cards, refunding
from kept.foundation import clock, jobs
from kept.foundation.scope import job_scope
from kept.practice.jobs import for_each_practice

logger = logging.getLogger(__name__)

LOOKS_BACK = timedelta(days=3)
EVERY = timedelta(minutes=1)
LOST = timedelta(seconds=30)  # a job that is so late died with its worker
AGAIN = RetryStrategy(max_attempts=8, exponential_wait=3)


@app.task(name="billing.send_charge", queue="money", retry=AGAIN)
def send_charge(practice_id: str, charge_id: str) -> None:
    sending.send_charge(practice_id, charge_id)


@app.task(name="billing.look_up", queue="money", retry=AGAIN)
def look_up(practice_id: str, charge_id: str) -> None:
    sending.look_up(practice_id, charge_id)


@app.task(name="billing.end_charge", queue="money", retry=AGAIN)
def end_charge(practice_id: str, charge_id: str) -> None:
    sending.end_charge(practice_id, charge_id)


@app.task(name="billing.expire_charge", queue="money", retry=AGAIN)
def expire_charge(practice_id: str, charge_id: str) -> None:
    sending.expire_charge(practice_id, charge_id)


@app.task(name="billing.send_refund", queue="money", retry=AGAIN)
def send_refund(practice_id: str, refund_id: str) -> None:
    sending.send_refund(practice_id, refund_id)


@app.task(name="billing.apply_event", queue="money", retry=AGAIN)
def apply_event(practice_id: str, event_id: str) -> None:
    reports.apply_event(practice_id, event_id)


@app.task(name="billing.look_at_payment", queue="money", retry=AGAIN)
def look_at_payment(practice_id: str, intent_id: str) -> None:
    reports.look_at_payment(practice_id, intent_id)


@app.task(name="billing.answer_dispute", queue="money", retry=AGAIN)
def answer_dispute(practice_id: str, dispute_id: str) -> None:
    sending.answer_dispute(practice_id, dispute_id)


@app.task(name="billing.erase_customer", queue="money", retry=AGAIN)
def erase_customer(practice_id: str, erasure_id: str) -> None:
    sending.erase_customer(practice_id, erasure_id)


@app.task(name="billing.check_account", queue="money", retry=AGAIN)
def check_account(practice_id: str) -> None:
    account_check.check_account(practice_id)


@app.task(name="billing.finish_capture", queue="money", retry=AGAIN)
def finish_capture(practice_id: str, capture_id: str) -> None:
    cards.finish(practice_id, capture_id)


@app.task(name="billing.close_card_page", queue="money", retry=AGAIN)
def close_card_page(practice_id: str, capture_id: str) -> None:
    cards.close_page(practice_id, capture_id)


@app.periodic(cron="* * * * *")
@app.task(name="billing.follow_up_all", queue="money", queueing_lock="follow_up_all")
def follow_up_all(timestamp: int) -> None:
    """Every minute."""
    for_each_practice("billing.follow_up")


@app.task(name="billing.follow_up", queue="money")
def follow_up(practice_id: str) -> None:
    """Find what a lost job, a crash or a silent gateway left behind, and queue what ends it (R22, I5)."""
    now = clock.now()
    with job_scope(practice_id, "follow_up"):
        unknown = Q(state=State.SENDING, lease_until__lt=now) | Q(state=State.UNKNOWN, look_at__lte=now)
        for charge_id in Charge.objects.filter(unknown).values_list("id", flat=True):
            jobs.defer("billing.look_up", charge_id=str(charge_id))
        alarming = Q(state=State.UNKNOWN, unknown_since__gt=now - TOO_LONG - EVERY, unknown_since__lte=now - TOO_LONG)
        for charge_id in Charge.objects.filter(alarming).values_list("id", flat=True):
            logger.error("Charge %s of practice %s: the gateway has not said for five minutes whether it charged.", charge_id, practice_id)
        forgotten = Q(state=State.DUE, due_at__lt=now - LOST)
        for charge_id in Charge.objects.filter(forgotten).values_list("id", flat=True):
            jobs.defer("billing.send_charge", charge_id=str(charge_id))
        unended = Q(cancel_requested=True, state__in=[State.DECLINED, State.NEEDS_PATIENT])
        for charge_id in Charge.objects.filter(unended).values_list("id", flat=True):
            jobs.defer("billing.end_charge", charge_id=str(charge_id))
        over = Q(state=State.NEEDS_PATIENT, cancel_requested=False, expires_at__lte=now)
        for charge_id in Charge.objects.filter(over).values_list("id", flat=True):
            jobs.defer("billing.expire_charge", charge_id=str(charge_id))
        stuck = Q(state__in=refunding.UNHEARD_OF, created_at__lt=now - LOST)
        for refund_id in Refund.objects.filter(stuck).values_list("id", flat=True):
            jobs.defer("billing.send_refund", refund_id=str(refund_id))
        for erasure_id in CustomerErasure.objects.filter(done_at=None, look_at__lt=now - LOST).values_list("id", flat=True):
            jobs.defer("billing.erase_customer", erasure_id=str(erasure_id))
        on_its_way = Q(state=Refund.State.PENDING, lease_until__lte=now)
        for intent_id in set(Refund.objects.filter(on_its_way).values_list("charge__gateway_intent_id", flat=True)):
            jobs.defer("billing.look_at_payment", intent_id=str(intent_id))


@app.periodic(cron="17 3 * * *")
@app.task(name="billing.reconcile_all", queue="money", queueing_lock="reconcile_all")
def reconcile_all(timestamp: int) -> None:
    """Every night: the last days of each practice against the gateway's own list, and whether its account still stands."""
    for_each_practice("billing.check_account", "billing.reconcile")


@app.task(name="billing.reconcile", queue="money", retry=AGAIN)
def reconcile(practice_id: str) -> None:
    for sentence in reports.reconcile(practice_id, since=clock.now() - LOOKS_BACK):
        logger.error("Reconciliation of %s: %s", practice_id, sentence)
