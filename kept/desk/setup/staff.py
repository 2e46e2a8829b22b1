"""Settings > Staff and roles: who has a seat, and who may do what."""

from datetime import UTC, tzinfo
from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.accounts import states
from kept.desk.context import clinic_of
from kept.desk.setup.forms import StaffForm
from kept.desk.setup.shared import Crumb, Line, enter, form_page, list_page, row_or_404, saved, searched, sent
from kept.foundation import clock
from kept.foundation.dates import moment
from kept.practice import queries as practice
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Clinic, Member, Settings
from kept.practice.rules import BY_SETTING, RIGHTS, Right, Role
from kept.practice.setting_up import staff as setting_up

OWN = {Right.SEE_BOOK, Right.BOOK, Right.MARK, Right.LIST_NO_SHOWS}  # a provider has these over her own appointments alone


class Cell(NamedTuple):
    """Whether a role has a right: "yes", "no", or in words."""

    state: str
    text: str = ""


@member_required
def staff(request: MemberRequest) -> HttpResponse:
    enter(request)
    member = request.member
    typed, found = searched(request, practice.all_members(member).prefetch_related("clinics"), "name", "user__email")
    signs, zone = states.of(found), _zone(request)
    lines = [
        Line(
            reverse("desk:seat", args=[each.pk]),
            each.name,
            " · ".join([each.get_role_display(), _clinics(each), each.user.email]),
            each.active,
            _signs_in(each, signs[each.user_id], zone) if each.active else "",
        )
        for each in found
    ]
    return list_page(
        request, title=_("Staff and roles"), typed=typed, lines=lines, new="desk:seat-new", add=_("Invite"), empty="",
        template="desk/setup/staff.html", roles=[role.label for role in Role], rights=table(member.practice.settings),
    )  # fmt: skip


WAYS = {
    "passkey": gettext_lazy("Passkey"),
    "code": gettext_lazy("Password and code"),
    "password": gettext_lazy("Password"),
    "invited": gettext_lazy("Invited"),
}


def _signs_in(member: Member, signs: states.Signs, zone: tzinfo) -> str:
    """ "Passkey · Wed, Oct 14, 3:30 PM", "Invited · Mon, Oct 12, 9:00 AM"."""
    at = member.invited_at if signs.way == "invited" else signs.seen
    return " · ".join(filter(None, [str(WAYS[signs.way]), moment(at, zone, clock.now()) if at else ""]))


def _zone(request: MemberRequest) -> tzinfo:
    clinic = clinic_of(request, request.member)
    return clinic.zone if clinic else UTC


def _clinics(member: Member) -> str:
    return ", ".join(clinic.name for clinic in member.clinics.all()) or _("All clinics")


def table(settings: Settings) -> list[tuple[str, list[Cell]]]:
    """Who may do what, of `rules.RIGHTS`: each right in words, and a cell for each role."""
    return [(right.label[:1].upper() + right.label[1:], [_cell(role, right, settings) for role in Role]) for right in Right]


def _cell(role: Role, right: Right, settings: Settings) -> Cell:
    if role not in RIGHTS[right]:
        return Cell("no")
    if role == Role.FRONT_DESK and right in BY_SETTING:
        if not getattr(settings, BY_SETTING[right]):
            return Cell("words", _("off"))
        return Cell("words", _("on") if right == Right.DOUBLE_BOOK else _("up to %s") % settings.front_desk_refund_limit)
    if role == Role.PROVIDER and right in OWN:
        return Cell("words", _("own"))
    return Cell("yes")


@member_required
def seat(request: MemberRequest, seat_id: UUID | None = None) -> HttpResponse:
    """A member's seat, or a new one."""
    enter(request)
    member, now = request.member, clock.now()
    found = row_or_404(practice.all_members(member), seat_id) if seat_id else None
    initial: dict[str, object] = {"role": Role.FRONT_DESK}
    if found:
        initial = {"name": found.name, "role": found.role, "active": found.active, "provider": found.provider_id}
        initial["clinics"] = list(found.limits.values_list("clinic_id", flat=True))
    form = StaffForm(
        sent(request),
        initial=initial,
        clinics=practice.all_clinics(member),
        providers=practice.all_providers(member),
        known=found is not None,
    )
    if not found:
        del form.fields["active"]

    def act() -> Member:
        if not found:
            return setting_up.add_member(**form.cleaned_data, by=member, at=now)
        given = form.cleaned_data | {"clinics": [*form.cleaned_data["clinics"], *_hidden(found, member)]}
        return setting_up.change_member(found, **given, by=member, at=now)

    done = saved(request, form, act, reverse("desk:staff"))
    crumbs = [Crumb(_("Staff and roles"), reverse("desk:staff"))]
    hint = _("Without clinics chosen: all of them. A provider names who she is, and sees her own appointments.")
    more: dict[str, Any] = {}
    if found:
        may_change = setting_up.may_set_up(found.role, member)
        more = {"seat": found, "signs": states.of([found])[found.user_id], "may_change": may_change, "own": found.pk == member.pk}
        more |= {"alone": not practice.sits_elsewhere(found), "zone": _zone(request), "now": now}
    title = found.name if found else _("Somebody new")
    return done or form_page(request, form, title=title, crumbs=crumbs, hint=hint, template="desk/setup/seat.html", **more)


def _hidden(found: Member, member: Member) -> list[Clinic]:
    """Clinics of hers that the one who changes her was not given: they stay."""
    return list(found.clinics.exclude(pk__in=practice.all_clinics(member)))
