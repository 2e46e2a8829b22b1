"""`kept import`. The clinic, its files and everybody in them are invented. It is October 14, 2026, 3:30 PM at Elm Street."""

import csv
from collections.abc import Callable
from datetime import date
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

import kept.noshows.transitions.attendance as noshows
from kept.events.models import Event
from kept.foundation.scope import outside, scope
from kept.noshows import queries
from kept.noshows.offers import fee_offer
from kept.noshows.words import fee_words
from kept.ops.cast import House
from kept.ops.importing import writing
from kept.ops.importing.mapping import read_mapping
from kept.ops.importing.rejections import Reason
from kept.ops.people import JUNIPER
from kept.patients.models import Patient
from kept.practice.models import Member, Provider, Service
from kept.practice.rules import Role
from kept.scheduling.models import Appointment, Claim
from tests.kit.browser import Browser
from tests.kit.database import Cloned
from tests.kit.gateway import clock_at
from tests.kit.people import seen
from tests.kit.visits import STARTS_AT

MAPPING = """clinic = "Elm Street"
date_format = "%m/%d/%Y"
time_format = "%I:%M %p"
ends = 2026-09-30

[[bookings]]
file = "bookings*.csv"
[bookings.columns]
patient = "Client"
name = "Called"
email = "Mail"
staff = "With"
service = "Treatment"
date = "Day"
time = "Start"
minutes = "Length"
price = "Price"
outcome = "State"
[bookings.outcomes]
"gone" = "cancelled"
"open" = "booked"

[[reports]]
file = "no_shows.csv"
outcome = "noshow"
[reports.columns]
patient = "Client"
date = "Day"
staff = "With"
"""
HEADINGS = "Client,Called,Mail,With,Treatment,Day,Start,Length,Price,State\n"
BOOKINGS = f"""{HEADINGS}P-1,Ada Quillon,ada@example.com,Tess Marrowby,Lip filler,09/01/2026,10:00 AM,,,
P-2,,,Tess Marrowby,Lip filler,09/01/2026,11:00 AM,,,
P-2,,,Tess Marrowby,Dermaplaning,09/01/2026,10:30 AM,20,$95.50,
P-3,,,Wren Ashby,Lip filler,09/02/2026,9:00 AM,,,gone
P-1,,,Wren Ashby,Lip filler,09/03/2026,9:00 AM,,,open
"""
NO_SHOWS = "Client,Day,With\nP-2,09/01/2026,Tess Marrowby\n"
REPORT_ROW = "no_shows.csv, line 3"
SEPTEMBER = queries.Filter(date(2026, 9, 1), date(2026, 9, 30))

Import = Callable[..., str]


@pytest.fixture
def run_import(tmp_path: Path) -> Import:
    """`run_import("--apply", bookings=..., no_shows=..., mapping=...)`: what the command says, progress first."""

    def run(
        *options: str, mapping: str = MAPPING, bookings: str = BOOKINGS, no_shows: str | None = NO_SHOWS, prices: str | None = None
    ) -> str:
        (tmp_path / "mapping.toml").write_text(mapping)
        given = {"bookings.csv": bookings, "no_shows.csv": no_shows, "prices.csv": prices}
        files = {name: text for name, text in given.items() if text is not None}
        for name, text in files.items():
            (tmp_path / name).write_bytes(text.encode())
        said = StringIO()
        with clock_at(STARTS_AT):
            names = [str(tmp_path / name) for name in files]
            call_command(
                "import", *names, "--practice", "juniper", "--mapping", str(tmp_path / "mapping.toml"), *options, stdout=said, stderr=said
            )
        return said.getvalue()

    return run


def visits() -> list[tuple[str, str, str, str, str]]:
    """Who, with whom, when at the clinic, what, and how it ended."""
    found = Appointment.objects.filter(channel="import").select_related("patient", "provider", "clinic").order_by("starts_at")
    return [
        (
            str(visit.patient.external_id),
            visit.provider.name,
            f"{visit.starts_at.astimezone(visit.clinic.zone):%m-%d %H:%M}",
            visit.services,
            visit.status,
        )
        for visit in found
    ]


