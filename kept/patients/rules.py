"""How patients are found and sorted: names, phones, addresses and birth dates as words without case, accents and punctuation.

Both sides are made here, the words that are kept and those that are asked for. Pure functions."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from itertools import groupby

LONGEST = 200
MOST_WORDS = 8
PHONE_TAIL = 7  # of a number typed in full this much is compared: a country's code or a leading 0 may be there or not
SHORTEST_TAIL = 4
LONG_WORD = 6
FIRST_BIRTH = date(1900, 1, 1)

APOSTROPHES = "'’ʼ`"  # within a name, which people leave out
SPELLED = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"} | dict.fromkeys(APOSTROPHES, "")
)
APART = str.maketrans(dict.fromkeys(APOSTROPHES, " "))
DATES = ("%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%b %d, %Y", "%b %d %Y", "%d %b %Y", "%B %d, %Y", "%B %d %Y", "%d %B %Y")


def plain(text: str) -> str:
    """In small letters without accents: "Łucía O’Hara" is "lucia ohara"."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(SPELLED)).casefold()
    return "".join(mark for mark in apart if not unicodedata.combining(mark))


def parts(text: str) -> list[str]:
    """Its words: "Holloway-Lin, Bram" is holloway, lin, bram."""
    return [word[:LONGEST] for word in re.findall(r"[^\W_]+", plain(text))]


def masked(email: str) -> str:
    mailbox, at, host = email.partition("@")
    return f"{mailbox[:1]}••••{at}{host}" if at else ""


def initials(first_name: str, last_name: str) -> tuple[str, str]:
    """For eyes that shall not read names: "Renata", "Solbrook" are "R.", "S."."""
    first, last = (f"{name[0]}." if name else "" for name in (first_name, last_name))
    return first, last


def digits(phone: str) -> str:
    return "".join(mark for mark in plain(phone) if mark in "0123456789")


def sort_name(first_name: str, last_name: str) -> str:
    """By last name, then by first, as a list of people is sorted."""
    return " ".join(parts(last_name) + parts(first_name))[:LONGEST]


def kept_words(*, names: Iterable[str], email: str, phone: str, birth_date: date | None) -> set[str]:
    """The words by which a patient is found. Of a phone every tail, so that any piece of it is the beginning of one."""
    number = digits(phone)
    words = {word for name in names for word in parts(name) + parts(name.translate(APART))}
    words |= {plain(email)[:LONGEST], *parts(email.partition("@")[0])} if email else set()
    words |= {number[start:] for start in range(max(len(number) - SHORTEST_TAIL + 1, 1))}
    words |= {birth_date.isoformat()} if birth_date else set()
    return words - {""}


def traits(*, sort_name: str, email: str, phone: str, birth_date: date | None) -> set[tuple[str, str]]:
    """By what she may be somebody who is on the books already, as kind and value: her number, her address, her name with her birth date."""
    number = digits(phone)
    found = {("phone", number[-PHONE_TAIL:])} if len(number) >= PHONE_TAIL else set()
    found |= {("email", plain(email)[:LONGEST])} if email else set()
    found |= {("person", f"{birth_date.isoformat()} {sort_name}"[:LONGEST])} if birth_date and sort_name else set()
    return found


def asked_words(search: str) -> list[tuple[str, ...]]:
    """What a search asks for: each of these must begin one of the patient's words, in one of its readings."""
    days = tuple(f"{day:%Y-%m-%d}" for day in birth_dates(search))
    found: list[tuple[str, ...]] = []
    for is_number, pieces in groupby(search.split(), key=_is_number):
        if is_number:
            found.append((digits("".join(pieces))[-PHONE_TAIL:],))
        else:
            found += [(word,) for piece in pieces for word in ([plain(piece)[:LONGEST]] if "@" in piece else parts(piece))]
    if days:
        return [(*days, *(found[0] if len(found) == 1 else ()))]
    return found[:MOST_WORDS]


def birth_dates(text: str) -> list[date]:
    """The dates that a text can be read as: 02/03/1991 is two."""
    found = []
    for form in DATES:
        try:
            found.append(datetime.strptime(text.strip(), form).date())  # noqa: DTZ007  a birth date has no zone
        except ValueError:
            continue
    return list(dict.fromkeys(found))


def is_phone(text: str) -> bool:
    """Digits enough for a number, and no more beside them than people write: (212) 555-0142 ext. 3."""
    return len(digits(text)) >= SHORTEST_TAIL and bool(re.fullmatch(r"[\d\s+()./,;x#*-]+", re.sub(r"ext\.?|extension", "x", plain(text))))


def forgiven(word: str, tolerance: int) -> int:
    """In how many letters another word may differ and still be meant: none of a very short one or of a number, else one or two."""
    if len(word) < 3 or not word.isalpha():
        return 0
    return min(tolerance, 1 if len(word) == 3 else 2)


def _is_number(piece: str) -> bool:
    return bool(re.fullmatch(r"[\d+()./-]*\d[\d+()./-]*", plain(piece)))
