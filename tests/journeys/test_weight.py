"""What a first view weighs, as it is sent: fonts aside, they come once and later. `-s` prints it."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from playwright.sync_api import Page

from kept.practice.rules import Role

SENT = """[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .map(({name, encodedBodySize}) => [name, encodedBodySize]).filter(([name]) => !name.endsWith('.woff2'))"""


SignedIn = Callable[..., Page]


class Weight(NamedTuple):
    answers: int
    kilobytes: float


def weighed(page: Page, address: str) -> Weight:
    page.goto(address, wait_until="load")
    sent = page.evaluate(SENT)
    return Weight(len(sent), round(sum(size for _name, size in sent) / 1000, 1))


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/appointments/", Weight(8, 100)),
        ("/appointments/?view=week", Weight(8, 100)),
        ("/appointments/?view=list", Weight(6, 60)),
        ("/appointments/no-shows/", Weight(6, 60)),
        ("/patients/", Weight(6, 60)),
        ("/sales/", Weight(6, 60)),
    ],
)
def test_a_first_view_is_light(signed_in_page: SignedIn, address: str, most: Weight) -> None:
    weight = weighed(signed_in_page(Role.MANAGER), address)

    print(f"{address}: {weight.answers} answers, {weight.kilobytes} KB")  # noqa: T201  the figure of docs/performance.md
    assert weight.answers <= most.answers
    assert weight.kilobytes <= most.kilobytes
