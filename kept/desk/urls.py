"""Addresses of the desk."""

from django.urls import path

from kept.desk import front_desk, search, settings, views
from kept.desk.booking import awaiting
from kept.desk.booking import views as booking
from kept.desk.calendar import acceptance, blocking, day_sheet, moving, panel, privacy
from kept.desk.calendar import settings as calendar_settings
from kept.desk.calendar import views as calendar
from kept.desk.patients import acts, page
from kept.desk.patients import views as patients

app_name = "desk"
urlpatterns = [
    path("", views.enter, name="enter"),
    path("practice/", views.choose, name="choose"),
    path("clinic/", views.switch_clinic, name="switch-clinic"),
    path("theme/", views.theme, name="theme"),
    path("appointments/", calendar.day, name="day"),
    path("appointments/feed/", calendar.feed, name="feed"),
    path("appointments/new/", booking.new, name="new"),
    path("appointments/block/", blocking.block, name="block"),
    path("appointments/blocks/<uuid:block_id>/", blocking.lift, name="lift-block"),
    path("appointments/privacy/", privacy.switch, name="privacy"),
    path("appointments/day-sheet/", day_sheet.day_sheet, name="day-sheet"),
    path("appointments/<uuid:appointment_id>/", panel.panel, name="panel"),
    path("appointments/<uuid:appointment_id>/acceptance/", acceptance.acceptance, name="acceptance"),
    path("appointments/<uuid:appointment_id>/card-link/", awaiting.card_link, name="card-link"),
    path("appointments/<uuid:appointment_id>/send-card-link/", awaiting.send_card_link, name="send-card-link"),
    path("appointments/<uuid:appointment_id>/card-given/", awaiting.card_given, name="card-given"),
    path("appointments/<uuid:appointment_id>/reschedule/", moving.reschedule, name="reschedule"),
    path("appointments/<uuid:appointment_id>/move-back/", moving.move_back, name="move-back"),
    path("appointments/<uuid:appointment_id>/<slug:verb>/", panel.act, name="act"),
    path("patients/", patients.patients, name="patients"),
    path("patients/new/", patients.new, name="patient-new"),
    *(
        path(f"patients/<uuid:patient_id>/{section.path}", page.patient, {"section": section.name}, name=section.name)
        for section in page.SECTIONS
    ),
    path("patients/<uuid:patient_id>/edit/", acts.edit, name="patient-edit"),
    path("patients/<uuid:patient_id>/notes/add/", acts.note, name="patient-note"),
    path("patients/<uuid:patient_id>/cards/<uuid:card_id>/take-off/", acts.take_off, name="card-take-off"),
    path("search/", search.search, name="search"),
    path("settings/", settings.home, name="settings"),
    path("settings/calendar/", calendar_settings.calendar_settings, name="calendar-settings"),
    path("settings/front-desk/", front_desk.front_desk, name="front-desk-settings"),
]