def imported(code: str) -> Appointment:
    return Appointment.objects.select_related("practice", "clinic", "patient", "provider").get(patient__external_id=code)


def rows_written() -> list[int]:
    return [model.objects.count() for model in (Appointment, Patient, Provider, Service, Event)]


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(juniper: House, run_import: Import) -> None:
    before = rows_written()

    said = run_import()

    assert said.splitlines() == [
        "A dry run: nothing was written. With --apply it is.",
        "Read      6 rows of 2 files",
        "Visits    4 new: 1 completed, 1 missed, 1 cancelled, 1 without an outcome",
        "          0 already there",
        "New       3 patients, 1 provider, 1 service",
        "Rejected  0 rows",
    ]
    assert rows_written() == before


def test_applied_each_visit_stands_with_its_outcome_and_its_services_in_a_row(juniper: House, run_import: Import) -> None:
    said = run_import("--apply")

    assert said.startswith("4 of 4 visits\nImported.\n")
    assert visits() == [
        ("P-1", "Tess Marrowby", "09-01 10:00", "Lip filler", "fulfilled"),
        ("P-2", "Tess Marrowby", "09-01 10:30", "Dermaplaning, Lip filler", "noshow"),
        ("P-3", "Wren Ashby", "09-02 09:00", "Lip filler", "cancelled"),
        ("P-1", "Wren Ashby", "09-03 09:00", "Lip filler", "booked"),
    ]


def test_a_row_gives_minutes_and_price_or_the_service_does(juniper: House, run_import: Import) -> None:
    run_import("--apply")

    lines = imported("P-2").lines.all()
    assert [(line.name, line.minutes, str(line.price)) for line in lines] == [("Dermaplaning", 20, "$95.50"), ("Lip filler", 60, "$650.00")]
    assert imported("P-2").minutes == 80


def test_a_patient_without_a_name_is_called_by_her_code(juniper: House, run_import: Import) -> None:
    run_import("--apply")

    people = Patient.objects.exclude(external_id=None).order_by("external_id")
    assert [(patient.name, patient.email) for patient in people] == [("Ada Quillon", "ada@example.com"), ("P-2", ""), ("P-3", "")]


def test_a_new_provider_works_at_the_clinic_and_can_be_booked(juniper: House, run_import: Import) -> None:
    run_import("--apply")

    wren = Provider.objects.get(name="Wren Ashby")
    assert (wren.active, wren.resource.kind, [place.clinic.name for place in wren.places.all()]) == (True, "provider", ["Elm Street"])


def test_staff_go_by_the_names_of_the_mapping_and_some_can_not_be_booked(juniper: House, run_import: Import) -> None:
    staff = '[staff]\ninactive = ["HOUSE"]\n[staff.names]\n"TM" = "Tess Marrowby"\n'

    run_import(
        "--apply",
        mapping=MAPPING + staff,
        bookings=BOOKINGS.replace("Tess Marrowby", "TM").replace("Wren Ashby", "HOUSE"),
        no_shows="Client,Day,With\n",
    )

    assert {provider for _code, provider, *_rest in visits()} == {"Tess Marrowby", "HOUSE"}
    assert not Provider.objects.get(name="HOUSE").active


def test_a_price_list_names_the_services(juniper: House, run_import: Import) -> None:
    prices = 'No,What,Takes,Costs,Kind\nDP,Dermaplaning with mask,40,"1,120.00",Skin\n'
    services = (
        '[services]\nfile = "prices.csv"\ncolumns = {code = "No", name = "What", minutes = "Takes", price = "Costs", category = "Kind"}\n'
    )

    run_import(
        "--apply",
        prices=prices,
        mapping=MAPPING + services,
        bookings=f"{HEADINGS}P-1,,,Wren Ashby,DP,09/01/2026,9:00 AM,,,\n",
    )

    service = Service.objects.get(name="Dermaplaning with mask")
    assert (service.minutes, str(service.price), service.category) == (40, "$1,120.00", "Skin")
    assert imported("P-1").minutes == 40


