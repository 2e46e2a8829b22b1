"""What a policy may not say because no card can be charged so little: told when it is written, not when it is due."""

from collections.abc import Iterable, Iterator, Sequence

from django.utils.translation import gettext as _

from kept.foundation.money import Money
from kept.policies.document import ByPrice, Conditions, Document, ForEach, Pays, Share, Sum
from kept.policies.minimum import least
from kept.practice.models import Service


def too_small(document: Document, currency: str, services: Sequence[Service]) -> str:
    """A sentence on the first amount under the payment provider's minimum, at the prices of those services; empty where there is none."""
    sentences = (amount_too_small(conditions, pays, currency, services) for conditions, pays in _amounts(document))
    return next(filter(None, sentences), "")


def amount_too_small(conditions: Conditions, pays: Pays, currency: str, services: Sequence[Service]) -> str:
    """The same of one amount, for those that it is for."""
    lowest = Money(least(currency), currency)
    for amount, of in _smallest(pays, currency, _cheapest(conditions, services)):
        if 0 < amount.minor < lowest.minor:
            words = {"amount": amount, "of": of, "least": lowest}
            if of:
                return _("%(of)s comes to %(amount)s, and no card is charged less than %(least)s. Set ‘at least’.") % words
            return _("%(amount)s is less than the %(least)s that a card can be charged.") % words
    return ""


def _amounts(document: Document) -> Iterator[tuple[Conditions, Pays]]:
    for row in document.rows:
        yield from ((row.conditions, step.pays) for step in row.steps)
    yield from ((ask.conditions, ask.deposit) for ask in document.asks if ask.deposit)


def _smallest(pays: Pays, currency: str, cheapest: Service | None) -> Iterator[tuple[Money, str]]:
    """What it can come to at least, and of what."""
    match pays:
        case Sum() | ForEach():
            yield Money(pays.minor, currency), ""
        case Share() if cheapest and not pays.at_least:
            yield cheapest.price.percent(pays.percent), _share(pays.percent, cheapest)
        case ByPrice() if cheapest:
            percent = next(band.percent for band in pays.bands if band.up_to is None or cheapest.price_minor <= band.up_to)
            yield cheapest.price.percent(percent), _share(percent, cheapest)


def _share(percent: int, of: Service) -> str:
    return _("%(percent)d %% of %(service)s") % {"percent": percent, "service": of.name}


def _cheapest(conditions: Conditions, services: Iterable[Service]) -> Service | None:
    """Of the services that the row can be for and that cost anything."""
    fitting = [
        each
        for each in services
        if each.price_minor
        and (not conditions.services or each.pk in conditions.services)
        and (not conditions.categories or each.category in conditions.categories)
    ]
    return min(fitting, key=lambda each: each.price_minor, default=None)
