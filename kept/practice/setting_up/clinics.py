"""Setting up clinics: what they are, and when they are open. The zone and currency that appointments rest on, scheduling guards."""

from datetime import date, datetime
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from django.utils.translation import gettext as _

from kept.events import journal
from kept.foundation.lists import EARLIEST, LATEST
from kept.foundation.refusals import Refusal, refusing
from kept.practice.models import Clinic, Member, OpeningHours
from kept.practice.rules import Right, refusal_of, works_at
from kept.practice.setting_up.words import named, taken
from kept.practice.week import Hours, Week, bounds


def must_set_up(by: Member, clinic: Clinic) -> None:
    """Raises Refusal `not_permitted` unless she sets up, and at that clinic."""
    by.must(Right.SET_UP)
    if not works_at(by, clinic.pk):
        raise refusal_of(by, Right.SET_UP)


def add_clinic(
    *, name: str, zone_name: str, currency: str, address: str = "", phone: str = "", online: bool = True, by: Member, at: datetime
) -> Clinic:
    """A new location, open every day from nine to six until its hours are set. Raises Refusal `invalid`, `not_permitted`."""
    by.must(Right.SET_UP)
    if by.clinic_limits:
        raise Refusal("not_permitted", _("Clinics are added by somebody who works at all of them."))
    clinic = Clinic(practice_id=by.practice_id)
    write(clinic, name=name, zone_name=zone_name, currency=currency, address=address, phone=phone, online=online, active=True)
    journal.record("clinic.added", clinic, by=by, at=at)
    return clinic


def write(clinic: Clinic, *, name: str, zone_name: str, currency: str, address: str, phone: str, online: bool, active: bool) -> None:
    """Those particulars, checked. Raises Refusal `invalid`."""
    if zone_name not in available_timezones():
        raise Refusal("invalid", _("Choose a time zone of the list."), field="zone_name")
    if currency not in list_currencies():
        raise Refusal("invalid", _("Enter a currency’s three letters, for example USD."), field="currency")
    clinic.name, clinic.zone_name, clinic.currency = named(name), zone_name, currency
    clinic.address, clinic.phone, clinic.online, clinic.active = address.strip(), phone.strip(), online, active
    with refusing(clinic_name_once=taken(_("Another clinic has that name."))):
        clinic.save()


def switch_online(clinic: Clinic, *, on: bool, by: Member, at: datetime) -> Clinic:
    """Whether patients may book there by themselves. Raises Refusal `not_permitted`."""
    must_set_up(by, clinic)
    if clinic.online != on:
        clinic.online = on
        clinic.save(update_fields=["online"])
        journal.record("clinic.online", clinic, by=by, at=at, on=on)
    return clinic


def set_hours(clinic: Clinic, week: Week, *, by: Member, at: datetime) -> None:
    """When it is open on each weekday, in its wall time; on those without hours it is closed. Raises Refusal `invalid`, `not_permitted`."""
    must_set_up(by, clinic)
    ends = bounds(week)
    if ends is None:
        raise Refusal("invalid", _("Say hours for one day at least, or take the clinic out of use."))
    clinic = Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)
    clinic.opens_at, clinic.closes_at = ends
    clinic.save(update_fields=["opens_at", "closes_at"])
    OpeningHours.objects.filter(clinic=clinic, on=None).delete()
    OpeningHours.objects.bulk_create(
        OpeningHours(practice_id=clinic.practice_id, clinic=clinic, weekday=weekday, opens_at=opens_at, closes_at=closes_at)
        for weekday, hours in week.items()
        for opens_at, closes_at in hours
    )
    journal.record("clinic.hours", clinic, by=by, at=at, open_days=sorted(weekday for weekday, hours in week.items() if hours))


def set_day(clinic: Clinic, on: date, hours: Hours | None, *, why: str = "", by: Member, at: datetime) -> OpeningHours:
    """On that date it is open at these hours instead of its weekday's; closed without any. Raises Refusal `invalid`, `not_permitted`."""
    must_set_up(by, clinic)
    if not EARLIEST <= on <= LATEST or on < clinic.local_date(at):
        raise Refusal("invalid", _("Choose today or a later day."), field="on")
    opens_at, closes_at = hours or (None, None)
    day, _new = OpeningHours.objects.update_or_create(
        practice_id=clinic.practice_id,
        clinic=clinic,
        on=on,
        defaults={"opens_at": opens_at, "closes_at": closes_at, "why": why.strip()[:120]},
    )
    journal.record("clinic.day", clinic, by=by, at=at, on=on.isoformat(), closed=hours is None)
    return day


def remove_day(day: OpeningHours, *, by: Member, at: datetime) -> None:
    """The date is as its weekday again; its history stays. Raises Refusal `not_permitted`."""
    must_set_up(by, day.clinic)
    journal.record("clinic.day_removed", day.clinic, by=by, at=at, on=day.on.isoformat() if day.on else "")
    day.delete()
