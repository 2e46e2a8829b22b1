"""Special dates over the API, by the same transitions as Settings: a clinic's closed days and special hours, a provider's time off and
other hours. What is booked then is told, and stays."""

from ninja import Body, Query, Router, Status

from kept.api import find
from kept.api.door import KeyRequest
from kept.api.pages import Page
from kept.api.problems import called
from kept.api.shapes.special import (
    DatesAsked,
    ExceptionMade,
    ExceptionSent,
    ExceptionShape,
    SpecialDay,
    SpecialDayMade,
    SpecialDaySent,
    refs,
)
from kept.foundation import clock
from kept.practice import queries as practice
from kept.practice.models import OpeningHours, Provider, ScheduleException
from kept.practice.queries import exceptions, special_days
from kept.practice.rules import Right
from kept.practice.setting_up import clinics, providers
from kept.scheduling.unfit import outside_hours

router = Router(tags=["Practice"])


@router.get("/clinics/{clinic_id}/days", response=Page[SpecialDay])
def list_special_days(request: KeyRequest, clinic_id: str, asked: Query[DatesAsked]) -> Page[SpecialDay]:
    """Dates on which the clinic is closed or has other hours, earliest first, all on one page."""
    member = request.member
    clinic = find.one(practice.all_clinics(member), clinic_id)
    member.must(Right.SEE_SETTINGS)
    found = special_days(member).filter(clinic=clinic, on__gte=asked.first or clinic.local_date(clock.now()))
    return Page[SpecialDay](items=[SpecialDay.of(day) for day in found], next=None)


@router.post("/clinics/{clinic_id}/days", response={201: SpecialDayMade})
def post_special_day(request: KeyRequest, clinic_id: str, body: Body[SpecialDaySent]) -> SpecialDayMade:
    """Close the clinic on a date, or give it other hours then. What is booked outside of them is told under `conflicts`, and stays."""
    member, at = request.member, clock.now()
    clinic = find.one(practice.all_clinics(member), clinic_id)
    with called(on="date"):
        day = clinics.set_day(clinic, body.date, body.hours, why=body.why, by=member, at=at)
    booked = outside_hours(clinic, list(Provider.objects.filter(places__clinic=clinic).distinct()), at=at)
    return SpecialDayMade(**dict(SpecialDay.of(day)), conflicts=refs(booked, body.date, body.date))


@router.delete("/clinics/{clinic_id}/days/{day_id}", response={204: None})
def delete_special_day(request: KeyRequest, clinic_id: str, day_id: str) -> Status[None]:
    """The date is as its weekday again; its history stays."""
    member = request.member
    day: OpeningHours = find.one(special_days(member).filter(clinic=find.one(practice.all_clinics(member), clinic_id)), day_id)
    clinics.remove_day(day, by=member, at=clock.now())
    return Status(204, None)


@router.get("/providers/{provider_id}/exceptions", response=Page[ExceptionShape])
def list_exceptions(request: KeyRequest, provider_id: str, asked: Query[DatesAsked]) -> Page[ExceptionShape]:
    """Her time off, extra and other hours that are not over, earliest first, all on one page."""
    member = request.member
    provider = find.one(practice.all_providers(member), provider_id)
    member.must(Right.SEE_SETTINGS)
    today = min((clinic.local_date(clock.now()) for clinic in provider.clinics.all()), default=clock.now().date())
    found = exceptions(member).filter(provider=provider, last_on__gte=asked.first or today)
    return Page[ExceptionShape](items=[ExceptionShape.of(each) for each in found], next=None)


@router.post("/providers/{provider_id}/exceptions", response={201: ExceptionMade})
def post_exception(request: KeyRequest, provider_id: str, body: Body[ExceptionSent]) -> ExceptionMade:
    """Time off, extra or other hours. What is booked with her outside of her hours then is told under `conflicts`, and stays."""
    member, at = request.member, clock.now()
    provider = find.one(practice.all_providers(member), provider_id)
    places = practice.all_clinics(member).filter(places__provider=provider)
    last = body.last or body.first
    with called(first_on="first", last_on="last", hours="opens"):
        made = providers.add_exception(
            provider,
            kind=body.kind,
            clinic=find.one(places, body.clinic) if body.clinic else None,
            first_on=body.first,
            last_on=last,
            hours=body.hours,
            why=body.why,
            by=member,
            at=at,
        )
    booked = [each for clinic in places for each in outside_hours(clinic, [provider], at=at)]
    return ExceptionMade(**dict(ExceptionShape.of(made)), conflicts=refs(booked, body.first, last))


@router.delete("/providers/{provider_id}/exceptions/{exception_id}", response={204: None})
def delete_exception(request: KeyRequest, provider_id: str, exception_id: str) -> Status[None]:
    """Those days are as her week again; the history stays."""
    member = request.member
    provider = find.one(practice.all_providers(member), provider_id)
    found: ScheduleException = find.one(exceptions(member).filter(provider=provider), exception_id)
    providers.remove_exception(found, by=member, at=clock.now())
    return Status(204, None)
