"""The No Shows list on screen: its filters, totals, rows, pages and file (R8, R11, R24, R25)."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

import kept.noshows.transitions.attendance as noshows
import kept.scheduling.transitions.attendance as attendance
import kept.scheduling.transitions.booking as booking
from kept.events.models import Access
from kept.foundation import clock
from kept.foundation.scope import outside, scope
from kept.noshows import lists
from kept.noshows.tests.reading import mark_url, restore_url, said
from kept.ops.cast import House
from kept.patients.models import Patient
from kept.practice.models import Clinic, Member, MemberClinic, Provider, Settings
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.money import marked, refunded
from tests.kit.queries import queries
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book, card_of

LIST, CSV = reverse("noshows:list"), reverse("noshows:csv")
LIST_QUERIES = 18  # however many rows a page has
pytestmark = pytest.mark.usefixtures("a_quarter_past")


def missed(
    juniper: House, days: int, *, patient: int = 0, provider: str = "Tess Marrowby", clinic: str = "Elm Street", reason: str = ""
) -> Appointment:
    """A visit that was missed so many days ago, without a card."""
    starts_at = STARTS_AT - timedelta(days=days)
    visit = booking.book(
        clinic=juniper.clinics[clinic],
        provider=juniper.providers[provider],
        patient=juniper.patients[patient],
        services=[juniper.services["Consultation"]],
        starts_at=starts_at,
        by=juniper.members[Role.OWNER],
        at=starts_at - timedelta(days=9),
    )
    return noshows.mark(visit, charge_fee=None, reason=reason, by=juniper.members[Role.FRONT_DESK], at=starts_at)


def rows(answer: HttpResponse) -> list[Any]:
    return [row["appointment"].pk for row in answer.context["rows"]]


def test_r8_newest_first_of_the_last_thirty_days(odette: Member, signed_in: Callable[[Member], Browser], juniper: House) -> None:
    visits = {days: missed(juniper, days, patient=days) for days in (30, 0, 29, 7)}

    answer = signed_in(odette).get(LIST)

    assert rows(answer) == [visits[days].pk for days in (0, 7, 29)]
    assert (answer.context["presets"]["label"], answer.context["presets"]["dates"]) == ("Last 30 days", "Sep 15 – Oct 14, 2026")


def test_r8_each_row_says_when_who_what_and_the_fee(desk: Browser, odette: Member, appointment: Appointment) -> None:
    charge = marked(appointment, "paid", by=odette)

    answer = desk.get(LIST)

    said(
        answer,
        "Oct 14 3:30 PM EDT Renata Solbrook Missed 1 of 1 Lip filler Tess Marrowby Elm Street Charged $75.00",
    )
    assert reverse("billing:invoice", args=[charge.invoice_id]) in answer.content.decode()


def test_r8_totals_stand_above_the_list(desk: Browser, juniper: House, odette: Member, silas: Member, appointment: Appointment) -> None:
    refunded(marked(appointment, "paid", by=odette), 2500, by=silas, at=QUARTER_PAST)
    marked(accepted(book(juniper, patient=juniper.patients[1], starts_at=STARTS_AT - timedelta(days=1)), card_of(juniper.patients[1])), "declined", by=odette)  # fmt: skip  # noqa: E501
    missed(juniper, 3, patient=4)
    kept = book(juniper, patient=juniper.patients[2], starts_at=STARTS_AT - timedelta(days=2))
    attendance.complete(kept, by=odette, at=kept.ends_at)

    answer = desk.get(LIST)

    assert [(total.label, total.value, total.text) for total in answer.context["totals"]] == [
        ("No Shows", "3", "of 4 appointments"),
        ("Rate", "75.0%", "of completed and missed"),
        ("Charged", "$150.00", "2 fees"),
        ("Recovered", "$75.00", "1 fee paid, 50%"),
        ("Refunded", "$25.00", "1 fee"),
    ]


def test_r8_filters_of_clinics_providers_fees_and_names_each_and_together(desk: Browser, juniper: House, odette: Member) -> None:
    tess, petra = (juniper.providers[name] for name in ("Tess Marrowby", "Petra Lindvall"))
    elm, harbor = (juniper.clinics[name] for name in ("Elm Street", "Harbor Point"))
    a = marked(accepted(book(juniper), card_of(juniper.patients[0])), "paid", by=odette).appointment_id
    b = missed(juniper, 1, patient=1).pk
    c = missed(juniper, 2, patient=2, provider="Petra Lindvall", clinic="Harbor Point").pk

    def found(**query: Any) -> list[Any]:
        return rows(desk.get(LIST, query))

    assert found() == [a, b, c]
    assert found(clinic=elm.pk) == [a, b]
    assert found(clinic=[elm.pk, harbor.pk]) == [a, b, c]
    assert found(provider=petra.pk) == [c]
    assert found(provider=[tess.pk, petra.pk], fee="not_offered") == [b, c]
    assert found(fee=["paid", "declined"]) == [a]
    assert found(q="marg sl") == [b]
    assert found(q="solbrook", clinic=harbor.pk) == []
    assert found(**{"from": "2026-10-13", "to": "2026-10-13"}) == [b]
    assert found(**{"from": "2026-10-14", "to": "2026-10-13"}) == [a, b]  # turned round


def test_r8_days_are_each_clinics_own(desk: Browser, juniper: House, harbor: Clinic) -> None:
    evening = clock.instant(datetime(2026, 10, 12, 23, 30), harbor.zone)  # noqa: DTZ001  the next day in New York
    visit = missed(juniper, 0, patient=3, provider="Petra Lindvall", clinic="Harbor Point")
    Appointment.objects.filter(pk=visit.pk).update(starts_at=evening, ends_at=evening + timedelta(minutes=30))

    assert rows(desk.get(LIST, {"from": "2026-10-12", "to": "2026-10-12"})) == [visit.pk]
    assert rows(desk.get(LIST, {"from": "2026-10-13", "to": "2026-10-13"})) == []


def test_r8_presets_keep_the_other_filters(desk: Browser, elm: Clinic) -> None:
    choices = desk.get(LIST, {"clinic": elm.pk, "after": ""}).context["presets"]["choices"]

    assert [(choice["label"], choice["selected"], choice["url"].partition("&")[2]) for choice in choices] == [
        ("Today", False, "from=2026-10-14&to=2026-10-14"),
        ("Last 7 days", False, "from=2026-10-08&to=2026-10-14"),
        ("Last 30 days", True, "from=2026-09-15&to=2026-10-14"),
        ("Last 90 days", False, "from=2026-07-17&to=2026-10-14"),
        ("This month", False, "from=2026-10-01&to=2026-10-14"),
        ("Last month", False, "from=2026-09-01&to=2026-09-30"),
        ("Last 12 months", False, "from=2025-10-15&to=2026-10-14"),
    ]
    assert {choice["url"].partition("&")[0] for choice in choices} == {f"?clinic={elm.pk}"}


def test_none_at_all_and_none_that_match_are_told_apart(desk: Browser, elm: Clinic) -> None:
    said(desk.get(LIST), "No no-shows in the last 30 days Patients marked as no-shows stand here")
    said(desk.get(LIST, {"clinic": elm.pk}), "No no-shows match Widen the days or take filters away. Clear the filter")


def test_r11_a_row_says_by_whom_its_time_was_taken(desk: Browser, taken: Appointment) -> None:
    said(desk.get(LIST), "Taken by Bram Holloway-Lin Restore")


@pytest.mark.parametrize(("who", "may"), [("odette", True), ("tess", True), ("benedikt", False), ("philomena", False)])
def test_restore_is_offered_to_those_who_may(
    request: pytest.FixtureRequest, htmx: Callable[[Member], Browser], juniper: House, who: str, may: bool
) -> None:
    visit = missed(juniper, 0)

    answer = htmx(request.getfixturevalue(who)).get(LIST)

    assert rows(answer) == [visit.pk]
    assert (restore_url(visit) in answer.content.decode()) is may


@pytest.mark.usefixtures("all_rounders")
def test_r24_each_sees_her_own(
    htmx: Callable[[Member], Browser], juniper: House, tess: Member, odette: Member, hana: Member, harbor: Clinic
) -> None:
    hers, noors = missed(juniper, 0), missed(juniper, 1, patient=1, provider="Noor Hadisan")
    petras = missed(juniper, 2, patient=2, provider="Petra Lindvall", clinic="Harbor Point")

    def seen(member: Member) -> tuple[list[Any], int]:
        browser = htmx(member)
        return rows(browser.get(LIST)), len(browser.get(CSV).content.decode().splitlines()) - 1

    assert seen(odette) == ([hers.pk, noors.pk, petras.pk], 3)
    assert seen(tess) == ([hers.pk], 1)
    assert seen(hana) == ([], 0)
    MemberClinic.objects.create(practice_id=odette.practice_id, member=odette, clinic=harbor)
    assert seen(odette) == ([petras.pk], 1)


@pytest.mark.usefixtures("all_rounders")
def test_pages_hold_every_row_once_however_many_start_together(desk: Browser, juniper: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "ROWS", 2)
    names = ("Tess Marrowby", "Noor Hadisan", "Priya Ramsethi", "Mateo Quillaro", "Joanna Veltmoor")
    visits = {missed(juniper, 0, patient=number, provider=name).pk for number, name in enumerate(names)}

    pages, address = [], f"{LIST}?fee=not_offered"
    while address:
        answer = desk.get(address)
        pages.append(rows(answer))
        address = answer.context["next_url"] and LIST + answer.context["next_url"]

    assert [len(page) for page in pages] == [2, 2, 1]
    assert {row for page in pages for row in page} == visits
    assert answer.context["first_url"] == "?fee=not_offered"


def test_a_long_page_asks_no_more_than_a_short_one(desk: Browser, juniper: House, odette: Member) -> None:
    for number in range(5):
        missed(juniper, number + 1, patient=number)
    marked(accepted(book(juniper, patient=juniper.patients[9]), card_of(juniper.patients[9])), "paid", by=odette)

    with queries(LIST_QUERIES):
        assert len(rows(desk.get(LIST))) == 6


# CSV


def table(answer: HttpResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_r8_csv_has_the_whole_filtered_list(desk: Browser, juniper: House, odette: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "ROWS", 1)
    visit = accepted(book(juniper), card_of(juniper.patients[0]))
    marked(visit, "paid", by=odette)
    missed(juniper, 1, patient=1, reason="Forgot")
    missed(juniper, 2, patient=2, provider="Petra Lindvall", clinic="Harbor Point")

    page = desk.get(LIST, {"provider": visit.provider_id})
    answer = desk.get(page.context["csv_url"])

    assert answer["Content-Disposition"] == 'attachment; filename="no-shows.csv"'
    first, second = table(answer)
    assert first == {
        **{"Date": "2026-10-14", "Time": "3:30 PM", "Zone": "America/New_York", "Appointment": str(visit), "Patient": "Renata Solbrook"},
        **{"Services": "Lip filler", "Provider": "Tess Marrowby", "Clinic": "Elm Street", "Reason": "", "Fee": "paid", "Amount": "75.00"},
        **{"Currency": "USD", "Invoice": "INV-10001", "Marked by": "Odette Farnley", "Marked at": "2026-10-14T15:45-04:00"},
    }
    assert [second[name] for name in ("Patient", "Reason", "Fee", "Amount", "Invoice")] == [
        "Marguerite Sloane",
        "Forgot",
        "not_offered",
        "",
        "",
    ]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_csv_runs_nothing_in_a_spreadsheet(desk: Browser, juniper: House, name: str) -> None:
    Patient.objects.filter(pk=juniper.patients[0].pk).update(first_name=name)
    Provider.objects.filter(name="Tess Marrowby").update(name=name)
    noshows.mark(book(juniper), charge_fee=None, reason=name, by=juniper.members[Role.OWNER], at=QUARTER_PAST)

    (row,) = csv.DictReader(io.StringIO(desk.get(CSV).content.decode(), newline=""))

    assert [row[column] for column in ("Patient", "Provider", "Reason")] == [f"'{name.strip()} Solbrook", f"'{name}", f"'{name}"]


def test_r25_an_export_leaves_its_record(desk: Browser, odette: Member, juniper: House) -> None:
    missed(juniper, 0)

    desk.get(CSV)

    assert list(Access.objects.values_list("what", "patient_id", "at", "actor")) == [
        ("no-shows exported", None, QUARTER_PAST, f"user:{odette.user_id}")
    ]


def test_another_practices_breathing_space_is_its_own(
    quinta: House, hana: Member, htmx: Callable[[Member], Browser], juniper: House
) -> None:
    with outside(), scope(quinta.practice.pk, actor="test"):
        assert Settings.objects.get().breathing_space_minutes == 24 * 60
        visit = accepted(book(quinta, service="Peeling"), card_of(quinta.patients[0]))

    answer = htmx(hana).post(mark_url(visit), {"charge_fee": "yes"})

    said(answer, "Charges 8:45 PM €40.00", "Restore before then ends it, and Amélia never sees a charge.")
