"""What `check --deploy` says of accounts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register(deploy=True)
def second_step_is_on(**kwargs: Any) -> list[CheckMessage]:
    """A server that has patients' data asks owners and managers for a second step."""
    if settings.SECOND_STEP:
        return []
    return [Error("KEPT_SECOND_STEP is off.", hint="It is for trying out. Unset it on a server.", id="kept.E001")]
