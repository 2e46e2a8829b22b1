"""What each letter speaks of: the function that says it when the letter is written, and again when it goes."""

LETTERS = {
    "accept_again": "kept.messaging.letters.accept_again",
    "answered": "kept.noshows.letters.answered",
    "booked": "kept.messaging.letters.booked",
    "cancelled": "kept.noshows.letters.cancelled",
    "card_link": "kept.messaging.letters.card_link",
    "card_reminder": "kept.messaging.letters.card_reminder",
    "manage_link": "kept.messaging.letters.manage_link",
    "moved": "kept.noshows.letters.moved",
    "no_show": "kept.noshows.letters.no_show",
    "payment_link": "kept.messaging.letters.payment_link",
    "receipt": "kept.messaging.letters.receipt",
    "refunded": "kept.messaging.letters.refunded",
    "released": "kept.messaging.letters.released",
}
