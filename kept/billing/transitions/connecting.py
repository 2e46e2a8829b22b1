"""The practice's account at the gateway: its keys, and what the gateway says of it. A key counts once the gateway has taken it."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from kept.billing.gateways.facts import AccountFacts
from kept.billing.models import Charge
from kept.events import journal
from kept.foundation import jobs, vault
from kept.foundation.refusals import Refusal
from kept.patients.models import Card
from kept.practice.models import GatewayAccount, Member
from kept.practice.rules import Right

OLD_SECRET_COUNTS = timedelta(hours=24)  # as long as the gateway itself lets an old one count


def _locked(practice_id: Any) -> GatewayAccount:
    account, _new = GatewayAccount.objects.get_or_create(practice_id=practice_id)
    return GatewayAccount.objects.select_for_update(no_key=True).get(pk=account.pk)


def give_key(secret_key: str, *, by: Member, at: datetime) -> GatewayAccount:
    """A job asks the gateway about that key; until it has taken it, the one in use stays.

    Raises Refusal `invalid` for what can't be a key, `not_permitted`.
    """
    by.must(Right.SET_UP)
    if not secret_key.startswith(("sk_", "rk_")):
        raise Refusal("invalid", _("Enter the secret key: it begins with sk_ or rk_."), field="secret_key")
    account = _locked(by.practice_id)
    account.wanted_key_box = vault.seal(secret_key)
    account.save(update_fields=["wanted_key_box"])
    journal.record("gateway.key_given", account, by=by, at=at)
    return _asked(account, at)


def ask(*, by: Member, at: datetime) -> GatewayAccount:
    """A job asks the gateway how the account in use stands. Raises Refusal `not_permitted`."""
    by.must(Right.SET_UP)
    return _asked(_locked(by.practice_id), at)


def _asked(account: GatewayAccount, at: datetime) -> GatewayAccount:
    account.asked_at = at
    account.save(update_fields=["asked_at"])
    jobs.defer("billing.check_account")
    return account


def answered(practice_id: Any, facts: AccountFacts, *, key_box: bytes, at: datetime) -> GatewayAccount:
    """The gateway took that key, for that account. One that was wanted is in use from now on, unless cards and charges of the practice
    lie in another account or mode: these it could neither charge nor refund."""
    account = _locked(practice_id)
    wanted = account.wanted_key_box is not None and bytes(account.wanted_key_box) == key_box
    known = account.account_id and (account.account_id, account.livemode) != (facts.id, facts.livemode)
    if wanted and known and (Card.objects.exists() or Charge.objects.exists()):
        kept = _("%(name)s (%(id)s)") % {"name": account.account_name, "id": account.account_id}
        account.trouble = _("Not used: the patients’ cards lie in the account %s, and only its keys can charge them.") % kept
    else:
        if wanted:
            account.secret_key_box, account.key_ending = key_box, vault.unseal(key_box)[-4:]
            journal.record("gateway.key_in_use", account, by=None, at=at, account=facts.id, livemode=facts.livemode)
        account.account_id, account.account_name, account.country = facts.id, facts.name, facts.country
        account.currency, account.livemode, account.charges_on = facts.currency, facts.livemode, facts.charges_on
        account.trouble = ""
    return _checked(account, at)


def refused(practice_id: Any, sentence: str, *, at: datetime) -> GatewayAccount:
    """The gateway does not take the key. One that was wanted is forgotten; one in use stays, and payments fail until it is replaced."""
    account = _locked(practice_id)
    account.trouble = sentence[:300]
    return _checked(account, at)


def wait(practice_id: Any, sentence: str) -> None:
    """The gateway has not answered yet."""
    account = _locked(practice_id)
    account.trouble = sentence
    account.save(update_fields=["trouble"])


def _checked(account: GatewayAccount, at: datetime) -> GatewayAccount:
    account.wanted_key_box, account.checked_at = None, at
    account.save()
    return account


def give_webhook_secret(secret: str, *, by: Member, at: datetime) -> GatewayAccount:
    """Reports signed with it are taken from now on; those signed with the one before, for another day (I12).

    Raises Refusal `invalid`, `not_permitted`.
    """
    by.must(Right.SET_UP)
    if not secret.startswith("whsec_"):
        raise Refusal("invalid", _("Enter the signing secret of the webhook: it begins with whsec_."), field="webhook_secret")
    account = _locked(by.practice_id)
    if account.webhook_secret_box and vault.unseal(account.webhook_secret_box) == secret:
        raise Refusal("invalid", _("That is the secret in use already."), field="webhook_secret")
    if account.webhook_secret_box:
        account.old_webhook_secret_box, account.old_webhook_until = account.webhook_secret_box, at + OLD_SECRET_COUNTS
    account.webhook_secret_box = vault.seal(secret)
    account.save(update_fields=["webhook_secret_box", "old_webhook_secret_box", "old_webhook_until"])
    journal.record("gateway.webhook_secret_given", account, by=by, at=at)
    return account


def retire_webhook_secret(*, by: Member, at: datetime) -> GatewayAccount:
    """The webhook secret before the one in use counts no more. Raises Refusal `not_permitted`."""
    by.must(Right.SET_UP)
    account = _locked(by.practice_id)
    if account.old_webhook_secret_box:
        account.old_webhook_secret_box = account.old_webhook_until = None
        account.save(update_fields=["old_webhook_secret_box", "old_webhook_until"])
        journal.record("gateway.webhook_secret_retired", account, by=by, at=at)
    return account
