"""Which jobs follow which events of the journal. For letters, offers and scores: never for money."""

REACTIONS: dict[str, list[str]] = {
    "charge.kept": ["messaging.receipt"],
    "charge.needs_patient": ["messaging.bank_asks"],
    "invoice.paid": ["messaging.receipt"],
    "refund.succeeded": ["messaging.refunded"],
}
