"""`kept worker`: does the jobs of all queues, after the same check as the web server's."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from kept.ops.doctor import refuse_unsafe


class Command(BaseCommand):
    help = "Run jobs until SIGINT or SIGTERM; those under way are finished first."
    requires_system_checks = []  # of the code, which bin/check runs; the web server starts without them, too

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=int, default=4, help="jobs at the same time")

    def handle(self, *args: Any, concurrency: int, **options: Any) -> None:
        refuse_unsafe()
        # An app of its own, so that a job which queues another still does so in its own transaction, through Django's connection.
        worker = app.with_connector(DjangoConnector(alias="default").get_worker_connector())
        # A freed lock and a due retry are not notified: they are found by asking.
        worker.run_worker(name="kept", concurrency=concurrency, fetch_job_polling_interval=1.0)
