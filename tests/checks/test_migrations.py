"""Models and migrations say the same, and the app's role can see that all are applied."""

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_no_change_of_a_model_lacks_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_the_app_role_finds_all_migrations_applied() -> None:
    call_command("migrate", database="default", check_unapplied=True, verbosity=0)
