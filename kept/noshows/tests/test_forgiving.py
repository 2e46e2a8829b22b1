"""The first no-show in a while: spared by itself, or proposed to the desk, as the accepted policy says. It never charges."""

from collections.abc import Callable
from datetime import timedelta

import pytest

import kept.noshows.transitions.attendance as noshows
from kept.noshows.offers import fee_offer
from kept.ops.cast import House
from kept.policies.document import Chance, flat
from kept.policies.transitions import publish
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.gateway import clock_at
from tests.kit.html import words
from tests.kit.visits import BOOKED_AT, QUARTER_PAST, STARTS_AT, accepted, book, card_of

Book = Callable[..., Appointment]


@pytest.fixture
def under(juniper: House, silas: Member) -> Book:
    """`under("propose")`: a visit whose patient accepted a policy that gives a first no-show that chance."""

    def booked(mode: str) -> Appointment:
        terms = flat(7500).model_copy(update={"first_time": Chance.model_validate({"mode": mode, "within": 12})})
        publish(description="d", authorization_text="a", terms=terms, currency="USD", by=silas, at=BOOKED_AT)
        return accepted(book(juniper), card_of(juniper.patients[0]))

    return booked


def missed_before(juniper: House, odette: Member, *, days: int) -> None:
    earlier = book(juniper, starts_at=STARTS_AT - timedelta(days=days))
    noshows.mark(earlier, charge_fee=None, by=odette, at=earlier.starts_at + timedelta(minutes=15))


def test_by_itself_nothing_is_charged_for_the_first(under: Book, odette: Member) -> None:
    visit = under("by_itself")

    offer = fee_offer(visit, at=QUARTER_PAST)
    with refused("fee_not_available") as refusal:
        noshows.mark(visit, charge_fee=True, by=odette, at=QUARTER_PAST)

    assert (offer.offered, offer.why_not, refusal.value.facts) == (False, "forgiven", {"reason": "forgiven"})


def test_proposed_the_desk_reads_it_and_decides(under: Book, odette: Member, htmx: Callable[[Member], Browser]) -> None:
    visit = under("propose")

    with clock_at(QUARTER_PAST):
        shown = words(htmx(odette).get(f"/appointments/{visit.pk}/no-show/"))

    assert "The policy proposes not to charge: it is the first appointment this patient missed in 12 months." in shown
    assert fee_offer(visit, at=QUARTER_PAST).offered


@pytest.mark.parametrize(("days", "forgiven"), [(364, False), (366, True)])
@pytest.mark.parametrize("mode", ["propose", "by_itself"])
def test_a_second_one_within_the_months_is_no_first(
    under: Book, juniper: House, odette: Member, mode: str, days: int, forgiven: bool
) -> None:
    visit = under(mode)
    missed_before(juniper, odette, days=days)

    offer = fee_offer(visit, at=QUARTER_PAST)

    assert (offer.why_not == "forgiven" or offer.first_in == 12) == forgiven


def test_off_it_is_charged_as_ever(under: Book) -> None:
    offer = fee_offer(under("off"), at=QUARTER_PAST)

    assert (offer.offered, offer.first_in) == (True, 0)
