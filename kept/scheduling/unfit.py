"""What no longer fits: booked appointments ahead that lie outside of hours. They stay until somebody moves them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from kept.practice.models import Clinic, Provider
from kept.scheduling.availability import working_hours
from kept.scheduling.models import ON_THE_BOOK, Appointment

AHEAD = timedelta(days=400)


def outside_hours(clinic: Clinic, providers: Sequence[Provider], *, at: datetime) -> list[Appointment]:
    """Of those providers at that clinic, earliest first: by `working_hours`, so by her week, her exceptions and the clinic's days."""
    found = Appointment.objects.filter(
        clinic=clinic,
        provider__in=providers,
        status__in=ON_THE_BOOK,
        ends_at__gt=at,
        starts_at__gt=at - timedelta(days=1),
        starts_at__lt=at + AHEAD,
    )
    visits = list(found.select_related("patient", "provider", "clinic").order_by("starts_at", "id"))
    if not visits:
        return []
    hours = working_hours(clinic, providers, clinic.local_date(visits[0].starts_at), clinic.local_date(visits[-1].starts_at))
    return [
        each for each in visits if not any(opens <= each.starts_at and each.ends_at <= closes for opens, closes in hours[each.provider_id])
    ]
