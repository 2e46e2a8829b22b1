"""The draft of the next version: one of the practice, changed part by part, published whole or discarded."""

import pytest

from kept.events.models import Event
from kept.ops.cast import House
from kept.policies import drafts, queries
from kept.policies.document import Ask, AskConditions, Conditions, Document, HoursBefore, Kind, Row, Step, Sum, flat
from kept.policies.models import Draft, PolicyVersion
from kept.policies.transitions import publish
from kept.practice.models import Member
from tests.kit.checks import refused
from tests.kit.visits import BOOKED_AT

LATE = Step(kinds=(Kind.LATE_CANCEL, Kind.LATE_RESCHEDULE), notice=HoursBefore(hours=48), pays=Sum(minor=9000))
LONG, DEAR = Conditions(minutes_from=90), Conditions(price_from=50_000)
FACIALS = Conditions(categories=("Facials",))


def row(conditions: Conditions) -> Row:
    return Row(conditions=conditions, steps=(LATE,))


def conditions() -> list[Conditions]:
    return [each.conditions for each in Draft.objects.get().terms.rows]


def key(number: int) -> str:
    return drafts.fingerprint(Draft.objects.get().terms.rows[number - 1])


def test_it_starts_from_the_version_in_use_and_leaves_that_alone(silas: Member) -> None:
    draft = drafts.save_row(row(LONG), instead_of="", by=silas, at=BOOKED_AT)

    in_use = queries.version_in_use()
    assert in_use
    assert (in_use.number, in_use.terms) == (3, flat(7500))
    assert (draft.based_on, draft.saved_by, draft.saved_at, draft.description) == (3, silas, BOOKED_AT, in_use.description)
    assert draft.terms == Document(rows=(row(LONG), *flat(7500).rows))


def test_a_new_row_is_the_last_of_its_kind(silas: Member) -> None:
    for each in (LONG, FACIALS, DEAR):
        drafts.save_row(row(each), instead_of="", by=silas, at=BOOKED_AT)

    assert conditions() == [FACIALS, LONG, DEAR, Conditions()]


def test_rows_change_places_among_their_kind_alone(silas: Member) -> None:
    for each in (LONG, FACIALS, DEAR):
        drafts.save_row(row(each), instead_of="", by=silas, at=BOOKED_AT)

    for number, up in ((3, True), (2, True), (1, False), (4, True)):
        drafts.move_row(key(number), up=up, by=silas, at=BOOKED_AT)

    assert conditions() == [FACIALS, DEAR, LONG, Conditions()]


def test_a_row_is_replaced_in_its_place_and_taken_out(silas: Member) -> None:
    drafts.save_row(row(LONG), instead_of="", by=silas, at=BOOKED_AT)

    drafts.save_row(row(DEAR), instead_of=key(1), by=silas, at=BOOKED_AT)
    replaced = conditions()
    drafts.remove_row(key(1), by=silas, at=BOOKED_AT)

    assert (replaced, conditions()) == ([DEAR, Conditions()], [Conditions()])
    with refused("invalid"):
        drafts.remove_row(key(1), by=silas, at=BOOKED_AT)


def test_two_people_change_two_rows_and_nothing_is_lost(silas: Member, leonora: Member) -> None:
    for each in (LONG, DEAR):
        drafts.save_row(row(each), instead_of="", by=silas, at=BOOKED_AT)
    seen = [key(1), key(2)]

    drafts.save_row(row(Conditions(minutes_from=120)), instead_of=seen[0], by=silas, at=BOOKED_AT)
    drafts.save_row(row(Conditions(price_from=60_000)), instead_of=seen[1], by=leonora, at=BOOKED_AT)

    assert conditions() == [Conditions(minutes_from=120), Conditions(price_from=60_000), Conditions()]


def test_a_row_that_another_changed_is_not_written_over(silas: Member, leonora: Member) -> None:
    drafts.save_row(row(LONG), instead_of="", by=silas, at=BOOKED_AT)
    seen = key(1)
    drafts.save_row(row(DEAR), instead_of=seen, by=leonora, at=BOOKED_AT)

    with refused("stale_version") as refusal:
        drafts.save_row(row(FACIALS), instead_of=seen, by=silas, at=BOOKED_AT)

    assert refusal.value.sentence.startswith(f"{leonora.name} changed this in the draft meanwhile.")
    assert conditions() == [DEAR, Conditions()]


