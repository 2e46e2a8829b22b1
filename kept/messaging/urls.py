"""Addresses of letters."""

from django.urls import path

from kept.messaging import views

app_name = "messaging"
urlpatterns = [
    path("messages/<uuid:message_id>/withdraw/", views.withdraw, name="withdraw"),
    path("sales/<uuid:invoice_id>/send-receipt/", views.send_receipt, name="send-receipt"),
]
