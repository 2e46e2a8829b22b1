"""Settings > Front desk's rights: what the front desk may beyond its role."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.foundation import clock
from kept.foundation.money import Money
from kept.foundation.pages import attempt, status_of
from kept.practice import transitions
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Settings
from kept.practice.rules import Right


class FrontDeskForm(forms.Form):
    refund_limit = forms.CharField(
        max_length=20,
        label=gettext_lazy("Refund or void at once, up to"),
        widget=forms.TextInput({"inputmode": "decimal"}),
        error_messages={"required": gettext_lazy("Enter an amount; zero for none.")},
    )
    may_double_book = forms.BooleanField(required=False, label=gettext_lazy("Book two patients at the same time, on purpose"))

    def __init__(self, sent: Any, *, kept: Settings) -> None:
        limit = kept.front_desk_refund_limit
        super().__init__(sent, initial={"refund_limit": limit.decimal, "may_double_book": kept.front_desk_may_double_book})
        self.currency = kept.currency

    def clean_refund_limit(self) -> Money:
        try:
            return Money.parse(self.cleaned_data["refund_limit"], self.currency)
        except ValueError:
            raise forms.ValidationError(_("Enter an amount, for example %s.") % Money(5000, self.currency).decimal) from None


@member_required
def front_desk(request: MemberRequest) -> HttpResponse:
    member = request.member
    member.must(Right.SEE_SETTINGS)
    kept = member.practice.settings
    form = FrontDeskForm(request.POST if request.method == "POST" else None, kept=kept)
    if form.is_valid():
        saved = attempt(form, lambda: transitions.set_front_desk(**form.cleaned_data, by=member, at=clock.now()))
        if saved:
            messages.success(request, _("Front desk’s rights saved."))
            return redirect("desk:front-desk-settings")
    return render(request, "desk/front_desk.html", {"tab": "settings", "form": form, "currency": kept.currency}, status=status_of(form))
