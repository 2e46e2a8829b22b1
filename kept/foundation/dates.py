"""Instants in words, as people at the clinic read them. `zone` is the clinic's."""

from datetime import datetime, tzinfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def clock_time(at: datetime, zone: tzinfo) -> str:
    """3:30 PM"""
    return date_format(at.astimezone(zone), "g:i A")


def zone_letters(at: datetime, zone: tzinfo) -> str:
    """EDT: of that instant, since a zone has two"""
    return at.astimezone(zone).strftime("%Z")


def clock_span(start: datetime, end: datetime, zone: tzinfo) -> str:
    """3:30–4:30 PM; of a span over noon both halves are named, 11:30 AM–12:15 PM"""
    first, last = clock_time(start, zone), clock_time(end, zone)
    return f"{first.rpartition(' ')[0] if first[-2:] == last[-2:] else first}–{last}"


def short_day(at: datetime, zone: tzinfo, now: datetime | None = None) -> str:
    """Wed, Oct 14; of another year than `now`, Thu, Oct 14, 2027"""
    there = at.astimezone(zone)
    return date_format(there, "D, M j, Y" if now and now.astimezone(zone).year != there.year else "D, M j")


def month_day(at: datetime, zone: tzinfo) -> str:
    """Oct 14"""
    return date_format(at.astimezone(zone), "M j")


def full_date(at: datetime, zone: tzinfo) -> str:
    """Oct 14, 2026"""
    return date_format(at.astimezone(zone), "M j, Y")


def moment(at: datetime, zone: tzinfo, now: datetime | None = None) -> str:
    """Wed, Oct 14, 3:30 PM; of another year than `now`, Thu, Oct 14, 2027, 3:30 PM"""
    return f"{short_day(at, zone, now)}, {clock_time(at, zone)}"


def elapsed(since: datetime, now: datetime) -> str:
    """12 min, 2 h, 1 h 32 min, 3 days"""
    minutes = int((now - since).total_seconds() // 60)
    if minutes < 60:
        return _("%d min") % minutes
    if minutes < 24 * 60 and minutes % 60 == 0:
        return _("%d h") % (minutes // 60)
    if minutes < 24 * 60:
        return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}
    days = minutes // (24 * 60)
    return ngettext("%d day", "%d days", days) % days
