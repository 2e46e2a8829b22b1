"""Reading policies."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.functional import SimpleLazyObject

from kept.policies.models import Acceptance, Draft, Policy, PolicyVersion
from kept.policies.words import Words
from kept.practice.models import Clinic, Service


def policy_in_use() -> Policy:
    """The practice's policy; before its first version it exists with fees off."""
    policy = Policy.objects.select_related("current__published_by").first()
    return policy or Policy(fees_on=False)


def version_in_use() -> PolicyVersion | None:
    """The version that bookings made now are asked to accept; None while fees are off."""
    policy = policy_in_use()
    return policy.current if policy.fees_on else None


def words(version: PolicyVersion | Draft) -> Words:
    """Says that version with the names of the practice's services and clinics, which are asked for where a row is for some of them."""
    return Words(version.currency, SimpleLazyObject(_names))  # type: ignore[arg-type]


def _names() -> dict[UUID, str]:
    return {pk: name for model in (Service, Clinic) for pk, name in model.objects.values_list("pk", "name")}


def versions() -> QuerySet[PolicyVersion]:
    """All that were published, newest first."""
    return PolicyVersion.objects.select_related("published_by").order_by("-number")


def first_accepted_at(acceptance: Acceptance) -> datetime:
    """When terms were first accepted for the visit, whatever took their place since."""
    return with_earlier(acceptance)[-1].accepted_at


def with_earlier(acceptance: Acceptance) -> list[Acceptance]:
    """It, and those that counted before it, newest first: all stay as evidence."""
    found = [acceptance]
    while (before := found[-1].replaces_id) is not None:
        found.append(Acceptance.objects.select_related("version", "card").get(pk=before))
    return found
