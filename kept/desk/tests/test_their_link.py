"""The link to the patient's own page, at the desk: copied or sent, and each in the history (I17)."""

import re
from collections.abc import Callable

from django.core import mail
from django.urls import reverse

import kept.scheduling.transitions.attendance as attendance
from kept.events.models import Event
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from kept.scheduling.transitions.managing import link_at_the_desk
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.gateway import clock_at, do_jobs
from tests.kit.html import words
from tests.kit.visits import QUARTER_PAST


def test_it_is_made_to_be_copied_and_opens_her_page(htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment) -> None:
    with clock_at(QUARTER_PAST):
        answer = htmx(odette).post(reverse("desk:manage-link", args=[appointment.pk]))
        link = re.findall('data-copy="http://testserver([^"]+)"', answer.content.decode())[0]
        phone = Browser()

        assert "Wednesday, October 14" in words(phone.get(phone.get(link)["Location"]))
        assert "Patient’s link given" in words(htmx(odette).get(reverse("desk:panel", args=[appointment.pk])))
    assert Event.objects.get(kind="manage.link_given").by_id == odette.pk


def test_it_is_sent_once_a_minute_however_often_it_is_pressed(
    htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment
) -> None:
    with clock_at(QUARTER_PAST):
        for _press in range(2):
            answer = htmx(odette).post(reverse("desk:send-manage-link", args=[appointment.pk]))
        do_jobs()

        assert "The link is on its way to renata.solbrook@example.com." in words(answer)
        assert "Link to the appointment sent by e-mail" in words(htmx(odette).get(reverse("desk:panel", args=[appointment.pk])))
    (letter,) = mail.outbox
    assert letter.subject == "Your appointment on Wed, Oct 14, 3:30 PM"
    assert "http://testserver/manage/" in letter.body


def test_what_was_entered_in_error_has_none(odette: Member, appointment: Appointment) -> None:
    attendance.enter_in_error(appointment, by=odette, at=QUARTER_PAST)

    with refused("wrong_status"):
        link_at_the_desk(appointment, by=odette, at=QUARTER_PAST)
