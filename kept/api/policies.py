"""The cancellation policy: what is in use, the next version, and what a visit would cost under one."""

from datetime import timedelta

from ninja import Body, Router

from kept.api import find
from kept.api.door import KeyRequest, also_websites
from kept.api.shapes.fields import Amount
from kept.api.shapes.lists import PolicyShape, PolicyVersionShape
from kept.api.shapes.policies import PassedOver, PolicySent, QuoteAsked, QuoteShape, Tier
from kept.foundation import clock
from kept.patients.queries import patients
from kept.policies import fees, queries, transitions
from kept.policies.document import BEFORE_THE_START
from kept.practice import queries as practice
from kept.practice.rules import Right
from kept.scheduling.cases import case_for

router = Router(tags=["Practice"])
A_MONTH = timedelta(days=30)


@router.get("", response=PolicyShape, auth=also_websites)
def get_policies(request: KeyRequest) -> PolicyShape:
    """The cancellation policy: what is in use, and every version."""
    request.member.must(Right.SEE_BOOK)
    policy = queries.policy_in_use()
    return PolicyShape(
        fees_on=policy.fees_on,
        current=PolicyVersionShape.of(policy.current) if policy.current else None,
        versions=[PolicyVersionShape.of(version) for version in queries.versions()],
    )


@router.post("", response={201: PolicyVersionShape})
def post_policy(request: KeyRequest, body: Body[PolicySent]) -> PolicyVersionShape:
    """Publish the next version, in use for bookings made from now on. A published one never changes."""
    member = request.member
    version = transitions.publish(
        description=body.description,
        authorization_text=body.authorization_text,
        terms=body.terms,
        currency=member.practice.settings.currency,
        what_changed=body.what_changed,
        based_on=body.based_on,
        by=member,
        at=clock.now(),
    )
    return PolicyVersionShape.of(version)


@router.post("/{version_id}/quote", response=QuoteShape)
def quote(request: KeyRequest, version_id: str, body: Body[QuoteAsked]) -> QuoteShape:
    """What a visit would cost under that version if that happened then: by which row, and why. Nothing is changed."""
    member = request.member
    member.must(Right.SEE_BOOK)
    version = find.one(queries.versions(), version_id)
    clinic = find.one(practice.clinics(member), body.clinic)
    case = case_for(
        clinic,
        find.several(practice.services(member), body.services),
        find.one(patients(member), body.patient) if body.patient else None,
        starts_at=body.start,
        at=body.accepted_at or body.start - A_MONTH,
    )
    document, says = version.terms, queries.words(version)
    found = fees.quote(document, case, body.kind, at=body.at)
    before = body.kind in BEFORE_THE_START
    return QuoteShape(
        fee=Amount.of(found.fee),
        row=found.number,
        because=says.because(document, case, found, at=body.at),
        statement=says.statement(document, case),
        free_until=fees.free_until(document, case, body.kind).astimezone(clinic.zone) if before else None,
        tiers=[
            Tier(after=after.astimezone(clinic.zone), fee=Amount.of(fee)) for after, fee in fees.tiers(document, case, body.kind) if before
        ],
        passed_over=[PassedOver(row=passed.number, why=says.why_not(document, case, passed, body.kind)) for passed in found.passed_over],
    )
