"""Settings > Cancellation Policy: the fees with Try it, what booking asks, the texts and versions, the patient's view, and the switch."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kept.desk.policy.forms import OptionsForm, TextsForm
from kept.desk.policy.shown import Editor, ask_lines, row_lines
from kept.desk.policy.trying import TryForm, answer, for_patient
from kept.foundation import clock
from kept.foundation.pages import attempt, dialog, status_of
from kept.policies import drafts, queries, transitions
from kept.policies.changes import first_time_in_words, new_time_in_words
from kept.practice.doors import MemberRequest, member_required
from kept.practice.rules import Right
from kept.scheduling.queries import booked_under


def _entered(request: MemberRequest) -> Editor:
    request.member.must(Right.SEE_SETTINGS)
    if request.method == "POST":
        request.member.must(Right.SET_UP)
    return Editor.of(request)


def _tried(editor: Editor, request: MemberRequest) -> dict[str, Any]:
    form = TryForm(request.GET, offer=editor.offer, now=clock.now())
    if not form.is_possible:
        return {"trying": None}
    if not form.is_valid():
        return {"trying": form, "answer": None}
    tried = form.visit(editor.terms)
    return {"trying": form, "tried": tried, "answer": answer(editor.terms, editor.words, tried)}


@member_required
def fees(request: MemberRequest) -> HttpResponse:
    """The rows, and what they come to for a visit."""
    editor = _entered(request)
    return render(request, "desk/policy/fees.html", editor.context("fees", **_tried(editor, request)))


@member_required
def booking(request: MemberRequest) -> HttpResponse:
    """What booking asks, what becomes of deposits, and the times to think."""
    editor = _entered(request)
    terms = editor.terms
    initial = {
        "cancelled_in_time": terms.deposits.cancelled_in_time,
        "late_or_missed": terms.deposits.late_or_missed,
        "free_hours": terms.free_hours,
        "late_minutes": terms.late_minutes,
        "first_time": terms.first_time.mode,
        "first_within": terms.first_time.within,
        "new_time": terms.new_time.mode,
        "new_within": terms.new_time.within,
        "was": drafts.options_of(editor.draft),
    }
    form = OptionsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        options = dict(form.cleaned_data)
        first_time = {"mode": options.pop("first_time"), "within": options.pop("first_within")}
        new_time = {"mode": options.pop("new_time"), "within": options.pop("new_within")}
        deposits = {name: options.pop(name) for name in ("cancelled_in_time", "late_or_missed")}

        def save() -> object:
            return drafts.set_options(
                **options, deposits=deposits, first_time=first_time, new_time=new_time, by=request.member, at=clock.now()
            )

        if attempt(form, save, was=initial["was"]):
            return redirect("desk:policy-booking")
    return render(request, "desk/policy/booking.html", editor.context("booking", form=form), status=status_of(form))


@member_required
def texts(request: MemberRequest) -> HttpResponse:
    """The two texts, the fees in words, and the versions."""
    editor = _entered(request)
    draft = editor.draft
    initial = {"description": draft.description, "authorization_text": draft.authorization_text, "was": drafts.texts_of(draft)}
    form = TextsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():

        def save() -> object:
            return drafts.set_texts(**form.cleaned_data, by=request.member, at=clock.now())

        if attempt(form, save, was=initial["was"]):
            return redirect("desk:policy-texts")
    versions = list(queries.versions())
    counted = booked_under(request.member, at=clock.now())
    listed = [(each, counted.get(each.pk)) for each in versions]
    return render(request, "desk/policy/texts.html", editor.context("texts", form=form, versions=listed), status=status_of(form))


@member_required
def patients_view(request: MemberRequest) -> HttpResponse:
    """The draft as a patient reads it, for the visit of Try it."""
    editor = _entered(request)
    context = editor.context("fees", **_tried(editor, request), back_url=request.GET.get("back_url", ""))
    if context.get("answer"):
        context["line"] = for_patient(editor.terms, context["tried"].case)  # type: ignore[attr-defined]
    return dialog(request, "desk/policy/_patients_view.html", context)


@member_required
def version(request: MemberRequest, number: int) -> HttpResponse:
    """A published version, as it was published."""
    editor = _entered(request)
    found = next((each for each in queries.versions() if each.number == number), None)
    if found is None:
        raise Http404
    rows = row_lines(found.terms, queries.words(found))
    counted = booked_under(request.member, at=clock.now()).get(found.pk)
    fingerprint = drafts.fingerprint(found.document, found.description, found.authorization_text)
    asks = ask_lines(found.terms.asks, queries.words(found))
    context = editor.context(
        "texts",
        version=found,
        rows=rows,
        asks=asks,
        first_time=first_time_in_words(found.terms),
        new_time=new_time_in_words(found.terms),
        counted=counted,
        fingerprint=fingerprint,
    )
    return render(request, "desk/policy/version.html", context)


@require_POST
@member_required
def switch(request: MemberRequest) -> HttpResponse:
    request.member.must(Right.SET_UP)
    wanted = request.POST.get("on")
    if wanted in ("yes", "no"):
        transitions.switch_fees(on=wanted == "yes", by=request.member, at=clock.now())
    return redirect("desk:policy")
