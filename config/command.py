"""The command `kept`: Django's command line with Kept's settings, its names with hyphens."""

import os
import sys


def main() -> None:
    """`kept create-practice ...` is `python manage.py create_practice ...`; `kept demo` needs no database, so it needs no Django."""
    if sys.argv[1:2] == ["demo"]:
        from kept.ops.demo import main as demo

        raise SystemExit(demo(sys.argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.DATABASES  # noqa: B018  reads the environment
    except ImproperlyConfigured as missing:
        raise SystemExit(f"{missing}. docs/running.md lists the settings; bin/demo brings its own.") from None
    program, *arguments = sys.argv
    if arguments and not arguments[0].startswith("-"):
        arguments[0] = arguments[0].replace("-", "_")
    execute_from_command_line([program, *arguments])


if __name__ == "__main__":
    main()
