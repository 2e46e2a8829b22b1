"""Triggers of the books, as SQL: plain ones, which no session setting can switch off."""

ACTOR = """if coalesce(current_setting('app.actor', true), '') = '' then
    raise exception 'a change without an actor' using errcode = 'check_violation', constraint = 'actor_named', table = tg_table_name; end if;"""

INVOICE_GUARD = {
    "create": f"""create function invoice_guard() returns trigger language plpgsql as $$ begin
  {ACTOR}
  if tg_op = 'DELETE' then
    raise exception 'invoices are never deleted' using errcode = 'check_violation', constraint = 'invoice_kept', table = tg_table_name; end if;
  if tg_op = 'UPDATE' then
    if to_jsonb(new) - 'status' <> to_jsonb(old) - 'status' then
      raise exception 'an issued invoice is final' using errcode = 'check_violation', constraint = 'invoice_final', table = tg_table_name; end if;
    if new.status <> old.status and old.status <> 'issued' then
      raise exception 'no move from %% to %%', old.status, new.status
        using errcode = 'check_violation', constraint = 'invoice_moves', table = tg_table_name; end if; end if;
  return new; end $$;
create trigger invoice_guard before insert or update or delete on %(table)s for each row execute function invoice_guard()""",
    "drop": "drop trigger invoice_guard on %(table)s; drop function invoice_guard()",
}

# The fee is never above what was accepted (I9), and a charge keeps its intent, card and amount for life (I4).
CHARGE_GUARD = {
    "create": f"""create function charge_guard() returns trigger language plpgsql as $$
declare accepted record; begin
  {ACTOR}
  if tg_op = 'DELETE' then
    raise exception 'charges are never deleted' using errcode = 'check_violation', constraint = 'charge_kept', table = tg_table_name; end if;
  if tg_op = 'INSERT' then
    select p.fee_minor, p.currency into accepted from scheduling_appointment a
      join policies_acceptance p on p.practice_id = a.practice_id and p.id = a.acceptance_id
      where a.practice_id = new.practice_id and a.id = new.appointment_id;
    if accepted.fee_minor is null or new.amount_minor > accepted.fee_minor or new.currency <> accepted.currency then
      raise exception 'a fee above what was accepted' using errcode = 'check_violation', constraint = 'fee_accepted', table = tg_table_name; end if; end if;
  if tg_op = 'UPDATE' then
    if (new.appointment_id, new.amount_minor, new.currency, new.create_key, new.kind, new.booking_no)
        is distinct from (old.appointment_id, old.amount_minor, old.currency, old.create_key, old.kind, old.booking_no)
        or (old.gateway_intent_id is not null and new.gateway_intent_id is distinct from old.gateway_intent_id) then
      raise exception 'a charge keeps its payment' using errcode = 'check_violation', constraint = 'charge_fixed', table = tg_table_name; end if; end if;
  return new; end $$;
create trigger charge_guard before insert or update or delete on %(table)s for each row execute function charge_guard()""",
    "drop": "drop trigger charge_guard on %(table)s; drop function charge_guard()",
}
