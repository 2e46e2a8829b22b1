"""Changing a clinic: what its appointments rest on stays while some are ahead."""

from datetime import datetime

from django.utils.translation import gettext as _

from kept.events import journal
from kept.foundation.refusals import Refusal
from kept.practice.models import Clinic, Member
from kept.practice.setting_up.clinics import must_set_up, write
from kept.scheduling.models import Appointment, Status


def change_clinic(
    clinic: Clinic,
    *,
    name: str,
    zone_name: str,
    currency: str,
    address: str,
    phone: str,
    online: bool,
    active: bool,
    by: Member,
    at: datetime,
) -> Clinic:
    """Its particulars, and whether it is in use; appointments stay. Its zone and currency change only while none is ahead, whose time
    and fee would mean something else. Raises Refusal `invalid`, `not_permitted`."""
    must_set_up(by, clinic)
    clinic = Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)
    for field, now, sentence in (
        ("zone_name", zone_name, _("Appointments are booked ahead, whose times would show otherwise. Move or cancel them first.")),
        ("currency", currency, _("Appointments are booked ahead with fees in %s. Move or cancel them first.") % clinic.currency),
    ):
        if now != getattr(clinic, field) and Appointment.objects.filter(clinic=clinic, status=Status.BOOKED, ends_at__gt=at).exists():
            raise Refusal("invalid", sentence, field=field)
    write(clinic, name=name, zone_name=zone_name, currency=currency, address=address, phone=phone, online=online, active=active)
    journal.record("clinic.changed", clinic, by=by, at=at, active=active, online=online)
    return clinic
