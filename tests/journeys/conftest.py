"""Journeys: stories across rooms in Chromium, on a whole installation: web server, worker, double, the sample around today."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import override_settings
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django import DjangoDbBlocker

from kept.foundation import clock
from kept.ops import doors, sample, server
from kept.ops.cast import PASSWORD, House
from kept.ops.people import JUNIPER
from kept.ops.processes import children
from kept.practice.rules import Role
from tests.journeys.visits import numbers, visit  # noqa: F401  fixtures of every journey
from tests.kit.database import Cloned
from tests.kit.gateway import Double, started_double
from tests.kit.people import seen

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # the browser's driver keeps a loop in this thread; Django's connection stays in it too

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DESKTOP, PHONE = (1440, 960), (390, 844)
AT_REST = """Promise.all(document.getAnimations().filter((each) => each.effect.getComputedTiming().endTime !== Infinity)
    .map((each) => each.finished.catch(() => null)))"""
SERIOUS = ("serious", "critical")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies here is a journey."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.journey)


@dataclass(frozen=True, slots=True)
class Installation:
    """A running Kept of two practices, and what a test may look at beside its pages."""

    url: str
    double: Double
    juniper: House
    mail: Path
    texts: Path


@pytest.fixture(scope="session")
def installation(
    cloned_database: Cloned, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Web server, worker and double on this process's database, with a day of sample visits either side of today."""
    folder = tmp_path_factory.mktemp("installation")
    port = doors.free_port()
    url = f"http://{doors.HOST}:{port}"
    hooks = f"--webhook={JUNIPER.gateway_key}={url}/webhooks/stripe/{JUNIPER.slug}/={JUNIPER.webhook_secret}"
    with started_double(hooks) as double, children(folder / "logs") as crew, django_db_blocker.unblock():
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"} | {
            "DATABASE_URL": cloned_database.server.url(server.APP, cloned_database.name),
            "KEPT_BASE_URL": url,
            "KEPT_EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "KEPT_GATEWAY_PAGES": double.url,
            "KEPT_MAIL_FOLDER": str(folder / "mail"),
            "KEPT_SMS_FOLDER": str(folder / "texts"),
            "STRIPE_API_BASE": double.url,
        }
        with override_settings(STRIPE_API_BASE=double.url, BASE_URL=url):
            sample.open_book(JUNIPER, now=clock.now())
            web = [
                sys.executable,
                "-m",
                "gunicorn",
                "config.wsgi",
                "--bind",
                f"{doors.HOST}:{port}",
                "--threads",
                "4",
                "--no-control-socket",
            ]
            crew.start("web", web, environment, ROOT)
            crew.start("worker", [sys.executable, "manage.py", "worker"], environment, ROOT)
            crew.wait_until("web", lambda: doors.answers(f"{url}/healthz"))
            yield Installation(url, double, seen(JUNIPER), folder / "mail", folder / "texts")


@pytest.fixture(scope="session")
def desk_url(installation: Installation) -> str:
    """Where the pages are."""
    return installation.url


@pytest.fixture(scope="session")
def mail_folder(installation: Installation) -> Path:
    """Where letters go."""
    return installation.mail


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, or the one KEPT_CHROMIUM names."""
    found = os.environ.get("KEPT_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    assert found, "no Chromium: bin/test installs one, KEPT_CHROMIUM names one"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


def sign_in(page: Page, email: str, password: str) -> None:
    """Fill in the form and send it."""
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Continue").click()


@pytest.fixture
def open_page(chromium: Browser, desk_url: str) -> Iterator[OpenPage]:
    """`open_page()` is a new browser of nobody; `open_page(PHONE)` a patient's. A script that fails fails the test."""
    contexts = []
    errors: list[str] = []

    def open_new(size: tuple[int, int] = DESKTOP) -> Page:
        context = chromium.new_context(base_url=desk_url, viewport={"width": size[0], "height": size[1]}, has_touch=size == PHONE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_new
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def signed_in_page(open_page: OpenPage) -> Callable[..., Page]:
    """`signed_in_page()` is Odette's browser, signed in by the form; `signed_in_page(Role.MANAGER)` Silas's."""

    def open_for(role: Role = Role.FRONT_DESK, size: tuple[int, int] = DESKTOP) -> Page:
        page = open_page(size)
        sign_in(page, JUNIPER.email(role), PASSWORD)
        page.wait_for_url(lambda url: "/accounts/login" not in url)
        return page

    return open_for


@pytest.fixture
def no_barriers() -> Callable[[Page], None]:
    """`no_barriers(page)`: axe finds nothing serious on it."""

    def check(page: Page) -> None:
        page.evaluate(AT_REST)  # half way through a transition a colour is neither the one nor the other
        found = [violation for violation in Axe().run(page).response["violations"] if violation["impact"] in SERIOUS]
        assert [(violation["id"], violation["nodes"][0]["html"]) for violation in found] == []

    return check
