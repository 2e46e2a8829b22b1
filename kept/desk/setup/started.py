"""Getting started: what takes a practice from nothing to its first bookable hour, done or not by its own data."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from kept.billing.gateways import accounts
from kept.desk.setup.shared import enter
from kept.events.models import Event
from kept.foundation import clock
from kept.policies import queries as policies
from kept.practice import transitions
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Clinic, Member, OpeningHours, Provider, Schedule, Service
from kept.practice.rules import Right


@dataclass(frozen=True, slots=True)
class Step:
    done: bool
    label: str
    says: str
    url: str


def steps(member: Member) -> list[Step]:
    """Of the whole practice, in the order in which they are best taken."""
    clinics = list(Clinic.objects.filter(active=True).order_by("name"))
    people = Provider.objects.filter(active=True, places__clinic__in=clinics).distinct().count()
    services, seats = Service.objects.filter(active=True).count(), Member.objects.filter(active=True).count()
    scheduled = Schedule.objects.filter(provider__active=True).values("provider").distinct().count()
    policy, pays = policies.policy_in_use(), accounts.payments_on()
    read = Event.objects.filter(kind="settings.fees").exists()
    first = reverse("desk:clinic", args=[clinics[0].pk]) if clinics else reverse("desk:clinics")
    hours = OpeningHours.objects.filter(on=None, clinic__in=clinics).exists()
    addressed = any(each.address for each in clinics)
    number, version = policy.current and policy.current.number, _("Version %d in use")
    told = _("Decided") if read else _("They are told, unless you say otherwise")
    many = ngettext("%d service", "%d services", services) % services
    weeks = _("Set for %d") % scheduled if scheduled else _("Without, the clinic’s hours count")
    return [
        Step(addressed, _("Clinic: address and time zone"), ", ".join(each.name for each in clinics) or _("None yet"), first),
        Step(hours, _("Opening hours"), _("Set") if hours else _("Nine to six every day until you say otherwise"), first),
        Step(people > 0, _("Providers"), ngettext("%d provider", "%d providers", people) % people, reverse("desk:providers")),
        Step(scheduled > 0, _("Weekly schedules"), weeks, reverse("desk:providers")),
        Step(services > 0, _("Services with durations and prices"), many, reverse("desk:services")),
        Step(bool(number), _("Cancellation policy"), version % number if number else _("None published yet"), reverse("desk:policy")),
        Step(pays, _("Payments: connect the gateway"), _("Connected") if pays else _("Not set up yet"), reverse("billing:account")),
        Step(read, _("Messages: whether patients are told"), told, reverse("noshows:fee-settings")),
        Step(seats > 1, _("Your staff"), ngettext("%d person", "%d people", seats) % seats, reverse("desk:staff")),
    ]


def getting_started(member: Member) -> list[Step]:
    """The steps while something is left to do and nobody has hidden them; to those who set up."""
    if member.practice.settings.getting_started_hidden or not member.may(Right.SET_UP):
        return []
    found = steps(member)
    return [] if all(each.done for each in found) else found


@require_POST
@member_required
def hide(request: MemberRequest) -> HttpResponse:
    enter(request)
    transitions.hide_getting_started(by=request.member, at=clock.now())
    return redirect("desk:settings")
