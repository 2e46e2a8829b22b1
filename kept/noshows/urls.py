"""Addresses of no-shows."""

from django.urls import path

from kept.noshows import answering, arriving, cancelling, collecting, deciding, disputes, fee_settings, lists, views

app_name = "noshows"
urlpatterns = [
    path("settings/fees/", fee_settings.fee_settings, name="fee-settings"),
    path("appointments/no-shows/", lists.no_shows, name="list"),
    path("appointments/no-shows.csv", lists.no_shows_csv, name="csv"),
    path("appointments/cancelled/", lists.cancelled, name="cancelled"),
    path("appointments/cancelled.csv", lists.cancelled_csv, name="cancelled-csv"),
    path("appointments/<uuid:appointment_id>/no-show/", views.mark, name="mark"),
    path("appointments/<uuid:appointment_id>/no-show/letter/", deciding.letter, name="letter"),
    path("appointments/<uuid:appointment_id>/next/", collecting.next_step, name="next"),
    path("appointments/<uuid:appointment_id>/payment-link/", collecting.payment_link, name="payment-link"),
    path("appointments/<uuid:appointment_id>/payment-link/paid/", collecting.paid, name="paid"),
    path("sales/<uuid:invoice_id>/evidence/", disputes.page, name="evidence"),
    path("sales/<uuid:invoice_id>/evidence.zip", disputes.download, name="evidence-zip"),
    path("appointments/<uuid:appointment_id>/keep-fee/", deciding.keep, name="keep-fee"),
    path("appointments/<uuid:appointment_id>/fee/<slug:verb>/", deciding.decide, name="fee"),
    path("appointments/<uuid:appointment_id>/cancel/", cancelling.cancel, name="cancel"),
    path("appointments/<uuid:appointment_id>/cancel/letter/", cancelling.letter, name="cancel-letter"),
    path("appointments/<uuid:appointment_id>/entered-in-error/", cancelling.entered_in_error, name="entered-in-error"),
    path("appointments/<uuid:appointment_id>/late-arrival/", arriving.late_arrival, name="late-arrival"),
    path("appointments/<uuid:appointment_id>/outcome/", views.outcome, name="outcome"),
    path("answers/<uuid:answer_id>/stays/", answering.stays, name="stays"),
    path("appointments/<uuid:appointment_id>/restore/", views.restore, name="restore"),
]
