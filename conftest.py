"""Tests: says the environment, loads Django with it, then the kit. tests/README.md lists the fixtures."""

from tests.kit import environment

environment.say()

import django  # noqa: E402  the environment comes first

django.setup()

pytest_plugins = ["tests.kit.database", "tests.kit.people", "tests.kit.visits", "tests.kit.browser", "tests.kit.gateway", "tests.kit.texts"]
