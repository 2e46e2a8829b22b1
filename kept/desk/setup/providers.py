"""Settings > Providers and schedules: who can be booked, her weeks at each clinic, and the days that differ."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kept.desk.setup.forms import ExceptionForm, ProviderForm, WeekForm
from kept.desk.setup.shared import Crumb, Line, enter, form_page, list_page, row_or_404, saved, searched, sent
from kept.foundation import clock
from kept.practice import queries as practice
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Clinic, Provider, Schedule
from kept.practice.setting_up import providers as setting_up
from kept.scheduling.unfit import outside_hours


def _crumb() -> Crumb:
    return Crumb(_("Providers and schedules"), reverse("desk:providers"))


@member_required
def providers(request: MemberRequest) -> HttpResponse:
    enter(request)
    typed, found = searched(request, practice.all_providers(request.member).prefetch_related("clinics"), "name", "title")
    lines = [
        Line(
            reverse("desk:provider", args=[each.pk]),
            each.name,
            " · ".join(filter(None, [each.title, ", ".join(clinic.name for clinic in each.clinics.all())])),
            each.active,
        )
        for each in found
    ]
    return list_page(
        request, title=_("Providers and schedules"), typed=typed, lines=lines, new="desk:provider-new", add=_("Add a provider"),
        empty=_("A provider is who patients are booked with. Her weekly hours say when."),
    )  # fmt: skip


@member_required
def new(request: MemberRequest) -> HttpResponse:
    enter(request)
    member, now = request.member, clock.now()
    clinics = practice.clinics(member)
    form = ProviderForm(sent(request), initial={"clinics": list(clinics)[:1]}, clinics=clinics)
    del form.fields["active"]
    to = reverse("desk:providers") + "{id}/"
    done = saved(request, form, lambda: setting_up.add_provider(**form.cleaned_data, by=member, at=now), to)
    return done or form_page(request, form, title=_("New provider"), crumbs=[_crumb()])


@member_required
def provider(request: MemberRequest, provider_id: UUID) -> HttpResponse:
    """What she is, a week for each of her clinics, her exceptions, and the appointments that lie outside of her hours."""
    enter(request)
    member, now = request.member, clock.now()
    found = row_or_404(practice.all_providers(member), provider_id)
    here = reverse("desk:provider", args=[found.pk])
    mine = practice.all_clinics(member)
    places = list(mine.filter(places__provider=found))
    initial = {"name": found.name, "title": found.title, "active": found.active, "clinics": places}
    form = ProviderForm(sent(request), initial=initial, clinics=mine)
    weeks = [(clinic, _week_form(request, found, clinic)) for clinic in places]
    exception = ExceptionForm(sent(request, "exception"), clinics=mine.filter(places__provider=found))
    done = saved(request, form, lambda: _change(request, found, form), here) or saved(
        request, exception, lambda: setting_up.add_exception(found, **exception.cleaned_data, by=member, at=now), here
    )
    for clinic, week in weeks:
        done = done or _save_week(request, found, clinic, week, here)
    unfit = [each for clinic in places for each in outside_hours(clinic, [found], at=now)]
    today = min((clinic.local_date(now) for clinic in places), default=now.date())
    exceptions = practice.exceptions(member).filter(provider=found, last_on__gte=today)
    return done or form_page(
        request, form, title=found.name, crumbs=[_crumb()], template="desk/setup/provider.html", shown=found, weeks=weeks,
        exception=exception, exceptions=list(exceptions), unfit=sorted(unfit, key=lambda each: each.starts_at)[:50],
        status=422 if any(each.errors for each in (form, exception, *(week for _clinic, week in weeks))) else 200,
    )  # fmt: skip


def _change(request: MemberRequest, found: Provider, form: ProviderForm) -> Provider:
    """Clinics that she was not given stay as they are."""
    hidden = found.clinics.exclude(pk__in=practice.all_clinics(request.member))
    given = form.cleaned_data | {"clinics": [*form.cleaned_data["clinics"], *hidden]}
    return setting_up.change_provider(found, **given, by=request.member, at=clock.now())


def _week_form(request: MemberRequest, found: Provider, clinic: Clinic) -> WeekForm:
    kept = Schedule.objects.filter(provider=found, clinic=clinic)
    return WeekForm(sent(request, f"week-{clinic.pk.hex}"), kept=kept, prefix=clinic.pk.hex)


def _save_week(request: MemberRequest, found: Provider, clinic: Clinic, week: WeekForm, here: str) -> HttpResponse | None:
    return saved(request, week, lambda: setting_up.set_schedule(found, clinic, week.week, by=request.member, at=clock.now()), here)


@require_POST
@member_required
def remove_exception(request: MemberRequest, exception_id: UUID) -> HttpResponse:
    enter(request)
    found = row_or_404(practice.exceptions(request.member), exception_id)
    setting_up.remove_exception(found, by=request.member, at=clock.now())
    messages.success(request, _("Removed."))
    return redirect("desk:provider", found.provider_id)
