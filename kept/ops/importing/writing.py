"""The work done: people and services made where missing, visits written batch by batch, so that a second run goes on where one stopped."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime

from kept.events import journal
from kept.ops.importing.lines import Line
from kept.ops.importing.standing import Work
from kept.ops.importing.visits import Visit
from kept.patients.models import Patient
from kept.practice.models import Member, Provider, ProviderClinic, Resource, Service, Settings
from kept.practice.rules import Right
from kept.scheduling.models import Appointment
from kept.scheduling.transitions.importing import PastService, import_visit

BATCH = 100  # in one transaction
NO_TIME = "The imported record gives no time of day."
Opens = Callable[[], AbstractContextManager[object]]


def write(work: Work, opens: Opens, *, by: Member | None, at: datetime) -> Iterator[int]:
    """Do the work, each batch in a scope that `opens()` gives. Yields how many visits are behind it.

    `by` None: the system. Raises Refusal `not_permitted`.
    """
    with opens():
        if by:
            by.must(Right.SET_UP)
        _take_turns(work)
        providers, services = _providers(work), _services(work)
    for start in range(0, len(work.visits), BATCH):
        batch = work.visits[start : start + BATCH]
        with opens():
            _take_turns(work)
            _write(batch, work, providers, services, by=by, at=at)
        yield start + len(batch)


def _take_turns(work: Work) -> None:
    """Imports of a practice do, so that none makes what another is making."""
    Settings.objects.select_for_update(no_key=True).get(practice=work.clinic.practice_id)


def _write(
    batch: list[Visit], work: Work, providers: dict[str, Provider], services: dict[str, Service], *, by: Member | None, at: datetime
) -> None:
    ids = [visit.external_id for visit in batch]
    there = set(Appointment.objects.filter(external_id__in=ids).values_list("external_id", flat=True))
    visits = [visit for visit in batch if visit.external_id not in there]
    patients = _patients(visits, work, by=by, at=at)
    for visit in visits:
        first = visit.lines[0]
        import_visit(
            external_id=visit.external_id,
            clinic=work.clinic,
            provider=providers[work.provider_name(visit.staff)],
            patient=patients[visit.patient],
            services=[_past(line, work, services) for line in visit.lines],
            starts_at=visit.starts_at,
            status=visit.outcome,
            booked_at=first.booked_at,
            note="" if first.wall else NO_TIME,
            by=by,
            at=at,
        )


def _past(line: Line, work: Work, services: dict[str, Service]) -> PastService:
    """The row's own minutes and price, else those of the service."""
    service = services[work.plan.offers[line.facts["service"]].name]
    return PastService(service, line.minutes or service.minutes, service.price if line.price is None else line.price)


def _patients(visits: Iterable[Visit], work: Work, *, by: Member | None, at: datetime) -> dict[str, Patient]:
    """By their codes. Who is there already stays as she is."""
    codes = dict.fromkeys(visit.patient for visit in visits)
    found = {str(patient.external_id): patient for patient in Patient.objects.filter(external_id__in=codes)}
    for code in codes:
        if code not in found:
            person = work.plan.people[code]
            found[code] = Patient.objects.create(practice_id=work.clinic.practice_id, external_id=code, created_at=at, **person)
            journal.record("patient.added", found[code], by=by, at=at, imported=True)
    return found


def _providers(work: Work) -> dict[str, Provider]:
    """By name; of several alike, the one at work who came first. New ones work at the clinic, unless the mapping says otherwise."""
    practice_id = work.clinic.practice_id
    found = {provider.name: provider for provider in Provider.objects.order_by("active", "-id")}
    inactive = {work.provider_name(staff) for staff in work.mapping.inactive_staff}
    for name in sorted(work.new_providers - set(found)):
        resource = Resource.objects.create(practice_id=practice_id, kind=Resource.Kind.PROVIDER, name=name)
        found[name] = Provider.objects.create(practice_id=practice_id, name=name, resource=resource, active=name not in inactive)
        ProviderClinic.objects.create(practice_id=practice_id, provider=found[name], clinic=work.clinic)
    return found


def _services(work: Work) -> dict[str, Service]:
    """By name. New ones have the price list's minutes and price."""
    found = {service.name: service for service in Service.objects.all()}
    offers = {offer.name: offer for offer in work.plan.offers.values()}
    for name in sorted(work.new_services - set(found)):
        offer = offers[name]
        found[name] = Service.objects.create(
            practice_id=work.clinic.practice_id,
            name=name,
            category=offer.category,
            minutes=offer.minutes,
            price_minor=offer.price.minor,
            currency=offer.price.currency,
        )
    return found
