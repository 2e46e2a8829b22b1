"""Reading policies."""

from django.db.models import QuerySet

from kept.policies.models import Policy, PolicyVersion


def policy_in_use() -> Policy:
    """The practice's policy; before its first version it exists with fees off."""
    policy = Policy.objects.select_related("current__published_by").first()
    return policy or Policy(fees_on=False)


def version_in_use() -> PolicyVersion | None:
    """The version that bookings made now are asked to accept; None while fees are off."""
    policy = policy_in_use()
    return policy.current if policy.fees_on else None


def versions() -> QuerySet[PolicyVersion]:
    """All that were published, newest first."""
    return PolicyVersion.objects.select_related("published_by").order_by("-number")
