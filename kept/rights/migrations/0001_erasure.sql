create function patient_erased(who uuid) returns void language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  mine uuid := current_setting('app.practice')::uuid;
  visits uuid[]; bills uuid[]; owed uuid[]; kept uuid[]; codes text[]; pseudonym record;
begin
  -- The app erases first, with its actor and its journal; then what it may only add to follows.
  select first_name, last_name, sort_name into pseudonym from patients_patient
    where practice_id = mine and id = who and erased_at is not null for update;
  if not found then
    raise exception 'not an erased patient' using errcode = 'check_violation', constraint = 'patient_erased';
  end if;
  visits := array(select id from scheduling_appointment where practice_id = mine and patient_id = who);
  bills := array(select id from billing_invoice where practice_id = mine and patient_id = who);
  owed := array(select id from billing_charge where practice_id = mine and patient_id = who);
  -- What was accepted stays whole where money was taken under it: a bank may ask for it (I9).
  kept := array(select a.acceptance_id from scheduling_appointment a join billing_charge c on c.practice_id = mine and c.appointment_id = a.id
    where a.practice_id = mine and c.id = any (owed) and c.captured_minor > 0 and a.acceptance_id is not null);
  codes := array(select code from (
      select gateway_customer_id from patients_patient where practice_id = mine and id = who
      union select unnest(array[gateway_customer_id, payment_method_id]) from patients_card where practice_id = mine and patient_id = who
      union select gateway_intent_id from billing_charge where id = any (owed)
      union select gateway_charge_id from billing_payment where practice_id = mine and charge_id = any (owed)
      union select gateway_refund_id from billing_refund where practice_id = mine and charge_id = any (owed)
      union select gateway_dispute_id from billing_dispute where practice_id = mine and charge_id = any (owed)
      union select unnest(array[session_id, payment_method_id]) from billing_cardcapture where practice_id = mine and patient_id = who
      union select setup_intent_id from policies_acceptance where practice_id = mine and patient_id = who) held(code)
    where length(code) > 3);

  update billing_gatewayevent set body = jsonb_build_object('id', body -> 'id', 'type', body -> 'type', 'data', jsonb_build_object('object',
      jsonb_build_object('id', body #> '{data,object,id}', 'object', body #> '{data,object,object}', 'status', body #> '{data,object,status}',
        'amount', body #> '{data,object,amount}', 'currency', body #> '{data,object,currency}')))
    where practice_id = mine and exists (select from unnest(codes) code where position(code in body::text) > 0);
  delete from patients_note where practice_id = mine and patient_id = who;
  update patients_patient set gateway_customer_id = '' where practice_id = mine and id = who;
  update patients_card set gateway_customer_id = '', payment_method_id = 'erased:' || id, state = 'gone' where practice_id = mine and patient_id = who;
  update scheduling_appointment set note = '', outcome_reason = '', outcome_note = '', external_id = null where id = any (visits);
  update policies_acceptance set setup_intent_id = '' where practice_id = mine and patient_id = who;
  update policies_acceptance set address = null, agent = '' where practice_id = mine and patient_id = who and not id = any (kept);
  update billing_cardcapture set consent = '{}', payment_method_id = '', session_id = null,
      state = case state when 'open' then 'too_late' else state end where practice_id = mine and patient_id = who;
  update billing_charge set cancel_why = '', decline_text = '', recording = recording - 'note' where id = any (owed);
  update billing_payment set note = '' where practice_id = mine and charge_id = any (owed);
  update billing_refund set note = '', why = '–', failure = '' where practice_id = mine and charge_id = any (owed);
  update billing_creditnote set why = '–' where practice_id = mine and invoice_id = any (bills);
  update billing_dispute set evidence = evidence - array['customer_name', 'customer_email_address', 'uncategorized_text'],
      evidence_trouble = '' where practice_id = mine and charge_id = any (owed);
  update noshows_fee set fee_reason = '' where practice_id = mine and appointment_id = any (visits);
  update messaging_message set "to" = '', title = '', text = '', why = '' where practice_id = mine and patient_id = who;

  -- History, which these updates have added to.
  update patients_patienthistory set first_name = pseudonym.first_name, last_name = pseudonym.last_name, sort_name = pseudonym.sort_name,
      email = '', phone = '', birth_date = null, alert = '', gateway_customer_id = '', external_id = null where practice_id = mine and pgh_obj_id = who;
  update patients_cardhistory set gateway_customer_id = '', payment_method_id = '' where practice_id = mine and patient_id = who;
  update scheduling_appointmenthistory set note = '', outcome_reason = '', outcome_note = '', external_id = null
    where practice_id = mine and pgh_obj_id = any (visits);
  update billing_chargehistory set cancel_why = '', decline_text = '', recording = recording - 'note' where practice_id = mine and pgh_obj_id = any (owed);
  update billing_refundhistory set note = '', why = '–', failure = '' where practice_id = mine and charge_id = any (owed);
  update billing_disputehistory set evidence = evidence - array['customer_name', 'customer_email_address', 'uncategorized_text'],
      evidence_trouble = '' where practice_id = mine and charge_id = any (owed);
  update noshows_feehistory set fee_reason = '' where practice_id = mine and appointment_id = any (visits);
end $$;
revoke all on function patient_erased(uuid) from public;
grant execute on function patient_erased(uuid) to kept_app;
