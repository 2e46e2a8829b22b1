"""A policy version applied to one visit: what the patient reads and accepts. Pure functions."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from kept.foundation.money import Money
from kept.policies import fees
from kept.policies.case import Case
from kept.policies.document import Kind
from kept.policies.models import PolicyVersion
from kept.policies.words import Words


@dataclass(frozen=True, slots=True)
class Terms:
    """A policy applied to one visit. `most` are the highest fees by kind; instants are UTC; `tiers` what cancelling
    costs later than each instant; `chargeable_from` is when a patient counts
    as missed (R7d). `deposit` is paid at booking, and what is said of it a sentence each."""

    most: dict[Kind, Money]
    free_until: datetime
    chargeable_from: datetime
    free_to_the_start: bool
    tiers: list[tuple[datetime, Money]]
    statement: str
    text: str
    deposit: Money
    of_deposit: list[str]

    @property
    def fee(self) -> Money:
        """What missing it costs."""
        return self.most[Kind.NO_SHOW]

    @property
    def text_hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def terms(version: PolicyVersion, case: Case, *, practice: str, card: bool = True) -> Terms:
    """The terms as the patient reads them, and the full text she accepts: description, money and dates, and the
    card authorization where a card is asked for."""
    document, until = version.terms, fees.free_until(version.terms, case)
    statement = Words(version.currency).statement(document, case)
    text = "\n\n".join(
        [
            _("Cancellation policy of %(practice)s, version %(number)d") % {"practice": practice, "number": version.number},
            version.description.strip(),
            statement,
            *([version.authorization_text.strip()] if card else []),
        ]
    )
    return Terms(
        most={kind: fees.most(document, case, kind) for kind in Kind},
        free_until=until,
        chargeable_from=fees.missed_from(document, case),
        free_to_the_start=until >= case.starts_at,
        tiers=fees.tiers(document, case, Kind.LATE_CANCEL),
        statement=statement,
        text=text,
        deposit=Money(case.facts.deposit, version.currency),
        of_deposit=Words(version.currency).deposit(document, case),
    )
