"""Sales on screen: the list and its filters, an invoice in every state, giving money back, trying again, keeping (R6, R12, R21)."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

import kept.billing.transitions.charging as charging
import kept.noshows.transitions.attendance as noshows
import kept.scheduling.transitions.booking as booking
from kept.billing.models import Charge, Invoice, Refund
from kept.billing.views import sales
from kept.foundation.ids import new_id
from kept.ops.cast import House
from kept.practice.models import Member, MemberClinic, Settings
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import queued
from tests.kit.gateway import Double, clock_at, do_jobs
from tests.kit.html import fields, links, offered, words
from tests.kit.money import answered, marked, refunded
from tests.kit.queries import queries
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book, card_of

SALES = reverse("billing:invoices")
LIST_QUERIES, INVOICE_QUERIES = 13, 17  # however many rows, tries and refunds there are


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def office(silas: Member, htmx: Callable[[Member], Browser]) -> Browser:
    """Juniper's manager, who may refund."""
    return htmx(silas)


@pytest.fixture
def charged(odette: Member, appointment: Appointment) -> Callable[[str], Charge]:
    """`charged("declined")`: Renata's fee, as `marked` leaves it."""
    return lambda outcome: marked(appointment, outcome, by=odette)


def page_of(charge: Charge) -> str:
    return reverse("billing:invoice", args=[charge.invoice_id])


def refund_of(charge: Charge) -> str:
    return reverse("billing:refund", args=[charge.invoice_id])


def now(charge: Charge) -> Charge:
    return Charge.objects.select_related("invoice", "card").get(pk=charge.pk)


def said(answer: HttpResponse, *sentences: str) -> None:
    text = words(answer)
    assert [sentence for sentence in sentences if sentence not in text] == [], text


# The list


@pytest.fixture
def sold(juniper: House, odette: Member, silas: Member) -> dict[str, Invoice]:
    """Four invoices by what became of them, a day apart, the newest first: two at Elm Street with Tess, two at Harbor Point with Petra."""
    found = {}
    places = [("Tess Marrowby", "Elm Street")] * 2 + [("Petra Lindvall", "Harbor Point")] * 2
    for number, (name, (provider, clinic)) in enumerate(zip(["paid", "issued", "refunded", "cancelled"], places, strict=True)):
        visit = booking.book(
            clinic=juniper.clinics[clinic],
            provider=juniper.providers[provider],
            patient=juniper.patients[number],
            services=[juniper.services["Lip filler"]],
            starts_at=STARTS_AT - timedelta(days=number),
            by=silas,
            at=STARTS_AT - timedelta(days=20),
        )
        charge = marked(
            accepted(visit, card_of(juniper.patients[number])), "declined" if name in ("issued", "cancelled") else "paid", by=odette
        )
        if name == "refunded":
            refunded(charge, 2500, by=silas, at=QUARTER_PAST)
        if name == "cancelled":
            charging.end(charge, why="Fee spared", by=silas, at=QUARTER_PAST)
            charging._ended(charging.locked(charge.pk), QUARTER_PAST)
        found[name] = Invoice.objects.get(charges=charge)
    return found


def names(answer: HttpResponse, sold: dict[str, Invoice]) -> list[str]:
    by_id = {invoice.pk: name for name, invoice in sold.items()}
    return [by_id[row["invoice"].pk] for row in answer.context["rows"]]


def test_newest_first_each_with_its_appointment_and_what_was_paid(office: Browser, sold: dict[str, Invoice]) -> None:
    answer = office.get(SALES)

    assert names(answer, sold) == ["paid", "issued", "refunded", "cancelled"]
    assert [row["status"] for row in answer.context["rows"]] == ["balanced", "issued", "part_refunded", "cancelled"]
    said(
        answer,
        "INV-10001 Oct 14, 2026 Renata Solbrook No-show fee Oct 14, 2026, 3:30 PM",
        f"Tess Marrowby · #{sold['paid'].appointment} Elm Street $75.00 $75.00 – Paid",
    )
    said(answer, f"Petra Lindvall · #{sold['refunded'].appointment} Harbor Point $75.00 $75.00 $25.00 Part refunded")


def test_totals_stand_above_it(office: Browser, sold: dict[str, Invoice]) -> None:
    said(
        office.get(SALES),
        "Invoiced $300.00 4 invoices, 1 cancelled Collected $150.00 2 paid Refunded $25.00 1 invoice Outstanding $75.00 1 unpaid",
    )


