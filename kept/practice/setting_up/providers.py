"""Setting up providers: who they are, where and when they work, and on which days otherwise."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from kept.events import journal
from kept.foundation.lists import EARLIEST, LATEST
from kept.foundation.refusals import Refusal
from kept.practice.models import Clinic, Member, Provider, ProviderClinic, Resource, Schedule, ScheduleException
from kept.practice.rules import Right, refusal_of, works_at
from kept.practice.setting_up.clinics import must_set_up
from kept.practice.setting_up.words import given, named
from kept.practice.week import Hours, Week

LONGEST = timedelta(days=366)
Kind = ScheduleException.Kind


def add_provider(*, name: str, title: str = "", clinics: Sequence[Clinic], by: Member, at: datetime) -> Provider:
    """A bookable person, who works the clinics' hours until hers are set. Raises Refusal `invalid`, `not_permitted`."""
    by.must(Right.SET_UP)
    places = given(clinics, by)
    if not places:
        raise Refusal("invalid", _("Choose a clinic at least."), field="clinics")
    resource = Resource.objects.create(practice_id=by.practice_id, kind=Resource.Kind.PROVIDER, name=named(name))
    provider = Provider.objects.create(practice_id=by.practice_id, name=resource.name, title=title.strip()[:40], resource=resource)
    _work_at(provider, places)
    journal.record("provider.added", provider, by=by, at=at)
    return provider


def change_provider(
    provider: Provider, *, name: str, title: str, clinics: Sequence[Clinic], active: bool, by: Member, at: datetime
) -> Provider:
    """Her name and clinics, and whether she can be booked. Appointments stay as they are. Raises Refusal `invalid`, `not_permitted`."""
    by.must(Right.SET_UP)
    provider = Provider.objects.select_for_update(of=("self",), no_key=True).select_related("resource").get(pk=provider.pk)
    places = given(clinics, by, before=provider.places.values_list("clinic_id", flat=True))
    if active and not places:
        raise Refusal("invalid", _("Choose a clinic at least, or take her out of use."), field="clinics")
    provider.name, provider.title, provider.active = named(name), title.strip()[:40], active
    provider.save(update_fields=["name", "title", "active"])
    provider.resource.name, provider.resource.active = provider.name, active
    provider.resource.save(update_fields=["name", "active"])
    provider.places.exclude(clinic__in=places).delete()
    _work_at(provider, places)
    journal.record("provider.changed", provider, by=by, at=at, active=active, clinics=[str(each.pk) for each in places])
    return provider


def _work_at(provider: Provider, clinics: Sequence[Clinic]) -> None:
    there = set(provider.places.values_list("clinic_id", flat=True))
    ProviderClinic.objects.bulk_create(
        ProviderClinic(practice_id=provider.practice_id, provider=provider, clinic=each) for each in clinics if each.pk not in there
    )


def set_schedule(provider: Provider, clinic: Clinic, week: Week, *, by: Member, at: datetime) -> None:
    """Her weekly hours at that clinic, in its wall time; without any she works the clinic's. No appointment changes.

    Raises Refusal `invalid`, `not_permitted`."""
    must_set_up(by, clinic)
    Provider.objects.select_for_update(no_key=True).get(pk=provider.pk)
    _not_elsewhere(provider, clinic, week)
    Schedule.objects.filter(provider=provider, clinic=clinic).delete()
    Schedule.objects.bulk_create(
        Schedule(
            practice_id=provider.practice_id, provider=provider, clinic=clinic, weekday=weekday, opens_at=opens_at, closes_at=closes_at
        )
        for weekday, hours in week.items()
        for opens_at, closes_at in hours
    )
    journal.record("provider.schedule", provider, by=by, at=at, clinic=str(clinic.pk))


def _not_elsewhere(provider: Provider, clinic: Clinic, week: Week) -> None:
    """Raises Refusal `invalid` where she is at another clinic of the same zone then."""
    for other in (
        Schedule.objects.filter(provider=provider, clinic__zone_name=clinic.zone_name).exclude(clinic=clinic).select_related("clinic")
    ):
        if any(opens < other.closes_at and other.opens_at < closes for opens, closes in week.get(other.weekday, [])):
            words = {"who": provider, "where": other.clinic}
            raise Refusal("invalid", _("%(who)s works at %(where)s then.") % words, field=f"day_{other.weekday}")


def add_exception(
    provider: Provider,
    *,
    kind: str,
    clinic: Clinic | None,
    first_on: date,
    last_on: date,
    hours: Hours | None,
    why: str = "",
    by: Member,
    at: datetime,
) -> ScheduleException:
    """Days on which she works otherwise, or not. Appointments then stay until somebody moves them. Raises Refusal `invalid`,
    `not_permitted`."""
    by.must(Right.SET_UP)
    if clinic:
        must_set_up(by, clinic)
    elif _also_elsewhere(by, provider):
        raise Refusal("invalid", _("Choose the clinic."), field="clinic")
    if kind not in Kind.values:
        raise Refusal("invalid", _("Choose one of these."), field="kind")
    if not (EARLIEST <= first_on <= last_on <= LATEST) or last_on - first_on > LONGEST:
        raise Refusal("invalid", _("Choose a last day from the first on, within a year."), field="last_on")
    if last_on < at.date() - timedelta(days=1):
        raise Refusal("invalid", _("These days are past."), field="last_on")
    if kind != Kind.OFF and clinic is None:
        raise Refusal("invalid", _("Choose the clinic."), field="clinic")
    if kind != Kind.OFF and hours is None:
        raise Refusal("invalid", _("Enter the hours, for example 9:00 AM – 1:00 PM."), field="hours")
    opens_at, closes_at = hours or (None, None)
    found = ScheduleException.objects.create(
        practice_id=provider.practice_id,
        provider=provider,
        clinic=clinic,
        kind=kind,
        first_on=first_on,
        last_on=last_on,
        opens_at=opens_at,
        closes_at=closes_at,
        why=why.strip()[:120],
    )
    journal.record("provider.exception", provider, by=by, at=at, what=kind, first=first_on.isoformat(), last=last_on.isoformat())
    return found


def _also_elsewhere(by: Member, provider: Provider) -> bool:
    """Whether she works at a clinic that the member was not given too."""
    return any(not works_at(by, pk) for pk in provider.places.values_list("clinic_id", flat=True))


def remove_exception(exception: ScheduleException, *, by: Member, at: datetime) -> None:
    """Those days are as her week again; the history stays. Raises Refusal `not_permitted`."""
    by.must(Right.SET_UP)
    if exception.clinic:
        must_set_up(by, exception.clinic)
    elif _also_elsewhere(by, exception.provider):
        raise refusal_of(by, Right.SET_UP)
    journal.record("provider.exception_removed", exception.provider, by=by, at=at, first=exception.first_on.isoformat())
    exception.delete()
