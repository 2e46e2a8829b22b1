"""Triggers of the book."""

from collections.abc import Iterable, Mapping

from kept.foundation.guards import NAMELESS, refuse, trigger


def appointment_guard(moves: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Refuse a change without an actor, with history off, a deletion, or a move that the table of moves lacks; raise the version with
    each change; keep an acceptance once it is set, unless the patient gives another that names it as the one before."""
    pairs = ", ".join(f"'{old}>{new}'" for old, news in moves.items() for new in sorted(news))
    moved = "new.status is distinct from old.status"
    return trigger(
        "appointment_guard",
        events="before insert or update or delete",
        body="\n".join(
            [
                NAMELESS,
                refuse(
                    "coalesce(current_setting('pgtrigger.ignore', true), '') not in ('', '{}')",
                    why="history is off",
                    constraint="history_on",
                ),
                refuse("tg_op = 'DELETE'", why="appointments are never deleted", constraint="appointment_kept"),
                "if tg_op = 'UPDATE' then",
                refuse(
                    f"{moved} and not (old.status || '>' || new.status = any (array[{pairs}]))",
                    why="no such move",
                    constraint="appointment_moves",
                ),
                refuse(
                    "old.agreement_id is not null and new.agreement_id is distinct from old.agreement_id or "
                    "old.acceptance_id is not null and new.acceptance_id is distinct from old.acceptance_id and not exists (\n"
                    "  select from policies_acceptance p where p.practice_id = new.practice_id and p.id = new.acceptance_id\n"
                    "    and p.replaces_id = old.acceptance_id and p.patient_id = new.patient_id and new.status = 'booked')",
                    why="what was accepted stays",
                    constraint="acceptance_kept",
                ),
                "new.version := old.version + 1; end if;",
                "return new;",
            ]
        ),
    )


def appointment_claims(on_the_book: Iterable[str]) -> dict[str, str]:
    """Claims on time live while the appointment stands on the book."""
    holding = ", ".join(f"'{status}'" for status in on_the_book)
    return trigger(
        "appointment_claims",
        events="after update of status when (old.status is distinct from new.status)",
        body=f"update scheduling_claim set live = new.status in ({holding}) "
        "where practice_id = new.practice_id and appointment_id = new.id;\nreturn null;",
    )


def claim_guard() -> dict[str, str]:
    """Refuse lane 0 over a live claim of another lane: a deliberate double booking stays taken when its first half leaves.
    Safe because writers hold the resource's row lock."""
    beside = """new.live and new.lane = 0 and exists (select from scheduling_claim c
  where c.practice_id = new.practice_id and c.resource_id = new.resource_id and c.live and c.lane > 0
    and c.id <> new.id and c.during && new.during)"""
    return trigger(
        "claim_guard",
        events="before insert or update",
        body=refuse(beside, why="taken in another lane", constraint="claim_once") + "\nreturn new;",
    )
