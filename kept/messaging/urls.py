"""Addresses of letters."""

from django.urls import path

from kept.messaging import views, webhooks

app_name = "messaging"
urlpatterns = [
    path("messages/<uuid:message_id>/withdraw/", views.withdraw, name="withdraw"),
    path("messages/<uuid:message_id>/again/", views.again, name="again"),
    path("messages/<uuid:message_id>/settle/", views.settle, name="settle"),
    path("webhooks/mail/", webhooks.mail, name="mail-reports"),
    path("webhooks/sms/<slug:slug>/", webhooks.answered, name="sms"),
    path("webhooks/sms/<slug:slug>/<uuid:message_id>/", webhooks.sms, name="sms-status"),
    path("sales/<uuid:invoice_id>/send-receipt/", views.send_receipt, name="send-receipt"),
]
