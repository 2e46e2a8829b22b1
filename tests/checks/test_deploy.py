"""What stands before the pages: settings that Django finds nothing against, cookies that belong to this host alone, headers, no inline."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checks.test_templates import NAMES, ROOT, _source
from tests.kit.browser import Browser

INLINE = re.compile(
    r"""\s(?:style|on[a-z]+)=["']|<style|<script(?![^>]*\s(?:src=|type="application/json"))|hx-on|javascript:""", re.IGNORECASE
)
SAY = """
import django, json; django.setup()
from django.conf import settings as s
print(json.dumps([s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0]))
"""


def python(base_url: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A process of its own with the settings of a server at that address."""
    server = {"KEPT_BASE_URL": base_url, "KEPT_BEHIND_PROXY": "1", "KEPT_SECRET_KEY": "a-key-of-a-server-" + "0123456789abcdefghij" * 3}
    ours = ("DJANGO_ALLOW_ASYNC_UNSAFE", "KEPT_SECOND_STEP")  # of tests, not of a server
    around = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=around | server | more, capture_output=True, text=True, check=False)


def test_django_finds_nothing_against_a_server_at_an_https_address() -> None:
    done = python("https://kept.example.com", "manage.py", "check", "--deploy", "--fail-level", "INFO")

    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "no issues" in done.stdout


def test_a_server_without_a_second_step_is_objected_to() -> None:
    assert "kept.E001" in python("https://kept.example.com", "manage.py", "check", "--deploy", KEPT_SECOND_STEP="0").stderr


@pytest.mark.parametrize(
    ("base_url", "said"),
    [
        ("https://kept.example.com", ["__Host-session", "__Host-csrf", True, True, True]),
        ("http://127.0.0.1:8000", ["session", "csrf", False, False, False]),
    ],
)
def test_cookies_are_bound_to_the_host_where_it_speaks_https(base_url: str, said: list[object]) -> None:
    assert json.loads(python(base_url, "-c", SAY).stdout) == said


@pytest.mark.parametrize("path", ["/accounts/login/", "/healthz", "/api/v1/clinics", "/nothing-here/"])
def test_every_answer_says_what_a_browser_may_do_with_it(db: None, path: str) -> None:
    headers = Browser().get(path).headers

    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
    assert (policy["frame-ancestors"], policy["base-uri"], policy["form-action"]) == ("'none'", "'none'", "'self'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "camera=()" in headers["Permissions-Policy"]
    assert {name: headers[name] for name in headers if name.startswith(("X-", "Referrer", "Cross"))} == {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


@pytest.mark.parametrize("name", NAMES)
def test_no_template_has_script_or_style_inline(name: str) -> None:
    assert INLINE.findall(_source(name)) == []


def test_no_page_is_written_around_the_templates() -> None:
    """Neither code nor scripts put styles or handlers into markup as text."""
    written = re.compile(r"""<[a-z][^>]*\s(?:style|on[a-z]+)=""")
    files = [*Path(ROOT / "kept").rglob("*.py"), *Path(ROOT / "frontend" / "src").rglob("*.js")]

    assert [path.name for path in files if "tests" not in path.parts and written.search(path.read_text())] == []
