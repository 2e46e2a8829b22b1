"""What the practice has already, against what the files say: the work that is left."""

from dataclasses import dataclass, field

from kept.ops.importing.mapping import Mapping
from kept.ops.importing.plan import Plan
from kept.ops.importing.rejections import Reason, Rejection
from kept.ops.importing.visits import Visit
from kept.patients.models import Patient
from kept.practice.models import Clinic, Provider, Service
from kept.scheduling.models import Appointment, Status


@dataclass(frozen=True, slots=True)
class Work:
    """Visits still to be imported, and what has to be made for them: codes of patients, names of providers and services."""

    clinic: Clinic
    mapping: Mapping
    plan: Plan
    visits: list[Visit]
    already: int
    rejected: list[Rejection] = field(repr=False)
    new_patients: set[str]
    new_providers: set[str]
    new_services: set[str]

    def provider_name(self, staff: str) -> str:
        """As the provider is called in Kept."""
        return self.mapping.staff_names.get(staff, staff)


def work_left(plan: Plan, mapping: Mapping, clinic: Clinic) -> Work:
    """Compare the plan with the practice. Reads only; call it inside the practice's scope."""
    known = dict(Appointment.objects.exclude(external_id=None).values_list("external_id", "status"))
    foreign = set(Service.objects.exclude(currency=clinic.currency).values_list("name", flat=True))
    visits, already = [], 0
    rejected = list(plan.rejected)
    for visit in plan.visits:
        names = [plan.offers[line.facts["service"]].name for line in visit.lines]
        if known.get(visit.external_id, visit.outcome) != visit.outcome:
            now = f"{Status(known[visit.external_id]).label}, not {visit.outcome.label}"
            rejected += [Rejection(line.row, Reason.ALREADY_OTHERWISE, now) for line in visit.lines]
        elif visit.external_id in known:
            already += 1
        elif foreign.intersection(names):
            rejected += [Rejection(line.row, Reason.OTHER_CURRENCY) for line in visit.lines]
        else:
            visits.append(visit)
    work = Work(clinic, mapping, plan, visits, already, rejected, set(), set(), set())
    work.new_patients.update({visit.patient for visit in visits} - set(_codes()))
    work.new_providers.update({work.provider_name(visit.staff) for visit in visits} - set(Provider.objects.values_list("name", flat=True)))
    services = {plan.offers[line.facts["service"]].name for visit in visits for line in visit.lines}
    work.new_services.update(services - set(Service.objects.values_list("name", flat=True)))
    return work


def _codes() -> list[str]:
    return [code for code in Patient.objects.exclude(external_id=None).values_list("external_id", flat=True) if code]