def test_each_filter_by_itself_and_together(office: Browser, juniper: House, sold: dict[str, Invoice]) -> None:
    def found(**query: Any) -> list[str]:
        return names(office.get(SALES, query), sold)

    clinic, tess = juniper.clinics["Harbor Point"].pk, juniper.providers["Tess Marrowby"].pk
    assert found(clinic=clinic) == ["refunded", "cancelled"]
    assert found(provider=tess) == ["paid", "issued"]
    assert found(status="balanced") == ["paid", "refunded"]
    assert found(status="issued") == ["issued"]
    assert found(status="cancelled") == ["cancelled"]
    assert found(status="refunded") == ["refunded"]
    assert found(status=["issued", "refunded"]) == ["issued", "refunded"]
    assert found(kind="no_show") == ["paid", "issued", "refunded", "cancelled"]
    assert found(patient=sold["issued"].patient_id) == ["issued"]
    assert found(q=str(sold["refunded"])) == ["refunded"]
    assert found(q=f" {sold['paid'].number} ") == ["paid"]
    assert found(q="marguerite") == ["issued"]
    assert found(q="nobody") == []
    assert found(**{"from": "2026-10-13"}) == ["paid", "issued"]
    assert found(**{"to": "2026-10-12"}) == ["refunded", "cancelled"]
    assert found(**{"from": "2026-10-14", "to": "2026-10-13"}) == ["paid", "issued"]  # turned round
    assert found(clinic=clinic, provider=tess) == []
    assert found(status="deleted", kind="gift", clinic="x") == ["paid", "issued", "refunded", "cancelled"]


def test_what_is_chosen_is_said(office: Browser, juniper: House, sold: dict[str, Invoice]) -> None:
    clinics = [clinic.pk for clinic in juniper.clinics.values()]
    query = {"clinic": clinics, "status": "issued", "patient": sold["issued"].patient_id, "from": "2026-10-01", "to": "2026-10-31"}

    answer = office.get(SALES, query)

    shown = [answer.context[key] for key in ("clinics_label", "providers_label", "statuses_label", "kinds_label", "days")]
    assert shown == ["2 clinics", "All providers", "Unpaid", "Any type", "Oct 1, 2026 – Oct 31, 2026"]
    said(answer, "Marguerite Sloane")


def test_days_are_those_of_the_clinic(office: Browser, juniper: House, odette: Member) -> None:
    evening = datetime(2026, 10, 13, 3, 30, tzinfo=UTC)  # on the 12th in New York, 11:30 PM
    charge = marked(accepted(book(juniper, starts_at=evening), card_of(juniper.patients[0])), "paid", by=odette)

    def found(day: str) -> list[Any]:
        return [row["invoice"].pk for row in office.get(SALES, {"from": day, "to": day}).context["rows"]]

    assert (found("2026-10-12"), found("2026-10-13")) == ([charge.invoice_id], [])


def test_none_at_all_and_none_that_match_are_told_apart(office: Browser) -> None:
    said(office.get(SALES), "No invoices yet")
    said(office.get(SALES, {"status": "issued"}), "No invoices match")


def test_r24_each_sees_those_of_her_clinics(
    htmx: Callable[[Member], Browser], juniper: House, odette: Member, hana: Member, sold: dict[str, Invoice]
) -> None:
    MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=juniper.clinics["Harbor Point"])

    assert names(htmx(odette).get(SALES), sold) == ["refunded", "cancelled"]
    assert htmx(odette).get(reverse("billing:invoice", args=[sold["paid"].pk])).status_code == 404
    assert names(htmx(hana).get(SALES), sold) == []
    assert htmx(hana).get(reverse("billing:invoice", args=[sold["paid"].pk])).status_code == 404


def test_pages_hold_every_invoice_once(office: Browser, sold: dict[str, Invoice], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sales, "ROWS", 3)

    first = office.get(SALES, {"kind": "no_show"})
    second = office.get(SALES + first.context["next_url"])

    assert [names(page, sold) for page in (first, second)] == [["paid", "issued", "refunded"], ["cancelled"]]
    assert (second.context["next_url"], second.context["first_url"]) == ("", "?kind=no_show")


def test_a_long_list_asks_as_often_as_any_other(office: Browser, sold: dict[str, Invoice]) -> None:
    with queries(LIST_QUERIES):
        office.get(SALES)


# One invoice


INVOICES = {
    "paid": ("$75.00 Paid", "Paid, Visa ••4242 $75.00 Balance $0.00"),
    "declined": ("$75.00 Unpaid", "Total $75.00 Balance $75.00"),
    "unknown": ("$75.00 Unpaid", "Total $75.00 Balance $75.00"),
    "needs_patient": ("$75.00 Unpaid", "Total $75.00 Balance $75.00"),
    "failed": ("$75.00 Unpaid", "Total $75.00 Balance $75.00"),
}


