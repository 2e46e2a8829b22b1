"""Settings > Cancellation Policy: on or off, the next version, and the versions that were."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kept.foundation import clock
from kept.foundation.money import Money
from kept.foundation.pages import attempt, status_of
from kept.policies import queries, transitions
from kept.policies.document import HoursBefore, Sum
from kept.policies.forms import PublishForm
from kept.policies.models import PolicyVersion
from kept.practice.doors import MemberRequest, member_required
from kept.practice.rules import Right

FIRST = {
    "description": "Your time is reserved for you alone. If something comes up, tell us as early as you can and we offer the time to "
    "somebody who is waiting.",
    "fee": "75.00",
    "window_hours": 24,
    "late_minutes": 15,
    "authorization_text": "I authorize the clinic to keep my card on file with its payment provider and to charge it under the "
    "cancellation policy above. I can withdraw this by cancelling in time.",
    "based_on": 0,
}


def _as_typed(version: PolicyVersion | None) -> dict[str, object]:
    if version is None:
        return FIRST
    late, missed = version.terms.rows[-1].steps
    return {
        "description": version.description,
        "fee": str(Money(missed.pays.minor, version.currency).decimal) if isinstance(missed.pays, Sum) else "",
        "window_hours": late.notice.hours if isinstance(late.notice, HoursBefore) else None,
        "late_minutes": version.late_minutes,
        "authorization_text": version.authorization_text,
        "based_on": version.number,
    }


@member_required
def policy(request: MemberRequest) -> HttpResponse:
    member = request.member
    member.must(Right.SEE_SETTINGS)
    in_use = queries.policy_in_use()
    form = PublishForm(request.POST or None, initial=_as_typed(in_use.current), currency=member.practice.settings.currency)
    if request.method == "POST" and form.is_valid():
        based_on = _as_typed(in_use.current)["based_on"]
        published = attempt(form, lambda: transitions.publish(**form.version, by=member, at=clock.now()), based_on=based_on)
        if published:
            messages.success(request, _("Version %d is in use.") % published.number)
            return redirect("policies:policy")
    context = {"tab": "settings", "policy": in_use, "form": form, "versions": list(queries.versions()), "now": clock.now()}
    return render(request, "policies/policy.html", context, status=status_of(form))


@require_POST
@member_required
def switch(request: MemberRequest) -> HttpResponse:
    request.member.must(Right.SET_UP)
    wanted = request.POST.get("on")
    if wanted in ("yes", "no"):
        transitions.switch_fees(on=wanted == "yes", by=request.member, at=clock.now())
    return redirect("policies:policy")


@member_required
def version(request: MemberRequest, number: int) -> HttpResponse:
    request.member.must(Right.SEE_SETTINGS)
    found = get_object_or_404(queries.versions(), number=number)
    words = queries.words(found)
    rows = [(words.title(row.conditions), words.to_patient(row)) for row in found.terms.rows]
    context = {"tab": "settings", "version": found, "rows": rows, "policy": queries.policy_in_use(), "now": clock.now()}
    return render(request, "policies/version.html", context)
