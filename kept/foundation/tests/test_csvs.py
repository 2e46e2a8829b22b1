"""Lists as files: any number of rows, a batch at a time, and no cell that a spreadsheet would run."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.http import StreamingHttpResponse

from kept.foundation import csvs
from kept.foundation.scope import current, outside
from kept.ops.cast import House
from kept.scheduling.models import Appointment
from tests.kit.queries import queries
from tests.kit.visits import STARTS_AT, book

STEP = timedelta(hours=2)


@pytest.fixture
def booked(juniper: House) -> list[Appointment]:
    return [book(juniper, starts_at=STARTS_AT + day * timedelta(days=1)) for day in range(5)]


def numbers() -> StreamingHttpResponse:
    found = Appointment.objects.order_by("-starts_at", "-id")
    return csvs.download("visits.csv", ["Number"], found, lambda visit: [str(visit)], by="starts_at")


def read(answer: StreamingHttpResponse) -> list[str]:
    return [row[0] for row in csv.reader(io.StringIO(b"".join(answer.streaming_content).decode(), newline=""))]  # type: ignore[arg-type]


@pytest.mark.parametrize("batch", [1, 2, 5, 500])
def test_every_row_once_newest_first(booked: list[Appointment], monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(csvs, "BATCH", batch)

    assert read(numbers()) == ["Number", *(str(visit) for visit in reversed(booked))]


def test_a_batch_is_two_queries_and_nothing_is_read_before_it_is_sent(booked: list[Appointment], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csvs, "BATCH", 2)
    parts = iter(numbers())

    with queries(0):
        next(parts)
    with queries(2):  # its keys, then its rows
        next(parts)


def test_i8_each_batch_stands_in_the_practice_that_asked_and_none_is_open_between(booked: list[Appointment]) -> None:
    answer, practice = numbers(), current().practice_id
    parts = iter(answer)

    with outside():
        next(parts)
        assert str(booked[0]) in next(parts).decode()  # type: ignore[union-attr]
        with connection.cursor() as cursor:
            cursor.execute("select current_setting('app.practice', true)")
            assert cursor.fetchone() == ("",)
    assert current().practice_id == practice


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_runs(text: str) -> None:
    assert csvs.safe(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Renata Solbrook", "A-20001", "75.00", "3:30 PM", "'=1"])
def test_what_is_only_text_stays(text: str) -> None:
    assert csvs.safe(text) == text