@pytest.mark.parametrize("outcome", INVOICES)
def test_an_invoice_says_what_is_owed_and_why(office: Browser, charged: Callable[[str], Charge], outcome: str) -> None:
    charge = charged(outcome)

    answer = office.get(page_of(charge))

    said(
        answer,
        *INVOICES[outcome],
        "Billed to Renata Solbrook renata.solbrook@example.com (555) 0100",
        "From Juniper Skin Studio Elm Street",
        "Appointment Cancellation/Rescheduling Charges No-show fee. Appointment on Oct 14, 2026, 3:30 PM with Tess Marrowby 1 $75.00",
        "No-show fee. Policy version 3 accepted Oct 5, 2026, 10:20 AM, by card link.",
    )
    assert links(answer)[f"#{charge.appointment}"] == reverse("desk:panel", args=[charge.appointment_id])
    assert ("every 1s" in answer.content.decode()) is (outcome == "unknown")
    assert ("Retry Visa ••4242" in words(answer)) is (outcome == "declined")
    assert (refund_of(charge) in answer.content.decode()) is (outcome == "paid")


def test_r6a_while_the_fee_waits_there_is_no_invoice(office: Browser, charged: Callable[[str], Charge]) -> None:
    charged("due")

    assert office.get(SALES).context["rows"] == []


def test_a_treatment_is_never_named_on_it(office: Browser, charged: Callable[[str], Charge]) -> None:
    assert "Lip filler" not in words(office.get(page_of(charged("paid"))))


def test_refunds_and_credit_notes_stand_on_it(office: Browser, silas: Member, sold: dict[str, Invoice]) -> None:
    back = office.get(reverse("billing:invoice", args=[sold["refunded"].pk]))
    ended = office.get(reverse("billing:invoice", args=[sold["cancelled"].pk]))

    said(
        back,
        "Part refunded",
        "Credit note CN-1 −$25.00 Refunded Goodwill",
        "$25.00 refunded",
        "$25.00 refund sent · Silas Whitcombe",
    )
    said(ended, "$75.00 Cancelled", "Credit note CN-2 −$75.00 Balance $0.00", "Invoice cancelled by credit note CN-2")


def test_its_timeline_tells_the_money_newest_first(office: Browser, charged: Callable[[str], Charge]) -> None:
    charge = charged("declined")

    assert [entry.text for entry in office.get(page_of(charge)).context["timeline"]] == [
        *("Card declined", "Invoice made", "Fee of $75.00 to be charged", "Marked as no-show"),
    ]


def test_an_invoice_asks_as_often_however_much_happened(office: Browser, silas: Member, charged: Callable[[str], Charge]) -> None:
    charge = charged("declined")
    charging.retry(charge, by=silas, at=QUARTER_PAST)
    charging.begin(charge.pk, at=QUARTER_PAST)
    answered(charge, "paid", at=QUARTER_PAST)
    for _part in range(3):
        refunded(now(charge), 1000, by=silas, at=QUARTER_PAST)

    with queries(INVOICE_QUERIES):
        office.get(page_of(charge))


# Giving money back


def test_nothing_is_chosen_in_advance(office: Browser, charged: Callable[[str], Charge]) -> None:
    dialog = office.get(refund_of(charged("paid")))

    said(dialog, "Renata Solbrook · INV-10001 · paid $75.00 with Visa ••4242", "Full refund, $75.00", "Choose how much.")
    assert offered(dialog, "how_much") == ["all", "part"]
    assert {key: value for key, value in fields(dialog).items() if key != "refund_id"} == {"amount": "", "reason": "", "note": ""}


def test_all_of_it(office: Browser, charged: Callable[[str], Charge]) -> None:
    charge = charged("paid")

    answer = office.post(refund_of(charge), fields(office.get(refund_of(charge))) | {"how_much": "all", "reason": "Goodwill", "note": "n"})

    said(answer, "$75.00 is on its way back to Visa ••4242.")
    assert set(answer["HX-Trigger"].split(", ")) == {"dialog-done", "appointment-changed"}
    sent = Refund.objects.get()
    assert (sent.amount_minor, sent.why, sent.note, sent.state) == (7500, "Goodwill", "n", "reserved")
    assert queued("billing.send_refund") == {str(sent.pk)}


def test_a_part_and_the_dialog_then_says_what_is_left(office: Browser, charged: Callable[[str], Charge]) -> None:
    charge = charged("paid")

    office.post(refund_of(charge), {"how_much": "part", "amount": "$12.50", "reason": "Goodwill"})

    said(office.get(refund_of(charge)), "Full refund, $62.50", "of $62.50")


