"""GET /no-shows, its summary, and its CSV."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

import kept.billing.transitions.charging as charging
import kept.noshows.transitions.attendance as noshows
from kept.api.tests.conftest import Caller
from kept.billing.gateways.facts import IntentFacts
from kept.billing.models import Charge
from kept.events.models import Access
from kept.ops.cast import House
from kept.patients.models import Patient
from kept.practice.models import Member, MemberClinic
from kept.scheduling.models import Appointment
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book, card_of

USD_75 = {"minor": 7500, "currency": "USD"}


@pytest.fixture
def missed(appointment: Appointment, odette: Member) -> Appointment:
    """Marked at a quarter past, its fee charged and paid on INV-10001."""
    noshows.mark(appointment, charge_fee=True, reason="Did not answer", note="Called twice.", by=odette, at=QUARTER_PAST)
    charge = Charge.objects.get()
    charging.begin(charge.pk, at=QUARTER_PAST)
    charging.settle(charge.pk, IntentFacts("pi_1", "succeeded", captured_minor=7500, gateway_charge_id="ch_1"), at=QUARTER_PAST)
    return appointment


def numbers(answer: Any) -> list[str]:
    return [item["number"] for item in answer.json()["items"]]


def test_a_no_show_in_the_list(desk: Caller, missed: Appointment, juniper: House, odette: Member) -> None:
    invoice = missed.invoices.get()

    assert desk.get("/no-shows").json() == {
        "items": [
            {
                "id": str(missed.pk),
                "number": str(missed),
                "start": "2026-10-14T15:30:00-04:00",
                "local_date": "2026-10-14",
                "zone": "America/New_York",
                "patient": {"id": str(missed.patient_id), "name": "Renata Solbrook"},
                "services": [{"id": str(juniper.services["Lip filler"].pk), "name": "Lip filler"}],
                "provider": {"id": str(missed.provider_id), "name": "Tess Marrowby"},
                "clinic": {"id": str(missed.clinic_id), "name": "Elm Street"},
                "fee": {
                    "state": "paid",
                    "amount": USD_75,
                    "invoice": {"id": str(invoice.pk), "number": "INV-10001", "status": "balanced"},
                    "reason": None,
                },
                "marked_by": {"id": str(odette.pk), "name": "Odette Farnley"},
                "marked_at": "2026-10-14T15:45:00-04:00",
                "reason": "Did not answer",
                "note": "Called twice.",
                "slot_taken_by": None,
            }
        ],
        "next": None,
    }


def _miss(house: House, odette: Member, days_ago: int) -> Appointment:
    starts_at = STARTS_AT - timedelta(days=days_ago)
    visit = book(house, patient=house.patients[days_ago % 50], starts_at=starts_at)
    return noshows.mark(visit, charge_fee=None, by=odette, at=starts_at)


def test_newest_first_page_by_page(desk: Caller, juniper: House, odette: Member, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    visits = [_miss(juniper, odette, days) for days in (0, 2, 1, 4, 3)]
    newest_first = [str(visit) for visit in sorted(visits, key=lambda visit: visit.starts_at, reverse=True)]

    with django_assert_num_queries(18):
        first = desk.get("/no-shows", limit=3)
    rest = desk.get("/no-shows", limit=3, cursor=first.json()["next"])

    assert [numbers(first), numbers(rest)] == [newest_first[:3], newest_first[3:]]
    assert rest.json()["next"] is None


def test_without_days_it_is_the_last_thirty(desk: Caller, juniper: House, odette: Member) -> None:
    inside, outside = _miss(juniper, odette, 29), _miss(juniper, odette, 30)

    assert numbers(desk.get("/no-shows")) == [str(inside)]
    assert numbers(desk.get("/no-shows", first="2026-09-14")) == [str(inside), str(outside)]
    assert numbers(desk.get("/no-shows", last="2026-09-14")) == [str(outside)]


def test_filters_name_several(desk: Caller, missed: Appointment, juniper: House, odette: Member) -> None:
    spared = noshows.mark(
        accepted(book(juniper, patient=juniper.patients[2], starts_at=STARTS_AT - timedelta(days=1)), card_of(juniper.patients[2])),
        charge_fee=False,
        by=odette,
        at=QUARTER_PAST,
    )
    without = _miss(juniper, odette, 5)
    elm, harbor = (str(juniper.clinics[name].pk) for name in ("Elm Street", "Harbor Point"))

    assert numbers(desk.get("/no-shows", fee=["paid", "not_offered"])) == [str(missed), str(without)]
    assert numbers(desk.get("/no-shows", fee="spared", clinic=[elm, harbor], provider=str(missed.provider_id))) == [str(spared)]
    assert numbers(desk.get("/no-shows", clinic=harbor)) == []
    assert numbers(desk.get("/no-shows", provider="nobody")) == []


def test_why_no_fee_was_offered(desk: Caller, juniper: House, odette: Member) -> None:
    _miss(juniper, odette, 1)

    (item,) = desk.get("/no-shows").json()["items"]
    assert item["fee"] == {"state": "not_offered", "amount": None, "invoice": None, "reason": "no_card"}


def test_what_holds_the_time_meanwhile(desk: Caller, missed: Appointment, wish: dict[str, Any]) -> None:
    rival = desk.post("/appointments", wish | {"start": "2026-10-14T16:00:00-04:00"}).json()

    (item,) = desk.get("/no-shows").json()["items"]
    assert item["slot_taken_by"] == {name: rival[name] for name in ("id", "number", "patient", "start", "end")} | {"block": None}


def test_at_a_clinic_she_does_not_see_only_that_it_is_taken(desk: Caller, juniper: House, odette: Member, wish: dict[str, Any]) -> None:
    """Joanna Veltmoor works at both."""
    joanna = str(juniper.providers["Joanna Veltmoor"].pk)
    at_elm = desk.post("/appointments", wish | {"provider": joanna, "start": "2026-10-14T15:30:00-04:00"}).json()
    desk.post(f"/appointments/{at_elm['id']}/no-show")
    harbor = wish | {"provider": joanna, "clinic": str(juniper.clinics["Harbor Point"].pk), "start": "2026-10-14T13:00:00-07:00"}
    desk.post("/appointments", harbor)
    MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=juniper.clinics["Elm Street"])

    (item,) = desk.get("/no-shows").json()["items"]
    taken = {
        "id": None,
        "number": None,
        "patient": None,
        "block": None,
        "start": "2026-10-14T13:00:00-07:00",
        "end": "2026-10-14T14:30:00-07:00",
    }
    assert item["slot_taken_by"] == taken


def test_a_provider_sees_her_own_without_invoices(caller: Callable[..., Caller], tess: Member, missed: Appointment) -> None:
    (item,) = caller(tess).get("/no-shows").json()["items"]

    assert (item["number"], item["fee"]["state"], item["fee"]["invoice"]) == (str(missed), "paid", None)


def test_the_summary(desk: Caller, missed: Appointment, juniper: House, odette: Member, hour: Callable[[datetime], None]) -> None:
    came = book(juniper, patient=juniper.patients[3], starts_at=STARTS_AT - timedelta(hours=3))
    desk.post(f"/appointments/{came.pk}/complete")
    _miss(juniper, odette, 1)

    summary = desk.get("/no-shows/summary").json()

    nothing = {"minor": 0, "currency": "USD"}
    assert summary == {
        "items": [
            {"currency": "USD", "count": 2, "concluded": 3, "rate": 0.6667, "invoiced": USD_75, "collected": USD_75, "refunded": nothing}
        ]
    }


def test_the_summary_of_nothing(desk: Caller, juniper: House) -> None:
    nothing = {"minor": 0, "currency": "USD"}
    empty = {"currency": "USD", "count": 0, "concluded": 0, "rate": 0.0, "invoiced": nothing, "collected": nothing, "refunded": nothing}

    assert desk.get("/no-shows/summary").json() == {"items": [empty]}
    assert desk.get("/no-shows/summary", clinic="nowhere").json() == {"items": []}


def test_the_csv(desk: Caller, missed: Appointment, odette: Member) -> None:
    Patient.objects.filter(pk=missed.patient_id).update(first_name="=cmd|' /C calc'!A0")

    answer = desk.get("/no-shows.csv", first="2026-10-14", last="2026-10-14")

    (row,) = csv.DictReader(io.StringIO(answer.content.decode()))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert (row["Appointment"], row["Patient"], row["Invoice"]) == (str(missed), "'=cmd|' /C calc'!A0 Solbrook", "INV-10001")
    access = Access.objects.get()
    assert (access.what, access.patient_id, access.actor[:4]) == ("no-shows exported", None, "key:")


def test_the_csv_of_a_filter(desk: Caller, missed: Appointment) -> None:
    answer = desk.get("/no-shows.csv", fee="declined")

    assert len(answer.content.decode().splitlines()) == 1
