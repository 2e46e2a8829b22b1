"""The cancellation policy: what is in use, the next version, and what a visit would cost under one."""

from datetime import timedelta

from ninja import Body, Router, Status

from kept.api import find
from kept.api.door import KeyRequest, also_websites
from kept.api.shapes.fields import Amount
from kept.api.shapes.lists import PolicyShape, PolicyVersionShape
from kept.api.shapes.policies import DraftPublished, DraftSent, DraftShape, PassedOver, PolicySent, QuoteAsked, QuoteShape, Switched, Tier
from kept.foundation import clock
from kept.patients.queries import patients
from kept.policies import drafts, fees, queries, transitions
from kept.policies.document import BEFORE_THE_START
from kept.policies.models import Draft
from kept.practice import queries as practice
from kept.practice.models import Member
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


@router.patch("", response=PolicyShape)
def patch_policy(request: KeyRequest, body: Body[Switched]) -> PolicyShape:
    """Switch fees on or off. Off, no fee is charged and no card is asked for; no version is lost."""
    transitions.switch_fees(on=body.fees_on, by=request.member, at=clock.now())
    return get_policies(request)


def _begun(member: Member) -> Draft:
    return drafts.begun(queries.policy_in_use(), member.practice.settings.currency)


@router.get("/draft", response=DraftShape)
def get_draft(request: KeyRequest) -> DraftShape:
    """The draft of the next version, which counts for nobody."""
    request.member.must(Right.SEE_SETTINGS)
    return DraftShape.of(_begun(request.member))


@router.patch("/draft", response=DraftShape)
def patch_draft(request: KeyRequest, body: Body[DraftSent]) -> DraftShape:
    """Change what is sent in the draft, and nothing else."""
    return DraftShape.of(
        drafts.write_draft(**{name: getattr(body, name) for name in body.model_fields_set}, by=request.member, at=clock.now())
    )


@router.delete("/draft", response={204: None})
def delete_draft(request: KeyRequest) -> Status[None]:
    """Discard the draft."""
    drafts.discard(by=request.member, at=clock.now())
    return Status(204, None)


@router.post("/draft/publish", response={201: PolicyVersionShape})
def publish_draft(request: KeyRequest, body: Body[DraftPublished]) -> PolicyVersionShape:
    """Publish the draft as the next version, in use for bookings made from now on."""
    was = drafts.whole_of(_begun(request.member))
    return PolicyVersionShape.of(drafts.publish_draft(**body.model_dump(), was=was, by=request.member, at=clock.now()))


@router.post("/{version_id}/quote", response=QuoteShape)
def quote(request: KeyRequest, version_id: str, body: Body[QuoteAsked]) -> QuoteShape:
    """What a visit would cost under that version, or `draft`, if that happened then: by which row, and why. Nothing is changed."""
    member = request.member
    member.must(Right.SEE_BOOK if version_id != "draft" else Right.SEE_SETTINGS)
    version = find.one(queries.versions(), version_id) if version_id != "draft" else _begun(member)
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
