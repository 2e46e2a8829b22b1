"""The draft, or what it would start from, as the pages of the editor show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from django.utils.translation import gettext as _

from kept.desk.policy.typed import Offer
from kept.foundation import clock
from kept.policies import drafts, queries
from kept.policies.changes import Change, changes
from kept.policies.document import Ask, Document, Row
from kept.policies.models import Draft, Policy, PolicyVersion
from kept.policies.words import StepInWords, Words
from kept.practice import queries as practice
from kept.practice.doors import MemberRequest
from kept.practice.models import Member


class RowLine(NamedTuple):
    """A row as a line of the table: who and what, how late, how much, and the same in words. `head` where a kind of rows begins."""

    number: int
    key: str
    head: str
    title: str
    subtitle: str
    steps: list[StepInWords]
    elsewhere: list[tuple[str, int]]
    words: str
    up: bool
    down: bool


class AskLine(NamedTuple):
    key: str
    title: str
    subtitle: str
    asks: str
    icon: str


def row_lines(document: Document, words: Words) -> list[RowLine]:
    lines, last = [], ""
    rows = document.rows
    for index, row in enumerate(rows):
        head = scope_name(row)
        lines.append(
            RowLine(
                number=index + 1,
                key=drafts.fingerprint(row),
                head=head if head != last else "",
                title=words.title(row.conditions),
                subtitle=words.subtitle(row.conditions),
                steps=[words.step(step) for step in row.steps],
                elsewhere=words.elsewhere(document, index + 1),
                words=words.to_patient(row),
                up=drafts.movable(rows, index, index - 1),
                down=drafts.movable(rows, index, index + 1),
            )
        )
        last = head
    return lines


def scope_name(row: Row) -> str:
    return [_("Services and categories"), _("Clinics"), _("All visits")][row.conditions.scope]


def ask_lines(asks: Sequence[Ask], words: Words) -> list[AskLine]:
    return [
        AskLine(drafts.fingerprint(ask), words.title(ask.conditions), words.subtitle(ask.conditions), words.ask(ask), _icon(ask))
        for ask in asks
    ]


def _icon(ask: Ask) -> str:
    if ask.never_card:
        return "credit-card-x"
    if ask.deposit or ask.prepay:
        return "wallet"
    if ask.card:
        return "credit-card"
    return "banknote" if ask.pay_first else "user-check"


@dataclass
class Editor:
    """What a page of the editor stands on."""

    member: Member
    policy: Policy
    draft: Draft

    @classmethod
    def of(cls, request: MemberRequest) -> "Editor":
        policy = queries.policy_in_use()
        return cls(request.member, policy, drafts.begun(policy, request.member.practice.settings.currency))

    @property
    def saved(self) -> bool:
        """There is a draft."""
        return not self.draft._state.adding

    @property
    def current(self) -> PolicyVersion | None:
        return self.policy.current

    @property
    def next_number(self) -> int:
        return (self.current.number if self.current else 0) + 1

    @property
    def overtaken(self) -> bool:
        """Another version was published since the draft was begun."""
        return self.saved and self.draft.based_on != self.next_number - 1

    @cached_property
    def terms(self) -> Document:
        return self.draft.terms

    @cached_property
    def words(self) -> Words:
        return queries.words(self.draft)

    @cached_property
    def offer(self) -> Offer:
        return Offer(self.draft.currency, list(practice.all_services(self.member)), list(practice.all_clinics(self.member)))

    @cached_property
    def rows(self) -> list[RowLine]:
        return row_lines(self.terms, self.words)

    @cached_property
    def asks(self) -> list[AskLine]:
        return ask_lines(self.terms.asks, self.words)

    @cached_property
    def changes(self) -> list[Change]:
        found = changes(self.current.terms if self.current else None, self.terms, self.words)
        texts = [
            (_("Description"), "description"),
            (_("CC Authorization Text"), "authorization_text"),
        ]
        for title, name in texts:
            if self.current and getattr(self.current, name) != getattr(self.draft, name):
                found.append(Change(title, getattr(self.draft, name) or _("Empty"), "changed"))
        return found

    def context(self, page: str, **more: object) -> dict[str, object]:
        return {"tab": "settings", "editor": self, "page": page, "now": clock.now()} | more
