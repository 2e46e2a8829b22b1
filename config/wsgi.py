"""The web server's entry. It refuses to serve as the owner of the tables, or on a server that may lose what it acknowledged."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from kept.ops.doctor import refuse_unsafe  # noqa: E402  Django must be set up first

refuse_unsafe()
