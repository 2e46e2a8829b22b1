"""Settings > Payments: the practice's account at the payment provider, what works and what is missing."""

from typing import NamedTuple

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kept.billing.forms import KeyForm, WebhookForm
from kept.billing.gateways import accounts
from kept.billing.models import GatewayEvent
from kept.billing.transitions import connecting
from kept.foundation import clock
from kept.foundation.pages import attempt, status_of
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import GatewayAccount, Member
from kept.practice.rules import Right


class Check(NamedTuple):
    """One thing that must be so for payments to work: `state` is ok, wait or missing."""

    state: str
    title: str
    text: str

    @property
    def icon(self) -> str:
        return {"ok": "circle-check", "wait": "loader", "missing": "circle-alert"}[self.state]

    @property
    def tone(self) -> str:
        return {"ok": "completed", "wait": "booked", "missing": "outcome"}[self.state]


@member_required
def page(request: MemberRequest) -> HttpResponse:
    """The page; a posted key is handed to the gateway by a job, and counts once it was taken."""
    request.member.must(Right.SEE_SETTINGS)
    form = KeyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = attempt(form, lambda: connecting.give_key(form.cleaned_data["secret_key"], by=request.member, at=clock.now()))
        if given:
            return redirect("billing:account")
    return _shown(request, form, WebhookForm())


@require_POST
@member_required
def check(request: MemberRequest) -> HttpResponse:
    connecting.ask(by=request.member, at=clock.now())
    return redirect("billing:account")


@require_POST
@member_required
def webhook_secret(request: MemberRequest) -> HttpResponse:
    form = WebhookForm(request.POST)
    if form.is_valid():
        secret = form.cleaned_data["webhook_secret"]
        given = attempt(form, lambda: connecting.give_webhook_secret(secret, by=request.member, at=clock.now()))
        if given:
            messages.success(request, _("Signing secret saved. Reports signed with it count from now on."))
            return redirect("billing:account")
    return _shown(request, KeyForm(), form)


@require_POST
@member_required
def retire(request: MemberRequest) -> HttpResponse:
    connecting.retire_webhook_secret(by=request.member, at=clock.now())
    return redirect("billing:account")


def _shown(request: MemberRequest, key_form: KeyForm, webhook_form: WebhookForm) -> HttpResponse:
    member, now = request.member, clock.now()
    account = accounts.own_account()
    context = {
        "tab": "settings",
        "account": account,
        "checks": checks(member, account),
        "key_form": key_form,
        "webhook_form": webhook_form,
        "webhook_url": settings.BASE_URL + reverse("billing:webhook", args=[member.practice.slug]),
        "old_counts": account and account.old_webhook_until and now < account.old_webhook_until,
        "servers_own": bool(settings.STRIPE_SECRET_KEY) and not (account and account.secret_key_box),
        "may_set": member.may(Right.SET_UP),
        "now": now,
    }
    return render(request, "billing/account.html", context, status=max(status_of(key_form), status_of(webhook_form)))


def checks(member: Member, account: GatewayAccount | None) -> list[Check]:
    """What works and what is missing, in the order in which it is set up."""
    found = [_key(account)]
    if account and account.checked_at and account.account_id:
        ready = _("Cards can be charged."), _("The account may not charge yet. Finish signing up in the payment provider’s dashboard.")
        found.append(Check("ok" if account.charges_on else "missing", _("Charging"), ready[0] if account.charges_on else ready[1]))
        if not account.livemode:
            found.append(
                Check("missing", _("Test mode"), _("Only test cards work, and no money moves. Enter a live key before patients come."))
            )
        if account.currency != member.practice.settings.currency:
            text = _("The account settles in %(theirs)s; fees in %(ours)s are converted by the payment provider.")
            found.append(Check("ok", _("Currency"), text % {"theirs": account.currency, "ours": member.practice.settings.currency}))
    if accounts.payments_on():
        found += [_secret(account), _reports()]
    return found


def _key(account: GatewayAccount | None) -> Check:
    title = _("Secret key")
    if account and account.being_checked:
        return Check("wait", title, account.trouble or _("Being checked with the payment provider."))
    if account and account.trouble:
        return Check("missing", title, account.trouble)
    if not accounts.payments_on():
        return Check("missing", title, _("None yet: no card can be asked for, and no fee charged."))
    if account is None or account.checked_at is None:
        return Check("wait", title, _("Not checked yet. Press Check now."))
    mode = _("live") if account.livemode else _("test mode")
    return Check("ok", title, _("Taken, for the account %(name)s (%(id)s), %(mode)s.") % {
        "name": account.account_name or account.account_id, "id": account.account_id, "mode": mode,
    })  # fmt: skip


def _secret(account: GatewayAccount | None) -> Check:
    has = bool(account.webhook_secret_box) if account and account.secret_key_box else bool(settings.STRIPE_WEBHOOK_SECRETS)
    if has:
        return Check("ok", _("Signing secret"), _("Set. A report that it did not sign is refused."))
    return Check("missing", _("Signing secret"), _("None: reports are refused, so refunds and disputes are found at night only."))


def _reports() -> Check:
    last = GatewayEvent.objects.order_by("-received_at").values_list("received_at", flat=True).first()
    if last is None:
        return Check(
            "missing", _("Reports"), _("None has come yet. Add the address below as a webhook in the payment provider’s dashboard.")
        )
    return Check("ok", _("Reports"), _("They come."))
