"""One's own account: password, second step, PIN and sessions, and what stands between signing in and the work."""

from typing import Any, cast

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.decorators import login_stage_required
from allauth.mfa.base.views import IndexView, TrustView
from allauth.mfa.internal.flows import trust as trusting
from allauth.mfa.stages import TrustStage
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.hashers import make_password
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from kept.accounts.adapters import must_have_second_step
from kept.accounts.forms import PinForm
from kept.practice.models import User


class AccountView(LoginRequiredMixin, IndexView):  # type: ignore[misc]
    """Your account. Takes allauth's authenticators, and adds what is ours."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        session = self.request.session
        asked = must_have_second_step(self.request.user) or (settings.SECOND_STEP and session.get("house", {}).get("all_two_steps"))
        lacks = asked and not session.get("has_second_step")
        return super().get_context_data(**kwargs) | {"pin_form": kwargs.get("pin_form", PinForm()), "lacks_second_step": lacks}


account = AccountView.as_view()


@require_POST
@sensitive_post_parameters("pin")
@reauthentication_required  # type: ignore[untyped-decorator]
def pin(request: HttpRequest) -> HttpResponse:
    """Set the PIN, or take it away with *Remove*."""
    user = cast(User, request.user)
    if "remove" in request.POST:
        _keep(user, "")
        messages.success(request, _("PIN removed. The password unlocks."))
        return redirect("mfa_index")
    form = PinForm(request.POST)
    if not form.is_valid():
        view = AccountView()
        view.setup(request)
        return view.render_to_response(view.get_context_data(pin_form=form), status=422)
    _keep(user, make_password(form.cleaned_data["pin"]))
    messages.success(request, _("PIN saved."))
    return redirect("mfa_index")


def _keep(user: User, pin: str) -> None:
    user.pin = pin
    user.save(update_fields=["pin"])


@method_decorator(login_stage_required(stage=TrustStage.key, redirect_urlname="account_login"), name="dispatch")
class TrustForADay(TrustView):  # type: ignore[misc]
    """After a second step this browser needs none of hers for a day. allauth would ask first."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        stage = request._login_stage  # type: ignore[attr-defined]  # allauth's own way
        response: HttpResponse = stage.exit()
        trusting.trust_browser(request, stage.login.user, response)
        return response


trust = TrustForADay.as_view()


BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
MACHINES = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "Mac",
    "CrOS": "Chromebook",
    "Linux": "Linux",
}


def device(agent: str) -> str:
    """A browser's long name of itself in two words."""
    browser = next((name for mark, name in BROWSERS.items() if mark in agent), _("Browser"))
    machine = next((name for mark, name in MACHINES.items() if mark in agent), "")
    return " · ".join(filter(None, [browser, machine]))


@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    """Where she is signed in. One session ends, or all the others."""
    found = sorted(UserSession.objects.purge_and_list(request.user), key=lambda each: each.last_seen_at, reverse=True)
    if request.method == "POST":
        wanted = request.POST.get("end", "")
        for each in found:
            if not each.is_current() and wanted in ("others", str(each.pk)):
                each.end()
        messages.success(request, _("Signed out there."))
        return redirect("usersessions_list")
    rows = [{"session": each, "device": device(each.user_agent), "here": each.is_current()} for each in found]
    return render(request, "usersessions/usersession_list.html", {"rows": rows})
