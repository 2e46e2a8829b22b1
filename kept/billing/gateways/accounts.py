"""The gateway account of the practice whose scope is open: its own, else the server's."""

from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from kept.billing.gateways.facts import Gateway
from kept.billing.gateways.stripe import StripeGateway
from kept.foundation import vault
from kept.practice.models import GatewayAccount


class Secrets(NamedTuple):
    """The account's secret key, and the webhook secrets that count: the newest first."""

    secret_key: str
    webhook_secrets: tuple[str, ...]


def payments_on() -> bool:
    """Whether the practice can take card payments at all."""
    return bool(settings.STRIPE_SECRET_KEY) or GatewayAccount.objects.filter(secret_key_box__isnull=False).exists()


def own_account() -> GatewayAccount | None:
    return GatewayAccount.objects.first()


def secrets(at: datetime) -> Secrets | None:
    """None where the practice has no account and the server names none. Read inside a scope, used outside."""
    account = own_account()
    if account and account.secret_key_box:
        boxes = [account.webhook_secret_box]
        if account.old_webhook_until and at < account.old_webhook_until:
            boxes.append(account.old_webhook_secret_box)
        return Secrets(vault.unseal(account.secret_key_box), tuple(vault.unseal(box) for box in boxes if box))
    if settings.STRIPE_SECRET_KEY:
        return Secrets(settings.STRIPE_SECRET_KEY, tuple(settings.STRIPE_WEBHOOK_SECRETS))
    return None


def gateway(secret_key: str) -> Gateway:
    """An adapter that may speak once no transaction is open."""
    return StripeGateway(secret_key)
