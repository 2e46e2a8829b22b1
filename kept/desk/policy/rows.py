"""A row of the draft in its dialog: of the fees, or of what booking asks. Nothing but *Save row* and *Remove row* changes the draft."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kept.desk.policy.asking import AskForm
from kept.desk.policy.conditions import AskConditionsForm, ConditionsForm
from kept.desk.policy.forms import WasForm
from kept.desk.policy.shown import Editor
from kept.desk.policy.steps import Steps
from kept.desk.policy.trying import case_of
from kept.desk.policy.typed import Offer
from kept.foundation import clock
from kept.foundation.dates import moment, short_day
from kept.foundation.money import Money
from kept.foundation.pages import CONFLICT, attempt, dialog, told
from kept.foundation.refusals import Refusal
from kept.policies import drafts, fees
from kept.policies.document import Ask, AskConditions, Conditions, Document, Row, Step, WorkingDaysBefore, flat
from kept.policies.words import Words
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Service
from kept.practice.rules import Right

EXAMPLES = 3
NEW_KEY = "new"
A_MONTH = timedelta(days=30)


def _editor(request: MemberRequest) -> Editor:
    request.member.must(Right.SET_UP)
    return Editor.of(request)


def _gone() -> Refusal:
    return Refusal("stale_version", _("That row was changed or removed meanwhile. Look at the draft again."))


@member_required
def row(request: MemberRequest, key: str) -> HttpResponse:
    """A row of the fees, or a new one."""
    editor = _editor(request)
    rows = editor.terms.rows
    found = next((each for each in rows if drafts.fingerprint(each) == key), None)
    if found is None and key != NEW_KEY and request.method == "GET":
        raise _gone()
    everyone = found is not None and found.conditions.none or request.POST.get("everyone") == "yes"
    opened = found or Row(conditions=Conditions(minutes_from=90), steps=flat(drafts.FIRST_MINOR).rows[0].steps)
    sent = request.POST if request.method == "POST" else None
    was = WasForm(sent, initial={"was": key if found else ""}, auto_id="")
    conditions = ConditionsForm(sent, offer=editor.offer, kept=opened.conditions, auto_id="row_%s")
    if sent is None and found is None:
        conditions.initial = {**conditions.initial, "use": [], "minutes_from": ""}
    steps = Steps(editor.offer, opened, sent)
    do = request.POST.get("do", "")
    screen = _RowScreen(editor, key, everyone, was, conditions, steps)
    if sent is None:
        return screen.answer(request)
    if do.startswith("add"):
        steps.add()
        return screen.answer(request, status=200, fresh=len(steps.forms) - 1)
    if do.startswith("drop-") and do[5:].isdecimal():
        steps.remove(int(do[5:]) - 1)
        return screen.answer(request, status=200, fresh=0)
    if do.startswith("up-") and do[3:].isdecimal():
        steps.move_up(int(do[3:]) - 1)
        return screen.answer(request, status=200, fresh=0)
    if do == "remove":
        return _removed(request, was, lambda: drafts.remove_row(key, by=request.member, at=clock.now()), screen)
    meant = screen.meant()
    if do == "look":
        return render(request, "desk/policy/_row_words.html", screen.context(meant))
    if meant is None:
        return screen.answer(request, status=422)
    renewed = drafts.fingerprint(rows[-1]) if everyone else ""
    instead_of = was.data.get("was", "")

    def save() -> object:
        return drafts.save_row(meant, instead_of=instead_of, by=request.member, at=clock.now())

    if not attempt(was, save, was=renewed):
        return screen.answer(request, status=CONFLICT)
    return told(request, "ui/_toast.html", {"text": _("The row is saved in the draft."), "oob": True}, "desk:policy")


class _RowScreen(NamedTuple):
    """The dialog of a row as it stands."""

    editor: Editor
    key: str
    everyone: bool
    was: Form
    conditions: ConditionsForm
    steps: Steps

    def meant(self) -> Row | None:
        """The row that was typed; None where something is wrong, said at its field."""
        conditions = Conditions() if self.everyone else self._conditions()
        if not self.steps.are_valid() or conditions is None:
            return None
        for form in self.steps.forms:
            form.refuse_too_small(conditions)
        if any(form.errors for form in self.steps.forms):
            return None
        steps = tuple(form.meant for form in self.steps.forms)
        late = self.editor.terms.late_minutes
        for form in self.steps.forms:
            if (form.meant.from_minutes or 0) >= late and form.meant.from_minutes is not None:
                form.add_error("from_minutes", _("From %d minutes on a patient counts as missed: enter less.") % late)
                return None
        try:
            return Row(conditions=conditions, steps=steps)
        except ValueError:
            self.steps.forms[-1].add_error("happens", _("Two steps say what the same thing costs, equally late. Keep one of them."))
            return None

    def _conditions(self) -> Conditions | None:
        if not self.conditions.is_valid():
            return None
        found: Conditions = self.conditions.meant
        if found.none:
            self.conditions.add_error("use", _("Choose whom or what the row is for. The last row is for everyone else."))
            return None
        return found

    def context(self, meant: Row | None) -> dict[str, Any]:
        number = next((line.number for line in self.editor.rows if line.key == self.key), None)
        return {
            "editor": self.editor,
            "key": self.key,
            "number": number,
            "everyone": self.everyone,
            "was": self.was,
            "form": self.was,
            "conditions": self.conditions,
            "steps": self.steps.forms,
            "one_step": len(self.steps.forms) == 1,
            "symbol": Money(0, self.editor.draft.currency).symbol,
            "look": _look(meant, self.editor) if meant else None,
            "back_url": reverse("desk:policy"),
        }

    def answer(self, request: HttpRequest, *, status: int = 200, fresh: int = -1) -> HttpResponse:
        meant = None
        if fresh >= 0:
            self.steps.forms[fresh].fields["happens"].widget.attrs["autofocus"] = True
        elif status == 200:
            meant = next((each for each in self.editor.terms.rows if drafts.fingerprint(each) == self.key), None)
        return dialog(request, "desk/policy/_row.html", self.context(meant), status=status)


def _removed(request: HttpRequest, was: Form, act: Callable[[], object], screen: Any) -> HttpResponse:
    was.is_valid()
    if not attempt(was, act):
        return screen.answer(request, status=CONFLICT)  # type: ignore[no-any-return]
    return told(request, "ui/_toast.html", {"text": _("The row is removed from the draft."), "oob": True}, "desk:policy")


class Look(NamedTuple):
    """A row in words, what it comes to for some services, and to when it is free where working days count."""

    words: str
    heads: list[str]
    services: list[tuple[Service, list[Money]]]
    free: list[tuple[str, str]]
    clinic: str


def _look(row: Row, editor: Editor) -> Look:
    fitting = _fitting(row.conditions, editor.offer)
    clinics = [each for each in editor.offer.clinics if each.active and (not row.conditions.clinics or each.pk in row.conditions.clinics)]
    clinic = next(iter(clinics), None)
    examples: list[tuple[Service, list[Money]]] = []
    free: list[tuple[str, str]] = []
    late = editor.terms.late_minutes
    if clinic:
        now = clock.now()
        for each in _spread(fitting):
            case = case_of(each, clinic, "0", starts_at=now + A_MONTH, accepted_at=now)
            examples.append((each, [_comes_to(step, case, late) for step in row.steps]))
        free = _free_until(row, editor, clinic, now) if fitting else []
    heads = [_short(step, editor.words) for step in row.steps]
    return Look(editor.words.to_patient(row), heads, examples, free, clinic.name if clinic else "")


def _fitting(conditions: Conditions, offer: Offer) -> list[Service]:
    """Services that the row can be for."""
    return [
        each
        for each in offer.priced
        if (not conditions.services or each.pk in conditions.services)
        and (not conditions.categories or each.category in conditions.categories)
        and (conditions.minutes_from or 0) <= each.minutes < (conditions.minutes_below or each.minutes + 1)
        and (conditions.price_from or 0) <= each.price_minor < (conditions.price_below or each.price_minor + 1)
    ]


def _spread(services: list[Service]) -> list[Service]:
    """A few of them, from the dearest to the cheapest."""
    found = sorted(services, key=lambda each: -each.price_minor)
    return found if len(found) <= EXAMPLES else [found[0], found[len(found) // 2], found[-1]]


def _comes_to(step: Step, case: Any, late_minutes: int) -> Money:
    alone = Document(rows=(Row(steps=(step,)),), late_minutes=late_minutes)
    return fees.most(alone, case, step.kinds[0])


def _short(step: Step, words: Words) -> str:
    said = words.step(step)
    if step.notice and not isinstance(step.notice, WorkingDaysBefore):
        return _("%d h") % step.notice.hours
    return said.happening


def _free_until(row: Row, editor: Editor, clinic: Any, now: datetime) -> list[tuple[str, str]]:
    """The last moment in time for a visit on each of the next days the clinic is open; nothing where hours count."""
    notice = next((step.notice for step in row.steps if isinstance(step.notice, WorkingDaysBefore)), None)
    if notice is None:
        return []
    service = next(iter(_fitting(row.conditions, editor.offer)))
    found: list[tuple[str, str]] = []
    for days in range(2, 30):
        case = case_of(service, clinic, "0", starts_at=now + timedelta(days=days), accepted_at=now)
        limit = fees.limit_of(notice, case)
        if case.open_on(case.on) and limit and len(found) < EXAMPLES:
            found.append((short_day(case.starts_at, clinic.zone), moment(limit, clinic.zone)))
    return found


@require_POST
@member_required
def move(request: MemberRequest, key: str) -> HttpResponse:
    """A row counts before its neighbor, or after."""
    request.member.must(Right.SET_UP)
    drafts.move_row(key, up=request.POST.get("way") == "up", by=request.member, at=clock.now())
    return redirect("desk:policy")


@member_required
def ask(request: MemberRequest, key: str) -> HttpResponse:
    """A row of what booking asks, or a new one."""
    editor = _editor(request)
    found = next((each for each in editor.terms.asks if drafts.fingerprint(each) == key), None)
    if found is None and key != NEW_KEY and request.method == "GET":
        raise _gone()
    opened = found or Ask(conditions=AskConditions(patients="new"), card=True)
    sent = request.POST if request.method == "POST" else None
    was = WasForm(sent, initial={"was": key if found else ""}, auto_id="")
    conditions = AskConditionsForm(sent, offer=editor.offer, kept=opened.conditions, auto_id="row_%s")
    form = AskForm(sent, offer=editor.offer, kept=opened, auto_id="ask_%s")
    screen = _AskScreen(editor, key, was, conditions, form)
    if sent is None:
        return screen.answer(request)
    if request.POST.get("do") == "remove":
        return _removed(request, was, lambda: drafts.remove_ask(key, by=request.member, at=clock.now()), screen)
    meant = screen.meant()
    if request.POST.get("do") == "look":
        return render(request, "desk/policy/_ask_words.html", screen.context(meant))
    if meant is None:
        return screen.answer(request, status=422)

    def save() -> object:
        return drafts.save_ask(meant, instead_of=was.data.get("was", ""), by=request.member, at=clock.now())

    if not attempt(was, save, was=""):
        return screen.answer(request, status=CONFLICT)
    return told(request, "ui/_toast.html", {"text": _("The row is saved in the draft."), "oob": True}, "desk:policy-booking")


class _AskScreen(NamedTuple):
    """The dialog of what booking asks as it stands."""

    editor: Editor
    key: str
    was: Form
    conditions: AskConditionsForm
    form: AskForm

    def meant(self) -> Ask | None:
        """What was typed; None where something is wrong, said at its field."""
        if not all([self.conditions.is_valid(), self.form.is_valid()]):
            return None
        self.form.refuse_too_small(self.conditions.meant)
        return None if self.form.errors else Ask(conditions=self.conditions.meant, **self.form.meant)

    def context(self, meant: Ask | None) -> dict[str, Any]:
        return {
            "editor": self.editor,
            "key": self.key,
            "was": self.was,
            "form": self.was,
            "conditions": self.conditions,
            "asks": self.form,
            "symbol": Money(0, self.editor.draft.currency).symbol,
            "words": self.editor.words.ask(meant) if meant else "",
            "title": self.editor.words.title(meant.conditions) if meant else "",
            "back_url": reverse("desk:policy-booking"),
        }

    def answer(self, request: HttpRequest, *, status: int = 200) -> HttpResponse:
        meant = next((each for each in self.editor.terms.asks if drafts.fingerprint(each) == self.key), None) if status == 200 else None
        return dialog(request, "desk/policy/_ask.html", self.context(meant), status=status)