def test_a_second_run_changes_nothing_and_says_so(juniper: House, run_import: Import) -> None:
    run_import("--apply")
    before = rows_written()

    said = run_import("--apply")

    assert "Visits    0 new\n          4 already there\nNew       0 patients, 0 providers, 0 services\nRejected  0 rows" in said
    assert rows_written() == before


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(committed: Cloned, run_import: Import) -> None:
    house = seen(JUNIPER)
    with patch.object(writing, "BATCH", 2), patch.object(writing, "_past", side_effect=cut_off_after(3)), pytest.raises(KeyboardInterrupt):
        run_import("--apply")

    said = run_import("--apply")

    assert "Visits    2 new: 1 cancelled, 1 without an outcome\n          2 already there\n" in said
    with scope(house.practice.id, actor="test"):
        assert len(visits()) == 4


def cut_off_after(calls: int) -> Callable[..., object]:
    past, left = writing._past, iter(range(calls))

    def cut(*arguments: object) -> object:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return past(*arguments)  # type: ignore[arg-type]

    return cut


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",,,Wren Ashby,Lip filler,09/01/2026,9:00 AM,,,", Reason.NO_PATIENT),
        ("P-9,,,,Lip filler,09/01/2026,9:00 AM,,,", Reason.NO_STAFF),
        ("P-9,,,Wren Ashby,,09/01/2026,9:00 AM,,,", Reason.NO_SERVICE),
        ("P-9,,,Wren Ashby,Lip filler,31/08/2026,9:00 AM,,,", Reason.BAD_DATE),
        ("P-9,,,Wren Ashby,Lip filler,09/01/0026,9:00 AM,,,", Reason.BAD_DATE),
        ("P-9,,,Wren Ashby,Lip filler,09/01/2026,25:00,,,", Reason.BAD_TIME),
        ("P-9,,,Wren Ashby,Lip filler,03/08/2026,2:30 AM,,,", Reason.BAD_TIME),  # clocks went forward
        ("P-9,,,Wren Ashby,Lip filler,09/01/2026,9:00 AM,0,,", Reason.BAD_MINUTES),
        ("P-9,,,Wren Ashby,Lip filler,09/01/2026,9:00 AM,,-5.00,", Reason.BAD_PRICE),
        ("P-9,,ada at home,Wren Ashby,Lip filler,09/01/2026,9:00 AM,,,", Reason.BAD_EMAIL),
        (f"{'P' * 81},,,Wren Ashby,Lip filler,09/01/2026,9:00 AM,,,", Reason.TOO_LONG),
        ("P-9,,,Wren Ashby,Lip filler,09/01/2026,9:00 AM,,,maybe", Reason.UNKNOWN_OUTCOME),
        ("P-9,,,Wren Ashby,Lip filler,09/01/2026,9:00 AM,,,,,once too often", Reason.MISPLACED),
        ("P-3,,,Wren Ashby,Lip filler,09/02/2026,9:00 AM,,,gone", Reason.REPEATED),
        ("P-1,,,Tess Marrowby,Dermaplaning,09/01/2026,9:00 AM,,,gone", Reason.OTHER_OUTCOME),
        ("P-9,,,Wren Ashby,Lip filler,10/01/2026,9:00 AM,,,", Reason.AFTER_THE_END),
        ("P-9,,,Wren Ashby,Lip filler,10/15/2026,9:00 AM,,,open", Reason.FUTURE),
    ],
)
def test_a_booking_is_rejected_with_its_line_and_reason(juniper: House, run_import: Import, row: str, reason: Reason) -> None:
    said = run_import("--apply", bookings=f"{BOOKINGS}{row}\n")

    assert f"       1  {reason}\n            bookings.csv, line 7" in said
    assert len(visits()) == 4


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",09/01/2026,Tess Marrowby", Reason.NO_PATIENT),
        ("P-2,tomorrow,Tess Marrowby", Reason.BAD_DATE),
        ("P-2,09/02/2026,Tess Marrowby", Reason.NO_BOOKING),
        ("P-3,09/02/2026,Wren Ashby", Reason.OTHER_OUTCOME),
    ],
)
def test_a_report_line_is_rejected_with_its_line_and_reason(juniper: House, run_import: Import, row: str, reason: Reason) -> None:
    said = run_import("--apply", no_shows=f"{NO_SHOWS}{row}\n")

    assert f"       1  {reason}\n            {REPORT_ROW}" in said


