"""Asking the gateway how the practice's account stands: the keys that were typed, or those in use. Opens its own scopes."""

from django.conf import settings
from django.utils.translation import gettext as _

from kept.billing.gateways import accounts
from kept.billing.gateways.facts import Busy, NoAnswer, Rejected
from kept.billing.transitions import connecting
from kept.foundation import clock, vault
from kept.foundation.scope import job_scope


def check_account(practice_id: str) -> None:
    """The page of the account says what the gateway says. Raises NoAnswer, Busy: then it is asked again."""
    with job_scope(practice_id, "check_account"):
        account = accounts.own_account()
        box = bytes((account.wanted_key_box or account.secret_key_box or b"") if account else b"")
    secret_key = vault.unseal(box) if box else settings.STRIPE_SECRET_KEY
    if not secret_key:
        return
    try:
        facts = accounts.gateway(secret_key).account()
    except Rejected as refused:
        with job_scope(practice_id, "check_account"):
            connecting.refused(practice_id, _("The payment provider does not take the key: %s") % refused, at=clock.now())
        return
    except (NoAnswer, Busy):
        with job_scope(practice_id, "check_account"):
            connecting.wait(practice_id, _("The payment provider does not answer. It is asked again by itself."))
        raise
    with job_scope(practice_id, "check_account"):
        connecting.answered(practice_id, facts, key_box=box, at=clock.now())
