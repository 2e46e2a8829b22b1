"""A late cancellation and its fee (R14): what it costs and from when, who decides, and what the dialog and the lists say of it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.urls import reverse

import kept.billing.transitions.charging as charging
from kept.billing.models import Charge
from kept.foundation.money import Money
from kept.noshows.models import Fee
from kept.noshows.queries import fee_of
from kept.noshows.transitions.attendance import mark, restore
from kept.noshows.transitions.cancelling import cancel
from kept.noshows.transitions.fees import charge, spare, unspare
from kept.practice.models import Member, Settings
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import queued, refused
from tests.kit.gateway import clock_at
from tests.kit.html import offered, words
from tests.kit.money import answered
from tests.kit.visits import QUARTER_PAST, STARTS_AT

pytestmark = pytest.mark.usefixtures("all_rounders")

PATIENT, CLINIC = Appointment.Asked.PATIENT, Appointment.Asked.CLINIC
FEE = Money(7500, "USD")
LAST_FREE = STARTS_AT - timedelta(hours=24)  # Tue, Oct 13, 2026, 3:30 PM
LATE = STARTS_AT - timedelta(hours=2, minutes=18)  # Wed, Oct 14, 2026, 1:12 PM
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def two_hours_before() -> Iterator[None]:
    with clock_at(LATE):
        yield


def fee_state(appointment: Appointment, at: datetime = LATE) -> str | None:
    fee = fee_of(Appointment.objects.get(pk=appointment.pk), at=at)
    return fee.state if fee else None


def test_r14_a_late_cancellation_is_charged_at_once_through_the_same_machinery(odette: Member, appointment: Appointment) -> None:
    gone = cancel(appointment, asked=PATIENT, charge_fee=True, by=odette, at=LATE)

    made = Charge.objects.get()
    assert (gone.status, gone.late_cancel) == ("cancelled", True)
    assert (made.kind, made.amount, made.due_at, made.state) == ("late_cancel", FEE, LATE, "due")
    assert queued("billing.send_charge") == {str(made.pk)}


@pytest.mark.parametrize(("at", "late"), [(LAST_FREE, False), (LAST_FREE + SECOND, True)])
def test_r14_at_the_exact_boundary_the_patient_gets_the_benefit(odette: Member, appointment: Appointment, at: datetime, late: bool) -> None:
    gone = cancel(appointment, asked=PATIENT, charge_fee=True if late else None, by=odette, at=at)

    assert (gone.late_cancel, Fee.objects.count()) == (late, int(late))


def test_r14_the_clinics_own_cancellation_is_free(odette: Member, appointment: Appointment) -> None:
    with refused("fee_not_available"):
        cancel(appointment, asked=CLINIC, charge_fee=True, by=odette, at=LATE)
    gone = cancel(appointment, asked=CLINIC, by=odette, at=LATE)

    assert (gone.late_cancel, Fee.objects.count()) == (False, 0)


def test_r14_without_an_accepted_policy_it_is_free(odette: Member, appointment_without_card: Appointment) -> None:
    gone = cancel(appointment_without_card, asked=PATIENT, by=odette, at=appointment_without_card.starts_at - SECOND)

    assert (gone.late_cancel, Fee.objects.count()) == (False, 0)


def test_r14_it_is_spared_with_a_reason_and_charged_or_lowered_by_whoever_may(odette: Member, appointment: Appointment) -> None:
    with refused("choice_required"):
        cancel(appointment, asked=PATIENT, by=odette, at=LATE)
    with refused("reason_required"):
        cancel(appointment, asked=PATIENT, charge_fee=False, by=odette, at=LATE)
    with refused("fee_exceeds_policy"):
        cancel(appointment, asked=PATIENT, charge_fee=True, amount=Money(7501, "USD"), fee_reason="No", by=odette, at=LATE)
    assert Appointment.objects.get().status == "booked"

    cancel(appointment, asked=PATIENT, charge_fee=False, fee_reason="Illness", by=odette, at=LATE)

    assert (fee_state(appointment), Charge.objects.count()) == ("spared", 0)


def test_r14_a_provider_leaves_it_to_decide(tess: Member, odette: Member, appointment: Appointment) -> None:
    cancel(appointment, asked=PATIENT, by=tess, at=LATE)
    assert fee_state(appointment) == "undecided"

    charge(appointment, by=odette, at=QUARTER_PAST)

    assert (Charge.objects.get().kind, Charge.objects.get().amount) == ("late_cancel", FEE)


def test_r7b_in_the_breathing_space_it_waits_and_can_be_spared_and_decided_anew(odette: Member, appointment: Appointment) -> None:
    Settings.objects.update(breathing_space_minutes=120)
    cancel(appointment, asked=PATIENT, charge_fee=True, by=odette, at=LATE)
    assert (fee_state(appointment), Charge.objects.get().due_at) == ("waiting", LATE + timedelta(hours=2))

    spare(appointment, fee_reason="Emergency", by=odette, at=LATE)
    assert fee_state(appointment) == "spared"
    assert unspare(appointment, by=odette, at=LATE).amount == FEE


def test_r12_restoring_ends_the_fee_that_waits_and_a_later_no_show_has_its_own(odette: Member, appointment: Appointment) -> None:
    cancel(appointment, asked=PATIENT, charge_fee=True, by=odette, at=LATE)

    back = restore(appointment, by=odette, at=LATE + SECOND)

    assert (back.status, back.late_cancel, Charge.objects.get().state, fee_state(appointment)) == ("booked", False, "canceled", None)
    mark(back, charge_fee=True, by=odette, at=QUARTER_PAST)
    assert set(Charge.objects.filter(live=True).values_list("kind", flat=True)) == {"no_show"}


def test_the_dialog_says_the_money_the_reason_and_until_when_it_was_free(
    htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment
) -> None:
    dialog = htmx(odette).get(reverse("noshows:cancel", args=[appointment.pk]))

    said = words(dialog)
    assert "Late cancellation fee Charge the $75.00 fee to Visa ••4242" in said
    assert "It is cancelled 2 h 18 min before, and free only until Tue, Oct 13, 3:30 PM. Policy v3, row 1." in said
    assert offered(dialog, "charge_fee") == ["yes", "no"]


def test_the_dialog_names_the_fee_in_its_choice_and_in_its_effect_and_nowhere_else(
    htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment
) -> None:
    dialog = htmx(odette).get(reverse("noshows:cancel", args=[appointment.pk]))

    assert words(dialog).count("$75.00") == 2


def test_what_was_not_chosen_is_asked_for_and_nothing_typed_is_lost(
    htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment
) -> None:
    url, desk = reverse("noshows:cancel", args=[appointment.pk]), htmx(odette)
    unchosen = desk.post(url, {"asked": "patient", "note": "Called"})
    unsaid = desk.post(url, {"asked": "patient", "charge_fee": "no"})

    assert (unchosen.status_code, unsaid.status_code) == (422, 422)
    assert "Choose whether to charge the fee." in words(unchosen)
    assert "Say why it is not charged." in words(unsaid)
    assert Appointment.objects.get().status == "booked"


def test_r13_result_list_and_panel_show_the_fee(htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment) -> None:
    desk = htmx(odette)
    result = desk.post(reverse("noshows:cancel", args=[appointment.pk]), {"asked": "patient", "charge_fee": "yes"})
    assert "Marked as no-show" not in words(result)

    answered(_begun(), "paid", at=LATE)

    assert "Late cancel" in words(desk.get(reverse("noshows:cancelled")))
    for url in (reverse("noshows:cancelled"), reverse("desk:panel", args=[appointment.pk])):
        assert "$75.00" in words(desk.get(url))
    assert "paid,75.00,USD,INV-" in desk.get(reverse("noshows:cancelled-csv")).content.decode()


def _begun() -> Charge:
    made = Charge.objects.get()
    charging.begin(made.pk, at=LATE)
    return made


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        ({"charge_fee": True}, "the fee of $75.00 was charged to Visa ••4242."),
        ({"charge_fee": True, "amount": Money(2500, "USD"), "fee_reason": "Half"}, "the fee of $25.00 was charged to Visa ••4242."),
        ({"charge_fee": False, "fee_reason": "Illness"}, "No fee is charged this time."),
    ],
)
def test_the_letter_names_the_fee_as_it_stands_when_it_goes(
    odette: Member, appointment: Appointment, run_jobs: Callable[..., list[str]], choice: dict[str, object], says: str
) -> None:
    cancel(appointment, asked=PATIENT, by=odette, at=LATE, **choice)  # type: ignore[arg-type]  # one of its choices
    if choice["charge_fee"]:
        answered(_begun(), "paid", at=LATE)

    run_jobs(at=LATE + timedelta(minutes=3))

    (letter,) = [each for each in mail.outbox if "is cancelled" in each.subject]
    assert says in letter.body
    assert "Nothing is charged" not in letter.body


def test_the_preview_follows_what_is_chosen(htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment) -> None:
    url = reverse("noshows:cancel-letter", args=[appointment.pk])

    charged, free = (words(htmx(odette).get(url, said)) for said in ({"asked": "patient", "charge_fee": "yes"}, {"asked": "clinic"}))

    assert "the fee of $75.00 was charged to Visa ••4242" in charged
    assert "Nothing is charged for it." in free