def test_texts_and_options_that_another_changed_are_not_written_over(silas: Member, leonora: Member) -> None:
    draft = drafts.save_row(row(LONG), instead_of="", by=silas, at=BOOKED_AT)
    texts, options = drafts.texts_of(draft), drafts.options_of(draft)
    drafts.set_texts(description="d", authorization_text="a", was=texts, by=leonora, at=BOOKED_AT)
    drafts.set_options(was=options, free_hours=12, by=leonora, at=BOOKED_AT)

    with refused("stale_version"):
        drafts.set_texts(description="e", authorization_text="a", was=texts, by=silas, at=BOOKED_AT)
    with refused("stale_version"):
        drafts.set_options(was=options, free_hours=48, by=silas, at=BOOKED_AT)

    kept = Draft.objects.get()
    assert (kept.description, kept.terms.free_hours, kept.terms.rows[0]) == ("d", 12, row(LONG))


def test_missed_is_no_sooner_than_a_late_arrival_costs(silas: Member) -> None:
    late = Row(conditions=LONG, steps=(Step(kinds=(Kind.LATE_ARRIVAL,), from_minutes=10, pays=Sum(minor=1500)),))
    draft = drafts.save_row(late, instead_of="", by=silas, at=BOOKED_AT)

    with refused("invalid"):
        drafts.set_options(was=drafts.options_of(draft), late_minutes=10, by=silas, at=BOOKED_AT)


def test_what_booking_asks_is_added_changed_and_removed(silas: Member) -> None:
    new, card = AskConditions(patients="new"), Ask(card=True)
    drafts.save_ask(Ask(conditions=new, card=True), instead_of="", by=silas, at=BOOKED_AT)
    prepaid = Ask(conditions=new, card=True, prepay=True)
    drafts.save_ask(prepaid, instead_of=drafts.fingerprint(Ask(conditions=new, card=True)), by=silas, at=BOOKED_AT)
    changed = Draft.objects.get().terms.asks

    drafts.remove_ask(drafts.fingerprint(card), by=silas, at=BOOKED_AT)

    assert (changed, Draft.objects.get().terms.asks) == ((prepaid, card), (prepaid,))


def test_published_it_is_the_next_version_and_no_draft_any_more(silas: Member) -> None:
    draft = drafts.save_row(row(LONG), instead_of="", by=silas, at=BOOKED_AT)

    version = drafts.publish_draft(what_changed="Long visits", was=drafts.whole_of(draft), based_on=3, by=silas, at=BOOKED_AT)

    assert (version.number, version.terms, version.what_changed) == (4, draft.terms, "Long visits")
    assert not Draft.objects.exists()


def test_nothing_is_published_that_was_not_on_screen(silas: Member, leonora: Member) -> None:
    draft = drafts.save_row(row(LONG), instead_of="", by=silas, at=BOOKED_AT)
    seen = drafts.whole_of(draft)
    drafts.save_row(row(DEAR), instead_of="", by=leonora, at=BOOKED_AT)

    with refused("stale_version"):
        drafts.publish_draft(what_changed="w", was=seen, based_on=3, by=silas, at=BOOKED_AT)
    publish(description="d", authorization_text="a", terms=flat(9000), currency="USD", by=leonora, at=BOOKED_AT)
    with refused("stale_version"):
        drafts.publish_draft(what_changed="w", was=drafts.whole_of(Draft.objects.get()), based_on=3, by=silas, at=BOOKED_AT)

    assert (PolicyVersion.objects.count(), conditions()) == (4, [LONG, DEAR, Conditions()])


def test_discarded_it_is_gone_and_told(silas: Member) -> None:
    drafts.save_row(row(LONG), instead_of="", by=silas, at=BOOKED_AT)

    for _click in range(2):
        drafts.discard(by=silas, at=BOOKED_AT)

    assert not Draft.objects.exists()
    assert Event.objects.filter(kind="policy.draft_discarded").count() == 1


def test_a_draft_starts_from_an_older_version_while_there_is_none(silas: Member, juniper: House) -> None:
    first = PolicyVersion.objects.get(number=1)

    draft = drafts.start_from(first, by=silas, at=BOOKED_AT)

    assert (draft.terms, draft.based_on) == (first.terms, 3)
    with refused("draft_exists"):
        drafts.start_from(first, by=silas, at=BOOKED_AT)


@pytest.mark.parametrize("who", ["odette", "tess", "benedikt", "philomena"])
def test_only_owner_and_manager_write_it(request: pytest.FixtureRequest, who: str) -> None:
    member: Member = request.getfixturevalue(who)

    with refused("not_permitted"):
        drafts.save_row(row(LONG), instead_of="", by=member, at=BOOKED_AT)
    with refused("not_permitted"):
        drafts.discard(by=member, at=BOOKED_AT)
    with refused("not_permitted"):
        drafts.publish_draft(what_changed="w", was="", based_on=3, by=member, at=BOOKED_AT)
