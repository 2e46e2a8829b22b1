"""Settings > Payments: a gateway account per practice. A key counts once the gateway has taken it; of two webhook secrets both count
for a day, so that no report is lost while one is changed (I12)."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.urls import reverse

import kept.billing.transitions.connecting as connecting
from kept.billing.gateways import accounts
from kept.billing.gateways.facts import NoAnswer
from kept.billing.models import Charge
from kept.billing.tests.test_webhook import SUCCEEDED, event, report, signature
from kept.events.models import Event
from kept.foundation import vault
from kept.noshows.offers import fee_offer
from kept.ops.cast import House
from kept.ops.people import JUNIPER
from kept.practice.models import GatewayAccount, Member
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.gateway import Double, clock_at, do_jobs
from tests.kit.html import words
from tests.kit.visits import QUARTER_PAST

PAGE, CHECK = reverse("billing:account"), reverse("billing:account-check")
SECRET, RETIRE = reverse("billing:webhook-secret"), reverse("billing:webhook-secret-retire")
FRESH = "sk_test_fresh_9aQm2dX7"


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def office(silas: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(silas)


@pytest.fixture
def without(juniper: House) -> None:
    """The practice has no account yet."""
    GatewayAccount.objects.all().delete()


def account() -> GatewayAccount:
    return GatewayAccount.objects.get()


def key() -> str:
    kept = accounts.secrets(QUARTER_PAST)
    return kept.secret_key if kept else ""


def said(answer: HttpResponse, *sentences: str) -> None:
    text = words(answer)
    assert [sentence for sentence in sentences if sentence not in text] == [], text


# A key


def test_before_there_is_one_the_page_says_what_is_missing(office: Browser, without: None) -> None:
    said(office.get(PAGE), "None yet: no card can be asked for, and no fee charged.")
    assert not accounts.payments_on()


def test_a_key_counts_once_the_gateway_has_taken_it(office: Browser, gateway: Double, without: None) -> None:
    answer = office.post(PAGE, {"secret_key": FRESH})

    assert (answer.status_code, key()) == (302, "")
    said(office.get(PAGE), "Being checked with the payment provider.")
    do_jobs(at=QUARTER_PAST)
    assert key() == FRESH
    said(
        office.get(PAGE),
        "Taken, for the account Fresh (acct_",
        "Cards can be charged.",
        "Test mode Missing Only test cards work, and no money moves.",
        "None: reports are refused, so refunds and disputes are found at night only.",
        "None has come yet.",
        "The key in use ends in 2dX7.",
    )


def test_it_is_kept_encrypted_and_never_shown_again(office: Browser, gateway: Double, without: None) -> None:
    office.post(PAGE, {"secret_key": FRESH})
    do_jobs(at=QUARTER_PAST)

    assert FRESH.encode() not in bytes(account().secret_key_box)
    assert FRESH not in office.get(PAGE).content.decode()
    told = list(Event.objects.filter(kind__startswith="gateway.").order_by("id").values_list("kind", "particulars"))
    assert [kind for kind, _particulars in told] == ["gateway.key_given", "gateway.key_in_use"]
    assert FRESH not in str(told)


def test_one_that_the_gateway_refuses_leaves_the_one_in_use(office: Browser, gateway: Double, juniper: House) -> None:
    office.post(PAGE, {"secret_key": "sk_live_of_nobody"})
    do_jobs(at=QUARTER_PAST)

    assert key() == JUNIPER.gateway_key
    said(office.get(PAGE), "The payment provider does not take the key: Invalid API Key provided.")


@pytest.mark.parametrize("typed", ["", "pk_test_public", "whsec_webhook", "hello"])
def test_what_is_no_secret_key_is_said_at_its_field(office: Browser, juniper: House, typed: str) -> None:
    answer = office.post(PAGE, {"secret_key": typed})

    assert (answer.status_code, account().wanted_key_box) == (422, None)
    said(answer, "This field is required." if not typed else "Enter the secret key: it begins with sk_ or rk_.")


def test_a_silent_gateway_is_asked_again(office: Browser, gateway: Double, without: None) -> None:
    office.post(PAGE, {"secret_key": FRESH})
    gateway.fault("GET /v1/account", "cut_before")

    with pytest.raises(NoAnswer):
        do_jobs(at=QUARTER_PAST)
    said(office.get(PAGE), "The payment provider does not answer. It is asked again by itself.")

    do_jobs(at=QUARTER_PAST)
    assert (key(), account().trouble) == (FRESH, "")


def test_an_account_that_may_not_charge_yet_is_told(office: Browser, gateway: Double, without: None) -> None:
    office.post(PAGE, {"secret_key": "sk_test_not_ready_1"})
    do_jobs(at=QUARTER_PAST)

    said(office.get(PAGE), "The account may not charge yet. Finish signing up in the payment provider’s dashboard.")


def test_another_accounts_key_is_not_used_while_patients_cards_lie_in_this_one(
    office: Browser, gateway: Double, appointment: Appointment
) -> None:
    office.post(CHECK)
    do_jobs(at=QUARTER_PAST)

    office.post(PAGE, {"secret_key": FRESH})
    do_jobs(at=QUARTER_PAST)

    assert key() == JUNIPER.gateway_key
    said(office.get(PAGE), "Not used: the patients’ cards lie in the account Juniper (acct_", "and only its keys can charge them.")


def test_check_now_asks_how_it_stands(office: Browser, gateway: Double, juniper: House) -> None:
    said(office.get(PAGE), "Not checked yet. Press Check now.")

    office.post(CHECK)
    do_jobs(at=QUARTER_PAST)

    said(office.get(PAGE), "Taken, for the account Juniper (acct_", "Checked Today, 3:45 PM")


# The server's own account


def test_a_practice_without_one_uses_the_servers(office: Browser, without: None, settings: object) -> None:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = "sk_test_server", ["whsec_a", "whsec_b"]

    assert (accounts.payments_on(), accounts.secrets(QUARTER_PAST)) == (True, ("sk_test_server", ("whsec_a", "whsec_b")))
    said(office.get(PAGE), "The server’s own account is used.")


def test_without_any_no_fee_is_offered(without: None, appointment: Appointment) -> None:
    assert fee_offer(appointment, at=QUARTER_PAST).why_not == "payments_off"
    assert not Charge.objects.exists()


# Two secrets of reports


def test_i12_while_the_secret_is_changed_reports_signed_with_either_count(office: Browser, browser: Browser, juniper: House) -> None:
    office.post(SECRET, {"webhook_secret": "whsec_new"})
    first, second = event(SUCCEEDED, "pi_1", event_id="evt_1"), event(SUCCEEDED, "pi_2", event_id="evt_2")

    answers = [report(browser, first, signature(first)), report(browser, second, signature(second, "whsec_new"))]

    assert [answer.status_code for answer in answers] == [200, 200]
    said(office.get(PAGE), "The secret before still counts until Oct 15, 3:45 PM.", "Reports They come.")


def test_i12_a_day_later_the_old_one_counts_no_more(office: Browser, browser: Browser, juniper: House) -> None:
    office.post(SECRET, {"webhook_secret": "whsec_new"})
    body = event(SUCCEEDED, "pi_1")

    with clock_at(QUARTER_PAST + timedelta(hours=24)):
        answer = report(browser, body, signature(body))

    assert answer.status_code == 400


def test_i12_retired_by_hand_it_counts_no_more_at_once(office: Browser, browser: Browser, juniper: House) -> None:
    office.post(SECRET, {"webhook_secret": "whsec_new"})
    body = event(SUCCEEDED, "pi_1")

    office.post(RETIRE)

    assert (report(browser, body, signature(body)).status_code, account().old_webhook_secret_box) == (400, None)


@pytest.mark.parametrize("typed", ["", "secret", JUNIPER.webhook_secret])
def test_what_is_no_other_secret_changes_nothing(office: Browser, juniper: House, typed: str) -> None:
    answer = office.post(SECRET, {"webhook_secret": typed})

    assert (answer.status_code, account().old_webhook_secret_box) == (422, None)
    assert vault.unseal(account().webhook_secret_box) == JUNIPER.webhook_secret


# Who


@pytest.mark.parametrize("who", ["odette", "tess", "benedikt", "philomena"])
def test_only_owner_and_manager_set_it_up(request: pytest.FixtureRequest, juniper: House, who: str) -> None:
    member: Member = request.getfixturevalue(who)

    with refused("not_permitted"):
        connecting.give_key(FRESH, by=member, at=QUARTER_PAST)
    with refused("not_permitted"):
        connecting.ask(by=member, at=QUARTER_PAST)
    with refused("not_permitted"):
        connecting.give_webhook_secret("whsec_new", by=member, at=QUARTER_PAST)
    with refused("not_permitted"):
        connecting.retire_webhook_secret(by=member, at=QUARTER_PAST)
