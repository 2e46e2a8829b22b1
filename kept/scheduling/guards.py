"""Triggers of the book, as SQL: plain ones, which no session setting can switch off."""

from collections.abc import Iterable, Mapping


def appointment_guard(moves: Mapping[str, Iterable[str]], on_the_book: Iterable[str]) -> dict[str, str]:
    """Refuse a change without an actor, with history off, or a move that the table of moves lacks; raise the version with each
    change; keep an acceptance once it is set; let the claims follow the status."""
    pairs = ", ".join(f"'{old}>{new}'" for old, news in moves.items() for new in sorted(news))
    holding = ", ".join(f"'{status}'" for status in on_the_book)
    create = f"""create function appointment_guard() returns trigger language plpgsql as $$ begin
  if coalesce(current_setting('app.actor', true), '') = '' then
    raise exception 'a change without an actor' using errcode = 'check_violation', constraint = 'actor_named', table = tg_table_name; end if;
  if coalesce(current_setting('pgtrigger.ignore', true), '') not in ('', '{{}}') then
    raise exception 'history is off' using errcode = 'check_violation', constraint = 'history_on', table = tg_table_name; end if;
  if tg_op = 'DELETE' then
    raise exception 'appointments are never deleted' using errcode = 'check_violation', constraint = 'appointment_kept', table = tg_table_name; end if;
  if tg_op = 'UPDATE' then
    if new.status is distinct from old.status and not (old.status || '>' || new.status = any (array[{pairs}])) then
      raise exception 'no move from %% to %%', old.status, new.status
        using errcode = 'check_violation', constraint = 'appointment_moves', table = tg_table_name; end if;
    if old.acceptance_id is not null and new.acceptance_id is distinct from old.acceptance_id then
      raise exception 'what was accepted stays' using errcode = 'check_violation', constraint = 'acceptance_kept', table = tg_table_name; end if;
    new.version := old.version + 1; end if;
  return new; end $$;
create trigger appointment_guard before insert or update or delete on %(table)s for each row execute function appointment_guard();
create function appointment_claims() returns trigger language plpgsql as $$ begin
  update scheduling_claim set live = new.status in ({holding}) where practice_id = new.practice_id and appointment_id = new.id;
  return null; end $$;
create trigger appointment_claims after update of status on %(table)s for each row
  when (old.status is distinct from new.status) execute function appointment_claims()"""
    drop = """drop trigger appointment_claims on %(table)s; drop function appointment_claims();
drop trigger appointment_guard on %(table)s; drop function appointment_guard()"""
    return {"create": create, "drop": drop}


def claim_guard() -> dict[str, str]:
    """Refuse lane 0 over a live claim of another lane: a deliberate double booking stays taken when its first half leaves.
    Safe because writers hold the resource's row lock."""
    create = """create function claim_guard() returns trigger language plpgsql as $$ begin
  if new.live and new.lane = 0 and exists (
      select from scheduling_claim c where c.practice_id = new.practice_id and c.resource_id = new.resource_id
        and c.live and c.lane > 0 and c.id <> new.id and c.during && new.during) then
    raise exception 'taken in another lane' using errcode = 'exclusion_violation', constraint = 'claim_once', table = tg_table_name; end if;
  return new; end $$;
create trigger claim_guard before insert or update on %(table)s for each row execute function claim_guard()"""
    drop = "drop trigger claim_guard on %(table)s; drop function claim_guard()"
    return {"create": create, "drop": drop}
