"""Addresses of Sales, and where the gateway reports."""

from django.urls import path

from kept.billing import webhooks
from kept.billing.views import account, acts, attention, invoice, sales

app_name = "billing"
urlpatterns = [
    path("sales/", sales.invoices, name="invoices"),
    path("sales/invoices.csv", sales.invoices_csv, name="csv"),
    path("sales/<uuid:invoice_id>/", invoice.invoice, name="invoice"),
    path("sales/<uuid:invoice_id>/receipt/", invoice.receipt, name="receipt"),
    path("sales/<uuid:invoice_id>/receipt.pdf", invoice.receipt_pdf, name="receipt-pdf"),
    path("sales/<uuid:invoice_id>/credit-notes/<uuid:note_id>.pdf", invoice.credit_note_pdf, name="credit-note-pdf"),
    path("sales/<uuid:invoice_id>/refund/", acts.refund, name="refund"),
    path("sales/<uuid:invoice_id>/payment/", acts.record, name="record"),
    path("sales/<uuid:invoice_id>/void/", acts.void, name="void"),
    path("sales/<uuid:invoice_id>/keep/", acts.keep, name="keep"),
    path("charges/<uuid:charge_id>/retry/", acts.retry, name="retry"),
    path("charges/<uuid:charge_id>/ask-again/", acts.ask_again, name="ask-again"),
    path("attention/", attention.page, name="attention"),
    path("attention/reports/<uuid:event_id>/look-again/", attention.look_again, name="look-again"),
    path("attention/reports/<uuid:event_id>/set-aside/", attention.set_aside, name="set-aside"),
    path("attention/cards/<uuid:capture_id>/seen/", attention.late_card_seen, name="late-card-seen"),
    path("settings/payments/", account.page, name="account"),
    path("settings/payments/check/", account.check, name="account-check"),
    path("settings/payments/webhook/", account.webhook_secret, name="webhook-secret"),
    path("settings/payments/webhook/retire/", account.retire, name="webhook-secret-retire"),
    path("webhooks/stripe/<slug:slug>/", webhooks.receive, name="webhook"),
]
