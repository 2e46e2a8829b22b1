"""What settings read in tests. The database has its final name from `tests.kit.database`."""

import os
from pathlib import Path

from kept.ops import server

DATA = Path(__file__).resolve().parents[2] / ".data" / "tests"
NOWHERE = "http://127.0.0.1:9"  # a test that speaks to the gateway without the fixture `gateway` gets no answer


def say() -> None:
    """Set the environment of this process, as bin/demo does for its children."""
    place = server.Server(server.home(DATA))
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": place.url(server.APP, "postgres"),
        "DATABASE_OWNER_URL": place.url(server.OWNER, "postgres"),
        "KEPT_SECRET_KEY": "for tests alone",
        "KEPT_BASE_URL": "http://testserver",
        "KEPT_ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
        "KEPT_INSTALLATION": "tests",
        "KEPT_LOG_LEVEL": "WARNING",
        "KEPT_SECOND_STEP": "0",  # on in the tests that are about it
        "KEPT_EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
        "STRIPE_API_BASE": NOWHERE,
        "KEPT_GATEWAY_PAGES": NOWHERE,
    }
