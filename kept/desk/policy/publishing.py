"""Publish the draft, discard it, or start one from a version that was."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kept.billing.renewals import under_earlier_terms
from kept.desk.policy.forms import PublishForm
from kept.desk.policy.shown import Editor
from kept.foundation import clock
from kept.foundation.pages import attempt, dialog
from kept.policies import drafts, queries
from kept.practice.doors import MemberRequest, member_required
from kept.practice.rules import Right
from kept.scheduling.queries import booked_under


@member_required
def publish(request: MemberRequest) -> HttpResponse:
    """What changes, in words, and then the next version."""
    request.member.must(Right.SET_UP)
    editor = Editor.of(request)
    shown = {"was": drafts.whole_of(editor.draft), "based_on": editor.next_number - 1}
    form = PublishForm(request.POST or None, initial=shown)
    if request.method == "POST" and form.is_valid():
        published = attempt(form, lambda: drafts.publish_draft(**form.cleaned_data, by=request.member, at=clock.now()), **shown)
        if published:
            messages.success(request, _("Version %d is in use.") % published.number)
            return _on_to(request, "desk:policy-earlier" if under_earlier_terms(request.member, at=clock.now()).exists() else "desk:policy")
    counted = booked_under(request.member, at=clock.now()).get(editor.current.pk) if editor.current else None
    context = editor.context("fees", form=form, ahead=counted.ahead if counted else 0, back_url=reverse("desk:policy"))
    return dialog(request, "desk/policy/_publish.html", context)


@member_required
def discard(request: MemberRequest) -> HttpResponse:
    """Asked once more, since what was written is then gone."""
    request.member.must(Right.SET_UP)
    if request.method == "POST":
        drafts.discard(by=request.member, at=clock.now())
        messages.success(request, _("The draft is discarded."))
        return _on_to(request, "desk:policy")
    return dialog(request, "desk/policy/_discard.html", Editor.of(request).context("fees", back_url=reverse("desk:policy")))


@require_POST
@member_required
def start_from(request: MemberRequest, number: int) -> HttpResponse:
    """A draft that says what that version said."""
    request.member.must(Right.SET_UP)
    found = next((each for each in queries.versions() if each.number == number), None)
    if found is None:
        raise Http404
    drafts.start_from(found, by=request.member, at=clock.now())
    return redirect("desk:policy")


def _on_to(request: MemberRequest, name: str) -> HttpResponse:
    """The whole page anew, since its head is another."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": reverse(name)})
    return redirect(name)
