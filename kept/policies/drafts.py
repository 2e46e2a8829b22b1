"""The next version while it is being written: one draft of the practice, which counts for nobody until it is published."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.utils.translation import gettext as _
from pydantic import ValidationError

from kept.events import journal
from kept.foundation.refusals import Refusal
from kept.policies.document import Ask, Document, Part, Row, flat
from kept.policies.models import Draft, Policy, PolicyVersion
from kept.policies.transitions import locked_policy, publish
from kept.practice.models import Member
from kept.practice.rules import Right

P = TypeVar("P", bound=Part)

FIRST_MINOR = 7500
FIRST_DESCRIPTION = (
    "Your time is reserved for you alone. If something comes up, tell us as early as you can and we offer the time to others."
)
FIRST_AUTHORIZATION = (
    "I authorize the clinic to keep my card on file with its payment provider and to charge it under the cancellation policy above. I can "
    "withdraw this by cancelling in time."
)


def begun(policy: Policy, currency: str) -> Draft:
    """The practice's draft; without one what it would start from, not saved: the version in use, or a simple first one."""
    draft = Draft.objects.select_related("saved_by").first()
    if draft:
        return draft
    if policy.current:
        return _copy(policy.current)
    terms = flat(FIRST_MINOR)
    return Draft(document=_dump(terms), description=FIRST_DESCRIPTION, authorization_text=FIRST_AUTHORIZATION, currency=currency)


def fingerprint(*parts: object) -> str:
    """By which a part of a draft is known as long as nobody changes it."""
    plain = [_dump(part) if isinstance(part, Part) else part for part in parts]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def texts_of(draft: Draft) -> str:
    """The fingerprint of its texts."""
    return fingerprint(draft.description, draft.authorization_text)


def options_of(draft: Draft) -> str:
    """The fingerprint of all that stands in no row."""
    return fingerprint(draft.terms.model_copy(update={"rows": (), "asks": ()}))


def whole_of(draft: Draft) -> str:
    """The fingerprint of everything in it."""
    return fingerprint(draft.document, draft.description, draft.authorization_text)


def save_row(row: Row, *, instead_of: str, by: Member, at: datetime) -> Draft:
    """The row stands in the draft, in place of the one with that fingerprint, or as a new one: the last of its kind, before everyone's.

    Raises Refusal `stale_version` where somebody changed or removed that one meanwhile, `invalid`, `not_permitted`.
    """

    def put(draft: Draft) -> None:
        _set(draft, rows=_sorted(_put(draft.terms.rows, row, instead_of, _last_saved(draft))))

    return _change(put, by=by, at=at)


def remove_row(key: str, *, by: Member, at: datetime) -> Draft:
    """The row is gone from the draft; the last, which is for everyone, stays. Raises Refusal `invalid`, `not_permitted`."""

    def take_out(draft: Draft) -> None:
        if fingerprint(draft.terms.rows[-1]) == key:
            raise Refusal("invalid", _("The last row is for everyone else and stays."))
        _set(draft, rows=tuple(row for row in draft.terms.rows if fingerprint(row) != key))

    return _change(take_out, by=by, at=at)


def move_row(key: str, *, up: bool, by: Member, at: datetime) -> Draft:
    """The row counts before its neighbor, or after: among rows as near to a visit as it is. At the end of these it stays."""

    def swap(draft: Draft) -> None:
        rows = list(draft.terms.rows)
        here = next((index for index, row in enumerate(rows) if fingerprint(row) == key), None)
        if here is None:
            return
        there = here - 1 if up else here + 1
        if movable(rows, here, there):
            rows[here], rows[there] = rows[there], rows[here]
        _set(draft, rows=tuple(rows))

    return _change(swap, by=by, at=at)


def movable(rows: Sequence[Row], here: int, there: int) -> bool:
    """Whether two rows may change places."""
    return 0 <= there < len(rows) and _rank(rows[here]) == _rank(rows[there])


def save_ask(ask: Ask, *, instead_of: str, by: Member, at: datetime) -> Draft:
    """What booking asks, in place of the one with that fingerprint, or as a new row. Raises Refusal `stale_version`, `not_permitted`."""

    def put(draft: Draft) -> None:
        _set(draft, asks=tuple(_put(draft.terms.asks, ask, instead_of, _last_saved(draft))))

    return _change(put, by=by, at=at)


def remove_ask(key: str, *, by: Member, at: datetime) -> Draft:
    def take_out(draft: Draft) -> None:
        _set(draft, asks=tuple(ask for ask in draft.terms.asks if fingerprint(ask) != key))

    return _change(take_out, by=by, at=at)


def set_options(*, was: str, by: Member, at: datetime, **options: Any) -> Draft:
    """What stands in no row: deposits, free hours, late minutes. `was` is the fingerprint of what was on screen.

    Raises Refusal `stale_version`, `invalid`, `not_permitted`.
    """

    def put(draft: Draft) -> None:
        if options_of(draft) != was:
            raise _stale(_last_saved(draft))
        _set(draft, **options)

    return _change(put, by=by, at=at)


