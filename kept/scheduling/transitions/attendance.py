"""What became of a visit: checked in, treated, completed, missed, restored. Each act locks, checks, writes, records."""

from datetime import datetime

from django.utils.translation import gettext as _
from psycopg.types.range import Range

from kept.events import journal
from kept.foundation.refusals import Refusal, refusing
from kept.practice.models import Member, Provider, ProviderClinic
from kept.practice.rules import Right
from kept.scheduling import claims
from kept.scheduling.models import Appointment, Status
from kept.scheduling.rules import check_move, check_restorable, check_version, day_of_refusal, wrong_status


def _move(appointment: Appointment, to: Status, kind: str, *, by: Member, at: datetime, **fields: object) -> Appointment:
    """Write the new status, who moved it and when, and further fields; record the event."""
    changed = {"status": to, "status_at": at, "status_by": by} | fields
    for name, value in changed.items():
        setattr(appointment, name, value)
    appointment.save(update_fields=changed.keys())
    appointment.refresh_from_db(fields=["version"])  # raised by the database with each change
    journal.record(kind, appointment, by=by, at=at)
    return appointment


def _on_its_day(appointment: Appointment, at: datetime) -> None:
    if refusal := day_of_refusal(appointment, at=at):
        raise refusal


def check_in(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """The patient is here. On the clinic's day of the appointment or later (R1). Raises `wrong_status`, `too_early`, `not_permitted`."""
    by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    check_move(appointment, Status.ARRIVED)
    if appointment.status != Status.BOOKED:
        raise wrong_status(appointment, _("Reopen it instead: it was completed."))
    check_version(appointment, version)
    _on_its_day(appointment, at)
    return _move(appointment, Status.ARRIVED, "appointment.arrived", by=by, at=at, arrived_at=at)


def undo_check_in(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """The patient was not here after all. Raises Refusal `wrong_status`, `not_permitted`."""
    by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    if appointment.status != Status.ARRIVED:
        check_move(appointment, Status.ARRIVED)
        raise wrong_status(appointment, _("It is not checked in."))
    check_version(appointment, version)
    return _move(appointment, Status.BOOKED, "appointment.arrival_undone", by=by, at=at, arrived_at=None, treatment_at=None)


def start_treatment(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """The treatment began. Raises Refusal `wrong_status` unless checked in and not begun, `not_permitted`."""
    return _stamp(appointment, "treatment_at", at, "appointment.treatment_started", needs=Status.ARRIVED, by=by, at=at, version=version)


def undo_start_treatment(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """The treatment had not begun. Raises Refusal `wrong_status` unless it was, `not_permitted`."""
    return _stamp(appointment, "treatment_at", None, "appointment.treatment_undone", needs=Status.ARRIVED, by=by, at=at, version=version)


def confirm(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """The patient said that she will come. Raises Refusal `wrong_status` unless booked, `not_permitted`."""
    return _stamp(appointment, "confirmed_at", at, "appointment.confirmed", needs=Status.BOOKED, by=by, at=at, version=version)


def _stamp(
    appointment: Appointment, field: str, value: datetime | None, kind: str, *, needs: Status, by: Member, at: datetime, version: int | None
) -> Appointment:
    by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    if appointment.status != needs:
        raise wrong_status(appointment, _("It is %(is)s, not %(needs)s.") % {"is": appointment.get_status_display(), "needs": needs.label})
    if (getattr(appointment, field) is None) == (value is None):
        raise wrong_status(appointment, _("That is recorded already.") if value else _("There is nothing to undo."))
    check_version(appointment, version)
    setattr(appointment, field, value)
    appointment.save(update_fields=[field])
    appointment.refresh_from_db(fields=["version"])
    journal.record(kind, appointment, by=by, at=at)
    return appointment


def complete(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """The visit happened. From booked or arrived, on its day or later (R1). Raises `wrong_status`, `too_early`, `not_permitted`."""
    by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    check_move(appointment, Status.FULFILLED)
    check_version(appointment, version)
    _on_its_day(appointment, at)
    return _move(appointment, Status.FULFILLED, "appointment.fulfilled", by=by, at=at)


def reopen(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """It was not complete: back to where it came from, arrived or booked. Raises Refusal `wrong_status`, `not_permitted`."""
    by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    back = Status.ARRIVED if appointment.arrived_at else Status.BOOKED
    if appointment.status != Status.FULFILLED:
        raise wrong_status(appointment, _("It is %s, not Completed.") % appointment.get_status_display())
    check_version(appointment, version)
    return _move(appointment, back, "appointment.reopened", by=by, at=at)


def enter_in_error(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """It should never have been on the book: off it, out of every figure, kept in history. Raises `wrong_status`, `not_permitted`."""
    by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    check_move(appointment, Status.ENTERED_IN_ERROR)
    check_version(appointment, version)
    return _move(appointment, Status.ENTERED_IN_ERROR, "appointment.entered_in_error", by=by, at=at)


def mark_noshow(appointment: Appointment, *, reason: str, note: str, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """Record it in the book and give the time free. On the clinic's day of the appointment or later (R1), from `booked` (R2)."""
    appointment = Appointment.objects.locked(appointment)
    check_move(appointment, Status.NOSHOW)
    check_version(appointment, version)
    _on_its_day(appointment, at)
    return _move(appointment, Status.NOSHOW, "appointment.noshow", by=by, at=at, outcome_reason=reason, outcome_note=note)


def restore(
    appointment: Appointment,
    *,
    starts_at: datetime | None = None,
    provider: Provider | None = None,
    double_book: bool = False,
    by: Member,
    at: datetime,
    version: int | None = None,
) -> Appointment:
    """Back on the book at its own time, or at `starts_at` with `provider` (R9, R11): all claims live again in one transaction, or none.

    With `double_book` it lies beside what was booked meanwhile. Another time is a move: `booking_no` grows.
    Raises Refusal `wrong_status`, `slot_taken`, `not_permitted`, `invalid`.
    """
    appointment = Appointment.objects.locked(appointment)
    check_restorable(appointment, at=at)
    check_version(appointment, version)
    start, to = starts_at or appointment.starts_at, provider or appointment.provider
    if to.id != appointment.provider_id and not ProviderClinic.objects.filter(provider=to, clinic=appointment.clinic).exists():
        raise Refusal("invalid", _("%(who)s does not work at %(where)s.") % {"who": to, "where": appointment.clinic}, field="provider")
    if double_book and start > at:
        by.must(Right.DOUBLE_BOOK, appointment)

    held = list(appointment.claims.order_by("resource_id"))
    before = appointment.provider.resource_id
    claims.lock({to.resource_id} | {claim.resource_id for claim in held})
    cleared = {"outcome_reason": "", "outcome_note": "", "late_cancel": False}
    if (start, to.id) == (appointment.starts_at, appointment.provider_id):
        taken = [holder for claim in held for holder in claims.holders([claim.resource_id], claim.during, but=appointment)]
        if taken and not double_book:
            raise claims.slot_taken(taken, by)
        for claim in held if taken else []:
            claims.step_aside(claim)
        with refusing(claim_once=claims.slot_taken(taken, by)):
            return _move(appointment, Status.BOOKED, "appointment.restored", by=by, at=at, **cleared)

    shift = start - appointment.starts_at
    moved = {
        "starts_at": start,
        "ends_at": appointment.ends_at + shift,
        "provider": to,
        "booking_no": appointment.booking_no + 1,
        "confirmed_at": None,
    }
    appointment.claims.all().delete()
    appointment = _move(appointment, Status.BOOKED, "appointment.restored", by=by, at=at, **cleared, **moved)
    for claim in held:
        resource = to.resource_id if claim.resource_id == before else claim.resource_id
        claims.take(appointment, [resource], Range(claim.during.lower + shift, claim.during.upper + shift), double_book=double_book, by=by)
    if not held:  # an imported visit held none at its own time; at another it takes it like any
        claims.take(appointment, [to.resource_id], Range(appointment.starts_at, appointment.ends_at), double_book=double_book, by=by)
    return appointment
