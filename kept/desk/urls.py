"""Addresses of the desk."""

from django.urls import path

from kept.desk import calls, front_desk, search, settings, views
from kept.desk.audit import views as audit
from kept.desk.booking import awaiting
from kept.desk.booking import views as booking
from kept.desk.calendar import acceptance, blocking, day_sheet, moving, panel, privacy, their_link
from kept.desk.calendar import settings as calendar_settings
from kept.desk.calendar import views as calendar
from kept.desk.patients import acts, duplicates, page, rights
from kept.desk.patients import views as patients
from kept.desk.policy import earlier, publishing
from kept.desk.policy import pages as policy
from kept.desk.policy import rows as policy_rows
from kept.desk.setup import awaited_cards, clinics, letters, offer, online, providers, sign_in, staff, started, tokens, webhooks

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
    path("appointments/call-list/", calls.call_list, name="call-list"),
    path("appointments/<uuid:appointment_id>/call/", calls.call, name="call"),
    path("appointments/<uuid:appointment_id>/call-link/", calls.link, name="call-link"),
    path("appointments/<uuid:appointment_id>/", panel.panel, name="panel"),
    path("appointments/<uuid:appointment_id>/acceptance/", acceptance.acceptance, name="acceptance"),
    path("appointments/<uuid:appointment_id>/accept-again/", acceptance.accept_again, name="accept-again"),
    path("appointments/<uuid:appointment_id>/card-link/", awaiting.card_link, name="card-link"),
    path("appointments/<uuid:appointment_id>/send-card-link/", awaiting.send_card_link, name="send-card-link"),
    path("appointments/<uuid:appointment_id>/card-given/", awaiting.card_given, name="card-given"),
    path("appointments/<uuid:appointment_id>/manage-link/", their_link.give, name="manage-link"),
    path("appointments/<uuid:appointment_id>/send-manage-link/", their_link.send, name="send-manage-link"),
    path("appointments/<uuid:appointment_id>/reschedule/", moving.reschedule, name="reschedule"),
    path("appointments/<uuid:appointment_id>/move-back/", moving.move_back, name="move-back"),
    path("appointments/<uuid:appointment_id>/<slug:verb>/", panel.act, name="act"),
    path("patients/", patients.patients, name="patients"),
    path("patients/duplicates/", duplicates.duplicates, name="duplicates"),
    path("patients/new/", patients.new, name="patient-new"),
    *(
        path(f"patients/<uuid:patient_id>/{section.path}", page.patient, {"section": section.name}, name=section.name)
        for section in page.SECTIONS
    ),
    path("patients/<uuid:patient_id>/edit/", acts.edit, name="patient-edit"),
    path("patients/<uuid:patient_id>/notes/add/", acts.note, name="patient-note"),
    path("patients/<uuid:patient_id>/cards/<uuid:card_id>/take-off/", acts.take_off, name="card-take-off"),
    path("patients/<uuid:patient_id>/texts/", acts.texts, name="patient-texts"),
    path("patients/<uuid:patient_id>/export/", rights.export, name="patient-export"),
    path("patients/<uuid:patient_id>/erase/", rights.erase, name="patient-erase"),
    path("patients/<uuid:patient_id>/merge/", rights.merge, name="patient-merge"),
    path("patients/<uuid:patient_id>/tell-apart/", duplicates.tell_apart, name="patient-tell-apart"),
    path("patients/<uuid:patient_id>/merges/<uuid:merge_id>/undo/", rights.unmerge, name="patient-unmerge"),
    path("search/", search.search, name="search"),
    path("audit/", audit.audit, {"kind": "looks"}, name="audit-looks"),
    path("audit/done/", audit.audit, {"kind": "changes"}, name="audit-changes"),
    path("audit/looks.csv", audit.audit_csv, {"kind": "looks"}, name="audit-looks-csv"),
    path("audit/done.csv", audit.audit_csv, {"kind": "changes"}, name="audit-changes-csv"),
    path("settings/", settings.home, name="settings"),
    path("settings/clinics/", clinics.clinics, name="clinics"),
    path("settings/clinics/new/", clinics.new, name="clinic-new"),
    path("settings/clinics/<uuid:clinic_id>/", clinics.clinic, name="clinic"),
    path("settings/clinics/dates/<uuid:day_id>/remove/", clinics.remove_day, name="clinic-day-remove"),
    path("settings/providers/", providers.providers, name="providers"),
    path("settings/providers/new/", providers.new, name="provider-new"),
    path("settings/providers/<uuid:provider_id>/", providers.provider, name="provider"),
    path("settings/exceptions/<uuid:exception_id>/remove/", providers.remove_exception, name="exception-remove"),
    path("settings/services/", offer.services, name="services"),
    path("settings/services/starting-set/", offer.starting_set, name="services-starting-set"),
    path("settings/services/new/", offer.service, name="service-new"),
    path("settings/services/<uuid:service_id>/", offer.service, name="service"),
    path("settings/rooms/", offer.rooms, name="rooms"),
    path("settings/rooms/new/", offer.room, name="room-new"),
    path("settings/rooms/<uuid:resource_id>/", offer.room, name="room"),
    path("settings/staff/", staff.staff, name="staff"),
    path("settings/staff/new/", staff.seat, name="seat-new"),
    path("settings/staff/<uuid:seat_id>/", staff.seat, name="seat"),
    path("settings/api-tokens/", tokens.tokens, name="tokens"),
    path("settings/api-tokens/<uuid:key_id>/revoke/", tokens.revoke, name="token-revoke"),
    path("settings/webhooks/", webhooks.webhooks, name="webhooks"),
    path("settings/webhooks/new/", webhooks.new, name="webhook-new"),
    path("settings/webhooks/<uuid:endpoint_id>/", webhooks.webhook, name="webhook"),
    path("settings/webhooks/<uuid:endpoint_id>/secret/", webhooks.renew_secret, name="webhook-secret"),
    path("settings/webhooks/<uuid:endpoint_id>/test/", webhooks.test, name="webhook-test"),
    path("settings/webhooks/messages/<uuid:delivery_id>/", webhooks.delivery, name="delivery"),
    path("settings/webhooks/messages/<uuid:delivery_id>/again/", webhooks.send_again, name="delivery-again"),
    path("settings/messages/", letters.letters, name="letters"),
    path("settings/messages/texts/", letters.texts, name="texts"),
    path("settings/messages/<slug:letter>/", letters.letter, name="letter"),
    path("settings/sign-in/", sign_in.sign_in, name="sign-in"),
    path("settings/online/", online.online, name="online"),
    path("settings/online/<uuid:clinic_id>/switch/", online.switch, name="online-switch"),
    path("settings/online/<uuid:clinic_id>/qr.svg", online.code, name="online-code"),
    path("settings/awaited-cards/", awaited_cards.awaited_cards, name="awaited-cards"),
    path("settings/getting-started/hide/", started.hide, name="getting-started-hide"),
    path("settings/cancellation-policy/", policy.fees, name="policy"),
    path("settings/cancellation-policy/booking/", policy.booking, name="policy-booking"),
    path("settings/cancellation-policy/texts/", policy.texts, name="policy-texts"),
    path("settings/cancellation-policy/patients-view/", policy.patients_view, name="policy-patients-view"),
    path("settings/cancellation-policy/fees/", policy.switch, name="policy-switch"),
    path("settings/cancellation-policy/rows/<slug:key>/", policy_rows.row, name="policy-row"),
    path("settings/cancellation-policy/rows/<slug:key>/move/", policy_rows.move, name="policy-row-move"),
    path("settings/cancellation-policy/asks/<slug:key>/", policy_rows.ask, name="policy-ask"),
    path("settings/cancellation-policy/publish/", publishing.publish, name="policy-publish"),
    path("settings/cancellation-policy/earlier-terms/", earlier.earlier, name="policy-earlier"),
    path("settings/cancellation-policy/discard/", publishing.discard, name="policy-discard"),
    path("settings/cancellation-policy/<int:number>/", policy.version, name="policy-version"),
    path("settings/cancellation-policy/<int:number>/start-from/", publishing.start_from, name="policy-start-from"),
    path("settings/calendar/", calendar_settings.calendar_settings, name="calendar-settings"),
    path("settings/front-desk/", front_desk.front_desk, name="front-desk-settings"),
]
