"""Settings > Awaiting card: how long a patient has to give the card that the desk asks for, and what happens when none comes."""

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.desk.setup.shared import enter, form_page, saved, sent
from kept.foundation import clock
from kept.practice import transitions
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import MOST_CARD_HOURS, Settings


class AwaitedCardsForm(forms.Form):
    within_hours = forms.IntegerField(min_value=1, max_value=MOST_CARD_HOURS, label=gettext_lazy("Hours to give it, from the link on"))
    before_hours = forms.IntegerField(min_value=0, max_value=MOST_CARD_HOURS, label=gettext_lazy("At the latest, hours before the visit"))
    without_card = forms.ChoiceField(choices=Settings.WithoutCard.choices, label=gettext_lazy("When no card was given by then"))


@member_required
def awaited_cards(request: MemberRequest) -> HttpResponse:
    enter(request)
    member, now = request.member, clock.now()
    kept = member.practice.settings
    initial = {"within_hours": kept.card_within_hours, "before_hours": kept.card_before_hours, "without_card": kept.without_card}
    form = AwaitedCardsForm(sent(request), initial=initial)
    done = saved(
        request, form, lambda: transitions.set_awaited_cards(**form.cleaned_data, by=member, at=now), reverse("desk:awaited-cards")
    )
    hint = _(
        "Where the policy asks for a card and the desk books, the patient gets a link. Half-way she is reminded once, never at night. A "
        "time that is given free costs nothing; the patient is told, and it stands under Cancelled, from where it can be restored. In the "
        "last hours before a visit none is given free by itself."
    )
    return done or form_page(request, form, title=_("Awaiting card"), crumbs=[], hint=hint)
