"""The dialogs of deciding later, from panel and list; whether the patient is told; the letter shown before."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.urls import reverse

from kept.billing.models import Charge
from kept.messaging.models import Message
from kept.noshows.queries import fee_of
from kept.noshows.transitions.attendance import mark
from kept.ops.cast import House
from kept.patients.models import Patient
from kept.practice.models import Member, Settings
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import fields, links, offered, words
from tests.kit.money import marked
from tests.kit.queries import queries
from tests.kit.visits import QUARTER_PAST, STARTS_AT

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def undecided(tess: Member, appointment: Appointment) -> Appointment:
    return mark(appointment, charge_fee=None, by=tess, at=QUARTER_PAST)


@pytest.fixture
def waiting(odette: Member, appointment: Appointment) -> Appointment:
    Settings.objects.update(breathing_space_minutes=120)
    return mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)


def url(appointment: Appointment, act: str) -> str:
    return reverse("noshows:fee", args=[appointment.pk, act])


def panel(desk: Browser, appointment: Appointment) -> str:
    return words(desk.get(reverse("desk:panel", args=[appointment.pk])))


def state(appointment: Appointment) -> str:
    fee = fee_of(Appointment.objects.get(pk=appointment.pk), at=QUARTER_PAST)
    assert fee is not None
    return fee.state


# Charge


def test_r7e_the_panel_asks_and_the_dialog_says_it_in_money(desk: Browser, undecided: Appointment) -> None:
    said = panel(desk, undecided)
    assert "Charge $75.00 or spare it? Tess Marrowby marked it today, 3:45 PM. Decide until Nov 13; later only by payment link." in said
    assert "Charge $75.00 Spare" in said

    with queries(12):
        dialog = desk.get(url(undecided, "charge"))
    assert "The $75.00 fee goes to Visa ••4242, and the receipt by e-mail." in words(dialog)
    assert "Charges $75.00 to Visa ••4242 now." in words(dialog)
    answer = desk.post(url(undecided, "charge"), fields(dialog))

    assert (answer.status_code, answer.headers["HX-Trigger"]) == (200, "appointment-changed")
    assert "Charging $75.00 to Visa ••4242" in words(answer)
    assert state(undecided) == "charging"


def test_r7b_with_a_breathing_space_it_says_from_when(desk: Browser, undecided: Appointment) -> None:
    Settings.objects.update(breathing_space_minutes=120)

    said = words(desk.get(url(undecided, "charge")))

    assert "Charges $75.00 to Visa ••4242 on Wed, Oct 14 at 5:45 PM, not before." in said


@pytest.mark.parametrize(
    ("amount", "reason", "error"),
    [
        ("80", "x", "Enter $75.00 or less: that is what the patient accepted."),
        ("60", "", "Say why the fee is lower."),
        ("sixty", "x", "Enter an amount, for example 75.00."),
    ],
)
def test_r4_a_wrong_amount_is_said_at_its_field_and_nothing_is_lost(
    desk: Browser, undecided: Appointment, amount: str, reason: str, error: str
) -> None:
    answer = desk.post(url(undecided, "charge"), {"amount": amount, "fee_reason": reason})

    assert answer.status_code == 422
    assert error in words(answer)
    assert fields(answer) == {"amount": amount, "fee_reason": reason, "version": ""}
    assert state(undecided) == "undecided"


def test_r7e_too_late_it_says_the_only_way_left(desk: Browser, undecided: Appointment) -> None:
    with clock_at(STARTS_AT + timedelta(days=31)):
        said = panel(desk, undecided)
        answer = desk.get(url(undecided, "charge"))

    assert "It could be decided until Nov 13; now only by payment link." in said
    assert "Charge $75.00 Spare" not in said
    assert (answer.status_code, "Later only by payment link." in words(answer)) == (409, True)


# Charge now


def test_r7b_a_waiting_fee_shows_when_and_is_charged_now(desk: Browser, waiting: Appointment) -> None:
    assert "Charges 5:45 PM $75.00" in panel(desk, waiting)
    assert "Charge now Spare" in panel(desk, waiting)

    dialog = desk.get(url(waiting, "charge_now"))
    assert "It waits until 5:45 PM. It goes to Visa ••4242 at once instead." in words(dialog)
    answer = desk.post(url(waiting, "charge_now"), fields(dialog))

    assert "Charging $75.00 to Visa ••4242" in words(answer)
    assert Charge.objects.get().due_at == QUARTER_PAST


def test_r7d_before_the_late_minutes_it_is_off_and_says_until_when(desk: Browser, odette: Member, appointment: Appointment) -> None:
    early = mark(appointment, charge_fee=True, by=odette, at=STARTS_AT - MINUTE)

    with clock_at(STARTS_AT):
        page = desk.get(reverse("desk:panel", args=[early.pk]))
        answer = desk.get(url(early, "charge_now"))

    assert "It is not charged before 3:45 PM: until then the patient may still come." in words(page)
    assert url(early, "charge_now") not in page.content.decode()
    assert answer.status_code == 409


# Spare, and undo


def test_r7e_spare_asks_why_and_can_be_undone(desk: Browser, waiting: Appointment) -> None:
    dialog = desk.get(url(waiting, "spare"))
    assert "Nothing is charged. Can be undone until Nov 13." in words(dialog)
    assert "Illness" in dialog.content.decode()

    without = desk.post(url(waiting, "spare"), {"fee_reason": " "})
    assert (without.status_code, state(waiting)) == (422, "waiting")
    assert "Say why it is not charged." in words(without)

    answer = desk.post(url(waiting, "spare"), {"fee_reason": "Illness"})
    assert answer.headers["HX-Trigger"] == "appointment-changed, dialog-done"
    assert (state(waiting), "The fee is spared." in words(answer)) == ("spared", True)
    assert "Reason: Illness. Can be undone until Nov 13. Undo sparing" in panel(desk, waiting)

    desk.post(url(waiting, "unspare"), fields(desk.get(url(waiting, "unspare"))))
    assert state(waiting) == "undecided"


def test_r6_a_declined_fee_is_spared_from_the_panel(desk: Browser, odette: Member, appointment: Appointment) -> None:
    charge = marked(appointment, "declined", by=odette)

    assert "Spare" in panel(desk, appointment)
    assert f"Cancels invoice {charge.invoice} by a credit note. What happened stays recorded." in words(desk.get(url(appointment, "spare")))


def test_without_script_it_leads_back_to_the_panel(signed_in: Callable[[Member], Browser], odette: Member, undecided: Appointment) -> None:
    answer = signed_in(odette).post(url(undecided, "spare"), {"fee_reason": "Illness"})

    assert (answer.status_code, answer["Location"]) == (302, reverse("desk:panel", args=[undecided.pk]))


def test_who_may_not_decide_sees_no_button(htmx: Callable[[Member], Browser], tess: Member, undecided: Appointment) -> None:
    page = htmx(tess).get(reverse("desk:panel", args=[undecided.pk])).content.decode()

    assert "/fee/" not in page


# The No Shows list


def test_the_rows_offer_what_may_be_decided(
    desk: Browser, benedikt: Member, htmx: Callable[[Member], Browser], waiting: Appointment
) -> None:
    for browser in (desk, htmx(benedikt)):
        found = links(browser.get(reverse("noshows:list")))
        assert {text.partition(",")[0]: link for text, link in found.items() if text[0] != "," and "/fee/" in link} == {
            "Charge now": url(waiting, "charge_now"),
            "Spare": url(waiting, "spare"),
        }


def test_a_list_with_a_charge_under_way_keeps_up_by_itself(desk: Browser, odette: Member, appointment: Appointment) -> None:
    still = desk.get(reverse("noshows:list")).content.decode()
    mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)
    moving = desk.get(reverse("noshows:list")).content.decode()

    assert ("load delay:2s" in still, "load delay:2s" in moving) == (False, True)


# Marking: what is chosen in advance, and the letter


@pytest.mark.parametrize(("choice", "chosen"), [("", None), ("charge", "yes"), ("spare", "no")])
def test_the_practice_may_choose_in_advance(desk: Browser, appointment: Appointment, choice: str, chosen: str | None) -> None:
    Settings.objects.update(fee_choice=choice)

    assert fields(desk.get(reverse("noshows:mark", args=[appointment.pk]))).get("charge_fee") == chosen


def test_nothing_is_chosen_in_advance_where_nothing_is_offered(desk: Browser, appointment_without_card: Appointment) -> None:
    Settings.objects.update(fee_choice="charge")

    with clock_at(appointment_without_card.starts_at):
        dialog = desk.get(reverse("noshows:mark", args=[appointment_without_card.pk]))

    assert (offered(dialog, "charge_fee"), fields(dialog)["charge_fee"]) == (["no"], "no")


@pytest.mark.parametrize(("setting", "ticked"), [(True, "on"), (False, None)])
def test_whether_the_patient_is_told_is_ticked_as_the_practice_says(
    desk: Browser, appointment: Appointment, setting: bool, ticked: str | None
) -> None:
    Settings.objects.update(tell_patients=setting)

    assert fields(desk.get(reverse("noshows:mark", args=[appointment.pk]))).get("notify") == ticked


@pytest.mark.parametrize(("notify", "letters"), [({"notify": "on"}, 1), ({}, 0)])
def test_as_it_is_ticked_so_it_is_done(desk: Browser, appointment: Appointment, notify: dict[str, str], letters: int) -> None:
    answer = desk.post(reverse("noshows:mark", args=[appointment.pk]), {"charge_fee": "no"} | notify)

    assert Message.objects.count() == letters
    assert ("No-show letter goes at 3:55 PM" in words(answer)) == bool(letters)


def test_without_an_address_it_says_so(desk: Browser, appointment: Appointment) -> None:
    Patient.objects.update(email="")

    dialog = desk.get(reverse("noshows:mark", args=[appointment.pk]))

    assert "Renata has no e-mail address, so no letter goes." in words(dialog)
    assert "notify" not in fields(dialog)


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"charge_fee": "yes"}, "the fee of $75.00 was charged to Visa ••4242."),
        ({"charge_fee": "yes", "amount": "40"}, "the fee of $40.00 was charged to Visa ••4242."),
        ({"charge_fee": "no"}, "No fee is charged this time."),
        ({}, "and we missed you. Were you there, was it an emergency, or would you like a new time? Tell us here: https://…"),
    ],
)
def test_the_letter_is_shown_as_it_would_go(desk: Browser, appointment: Appointment, chosen: dict[str, str], sentence: str) -> None:
    answer = desk.get(reverse("noshows:letter", args=[appointment.pk]), chosen)

    said = words(answer)
    assert "To renata.solbrook@example.com, Wed, Oct 14 at 3:55 PM, unless it is restored by then We missed you on Wed, Oct 14" in said
    assert sentence in said
    assert not Message.objects.exists()


# A letter that waits


def test_the_panel_shows_a_letter_that_waits_and_takes_it_back(desk: Browser, odette: Member, appointment: Appointment) -> None:
    mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)
    said = panel(desk, appointment)
    assert "No-show letter goes Wed, Oct 14, 3:55 PM renata.solbrook@example.com Withdraw" in said
    assert "No-show letter by e-mail waits · Odette Farnley Today, 3:45 PM · goes Wed, Oct 14, 3:55 PM" in said

    answer = desk.post(reverse("messaging:withdraw", args=[Message.objects.get().pk]))

    assert "The letter does not go." in words(answer)
    assert "No-show letter withdrawn Today, 3:45 PM · Withdrawn by Odette Farnley." in panel(desk, appointment)
    assert "Withdraw" not in panel(desk, appointment).replace("Withdrawn", "")


def test_r24_another_practice_finds_no_letter(
    htmx: Callable[[Member], Browser], hana: Member, juniper: House, odette: Member, appointment: Appointment
) -> None:
    mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)

    assert htmx(hana).post(reverse("messaging:withdraw", args=[Message.objects.get().pk])).status_code == 404
    assert Message.objects.get().state == "queued"