def test_a_visit_that_has_another_outcome_by_now_stays_as_it_is(juniper: House, odette: Member, run_import: Import) -> None:
    run_import("--apply")
    noshows.restore(imported("P-2"), by=odette, at=STARTS_AT)

    said = run_import("--apply")

    assert f"       2  {Reason.ALREADY_OTHERWISE}\n            bookings.csv, line 3: Booked, not No-show" in said
    assert imported("P-2").status == "booked"


def test_a_service_in_another_currency_is_not_mixed_in(juniper: House, run_import: Import) -> None:
    Service.objects.filter(name="Lip filler").update(currency="EUR")

    said = run_import("--apply")

    assert f"       5  {Reason.OTHER_CURRENCY}" in said
    assert visits() == []


def test_all_rejected_rows_are_kept_in_a_file(juniper: House, run_import: Import, tmp_path: Path) -> None:
    out = tmp_path / "rejects.csv"

    run_import("--rejects", str(out), no_shows=f"{NO_SHOWS},09/01/2026,=Tess\n")

    with out.open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["File", "Line", "Reason", "Found", "Row"],
            ["no_shows.csv", "3", str(Reason.NO_PATIENT), "", ",09/01/2026,=Tess"],
        ]
    assert out.stat().st_mode & 0o077 == 0


def test_odd_codes_line_ends_and_marks_survive(juniper: House, run_import: Import) -> None:
    text = HEADINGS + "".join(
        f"{code},,,Wren Ashby,Lip filler,09/0{day}/2026,9:00 AM,,,\n" for day, code in enumerate(["*P 1", ".P2", "=P/3", "Ünal"], start=1)
    )

    run_import(
        "--apply",
        bookings="\ufeff" + text.replace("\n", "\r\n") + "\r\n,,,\r\n",
        no_shows="Client,Day,With\r\n=P/3,09/03/2026,Wren Ashby\r\n",
    )

    assert [(code, status) for code, *_rest, status in visits()] == [
        ("*P 1", "fulfilled"),
        (".P2", "fulfilled"),
        ("=P/3", "noshow"),
        ("Ünal", "fulfilled"),
    ]


def test_a_file_without_times_puts_visits_at_the_opening_and_says_so(juniper: House, run_import: Import) -> None:
    run_import(
        "--apply", mapping=MAPPING.replace('time = "Start"\n', ""), bookings=f"{HEADINGS}P-2,,,Tess Marrowby,Lip filler,09/01/2026,,,,\n"
    )

    visit = imported("P-2")
    assert (visits()[0][2], visit.note) == ("09-01 09:00", writing.NO_TIME)


def test_an_imported_visit_holds_no_time_and_says_that_it_was_imported(juniper: House, odette: Member, run_import: Import) -> None:
    run_import("--apply")

    visit = imported("P-2")
    offer = fee_offer(visit, at=STARTS_AT)
    assert (visit.imported, visit.booked_at, visit.status_at, visit.status_by) == (True, STARTS_AT, STARTS_AT, None)
    assert not Claim.objects.filter(appointment__channel="import").exists()
    assert (offer.offered, offer.why_not) == (False, "imported")
    assert fee_words(visit, None, at=STARTS_AT).text == "This visit was imported; its booking was made elsewhere."
    assert Event.objects.get(subject_id=visit.id).kind == "appointment.imported"


def test_an_imported_no_show_stands_on_the_list_and_in_its_totals(juniper: House, odette: Member, run_import: Import) -> None:
    run_import("--apply")

    totals = queries.totals(odette, SEPTEMBER, at=STARTS_AT)
    assert [str(missed.patient.external_id) for missed in queries.no_shows(odette, SEPTEMBER, at=STARTS_AT)] == ["P-2"]
    assert (totals.count, totals.concluded, totals.invoiced) == (1, 2, {})


