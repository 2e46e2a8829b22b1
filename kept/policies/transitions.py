"""Changing the policy: publishing a version, switching fees on and off, keeping an acceptance."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from kept.events import journal
from kept.foundation.refusals import Refusal
from kept.policies.checks import too_small
from kept.policies.document import Document
from kept.policies.models import Policy, PolicyVersion
from kept.practice.models import Member, Service
from kept.practice.rules import Right


def locked_policy(practice_id: Any) -> Policy:
    """The practice's policy, which nobody else changes until the transaction ends."""
    policy, _new = Policy.objects.get_or_create(practice_id=practice_id)
    return Policy.objects.select_for_update(no_key=True).get(pk=policy.pk)


def publish(
    *,
    description: str,
    authorization_text: str,
    terms: Document,
    currency: str,
    what_changed: str = "",
    based_on: int | None = None,
    by: Member,
    at: datetime,
) -> PolicyVersion:
    """The next version, in use for bookings made from now on; those made before keep theirs (R4). A published one never changes.

    Amounts are minor units of `currency`. `based_on` is the number of the version that was on screen. Raises Refusal `stale_version`
    when another was published meanwhile, `invalid`, `not_permitted`.
    """
    by.must(Right.SET_UP)
    if not authorization_text.strip():
        raise Refusal("invalid", _("Write the card authorization text: without it no card may be charged."), field="authorization_text")
    if sentence := too_small(terms, currency, list(Service.objects.filter(active=True, currency=currency))):
        raise Refusal("invalid", sentence, field="terms")
    policy = locked_policy(by.practice_id)
    last = PolicyVersion.objects.order_by("-number").first()
    number = last.number if last else 0
    if based_on is not None and based_on != number:
        raise Refusal("stale_version", _("Version %d was published meanwhile. Look at it, then publish yours.") % number)
    version = PolicyVersion.objects.create(
        practice_id=by.practice_id,
        number=number + 1,
        description=description.strip(),
        authorization_text=authorization_text.strip(),
        currency=currency,
        document=terms.model_dump(mode="json", exclude_none=True),
        what_changed=what_changed.strip(),
        published_at=at,
        published_by=by,
    )
    policy.current = version
    policy.save(update_fields=["current"])
    journal.record("policy.published", policy, by=by, at=at, version=version.number)
    return version


def switch_fees(*, on: bool, by: Member, at: datetime) -> Policy:
    """Whether fees may be charged and cards are asked for. Raises Refusal `invalid` while no version is published, `not_permitted`."""
    by.must(Right.SET_UP)
    policy = locked_policy(by.practice_id)
    if on and policy.current_id is None:
        raise Refusal("invalid", _("Publish a first version, then fees can be switched on."))
    if policy.fees_on != on:
        policy.fees_on = on
        policy.save(update_fields=["fees_on"])
        journal.record("policy.switched", policy, by=by, at=at, on=on)
    return policy
