"""Settings > API tokens: which programs come in as whom, made once, revoked at once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from kept.desk.setup.shared import enter, row_or_404
from kept.foundation import clock
from kept.foundation.ids import new_id
from kept.foundation.pages import attempt, dialog, status_of, told
from kept.practice import queries as practice
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import ApiKey, KeyUse, Member
from kept.practice.rules import Role, Scope
from kept.practice.setting_up import tokens as setting_up

EXPIRIES = [30, 90, 365]  # days
SCOPES = [("", gettext_lazy("Everything the person may")), *Scope.choices]
ENDED_SHOWN = 20


class Whose(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A person of the staff, with her role."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} ({obj.get_role_display()})"


class TokenForm(forms.Form):
    """`key_id` makes a form that is sent twice one token."""

    key_id = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(max_length=120, label=gettext_lazy("What it is for"))
    member = Whose(Member.objects.none(), label=gettext_lazy("Acts as"), empty_label=None)
    scope = forms.ChoiceField(choices=SCOPES, required=False, label=gettext_lazy("May"))
    days = forms.TypedChoiceField(
        choices=[
            *((days, ngettext_lazy("%(days)d day", "%(days)d days", days) % {"days": days}) for days in EXPIRIES),
            ("", gettext_lazy("Until it is revoked")),
        ],
        coerce=int,
        empty_value=None,
        required=False,
        label=gettext_lazy("Works for"),
    )

    def __init__(self, sent: Any, *, by: Member) -> None:
        super().__init__(sent, initial={"key_id": new_id(), "member": by.pk, "scope": Scope.READ, "days": 90})
        members = practice.all_members(by).filter(active=True)
        whose = self.fields["member"]
        assert isinstance(whose, Whose)
        whose.queryset = members if by.role == Role.OWNER else members.exclude(role=Role.OWNER)


@dataclass(frozen=True, slots=True)
class Shown:
    """A token as a row says it."""

    key: ApiKey
    may: str
    use: KeyUse | None
    works: bool


@member_required
def tokens(request: MemberRequest) -> HttpResponse:
    """The tokens, and a new one: its secret stands in the answer to the form, and nowhere after."""
    enter(request)
    member, now = request.member, clock.now()
    form = TokenForm(request.POST if request.method == "POST" else None, by=member)
    if form.is_valid():
        made = attempt(form, lambda: _make(form, member, now))
        if made:
            key, token = made
            return _page(request, TokenForm(None, by=member), now, key=key, token=token)
    return _page(request, form, now)


def _make(form: TokenForm, member: Member, now: datetime) -> tuple[ApiKey, str]:
    given = dict(form.cleaned_data)
    days = given.pop("days")
    whose = given.pop("member")
    return setting_up.make_token(whose, **given, expires_at=now + timedelta(days=days) if days else None, by=member, at=now)


def _page(request: MemberRequest, form: TokenForm, now: datetime, **made: Any) -> HttpResponse:
    shown = [_shown(key, now) for key in practice.tokens(request.member.practice_id)]
    context = {
        "tab": "settings",
        "title": _("API tokens"),
        "form": form,
        "tokens": [each for each in shown if each.works],
        "ended": [each for each in shown if not each.works][:ENDED_SHOWN],
        "zone": request.member.given_clinics[0].zone if request.member.given_clinics else UTC,
        "now": now,
    }
    response = render(request, "desk/setup/tokens.html", context | made, status=status_of(form))
    response["Cache-Control"] = "no-store"
    return response


def _shown(key: ApiKey, now: datetime) -> Shown:
    may = ", ".join(str(Scope(each).label) for each in key.scopes if each in Scope.values) or str(SCOPES[0][1])
    return Shown(key, may, next(iter(key.uses.all()), None), key.works(now))


@member_required
def revoke(request: MemberRequest, key_id: UUID) -> HttpResponse:
    """Revoke a token, having been told what then stops."""
    enter(request)
    member, now = request.member, clock.now()
    key = row_or_404(practice.tokens(member.practice_id), key_id)
    if request.method == "POST":
        setting_up.revoke_token(key, by=member, at=now)
        return told(request, "ui/_toast.html", {"text": _("%s is revoked.") % key, "oob": True}, "desk:tokens")
    context = {"each": _shown(key, now), "back_url": reverse("desk:tokens")}
    return dialog(request, "desk/setup/_revoke.html", context)