def set_texts(*, description: str, authorization_text: str, was: str, by: Member, at: datetime) -> Draft:
    """The draft's two texts. `was` is the fingerprint of those on screen. Raises Refusal `stale_version`, `not_permitted`."""

    def put(draft: Draft) -> None:
        if texts_of(draft) != was:
            raise _stale(_last_saved(draft))
        draft.description, draft.authorization_text = description.strip(), authorization_text.strip()

    return _change(put, by=by, at=at)


def write_draft(
    *, description: str | None = None, authorization_text: str | None = None, terms: Document | None = None, by: Member, at: datetime
) -> Draft:
    """What is given, in the draft as it is now; the rest stays. Raises Refusal `not_permitted`."""

    def put(draft: Draft) -> None:
        draft.document = _dump(terms) if terms else draft.document
        draft.description = draft.description if description is None else description.strip()
        draft.authorization_text = draft.authorization_text if authorization_text is None else authorization_text.strip()

    return _change(put, by=by, at=at)


def start_from(version: PolicyVersion, *, by: Member, at: datetime) -> Draft:
    """A draft that says what an earlier version said. Raises Refusal `draft_exists` while there is one, `not_permitted`."""
    by.must(Right.SET_UP)
    policy = locked_policy(by.practice_id)
    if draft := Draft.objects.select_related("saved_by").first():
        raise Refusal("draft_exists", _("There is a draft already, saved by %s. Publish or discard it first.") % draft.saved_by.name)
    draft = _copy(version)
    draft.based_on = policy.current.number if policy.current else 0
    journal.record("policy.draft_started", policy, by=by, at=at, version=version.number)
    return _saved(draft, by=by, at=at)


def discard(*, by: Member, at: datetime) -> None:
    """There is no draft any more. Raises Refusal `not_permitted`."""
    by.must(Right.SET_UP)
    policy = locked_policy(by.practice_id)
    gone, _rows = Draft.objects.all().delete()
    if gone:
        journal.record("policy.draft_discarded", policy, by=by, at=at)


def publish_draft(*, what_changed: str, was: str, based_on: int, by: Member, at: datetime) -> PolicyVersion:
    """The draft is the next version, and no draft any more. `was` is the fingerprint of what was on screen, `based_on` the number of the
    version with which it was compared there. Raises Refusal `stale_version`, `invalid`, `not_permitted`."""
    by.must(Right.SET_UP)
    draft = begun(locked_policy(by.practice_id), by.practice.settings.currency)
    if whole_of(draft) != was:
        raise _stale(_last_saved(draft))
    if not draft.description:
        raise Refusal("invalid", _("Write the description first, under Texts and versions."))
    version = publish(
        description=draft.description,
        authorization_text=draft.authorization_text,
        terms=draft.terms,
        currency=draft.currency,
        what_changed=what_changed,
        based_on=based_on,
        by=by,
        at=at,
    )
    Draft.objects.all().delete()
    return version


def _change(change: Callable[[Draft], None], *, by: Member, at: datetime) -> Draft:
    """Change the draft as it is now, alone; what has not changed is not saved."""
    by.must(Right.SET_UP)
    draft = begun(locked_policy(by.practice_id), by.practice.settings.currency)
    before = whole_of(draft)
    change(draft)
    return draft if whole_of(draft) == before else _saved(draft, by=by, at=at)


def _saved(draft: Draft, *, by: Member, at: datetime) -> Draft:
    new = draft._state.adding
    draft.practice_id, draft.saved_by, draft.saved_at = by.practice_id, by, at
    draft.save(force_insert=new)
    return draft


def _set(draft: Draft, **parts: Any) -> None:
    try:
        draft.document = _dump(Document.model_validate(draft.terms.model_dump() | _plain(parts)))
    except ValidationError as error:
        raise Refusal("invalid", said(error)) from None


def said(error: ValidationError) -> str:
    """The first of its reasons, for the writer."""
    first = error.errors()[0]
    return str(first.get("ctx", {}).get("error") or first["msg"])


def _plain(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: [each.model_dump() for each in part] if isinstance(part, tuple) else part for name, part in parts.items()}


def _dump(part: Part) -> Any:
    return part.model_dump(mode="json", exclude_none=True)


def _put(parts: Sequence[P], part: P, instead_of: str, last_saved: str) -> list[P]:
    keys = [fingerprint(each) for each in parts]
    if not instead_of:
        return [*parts[:-1], part, *parts[-1:]]
    if instead_of not in keys:
        raise _stale(last_saved)
    here = keys.index(instead_of)
    return [*parts[:here], part, *parts[here + 1 :]]


def _sorted(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=_rank))


def _rank(row: Row) -> tuple[bool, int]:
    return row.conditions.none, row.conditions.scope


def _copy(version: PolicyVersion) -> Draft:
    return Draft(
        document=version.document,
        description=version.description,
        authorization_text=version.authorization_text,
        currency=version.currency,
        based_on=version.number,
    )


def _last_saved(draft: Draft) -> str:
    return draft.saved_by.name if draft.saved_by_id else ""


def _stale(who: str) -> Refusal:
    if who:
        return Refusal("stale_version", _("%s changed this in the draft meanwhile. Yours is still here: save again to keep it.") % who)
    return Refusal("stale_version", _("This was published or discarded meanwhile. Yours is still here: save again to keep it."))
