"""Settings > Clinics: where they are, when they are open, and on which dates not."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kept.desk.setup.forms import ClinicForm, DayForm, PracticeForm, WeekForm
from kept.desk.setup.shared import Crumb, Line, enter, form_page, list_page, row_or_404, saved, searched, sent
from kept.foundation import clock
from kept.practice import queries as practice
from kept.practice import transitions
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Clinic, OpeningHours, Provider
from kept.practice.setting_up import clinics as setting_up
from kept.scheduling.transitions.clinics import change_clinic
from kept.scheduling.unfit import outside_hours

FIELDS = ["name", "zone_name", "currency", "address", "phone", "online", "active"]


def _crumb() -> Crumb:
    return Crumb(_("Clinics"), reverse("desk:clinics"))


@member_required
def clinics(request: MemberRequest) -> HttpResponse:
    """The clinics, and the practice's own name."""
    enter(request)
    member, now = request.member, clock.now()
    form = PracticeForm(sent(request), initial={"name": member.practice.name})
    done = saved(request, form, lambda: transitions.rename_practice(form.cleaned_data["name"], by=member, at=now), reverse("desk:clinics"))
    typed, found = searched(request, practice.all_clinics(member), "name", "address")
    lines = [
        Line(reverse("desk:clinic", args=[each.pk]), each.name, " · ".join(filter(None, [each.address, each.zone_name])), each.active)
        for each in found
    ]
    return done or list_page(
        request, title=_("Clinics"), typed=typed, lines=lines, new="desk:clinic-new", add=_("Add a clinic"),
        empty=_("A clinic has an address, a time zone and opening hours. Appointments are booked at one."),
        form=form, template="desk/setup/clinics.html",
    )  # fmt: skip


@member_required
def new(request: MemberRequest) -> HttpResponse:
    enter(request)
    member, now = request.member, clock.now()
    first = practice.all_clinics(member).first()
    initial = {"zone_name": first.zone_name if first else "UTC", "currency": member.practice.settings.currency, "online": True}
    form = ClinicForm(sent(request), initial=initial)
    del form.fields["active"]
    done = saved(request, form, lambda: setting_up.add_clinic(**form.cleaned_data, by=member, at=now), reverse("desk:clinics") + "{id}/")
    return done or form_page(request, form, title=_("New clinic"), crumbs=[_crumb()])


@member_required
def clinic(request: MemberRequest, clinic_id: UUID) -> HttpResponse:
    """Three forms: what it is, its week, its special dates; and the appointments that lie outside of its hours."""
    enter(request)
    member, now = request.member, clock.now()
    found = row_or_404(practice.all_clinics(member), clinic_id)
    here = reverse("desk:clinic", args=[found.pk])
    form = ClinicForm(sent(request), initial={name: getattr(found, name) for name in FIELDS})
    rows = list(found.opening_hours.order_by("on", "weekday", "opens_at"))
    week = WeekForm(sent(request, "week"), kept=_week(found, rows))
    day = DayForm(sent(request, "day"))
    done = (
        saved(request, form, lambda: change_clinic(found, **form.cleaned_data, by=member, at=now), here)
        or saved(request, week, lambda: setting_up.set_hours(found, week.week, by=member, at=now), here)
        or saved(request, day, lambda: _set_day(found, day, request), here)
    )
    today = found.local_date(now)
    people = list(Provider.objects.filter(places__clinic=found).distinct())
    return done or form_page(
        request, form, title=found.name, crumbs=[_crumb()], template="desk/setup/clinic.html", week=week, day=day,
        status=_status(form, week, day),
        days=[row for row in rows if row.on and row.on >= today], unfit=outside_hours(found, people, at=now)[:50],
    )  # fmt: skip


def _set_day(found: Clinic, day: DayForm, request: MemberRequest) -> OpeningHours:
    given = day.cleaned_data
    return setting_up.set_day(found, given["on"], given["hours"], why=given["why"], by=request.member, at=clock.now())


def _week(found: Clinic, rows: list[OpeningHours]) -> list[OpeningHours]:
    """As it is kept; without a week, every day between its bounds."""
    week = [row for row in rows if row.on is None]
    return week or [OpeningHours(weekday=weekday, opens_at=found.opens_at, closes_at=found.closes_at) for weekday in range(7)]


def _status(*shown: ClinicForm | WeekForm | DayForm) -> int:
    return 422 if any(form.errors for form in shown) else 200


@require_POST
@member_required
def remove_day(request: MemberRequest, day_id: UUID) -> HttpResponse:
    enter(request)
    day = row_or_404(practice.special_days(request.member), day_id)
    setting_up.remove_day(day, by=request.member, at=clock.now())
    messages.success(request, _("Removed."))
    return redirect("desk:clinic", day.clinic_id)
