"""Which jobs follow which events of the journal. For letters, offers and scores: never for money."""

REACTIONS: dict[str, list[str]] = {}
