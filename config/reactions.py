"""Which jobs follow which events of the journal. For letters, offers and scores: never for money."""

REACTIONS: dict[str, list[str]] = {
    "charge.kept": ["messaging.receipt"],
    "invoice.paid": ["messaging.receipt"],
    "refund.succeeded": ["messaging.refunded"],
}
