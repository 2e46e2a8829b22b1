"""The book: its lines, one appointment, and booking."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet, prefetch_related_objects
from django.http import Http404
from django.utils.translation import gettext as _
from ninja import Body, Query, Router

from kept.api import find
from kept.api.door import CONSENT, KeyRequest, also_websites
from kept.api.pages import Page
from kept.api.shapes.appointments import (
    AcceptanceShape,
    AppointmentLine,
    AppointmentShape,
    AttendanceShape,
    BookAsked,
    Booking,
    CardLink,
    DepositShape,
    FeeLine,
    FeeShape,
    HeldShape,
    InvoiceRef,
    PolicyAccepted,
    action_shapes,
    card_due,
    card_shape,
)
from kept.api.shapes.fields import Amount, Named
from kept.billing.models import Invoice
from kept.billing.transitions.cards import Origin, card_page, from_website
from kept.events import journal
from kept.foundation import clock
from kept.foundation.paging import page
from kept.foundation.refusals import Refusal
from kept.noshows.actions import actions, check_opening, fee_acts
from kept.noshows.deposits import held
from kept.noshows.offers import fee_offer
from kept.noshows.queries import attendance, fee_of, fees_of, with_fees
from kept.noshows.transitions import refilling
from kept.noshows.transitions.booking import book
from kept.patients.queries import patients, usable_card
from kept.practice import queries as practice
from kept.practice.models import Clinic, Member
from kept.practice.rules import Right
from kept.scheduling.fitting import rooms_of
from kept.scheduling.models import Appointment
from kept.scheduling.queries import accepted_for, in_days, visible
from kept.scheduling.transitions.holding import HOLD

DEFAULT_SPAN = timedelta(days=7)

router = Router(tags=["Appointments"])


@router.get("", response=Page[AppointmentLine])
def list_appointments(request: KeyRequest, asked: Query[BookAsked]) -> Page[AppointmentLine]:
    """The book, one line each, by start, oldest first."""
    request.member.must(Right.SEE_BOOK)
    at = clock.now()
    found = page(_lines(request.member, asked, at), by="starts_at", cursor=asked.cursor, limit=asked.limit, newest_first=False)
    return Page[AppointmentLine](items=[AppointmentLine.of(row, fee_of(row, at=at), at=at) for row in found.rows], next=found.next)


def _lines(member: Member, asked: BookAsked, at: datetime) -> QuerySet[Appointment]:
    wanted = find.ids(asked.clinic)
    clinics = [clinic for clinic in practice.clinics(member) if not wanted or clinic.pk in wanted]
    found = visible(member).filter(_days(asked, clinics, at))
    same = {"provider__in": find.ids(asked.provider), "patient__in": find.ids(asked.patient), "status__in": asked.status}
    return with_fees(found.filter(**{key: values for key, values in same.items() if values}), at=at).order_by("starts_at", "id")


def _days(asked: BookAsked, clinics: list[Clinic], at: datetime) -> Q:
    """The days asked for; where none are named, each clinic's own today and the seven days after."""
    if asked.first and asked.last and asked.first > asked.last:
        raise Refusal("invalid", _("The last day is before the first."), field="to")
    found = Q(pk__in=[])
    for clinic in clinics:
        today = clinic.local_date(at)
        last = asked.last or max(today, asked.first or today) + DEFAULT_SPAN
        found |= in_days(asked.first or min(today, last), last, [clinic])
    return found


@router.post("", response={201: HeldShape | AppointmentShape}, auth=also_websites)
def book_appointment(request: KeyRequest, body: Body[Booking]) -> AppointmentShape:
    """Book a visit. The time of the provider, and of a room or device where the services need one, is taken, buffers included; or the
    call is refused with `slot_taken`. A website that brings a card where a deposit is asked for is refused with `payment_due`: it books
    without, and leads the patient to `card_page`."""
    at, member = clock.now(), request.member
    website = CONSENT in request.key.scopes
    if (body.card or body.policy_accepted) and not website:
        raise Refusal("not_permitted", _("Only a clinic’s own website, by a token with scope consent, brings a card and an acceptance."))
    if bool(body.card) != bool(body.policy_accepted):
        raise Refusal("invalid", _("card and policy_accepted go together."), field="card" if body.policy_accepted else "policy_accepted")
    clinic = find.one(practice.clinics(member), body.clinic)
    booked = book(
        clinic=clinic,
        provider=find.one(practice.providers(member), body.provider),
        patient=find.one(patients(member), body.patient),
        services=find.several(practice.services(member), body.services),
        starts_at=shown(body.start, clinic),
        resources=find.several(practice.rooms(member), body.resources),
        price=body.price.money if body.price else None,
        double_book=body.double_book,
        note=body.note,
        notify=body.notify,
        channel=Appointment.Channel.ONLINE if website else Appointment.Channel.API,
        by=member,
        at=at,
    )
    if body.card and body.policy_accepted:
        origin = Origin(request.META.get("REMOTE_ADDR"), request.headers.get("User-Agent", ""))
        accepted = body.policy_accepted
        from_website(
            booked, version_number=accepted.version, accepted_at=accepted.accepted_at, payment_method_id=body.card, origin=origin, at=at
        )
        refilling.for_good(booked, at=at)
    said = whole(member, str(booked.pk), at)
    if not website or not booked.card_wanted or body.card:
        return said
    page_of_hers = CardLink.of(booked, card_page(booked, at=at), until=min(at + HOLD, booked.starts_at))
    return HeldShape(**dict(said), card_page=page_of_hers)


