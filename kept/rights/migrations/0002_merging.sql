create function patient_follows() returns trigger language plpgsql as $$
declare
  into_id uuid;
begin
  -- What is written for a merged record belongs to the one it went into. The lock waits for a merge that is under way.
  loop
    select merged_into_id into into_id from patients_patient where practice_id = new.practice_id and id = new.patient_id for key share;
    exit when into_id is null;
    new.patient_id := into_id;
  end loop;
  return new;
end $$;
create trigger patient_follows before insert or update of patient_id on scheduling_appointment for each row execute function patient_follows();
create trigger patient_follows before insert or update of patient_id on patients_note for each row execute function patient_follows();
create trigger patient_follows before insert or update of patient_id on patients_card for each row execute function patient_follows();
create trigger patient_follows before insert or update of patient_id on patients_link for each row execute function patient_follows();
create trigger patient_follows before insert or update of patient_id on policies_acceptance for each row execute function patient_follows();
create trigger patient_follows before insert or update of patient_id on messaging_message for each row execute function patient_follows();
create trigger patient_follows before insert or update of patient_id on billing_invoice for each row execute function patient_follows();
create trigger patient_follows before insert or update of patient_id on billing_charge for each row execute function patient_follows();
create trigger patient_follows before insert or update of patient_id on billing_cardcapture for each row execute function patient_follows();

create function patient_rows_move(merge uuid) returns jsonb language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  mine uuid := current_setting('app.practice')::uuid;
  m record; t text; ids jsonb; went jsonb := '{}'; back uuid[];
begin
  select * into m from patients_merge where practice_id = mine and id = merge for update;
  if not found then
    raise exception 'no such merge' using errcode = 'check_violation', constraint = 'patient_merge';
  end if;
  back := array(select jsonb_array_elements_text(m.moved -> 'scheduling_appointment')::uuid);
  foreach t in array array['scheduling_appointment', 'patients_note', 'patients_card', 'patients_link', 'policies_acceptance',
      'messaging_message', 'billing_invoice', 'billing_charge', 'billing_cardcapture'] loop
    if m.undone_at is null then
      execute format('with went as (update %I set patient_id = $1 where practice_id = $2 and patient_id = $3 returning id)
        select coalesce(jsonb_agg(id), ''[]'') from went', t) into ids using m.kept_id, mine, m.gone_id;
      went := went || jsonb_build_object(t, ids);
    elsif t in ('messaging_message', 'billing_invoice', 'billing_charge', 'billing_cardcapture') then
      -- with what came to those visits since
      execute format('update %I set patient_id = $1 where practice_id = $2 and patient_id = $3 and appointment_id = any ($4)', t)
        using m.gone_id, mine, m.kept_id, back;
    elsif t = 'policies_acceptance' then
      update policies_acceptance set patient_id = m.gone_id where practice_id = mine and patient_id = m.kept_id
        and (id in (select jsonb_array_elements_text(m.moved -> t)::uuid)
          or id in (select acceptance_id from scheduling_appointment where practice_id = mine and id = any (back)));
    else
      execute format('update %I set patient_id = $1 where practice_id = $2 and patient_id = $3
        and id in (select jsonb_array_elements_text($4)::uuid)', t) using m.gone_id, mine, m.kept_id, m.moved -> t;
    end if;
  end loop;
  return went;
end $$;
revoke all on function patient_rows_move(uuid) from public;
grant execute on function patient_rows_move(uuid) to kept_app;
