"""The gateway account of the practice whose scope is open."""

from kept.billing.gateways.facts import Gateway
from kept.billing.gateways.stripe import StripeGateway
from kept.foundation import vault
from kept.practice.models import GatewayAccount


def payments_on() -> bool:
    """Whether the practice can take card payments at all."""
    return GatewayAccount.objects.exists()


def secrets() -> tuple[str, str] | None:
    """The account's secret key and webhook secret; None where the practice has no account. Read inside a scope, used outside."""
    account = GatewayAccount.objects.first()
    return (vault.unseal(account.secret_key_box), vault.unseal(account.webhook_secret_box)) if account else None


def gateway(secret_key: str) -> Gateway:
    """An adapter that may speak once no transaction is open."""
    return StripeGateway(secret_key)
