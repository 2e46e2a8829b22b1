"""Pages and assets are sent compressed to whoever takes them so."""

import pytest
from django.urls import reverse

from kept.foundation.templatetags.kept import icons_url
from tests.kit.browser import Browser


@pytest.mark.parametrize("accepted", ["gzip", "br"])
def test_an_asset_is_sent_as_the_build_compressed_it(browser: Browser, accepted: str) -> None:
    answer = browser.get(icons_url(), headers={"Accept-Encoding": accepted})

    assert (answer.status_code, answer["Content-Encoding"]) == (200, accepted)


def test_a_page_is_compressed_for_whoever_takes_it_so(db: None, browser: Browser) -> None:
    page = reverse("account_login")

    assert browser.get(page, headers={"Accept-Encoding": "gzip"})["Content-Encoding"] == "gzip"
    assert not browser.get(page).has_header("Content-Encoding")
