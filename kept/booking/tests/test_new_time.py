"""Who missed a visit books a new time online: she is written down anew, so that it is proposed and never done by itself."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache

import kept.policies.transitions as policies
from kept.foundation.scope import outside, scope
from kept.noshows.proposals import Proposal, proposal_for
from kept.noshows.queries import fee_of
from kept.noshows.transitions.attendance import mark
from kept.ops.cast import House
from kept.patients.duplicates import tell_apart
from kept.patients.models import Patient
from kept.patients.transitions import add_patient
from kept.policies.document import Chance, flat
from kept.practice.models import Member, Settings
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import Double, clock_at, do_jobs, on_the_gateways_page
from tests.kit.html import fields
from tests.kit.visits import BOOKED_AT, QUARTER_PAST, STARTS_AT, accepted, book, card_of

HERE = "/book/juniper/elm-street/"
NEXT = STARTS_AT + timedelta(days=6)
ONLINE = Appointment.Channel.ONLINE


@pytest.fixture(autouse=True)
def a_quarter_past(juniper: House) -> Iterator[None]:
    cache.clear()
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def missed(juniper: House, silas: Member, odette: Member) -> Callable[[str], Appointment]:
    """`missed("propose")`: Renata missed a visit under terms that give a new time within 48 hours that chance; the fee waits."""
    Settings.objects.update(breathing_space_minutes=240)

    def one(mode: str) -> Appointment:
        terms = flat(7500).model_copy(update={"new_time": Chance.model_validate({"mode": mode, "within": 48})})
        policies.publish(description="d", authorization_text="a", terms=terms, currency="USD", by=silas, at=BOOKED_AT)
        return mark(accepted(book(juniper), card_of(juniper.patients[0])), charge_fee=True, by=odette, at=QUARTER_PAST)

    return one


def online(juniper: House, browser: Browser | None = None, **changes: Any) -> str:
    """Renata's own name and address in the form, posted; where that leads."""
    renata, tess = juniper.patients[0], juniper.providers[juniper.members[Role.PROVIDER].name]
    choice = {"services": [str(juniper.services["Lip filler"].pk)], "provider": str(tess.pk), "start": NEXT.isoformat()}
    who = {"first_name": renata.first_name, "last_name": renata.last_name, "email": renata.email.upper(), "phone": renata.phone}
    browser = browser or Browser()
    answer = browser.post(HERE, {**fields(browser.get(HERE, choice)), **choice, **who, "accept": "yes", **changes})
    assert answer.status_code == 302
    return str(answer["Location"])


def stands(visit: Appointment) -> tuple[str, Proposal | None]:
    found = Appointment.objects.select_related("practice", "clinic", "patient", "provider", "acceptance__card").get(pk=visit.pk)
    fee = fee_of(found, at=QUARTER_PAST)
    return (fee.state if fee else ""), proposal_for(found, fee)


@pytest.mark.parametrize("mode", ["propose", "by_itself"])
def test_booked_online_by_her_name_and_address_it_is_proposed_and_not_spared_by_itself(
    juniper: House, leonora: Member, missed: Callable[[str], Appointment], mode: str
) -> None:
    visit = missed(mode)
    policies.switch_fees(on=False, by=leonora, at=QUARTER_PAST)

    online(juniper)
    policies.switch_fees(on=True, by=leonora, at=QUARTER_PAST)

    state, proposed = stands(visit)
    assert (state, proposed is not None) == ("waiting", True)
    assert proposed
    assert "Booked online by her name and e-mail, Tue, Oct 20, 3:30 PM, within 48 h" in proposed.text


@pytest.mark.parametrize("changes", [{"first_name": "Perpetua"}, {"email": "perpetua@example.com"}])
def test_another_name_or_address_is_another_patient(
    juniper: House, leonora: Member, missed: Callable[[str], Appointment], changes: dict[str, str]
) -> None:
    visit = missed("propose")
    policies.switch_fees(on=False, by=leonora, at=QUARTER_PAST)

    online(juniper, **changes)

    assert stands(visit) == ("waiting", None)


def test_two_records_that_were_told_apart_are_two_patients(juniper: House, leonora: Member, missed: Callable[[str], Appointment]) -> None:
    visit = missed("propose")
    policies.switch_fees(on=False, by=leonora, at=QUARTER_PAST)
    online(juniper)

    tell_apart(juniper.patients[0], Appointment.objects.get(channel=ONLINE).patient, by=leonora, at=QUARTER_PAST)

    assert stands(visit) == ("waiting", None)


def test_while_it_is_only_held_for_the_card_nothing_is_proposed(
    gateway: Double, juniper: House, missed: Callable[[str], Appointment]
) -> None:
    visit = missed("propose")
    browser = Browser()
    there = online(juniper, browser)
    before = stands(visit)[1]

    browser.get(on_the_gateways_page(there))
    do_jobs(at=QUARTER_PAST)

    assert (before, stands(visit)[1] is not None) == (None, True)


@pytest.mark.parametrize("card", [False, True], ids=["no card asked for", "when the card is there"])
def test_r7c_a_time_booked_again_online_spares_by_itself(
    gateway: Double, juniper: House, leonora: Member, missed: Callable[[str], Appointment], card: bool
) -> None:
    Settings.objects.update(when_filled="spare")
    early = STARTS_AT - timedelta(hours=4)
    visit = missed("off")
    with clock_at(early):
        policies.switch_fees(on=card, by=leonora, at=early)
        browser = Browser()
        there = online(juniper, browser, first_name="Perpetua", email="perpetua@example.com", start=STARTS_AT.isoformat())
        before = stands(visit)[0]
        if card:
            browser.get(on_the_gateways_page(there))
            do_jobs(at=early)

    assert (before, stands(visit)[0]) == ("waiting" if card else "spared", "spared")


def test_another_practices_patient_of_that_name_and_address_does_not_count(
    juniper: House, quinta: House, missed: Callable[[str], Appointment]
) -> None:
    visit, renata = missed("by_itself"), juniper.patients[0]
    with outside(), scope(quinta.practice.pk, actor="test"):
        names = {"first_name": renata.first_name, "last_name": renata.last_name, "email": renata.email}
        twin: Patient = add_patient(by=None, at=QUARTER_PAST, **names)
        book(quinta, patient=twin, service=next(iter(quinta.services)), starts_at=NEXT, at=QUARTER_PAST)

    assert stands(visit) == ("waiting", None)
