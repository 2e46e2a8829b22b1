"""Settings: what there is to set, in groups. An entry appears when it works: a new one is a line of ENTRIES."""

from collections.abc import Callable
from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kept.billing.gateways import accounts
from kept.desk.setup.forms import lead_in_words
from kept.desk.setup.started import getting_started
from kept.foundation import clock
from kept.messaging.models import Wording
from kept.noshows.fee_settings import waiting
from kept.policies import queries as policies
from kept.practice import queries
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.webhooks.models import Endpoint

BOOKING, PRACTICE, PEOPLE = gettext_lazy("Booking"), gettext_lazy("The practice"), gettext_lazy("People and money")
PROGRAMS = gettext_lazy("Other programs")


def _calendar(member: Member) -> str:
    settings = member.practice.settings
    ghosts = _("no-shows shown") if settings.calendar_ghosts else _("no-shows hidden")
    return _("%(step)d min steps, %(ghosts)s") % {"step": settings.calendar_step_minutes, "ghosts": ghosts}


def _policy(member: Member) -> str:
    in_use = policies.policy_in_use()
    if not in_use.current:
        return _("None published yet")
    return _("Version %d in use") % in_use.current.number if in_use.fees_on else _("Off")


def _fees(member: Member) -> str:
    settings = member.practice.settings
    letters = _("patients are told") if settings.tell_patients else _("patients are not told")
    space = settings.breathing_space_minutes
    return _("%(space)s, %(letters)s") % {"space": waiting(space) if space else _("Charged at once"), "letters": letters}


def _front_desk(member: Member) -> str:
    settings = member.practice.settings
    limit = settings.front_desk_refund_limit
    refunds = _("refunds up to %s") % limit if limit else _("no refunds")
    return _("%(refunds)s, %(double)s") % {
        "refunds": refunds,
        "double": _("may double-book") if settings.front_desk_may_double_book else _("may not double-book"),
    }


def _clinics(member: Member) -> str:
    return ", ".join(each.name for each in member.given_clinics) or _("None yet")


def _providers(member: Member) -> str:
    count = queries.providers(member).count()
    return ngettext("%d provider", "%d providers", count) % count


def _services(member: Member) -> str:
    count = queries.services(member).count()
    return ngettext("%d service", "%d services", count) % count


def _rooms(member: Member) -> str:
    count = queries.rooms(member).count()
    return ngettext("%d room or device", "%d rooms and devices", count) % count


def _staff(member: Member) -> str:
    count = queries.all_members(member).filter(active=True).count()
    return ngettext("%d person", "%d people", count) % count


def _online(member: Member) -> str:
    settings = member.practice.settings
    return _("%(lead)s lead time, %(days)d days ahead") % {
        "lead": lead_in_words(settings.online_lead_minutes),
        "days": settings.online_horizon_days,
    }


def _awaited_cards(member: Member) -> str:
    settings = member.practice.settings
    released = settings.without_card == settings.WithoutCard.RELEASE
    then = _("then the time is given free") if released else _("then a call")
    return _("%(hours)d h, %(then)s") % {"hours": settings.card_within_hours, "then": then}


def _tokens(member: Member) -> str:
    now = clock.now()
    count = sum(key.works(now) for key in queries.tokens(member.practice_id))
    return ngettext("%d token works", "%d tokens work", count) % count if count else _("None")


def _webhooks(member: Member) -> str:
    told = [each for each in Endpoint.objects.filter(practice=member.practice_id) if each.active or each.off_why]
    if any(each.off_why or each.failing_since for each in told):
        return _("Needs a look")
    return ngettext("%d endpoint", "%d endpoints", len(told)) % len(told) if told else _("None")


def _sign_in(member: Member) -> str:
    minutes = member.practice.settings.idle_minutes
    return ngettext("Locks after %d minute", "Locks after %d minutes", minutes) % minutes


def _audit(member: Member) -> str:
    return _("Who looked at patients, and what was done")


def _messages(member: Member) -> str:
    own = Wording.objects.filter(practice=member.practice_id).exclude(title="", text="").count()
    return ngettext("%d in your own words", "%d in your own words", own) % own if own else _("In Kept’s words")


class Entry(NamedTuple):
    """A page of settings. `says`: how things stand there, in a few words."""

    group: Promise
    icon: str
    label: Promise
    name: str
    says: Callable[[Member], str]


def _payments(member: Member) -> str:
    account = accounts.own_account()
    if not accounts.payments_on():
        return _("Not set up yet")
    if account and account.trouble:
        return _("Needs a look")
    if account and account.checked_at:
        return _("%(name)s, live") % {"name": account.account_name} if account.livemode else _("%s, test mode") % account.account_name
    return _("Set up")


ENTRIES = [
    Entry(BOOKING, "settings", gettext_lazy("Calendar settings"), "desk:calendar-settings", _calendar),
    Entry(BOOKING, "shield-check", gettext_lazy("Cancellation policy"), "desk:policy", _policy),
    Entry(BOOKING, "mail", gettext_lazy("Fees and letters"), "noshows:fee-settings", _fees),
    Entry(BOOKING, "message-square", gettext_lazy("Messages"), "desk:letters", _messages),
    Entry(BOOKING, "qr-code", gettext_lazy("Awaiting card"), "desk:awaited-cards", _awaited_cards),
    Entry(BOOKING, "globe", gettext_lazy("Online booking"), "desk:online", _online),
    Entry(PRACTICE, "building-2", gettext_lazy("Clinics"), "desk:clinics", _clinics),
    Entry(PRACTICE, "calendar-clock", gettext_lazy("Providers and schedules"), "desk:providers", _providers),
    Entry(PRACTICE, "sparkles", gettext_lazy("Services"), "desk:services", _services),
    Entry(PRACTICE, "door-open", gettext_lazy("Rooms and devices"), "desk:rooms", _rooms),
    Entry(PEOPLE, "id-card", gettext_lazy("Staff and roles"), "desk:staff", _staff),
    Entry(PEOPLE, "lock", gettext_lazy("Sign-in"), "desk:sign-in", _sign_in),
    Entry(PEOPLE, "credit-card", gettext_lazy("Payments"), "billing:account", _payments),
    Entry(PEOPLE, "users", gettext_lazy("Front desk’s rights"), "desk:front-desk-settings", _front_desk),
    Entry(PEOPLE, "eye", gettext_lazy("Audit log"), "desk:audit-looks", _audit),
    Entry(PROGRAMS, "key-round", gettext_lazy("API tokens"), "desk:tokens", _tokens),
    Entry(PROGRAMS, "webhook", gettext_lazy("Webhooks"), "desk:webhooks", _webhooks),
]


@member_required
def home(request: MemberRequest) -> HttpResponse:
    request.member.must(Right.SEE_SETTINGS)
    groups: dict[str, list[dict[str, str]]] = {}
    for entry in ENTRIES:
        shown = {"icon": entry.icon, "label": str(entry.label), "url": reverse(entry.name), "says": entry.says(request.member)}
        groups.setdefault(str(entry.group), []).append(shown)
    steps = getting_started(request.member)
    context = {"tab": "settings", "groups": groups, "steps": steps, "done": sum(each.done for each in steps)}
    return render(request, "desk/settings.html", context)