ERRORS = [
    ({}, ["Choose how much goes back.", "Say why it is refunded."]),
    ({"how_much": "all"}, ["Say why it is refunded."]),
    ({"how_much": "part", "amount": "", "reason": "Goodwill"}, ["Enter an amount, for example 75.00."]),
    ({"how_much": "part", "amount": "ten", "reason": "Goodwill"}, ["Enter an amount, for example 75.00."]),
    ({"how_much": "part", "amount": "0", "reason": "Goodwill"}, ["Enter an amount above zero."]),
    ({"how_much": "part", "amount": "75.01", "reason": "Goodwill"}, ["Enter $75.00 or less. That is all that is left of what was paid."]),
    ({"how_much": "all", "reason": "Because"}, ["Select a valid choice."]),
]


@pytest.mark.parametrize(("typed", "errors"), ERRORS)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    office: Browser, charged: Callable[[str], Charge], typed: dict[str, str], errors: list[str]
) -> None:
    charge = charged("paid")

    answer = office.post(refund_of(charge), typed | {"note": "as <typed>"})

    assert answer.status_code == 422
    said(answer, *errors)
    kept = {key: value for key, value in fields(answer).items() if key in typed and key != "reason"}
    assert (kept, fields(answer)["note"]) == ({key: value for key, value in typed.items() if key != "reason"}, "as <typed>")
    assert not Refund.objects.exists()


