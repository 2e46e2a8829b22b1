"""Changing the practice: numbers given out, keys issued, settings changed."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, time
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from kept.events import journal
from kept.foundation.ids import new_id
from kept.foundation.money import Money
from kept.foundation.phones import international
from kept.foundation.refusals import Refusal
from kept.practice.models import CALENDAR_STEPS, MOST_CARD_HOURS, MOST_HORIZON, MOST_IDLE, MOST_LEAD, ApiKey, Member, Practice, Settings
from kept.practice.rules import Right
from kept.practice.setting_up.words import named

MOST_BREATHING_SPACE = 24 * 60  # minutes
MOST_DECIDE_DAYS = 365
MOST_REFUND_LIMIT = 99_999_999  # minor units: what the payment provider takes at once

NEXT = """insert into practice_counter (id, practice_id, name, value) values (%s, %s, %s, %s)
on conflict (practice_id, name) do update set value = practice_counter.value + 1 returning value"""


def next_number(practice_id: UUID, name: str, *, first: int) -> int:
    """The next number under that name, gapless: the counter's row stays locked until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [new_id(), practice_id, name, first])
        (value,) = cursor.fetchone()
    return int(value)


def secret_hash(secret: str) -> str:
    """SHA-256 of 256 random bits; such a secret needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def issue_key(
    member: Member, name: str, *, scopes: list[str], at: datetime, expires_at: datetime | None = None, key_id: UUID | None = None
) -> str:
    """A new API key that acts as this member. Returns the token, `practice.secret`, which is shown once and kept by its hash only."""
    secret = secrets.token_urlsafe(32)
    ApiKey.objects.create(
        id=key_id or new_id(),
        practice_id=member.practice_id,
        member=member,
        name=name,
        secret_hash=secret_hash(secret),
        scopes=scopes,
        created_at=at,
        expires_at=expires_at,
    )
    return f"{member.practice_id.hex}.{secret}"


def set_calendar(*, ghosts: bool, step_minutes: int, shown_from: time | None, shown_to: time | None, by: Member, at: datetime) -> Settings:
    """How the practice's calendar is drawn: whether missed and cancelled visits stay behind the book, its step, the hours it shows.

    Wall times; without both the clinic's own hours are shown. Raises Refusal `invalid`, `not_permitted`.
    """
    by.must(Right.SET_UP)
    if (shown_from is None) != (shown_to is None):
        raise Refusal("invalid", _("Say both, or neither for the clinic’s own hours."), field="shown_to" if shown_from else "shown_from")
    if shown_from and shown_to and shown_from >= shown_to:
        raise Refusal("invalid", _("The calendar ends after it begins."), field="shown_to")
    settings = Settings.objects.select_for_update(no_key=True).get(practice=by.practice_id)
    settings.calendar_ghosts, settings.calendar_step_minutes = ghosts, step_minutes
    settings.calendar_from, settings.calendar_to = shown_from, shown_to
    settings.save(update_fields=["calendar_ghosts", "calendar_step_minutes", "calendar_from", "calendar_to"])
    journal.record("settings.calendar", settings, by=by, at=at, ghosts=ghosts, step=step_minutes)
    return settings


def set_fees(
    *, breathing_space_minutes: int, decide_days: int, fee_choice: str, when_filled: str, tell_patients: bool, by: Member, at: datetime
) -> Settings:
    """How the practice deals with fees and letters: how long a fee waits (R7b), how long it may be decided (R7e), what the no-show dialog
    has chosen in advance, what happens when the time is booked again (R7c), and whether patients are told. Raises Refusal `invalid`,
    `not_permitted`."""
    by.must(Right.SET_UP)
    if not 0 <= breathing_space_minutes <= MOST_BREATHING_SPACE:
        raise Refusal("invalid", _("A fee waits a day at most."), field="breathing_space_minutes")
    if not 1 <= decide_days <= MOST_DECIDE_DAYS:
        raise Refusal("invalid", _("Choose from 1 to %d days.") % MOST_DECIDE_DAYS, field="decide_days")
    if fee_choice not in Settings.FeeChoice.values:
        raise Refusal("invalid", _("Choose one of these."), field="fee_choice")
    if when_filled not in Settings.WhenFilled.values:
        raise Refusal("invalid", _("Choose one of these."), field="when_filled")
    settings = Settings.objects.select_for_update(no_key=True).get(practice=by.practice_id)
    settings.breathing_space_minutes, settings.decide_days = breathing_space_minutes, decide_days
    settings.fee_choice, settings.when_filled, settings.tell_patients = fee_choice, when_filled, tell_patients
    settings.save(update_fields=["breathing_space_minutes", "decide_days", "fee_choice", "when_filled", "tell_patients"])
    journal.record("settings.fees", settings, by=by, at=at, breathing_space=breathing_space_minutes, decide_days=decide_days)
    return settings


def set_front_desk(*, may_double_book: bool, refund_limit: Money, by: Member, at: datetime) -> Settings:
    """What the front desk may beyond its role: book two patients at one time, and refund or void up to a limit at once; zero: nothing.

    Raises Refusal `wrong_currency`, `invalid`, `not_permitted`.
    """
    by.must(Right.SET_UP)
    settings = Settings.objects.select_for_update(no_key=True).get(practice=by.practice_id)
    if refund_limit.currency != settings.currency:
        raise Refusal("wrong_currency", _("Enter the limit in %s.") % settings.currency, field="refund_limit")
    most = Money(MOST_REFUND_LIMIT, settings.currency)
    if not 0 <= refund_limit.minor <= most.minor:
        raise Refusal("invalid", _("Enter %s at most; zero for none.") % most, field="refund_limit")
    settings.front_desk_may_double_book, settings.front_desk_refund_limit_minor = may_double_book, refund_limit.minor
    settings.save(update_fields=["front_desk_may_double_book", "front_desk_refund_limit_minor"])
    journal.record("settings.front_desk", settings, by=by, at=at, double_book=may_double_book, minor=refund_limit.minor)
    return settings


def set_awaited_cards(*, within_hours: int, before_hours: int, without_card: str, by: Member, at: datetime) -> Settings:
    """How long a patient has to give the card that the desk asks her for, and what becomes of the visit when she does not. Visits for
    which a card was asked already keep their time. Raises Refusal `invalid`, `not_permitted`."""
    by.must(Right.SET_UP)
    if not 1 <= within_hours <= MOST_CARD_HOURS:
        raise Refusal("invalid", _("Choose from 1 to %d hours.") % MOST_CARD_HOURS, field="within_hours")
    if not 0 <= before_hours <= MOST_CARD_HOURS:
        raise Refusal("invalid", _("Choose from 0 to %d hours.") % MOST_CARD_HOURS, field="before_hours")
    if without_card not in Settings.WithoutCard.values:
        raise Refusal("invalid", _("Choose one of these."), field="without_card")
    settings = Settings.objects.select_for_update(no_key=True).get(practice=by.practice_id)
    settings.card_within_hours, settings.card_before_hours, settings.without_card = within_hours, before_hours, without_card
    settings.save(update_fields=["card_within_hours", "card_before_hours", "without_card"])
    journal.record("settings.awaited_cards", settings, by=by, at=at, within=within_hours, before=before_hours, without_card=without_card)
    return settings


# A whole origin, and by http only one's own machine: it goes into a header as it is.
ORIGIN = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(:\d{1,5})?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?")
MOST_SITES = 10


def set_online(
    *, lead_minutes: int, horizon_days: int, step_minutes: int, sites: Sequence[str] = (), closed: str = "", by: Member, at: datetime
) -> Settings:
    """What patients are offered online: no time sooner than the lead time from now, none beyond the horizon, each on a step. `sites`: the
    origins of pages that may show the booking page; `closed`: what it says where a clinic is not booked online. Raises Refusal `invalid`,
    `not_permitted`."""
    by.must(Right.SET_UP)
    if not 0 <= lead_minutes <= MOST_LEAD:
        raise Refusal("invalid", _("Choose from 0 to 720 hours."), field="lead_minutes")
    if not 1 <= horizon_days <= MOST_HORIZON:
        raise Refusal("invalid", _("Choose from 1 to %d days.") % MOST_HORIZON, field="horizon_days")
    if step_minutes not in CALENDAR_STEPS:
        raise Refusal("invalid", _("Choose one of these."), field="step_minutes")
    origins = list(dict.fromkeys(site.strip().rstrip("/").lower() for site in sites if site.strip()))
    if wrong := next((site for site in origins if not ORIGIN.fullmatch(site)), ""):
        raise Refusal("invalid", _("%s is no site’s address. Enter it as https://www.example.com, without a path.") % wrong, field="sites")
    if len(origins) > MOST_SITES:
        raise Refusal("invalid", _("Name at most %d sites.") % MOST_SITES, field="sites")
    settings = Settings.objects.select_for_update(no_key=True).get(practice=by.practice_id)
    settings.online_sites, settings.online_closed = origins, closed.strip()
    settings.online_lead_minutes, settings.online_horizon_days = lead_minutes, horizon_days
    settings.online_step_minutes = step_minutes
    settings.save(update_fields=["online_lead_minutes", "online_horizon_days", "online_step_minutes", "online_sites", "online_closed"])
    journal.record("settings.online", settings, by=by, at=at, lead=lead_minutes, horizon=horizon_days, step=step_minutes)
    return settings


def set_texts(*, text_from: str, by: Member, at: datetime) -> Settings:
    """Patients get text messages from that number; from none where it is empty. Raises Refusal `invalid`, `not_permitted`."""
    by.must(Right.SET_UP)
    number = international(text_from) if text_from.strip() else ""
    if text_from.strip() and not number:
        raise Refusal("invalid", _("Enter the number with its country’s code, for example +1 212 555 0142."), field="text_from")
    settings = Settings.objects.select_for_update(no_key=True).get(practice=by.practice_id)
    settings.text_from = number
    settings.save(update_fields=["text_from"])
    journal.record("settings.texts", settings, by=by, at=at, text_from=number)
    return settings


def set_sign_in(*, idle_minutes: int, second_step_for_all: bool, by: Member, at: datetime) -> Settings:
    """After how many minutes without a touch a screen locks, and whether everybody needs a second step, from each one's next sign-in.
    Raises Refusal `invalid`, `not_permitted`."""
    by.must(Right.SET_UP)
    if not 1 <= idle_minutes <= MOST_IDLE:
        raise Refusal("invalid", _("Choose from 1 to %d minutes.") % MOST_IDLE, field="idle_minutes")
    settings = Settings.objects.select_for_update(no_key=True).get(practice=by.practice_id)
    settings.idle_minutes, settings.second_step_for_all = idle_minutes, second_step_for_all
    settings.save(update_fields=["idle_minutes", "second_step_for_all"])
    journal.record("settings.sign_in", settings, by=by, at=at, idle=idle_minutes, second_step_for_all=second_step_for_all)
    return settings


def rename_practice(name: str, *, by: Member, at: datetime) -> None:
    """The name that staff and patients see; addresses stay. Raises Refusal `invalid`, `not_permitted`."""
    by.must(Right.SET_UP)
    practice = Practice.objects.select_for_update(no_key=True).get(pk=by.practice_id)
    practice.name = named(name)
    practice.save(update_fields=["name"])
    journal.record("settings.practice", Settings.objects.get(practice=practice), by=by, at=at)


def hide_getting_started(*, by: Member, at: datetime) -> None:
    """The checklist shows no more. Raises Refusal `not_permitted`."""
    by.must(Right.SET_UP)
    settings = Settings.objects.select_for_update(no_key=True).get(practice=by.practice_id)
    settings.getting_started_hidden = True
    settings.save(update_fields=["getting_started_hidden"])
    journal.record("settings.getting_started_hidden", settings, by=by, at=at)
