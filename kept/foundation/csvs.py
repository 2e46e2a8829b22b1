"""Files for spreadsheets, which would run a cell that looks like a formula."""

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def safe(value: str) -> str:
    """The text as a cell that is only text: what a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{value}" if value.startswith(DANGEROUS) else value