def test_sent_twice_it_is_one_refund(office: Browser, charged: Callable[[str], Charge]) -> None:
    charge = charged("paid")
    form = fields(office.get(refund_of(charge))) | {"how_much": "part", "amount": "50", "reason": "Goodwill"}

    answers = [office.post(refund_of(charge), form) for _click in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [refund.amount_minor for refund in Refund.objects.all()] == [5000]


def test_the_form_of_another_invoice_is_refused(office: Browser, sold: dict[str, Invoice]) -> None:
    paid, back = (reverse("billing:refund", args=[sold[name].pk]) for name in ("paid", "refunded"))
    form = {"refund_id": str(new_id()), "how_much": "part", "amount": "10", "reason": "Goodwill"}
    office.post(paid, form)

    answer = office.post(back, form)

    assert answer.status_code == 409
    said(answer, "This form was sent for another charge. Open it again.")
    assert Refund.objects.filter(amount_minor=1000).count() == 1


def test_a_second_form_takes_no_more_than_is_left(office: Browser, charged: Callable[[str], Charge]) -> None:
    charge = charged("paid")
    forms = [fields(office.get(refund_of(charge))) | {"how_much": "part", "amount": "50", "reason": "Goodwill"} for _window in range(2)]

    answers = [office.post(refund_of(charge), form) for form in forms]

    assert [answer.status_code for answer in answers] == [200, 422]
    said(answers[1], "Enter $25.00 or less. That is all that is left of what was paid.")


def test_when_nothing_is_left_it_says_so(office: Browser, silas: Member, charged: Callable[[str], Charge]) -> None:
    charge = charged("paid")
    refunded(charge, 7500, by=silas, at=QUARTER_PAST)

    said(office.get(refund_of(charge)), "There is nothing left to refund.")
    answer = office.post(refund_of(charge), {"how_much": "all", "reason": "Goodwill"})

    assert answer.status_code in (409, 422)
    said(answer, "There is nothing left to refund.")
    assert refund_of(charge) not in office.get(page_of(charge)).content.decode()


@pytest.mark.parametrize(("limit", "amount", "status"), [(0, "1", 409), (2000, "20", 200), (2000, "20.01", 409), (2000, "all", 409)])
def test_the_front_desk_refunds_up_to_its_limit(
    htmx: Callable[[Member], Browser], odette: Member, charged: Callable[[str], Charge], limit: int, amount: str, status: int
) -> None:
    charge = charged("paid")
    Settings.objects.update(front_desk_refund_limit_minor=limit)
    how = {"how_much": "all"} if amount == "all" else {"how_much": "part", "amount": amount}

    answer = htmx(odette).post(refund_of(charge), how | {"reason": "Goodwill"})

    assert answer.status_code == status
    assert Refund.objects.count() == (status == 200)
    if status == 409:
        said(answer, "The front desk may refund up to $20.00." if limit else "The front desk can’t refund here.")


def test_without_script_it_leads_to_the_invoice(
    signed_in: Callable[[Member], Browser], silas: Member, charged: Callable[[str], Charge]
) -> None:
    charge, browser = charged("paid"), signed_in(silas)

    page = browser.get(refund_of(charge))
    wrong = browser.post(refund_of(charge), fields(page))
    done = browser.post(refund_of(charge), fields(wrong) | {"how_much": "all", "reason": "Goodwill"})

    assert [answer.status_code for answer in (page, wrong, done)] == [200, 422, 302]
    assert done["Location"] == page_of(charge)
    said(browser.get(page_of(charge)), "Refund on its way Goodwill $75.00")


# Trying again, and keeping


def test_r6_a_declined_card_is_tried_again_and_the_result_follows(office: Browser, charged: Callable[[str], Charge]) -> None:
    charge = charged("declined")

    answer = office.post(reverse("billing:retry", args=[charge.pk]), headers={"HX-Target": "dialog"}, follow=True)

    said(answer, "Charging $75.00 to Visa ••4242")
    assert (now(charge).state, queued("billing.send_charge")) == ("due", {str(charge.pk)})


@pytest.mark.parametrize("outcome", ["due", "sending", "unknown", "paid", "needs_patient", "failed"])
def test_nothing_else_is_tried_again(office: Browser, charged: Callable[[str], Charge], outcome: str) -> None:
    charge = charged(outcome)

    answer = office.post(reverse("billing:retry", args=[charge.pk]))

    assert (answer.status_code, now(charge).state, now(charge).attempt) == (409, charge.state, charge.attempt)


def test_two_desks_try_again_once(
    office: Browser, benedikt: Member, htmx: Callable[[Member], Browser], charged: Callable[[str], Charge]
) -> None:
    charge = charged("declined")

    answers = [browser.post(reverse("billing:retry", args=[charge.pk])) for browser in (office, htmx(benedikt))]

    assert [answer.status_code for answer in answers] == [204, 409]
    said(answers[1], "A charge is under way. Wait for its result; it appears by itself.")


@pytest.fixture
def flagged(odette: Member, appointment: Appointment, charged: Callable[[str], Charge]) -> Charge:
    """Restored while its charge was on its way, which then went through (R12)."""
    charge = charged("unknown")
    noshows.restore(Appointment.objects.get(pk=appointment.pk), by=odette, at=QUARTER_PAST)
    answered(charge, "paid", at=QUARTER_PAST)
    return now(charge)


def test_r12_refund_or_keep_is_asked_on_the_invoice(office: Browser, flagged: Charge) -> None:
    asked = office.get(page_of(flagged))
    again = office.get(reverse("billing:keep", args=[flagged.invoice_id]))
    meanwhile = now(flagged).flag
    kept = office.post(reverse("billing:keep", args=[flagged.invoice_id]))
    after = office.get(page_of(flagged))

    said(asked, "Refund or keep?", "Nothing is refunded by itself.", "Refund $75.00", "Keep it")
    said(again, "$75.00 stays with the clinic", "Recorded under your name.")
    said(kept, "$75.00 on INV-10001 is kept.")
    assert (meanwhile, now(flagged).flag) == ("refund_or_keep", "")
    assert "Refund or keep?" not in words(after)
    said(after, "Payment kept · Silas Whitcombe")


def test_r12_a_refund_answers_it_too(office: Browser, flagged: Charge) -> None:
    office.post(refund_of(flagged), {"how_much": "all", "reason": "Patient came after all"})

    assert "Refund or keep?" not in words(office.get(page_of(flagged)))


def test_r12_the_auditor_sees_it_and_decides_nothing(htmx: Callable[[Member], Browser], philomena: Member, flagged: Charge) -> None:
    browser = htmx(philomena)

    assert "Keep it" not in words(browser.get(page_of(flagged)))
    assert browser.post(reverse("billing:keep", args=[flagged.invoice_id])).status_code == 409
    assert now(flagged).flag == "refund_or_keep"


# From the first press to the last cent, with the gateway


def test_charged_and_given_back_over_the_gateway(office: Browser, juniper: House, odette: Member, gateway: Double) -> None:
    visit = accepted(book(juniper), gateway.card(juniper.patients[0]))
    noshows.mark(visit, charge_fee=True, by=odette, at=QUARTER_PAST)
    do_jobs(at=QUARTER_PAST)
    charge = Charge.objects.get()
    office.post(refund_of(charge), {"how_much": "all", "reason": "Goodwill"})
    do_jobs(at=QUARTER_PAST)

    said(office.get(page_of(charge)), "$75.00 Refunded", "Refunded Goodwill $75.00")
    ledger = gateway.ledger()
    assert [len(ledger[kind]) for kind in ("payments", "refunds")] == [1, 1]
    assert juniper.members[Role.FRONT_DESK] == odette