def test_the_list_shows_it_as_imported(juniper: House, odette: Member, run_import: Import, signed_in: Callable[[Member], Browser]) -> None:
    run_import("--apply")

    page = signed_in(odette).get(reverse("noshows:list"), {"from": "2026-09-01", "to": "2026-09-30"})

    assert page.status_code == 200
    assert page.content.decode().count("Imported") == 1


def test_an_imported_no_show_is_restored_without_a_claim(juniper: House, odette: Member, run_import: Import) -> None:
    run_import("--apply")

    restored = noshows.restore(imported("P-2"), by=odette, at=STARTS_AT)

    assert (restored.status, restored.claims.count()) == ("booked", 0)


def test_another_practice_sees_nothing_of_it(juniper: House, quinta: House, run_import: Import) -> None:
    run_import("--apply")

    with outside(), scope(quinta.practice.id, actor="test"):
        assert visits() == []
        assert not Patient.objects.exclude(external_id=None).exists()


def test_the_member_who_imports_is_named(juniper: House, leonora: Member, run_import: Import) -> None:
    run_import("--apply", "--as", leonora.user.email)

    visit = imported("P-2")
    assert (visit.status_by, Event.objects.get(subject_id=visit.id).by_id) == (leonora, leonora.id)


def test_the_front_desk_may_not_import(juniper: House, run_import: Import) -> None:
    with pytest.raises(CommandError) as refused:
        run_import("--apply", "--as", JUNIPER.email(Role.FRONT_DESK))

    assert refused.value.returncode == 2
    assert visits() == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            ("Elm Street", "Oak Street"),
            "mapping.toml, line 1: Juniper Skin Studio has no clinic “Oak Street”. It has: Elm Street, Harbor Point.",
        ),
        (
            ('staff = "With"\nservice', 'staff = "Whom"\nservice'),
            "mapping.toml, line 12: bookings.csv has no column “Whom”. It has: Client,",
        ),
        (('patient = "Client"\ndate', 'patent = "Client"\ndate'), "mapping.toml, line 27: “patent” is not known here."),
        (('time = "Start"\n', "time = 9\n"), "mapping.toml, line 15: “time” is a text in quotes."),
        (("2026-09-30", '"soon"'), "mapping.toml, line 4: “ends” is a date like 2025-06-30."),
        (('"noshow"', '"missed"'), "mapping.toml, line 25: “missed” is no outcome."),
        (("no_shows.csv", "missed.csv"), "no_shows.csv is none of the mapping’s files: bookings*.csv, missed.csv."),
        (("[[reports]]", "[reports"), "mapping.toml is no TOML: "),
        (("[[bookings]]", '[defaults]\nprice = "dear"\n[[bookings]]'), "mapping.toml, line 7: “dear” is no amount of USD."),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_with_its_line(
    juniper: House, run_import: Import, change: tuple[str, str], sentence: str
) -> None:
    with pytest.raises(CommandError) as refused:
        run_import("--apply", mapping=MAPPING.replace(*change))

    assert (refused.value.returncode, str(refused.value)[: len(sentence)]) == (2, sentence)
    assert visits() == []


def test_a_report_that_was_not_given_is_missed(juniper: House, run_import: Import) -> None:
    with pytest.raises(CommandError, match="line 24: No file like no_shows.csv was given"):
        run_import(no_shows=None)


def test_a_file_in_another_encoding_is_refused(juniper: House, run_import: Import) -> None:
    with pytest.raises(CommandError, match="bookings.csv is not cp1252"):
        run_import(mapping=f'encoding = "cp1252"\n{MAPPING}', bookings=BOOKINGS.replace("Ada", "Ářa"))


def test_the_example_is_a_mapping() -> None:
    example = Path(__file__).parents[1] / "importing" / "example.toml"

    assert read_mapping(example).clinic == "Elm Street"
