"""The booking page on the clinic's own site: in a frame until the details, on the sites that the practice names; else on none."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from kept.ops.cast import House
from kept.practice.models import Clinic, Member, Settings
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import words
from tests.kit.visits import STARTS_AT

HERE = "/book/juniper/elm-street/"
SITE = "https://www.example.com"
SETTINGS = reverse("desk:online")
RIGHT = {"lead_minutes": "60", "horizon_days": "30", "step_minutes": "15"}


@pytest.fixture(autouse=True)
def three_days_before(juniper: House) -> Iterator[None]:
    with clock_at(STARTS_AT - timedelta(days=3)):
        yield


@pytest.fixture
def choice(juniper: House) -> dict[str, Any]:
    tess = juniper.providers[juniper.members[Role.PROVIDER].name]
    return {"services": str(juniper.services["Lip filler"].pk), "provider": str(tess.pk)}


@pytest.fixture
def named(juniper: House) -> None:
    """The practice names its site."""
    Settings.objects.update(online_sites=[SITE])


def framed_by(answer: HttpResponse) -> tuple[str, str]:
    """Who may show it: by the policy, and by the older header."""
    (found,) = [each for each in answer["Content-Security-Policy"].split("; ") if each.startswith("frame-ancestors")]
    return found.removeprefix("frame-ancestors "), answer.get("X-Frame-Options", "")


@pytest.mark.usefixtures("named")
def test_services_and_times_may_stand_on_the_sites_and_the_rest_nowhere(choice: dict[str, Any]) -> None:
    stranger, start = Browser(), {"start": STARTS_AT.isoformat()}

    asked = [{"embed": "1"}, choice | {"embed": "1"}, choice | start | {"embed": "1"}, choice]
    services, times, details, whole = (stranger.get(HERE, query) for query in asked)

    assert [framed_by(answer) for answer in (services, times)] == [(SITE, "")] * 2
    assert [framed_by(answer) for answer in (details, whole)] == [("'none'", "DENY")] * 2
    assert 'name="embed" value="1"' in services.content.decode()
    assert 'target="_blank"' in times.content.decode()
    assert 'target="_blank"' not in whole.content.decode()


def test_without_a_named_site_it_stands_nowhere() -> None:
    assert framed_by(Browser().get(HERE, {"embed": "1"})) == ("'none'", "DENY")


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize("address", ["/accounts/login/", "/", "/manage/x/"])
def test_nothing_else_may_be_framed(address: str) -> None:
    assert framed_by(Browser().get(address, {"embed": "1"})) == ("'none'", "DENY")


def test_a_clinic_that_is_off_says_so_and_books_nobody(choice: dict[str, Any]) -> None:
    Clinic.objects.update(online=False)
    Settings.objects.update(online_closed="We are moving house until May.")

    shown = Browser().get(HERE)
    answer = Browser().post(HERE, {**choice, "start": STARTS_AT.isoformat()})

    assert (shown.status_code, "We are moving house until May." in words(shown)) == (404, True)
    assert ("We are moving house" in words(answer), Appointment.objects.exists()) == (True, False)


# Settings > Online booking


def test_each_clinic_has_its_link_code_and_snippet(juniper: House, leonora: Member, signed_in: Callable[[Member], Browser]) -> None:
    desk = signed_in(leonora)
    page = desk.get(SETTINGS)
    code = desk.get(reverse("desk:online-code", args=[juniper.clinics["Elm Street"].pk]))

    assert 'data-copy="http://testserver/book/juniper/elm-street/"' in page.content.decode()
    assert "&lt;iframe src=&quot;http://testserver/book/juniper/elm-street/?embed=1&quot;" in page.content.decode()
    assert (code["Content-Type"], code.content[:4]) == ("image/svg+xml", b"<svg")


def test_a_clinic_is_switched_off_and_on(juniper: House, leonora: Member, signed_in: Callable[[Member], Browser]) -> None:
    desk, elm = signed_in(leonora), juniper.clinics["Elm Street"]

    found = []
    for on in ("no", "yes"):
        desk.post(reverse("desk:online-switch", args=[elm.pk]), {"on": on})
        found.append((Clinic.objects.get(pk=elm.pk).online, Browser().get(HERE).status_code))

    assert found == [(False, 404), (True, 200)]


def test_sites_are_whole_origins(juniper: House, leonora: Member, signed_in: Callable[[Member], Browser]) -> None:
    desk = signed_in(leonora)
    desk.post(SETTINGS, RIGHT | {"sites": f"{SITE}/\nhttp://localhost:8200", "closed": "c"})
    kept = Settings.objects.get()
    assert (kept.online_sites, kept.online_closed) == ([SITE, "http://localhost:8200"], "c")

    for wrong in (
        "http://www.example.com",
        "https://*",
        "*",
        "'self'",
        "https://a.example;script-src *",
        "https://a.example/path",
        "data:",
    ):
        answer = desk.post(SETTINGS, RIGHT | {"sites": wrong})
        assert (answer.status_code, "is no site’s address" in words(answer)) == (422, True), wrong
    assert Settings.objects.get().online_sites == [SITE, "http://localhost:8200"]
