"""Whether what must be true of the book and its money is true: asked of the rows themselves, by `kept audit-invariants` and by tests.

Each question is one statement that returns what speaks against it. The database's constraints keep most of these already; asking again
finds what a lost constraint, a restored backup or a hand on the database let in. Letters and numbers (I1 ...) are those of
docs/invariants.md."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from kept.foundation.scope import scope
from kept.practice.models import Practice

MOST_SHOWN = 20

ON_THE_BOOK = "('booked', 'arrived', 'fulfilled')"
UNDER_WAY = "('reserved', 'sending', 'pending', 'unknown')"
PAID_IN = "coalesce((select sum(p.amount_minor) from billing_payment p where p.charge_id = c.id), 0)"


def _refunds(states: str) -> str:
    return f"coalesce((select sum(r.amount_minor) from billing_refund r where r.charge_id = c.id and r.state in {states}), 0)"


def _as_remembered(table: str, history: str, *columns: str) -> str:
    """Rows whose last entry of history does not say what they say."""
    now, then = ", ".join(f"row.{each}" for each in columns), ", ".join(f"last.{each}" for each in columns)
    return f"""select row.id::text from {table} row left join lateral
        (select * from {history} h where h.pgh_obj_id = row.id order by h.pgh_id desc limit 1) last on true
        where ({now}) is distinct from ({then})"""


@dataclass(frozen=True, slots=True)
class Invariant:
    """What must hold, and a statement that returns one text for each thing against it. `%(at)s` in it is now."""

    code: str
    what: str
    against: str


INVARIANTS = [
    Invariant(
        "I1",
        "No two live claims of one lane overlap",
        """select id::text from (select id, starts_at, max(ends_at) over (partition by resource_id, lane order by starts_at, id
            rows between unbounded preceding and 1 preceding) as busy_until from scheduling_claim where live) claim
        where busy_until > starts_at""",
    ),
    Invariant(
        "I1",
        "What stands on the book holds its time, and nothing else does",
        f"""select a.number::text from scheduling_appointment a where a.channel <> 'import' and (a.status in {ON_THE_BOOK})
            <> exists (select from scheduling_claim c where c.appointment_id = a.id and c.live)
        union all select a.number::text from scheduling_claim c join scheduling_appointment a on a.id = c.appointment_id
        where c.live and a.channel = 'import'""",
    ),
    Invariant(
        "I3",
        "At most one live fee of a kind for an appointment and booked time",
        "select appointment_id::text from billing_charge where live group by appointment_id, kind, booking_no having count(*) > 1",
    ),
    Invariant(
        "I4",
        "What a card paid has its payment at the gateway",
        """select c.id::text from billing_charge c join billing_payment p on p.charge_id = c.id and p.method = 'card'
        where c.gateway_intent_id is null""",
    ),
    Invariant(
        "I5",
        "No charge, refund, letter, webhook or erasure is forgotten: each that is due is sent, each that is unknown is looked for",
        """select 'charge ' || id from billing_charge where state = 'due' and due_at < %(at)s - interval '10 minutes'
        union all select 'charge ' || id from billing_charge where state = 'sending' and lease_until < %(at)s - interval '10 minutes'
        union all select 'charge ' || id from billing_charge where state = 'unknown' and look_at < %(at)s - interval '20 minutes'
        union all select 'refund ' || id from billing_refund where state in ('reserved', 'sending', 'unknown')
            and coalesce(lease_until, created_at) < %(at)s - interval '10 minutes'
        union all select 'letter ' || id from messaging_message where state in ('queued', 'sending')
            and coalesce(lease_until, send_after) < %(at)s - interval '30 minutes'
        union all select 'webhook ' || id from webhooks_delivery where state in ('queued', 'sending')
            and coalesce(lease_until, next_at) < %(at)s - interval '30 minutes'
        union all select 'customer to be erased ' || id from billing_customererasure where done_at is null
            and look_at < %(at)s - interval '30 minutes'""",
    ),
    Invariant(
        "I5",
        "Nothing is called paid that was not, and what was paid is called so",
        f"""select c.id::text from billing_charge c where c.captured_minor <> {PAID_IN}
        union all select i.number::text from billing_invoice i where (i.status = 'balanced') <> (i.status <> 'cancelled' and i.total_minor
            <= coalesce((select sum(p.amount_minor) from billing_payment p where p.invoice_id = i.id), 0))""",
    ),
    Invariant(
        "I6",
        "Refunded and reserved are what the refunds say, and never more than was captured",
        f"""select c.id::text from billing_charge c where c.refunded_minor + c.refund_reserved_minor > c.captured_minor
            or c.refunded_minor <> {_refunds("('succeeded')")} or c.refund_reserved_minor <> {_refunds(UNDER_WAY)}""",
    ),
    Invariant(
        "I7",
        "Every appointment and charge, invoice and refund is as its history last said",
        " union all ".join(
            [
                _as_remembered("scheduling_appointment", "scheduling_appointmenthistory", "status", "version", "starts_at"),
                _as_remembered("billing_charge", "billing_chargehistory", "state", "captured_minor", "refunded_minor", "live"),
                _as_remembered("billing_invoice", "billing_invoicehistory", "status", "total_minor"),
                _as_remembered("billing_dispute", "billing_disputehistory", "status", "closed_at"),
                _as_remembered("billing_refund", "billing_refundhistory", "state", "amount_minor"),
            ]
        ),
    ),
    Invariant(
        "I7",
        "Every appointment has its event",
        """select a.number::text from scheduling_appointment a
        where not exists (select from events_event e where e.practice_id = a.practice_id and e.subject_id = a.id)""",
    ),
    Invariant(
        "I9",
        "No fee is above what was accepted",
        """select c.id::text from billing_charge c join scheduling_appointment a on a.id = c.appointment_id
        left join policies_acceptance p on p.id = a.acceptance_id
        where c.kind <> 'deposit' and (p.id is null or c.currency <> p.currency
            or c.amount_minor + c.applied_minor > coalesce((p.fees ->> c.kind)::bigint, 0))""",
    ),
    Invariant(
        "I9",
        "A deposit is what its page asked for, and no more of it is put to fees than was paid",
        """select c.id::text from billing_charge c left join billing_cardcapture p on p.id = c.id
        where c.kind = 'deposit' and (p.id is null or p.deposit_minor <> c.amount_minor)
        union all select f.appointment_id::text from billing_charge f where f.applied_minor > 0 and f.state not in ('canceled', 'failed')
        group by f.appointment_id having sum(f.applied_minor) > coalesce((select sum(d.captured_minor) from billing_charge d
            where d.appointment_id = f.appointment_id and d.kind = 'deposit'), 0)""",
    ),
    Invariant(
        "I5",
        "What came too late goes back: no deposit is kept for which nothing is held",
        """select c.id::text from billing_charge c where c.kind = 'deposit' and not c.live and c.dispute = ''
            and c.refunded_minor + c.refund_reserved_minor < c.captured_minor and c.flag = ''""",
    ),
    Invariant(
        "I9",
        "Of an erased patient no customer and no card at the gateway is known, but one that is on its way out",
        """select id::text from patients_patient where erased_at is not null and gateway_customer_id <> ''
        union all select c.id::text from patients_card c join patients_patient p on p.id = c.patient_id
        where p.erased_at is not null and c.gateway_customer_id <> ''""",
    ),
    Invariant(
        "I10",
        "No no-show was marked before its day",
        """select a.number::text from scheduling_appointment a join practice_clinic c on c.id = a.clinic_id
        where a.status = 'noshow' and (a.status_at at time zone c.zone_name)::date < (a.starts_at at time zone c.zone_name)::date""",
    ),
    Invariant(
        "I12",
        "Every report of a payment that this installation made found it in the book",
        "select event_id from billing_gatewayevent where state = 'parked'",
    ),
    Invariant(
        "I15",
        "Numbers of invoices and credit notes have no gaps",
        """select 'INV-' || number from (select number, lag(number) over (order by number) as before from billing_invoice) i
        where number <> before + 1
        union all select 'CN-' || number from (select number, lag(number) over (order by number) as before from billing_creditnote) n
        where number <> before + 1""",
    ),
    Invariant(
        "I15",
        "A cancelled invoice has a credit note over its whole sum, and no other has one",
        """select i.number::text from billing_invoice i where (case when i.status = 'cancelled' then i.total_minor else 0 end)
            <> coalesce((select sum(n.amount_minor) from billing_creditnote n where n.invoice_id = i.id and n.refund_id is null), 0)""",
    ),
    Invariant(
        "I15",
        "Every refund has its credit note",
        """select r.id::text from billing_refund r where (case when r.state = 'succeeded' then r.amount_minor else 0 end)
            <> coalesce((select sum(case when n.reverses_id is null then n.amount_minor else -n.amount_minor end)
                from billing_creditnote n where n.refund_id = r.id), 0)""",
    ),
    Invariant(
        "I17",
        "Links and tokens are kept as hashes alone",
        """select id::text from patients_link where token_hash !~ '^[0-9a-f]{64}$'
        union all select id::text from practice_apikey where secret_hash !~ '^[0-9a-f]{64}$'""",
    ),
]


@dataclass(frozen=True, slots=True)
class Breach:
    """An invariant that does not hold in a practice: what speaks against it, the first of them, and how many they are."""

    code: str
    what: str
    practice: str
    against: list[str]
    count: int


def audit(*, at: datetime) -> Iterator[tuple[Invariant, list[Breach]]]:
    """Each invariant with the practices in which it does not hold. One transaction a practice and invariant, each reading only its own."""
    practices = list(Practice.objects.order_by("slug"))
    for invariant in INVARIANTS:
        yield invariant, list(_breaches(invariant, practices, at))


def _breaches(invariant: Invariant, practices: Iterable[Practice], at: datetime) -> Iterator[Breach]:
    for practice in practices:
        with scope(practice.pk, actor="job:audit", source="command"), connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = 0")
            cursor.execute(invariant.against, {"at": at})
            found = [str(what) for (what,) in cursor.fetchall()]
        if found:
            yield Breach(invariant.code, invariant.what, practice.slug, found[:MOST_SHOWN], len(found))