def shown(start: datetime, clinic: Clinic, *, field: str = "start") -> datetime:
    """The instant, if clocks at the clinic ever show it. Raises Refusal `invalid` for one in the hour they skip in spring."""
    wall = start.replace(tzinfo=None)
    as_before = wall.replace(tzinfo=clinic.zone).utcoffset() == start.utcoffset()
    if as_before and not clock.exists(wall, clinic.zone):
        raise Refusal("invalid", _("Clocks skip that time at the clinic. Choose another."), field=field)
    return start


@router.get("/{appointment_id}", response=AppointmentShape)
def get_appointment(request: KeyRequest, appointment_id: str) -> AppointmentShape:
    """One appointment, with its policy, card, fee and invoices, and what may be done with it now."""
    appointment = find.appointment(request.member, appointment_id)
    check_opening(appointment, request.member)
    journal.looked_at("appointment opened", practice_id=appointment.practice_id, patient_id=appointment.patient_id, at=clock.now())
    return _shape(request.member, appointment, clock.now())


@router.get("/{appointment_id}/acceptance", response=AcceptanceShape)
def get_acceptance(request: KeyRequest, appointment_id: str) -> AcceptanceShape:
    """What the patient accepted for it, in full, with when and from where. 404 where she accepted nothing. The reading is recorded."""
    appointment = find.appointment(request.member, appointment_id)
    check_opening(appointment, request.member)
    accepted = accepted_for(appointment)
    if not accepted:
        raise Http404
    journal.looked_at("acceptance opened", practice_id=appointment.practice_id, patient_id=appointment.patient_id, at=clock.now())
    return AcceptanceShape.whole(accepted[0], accepted[1:], appointment.clinic.zone)


def whole(member: Member, id_: str, at: datetime) -> AppointmentShape:
    """An appointment as its GET shows it. Raises Http404."""
    return _shape(member, find.appointment(member, id_), at)


def _shape(member: Member, appointment: Appointment, at: datetime) -> AppointmentShape:
    acceptance = appointment.acceptance
    card = acceptance.card if acceptance else usable_card(appointment.patient)
    fees, deposit = fees_of(appointment, at=at), held(appointment)
    fee = next(iter(fees), None)
    may_see_invoice = member.may(Right.SEE_SALES, appointment)
    prefetch_related_objects([appointment], "lines")
    return AppointmentShape(
        **dict(AppointmentLine.of(appointment, fee, at=at)),
        version=appointment.version,
        zone=appointment.clinic.zone.key,
        local_date=appointment.local_date,
        price=Amount.of(appointment.price),
        resources=[Named.of(room) for room in rooms_of(appointment)],
        note=appointment.note,
        card_on_file=card_shape(card) if card else None,
        policy=PolicyAccepted.of(accepted) if (accepted := acceptance or appointment.agreement) else None,
        card_due=card_due(appointment),
        fee=FeeShape.of(appointment, fee, fee_offer(appointment, at=at, fee=fee if fee and fee.of_a_visit_that_goes_on else None)),
        fees=[FeeLine.of(each, acts=fee_acts(appointment, member, each, at=at), may_see_invoice=may_see_invoice) for each in fees],
        deposit=DepositShape.of(deposit, may_see_invoice=may_see_invoice) if deposit else None,
        invoices=[InvoiceRef.of(invoice) for invoice in _invoices(member, appointment)],
        attendance=AttendanceShape.of(attendance([appointment.patient_id]).get(appointment.patient_id)),
        recorded_afterwards=appointment.recorded_afterwards,
        imported=appointment.imported,
        actions=action_shapes(actions(appointment, member, fee, at=at)),
    )


def _invoices(member: Member, appointment: Appointment) -> QuerySet[Invoice]:
    """Its invoices, for those who may see them."""
    found = Invoice.objects.filter(appointment=appointment).order_by("issued_at", "id")
    return found if member.may(Right.SEE_SALES, appointment) else found.none()
