"""Addresses of Sales, and where the gateway reports."""

from django.urls import path

from kept.billing import views, webhooks

app_name = "billing"
urlpatterns = [
    path("sales/", views.invoices, name="invoices"),
    path("sales/<uuid:invoice_id>/", views.invoice, name="invoice"),
    path("sales/<uuid:invoice_id>/refund/", views.refund, name="refund"),
    path("sales/<uuid:invoice_id>/keep/", views.keep, name="keep"),
    path("charges/<uuid:charge_id>/retry/", views.retry, name="retry"),
    path("webhooks/stripe/<slug:slug>/", webhooks.receive, name="webhook"),
]
