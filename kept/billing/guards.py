"""Triggers of the books."""

from kept.foundation.guards import NAMELESS, refuse, trigger

# Two records of one person become one, and apart again: then her invoices follow.
ANOTHER_PATIENT = """new.patient_id <> old.patient_id and not exists (select from patients_merge m where m.practice_id = new.practice_id
  and case when m.undone_at is null then (m.gone_id, m.kept_id) else (m.kept_id, m.gone_id) end = (old.patient_id, new.patient_id))"""

INVOICE_GUARD = trigger(
    "invoice_guard",
    events="before insert or update or delete",
    body="\n".join(
        [
            NAMELESS,
            refuse("tg_op = 'DELETE'", why="invoices are never deleted", constraint="invoice_kept"),
            "if tg_op = 'UPDATE' then",
            refuse(
                "to_jsonb(new) - 'status' - 'patient_id' <> to_jsonb(old) - 'status' - 'patient_id' or " + ANOTHER_PATIENT,
                why="an issued invoice is final",
                constraint="invoice_final",
            ),
            refuse("new.status <> old.status and old.status <> 'issued'", why="no such move", constraint="invoice_moves"),
            "end if;",
            "return new;",
        ]
    ),
)

# The fee is never above what was accepted (I9), what a deposit pays of it included, and a charge keeps its payment for life (I4). A deposit
# is what its own page asked for.
CHARGE_GUARD = trigger(
    "charge_guard",
    events="before insert or update or delete",
    declare="declare accepted record;",
    body="\n".join(
        [
            NAMELESS,
            refuse("tg_op = 'DELETE'", why="charges are never deleted", constraint="charge_kept"),
            "if tg_op = 'INSERT' and new.kind = 'deposit' then",
            refuse(
                """not exists (select from billing_cardcapture c where c.practice_id = new.practice_id and c.id = new.id
  and c.appointment_id = new.appointment_id
  and (c.deposit_minor, c.consent ->> 'currency') = (new.amount_minor, new.currency))""",
                why="a deposit that nobody was asked for",
                constraint="deposit_asked",
            ),
            "elsif tg_op = 'INSERT' then",
            """select (p.fees ->> new.kind)::bigint as most, p.currency into accepted from scheduling_appointment a
  join policies_acceptance p on p.practice_id = a.practice_id and p.id = a.acceptance_id
  where a.practice_id = new.practice_id and a.id = new.appointment_id;""",
            refuse(
                "accepted.most is null or new.amount_minor + new.applied_minor > accepted.most or new.currency <> accepted.currency",
                why="a fee above what was accepted",
                constraint="fee_accepted",
            ),
            "end if;",
            "if tg_op = 'UPDATE' then",
            refuse(
                """(new.appointment_id, new.amount_minor, new.applied_minor, new.currency, new.create_key, new.kind, new.booking_no)
    is distinct from (old.appointment_id, old.amount_minor, old.applied_minor, old.currency, old.create_key, old.kind, old.booking_no)
  or old.gateway_intent_id is not null and new.gateway_intent_id is distinct from old.gateway_intent_id""",
                why="a charge keeps its payment",
                constraint="charge_fixed",
            ),
            "end if;",
            "return new;",
        ]
    ),
)
