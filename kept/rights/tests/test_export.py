"""All that is held on a patient, as a file."""

import io
import json
import zipfile
from collections.abc import Callable

from django.apps import apps
from django.urls import reverse

from kept.events.models import Access
from kept.foundation.models import OfPractice
from kept.ops.cast import House
from kept.patients.transitions import add_note
from kept.practice.models import Member
from kept.practice.rules import Role
from kept.rights.holdings import HOLDINGS, NOT_EXPORTED
from tests.kit.browser import Browser
from tests.kit.money import marked
from tests.kit.visits import QUARTER_PAST, accepted, book, card_of

LEAD_TO_HER = {"Patient", "Appointment", "Invoice", "Charge"}


def test_every_table_that_leads_to_a_patient_is_in_it() -> None:
    leads = {
        model._meta.label
        for model in apps.get_models()
        if issubclass(model, OfPractice)
        and any(field.related_model and field.related_model.__name__ in LEAD_TO_HER for field in model._meta.fields if field.is_relation)
    }

    assert leads - {each.model for each in HOLDINGS} == NOT_EXPORTED


def test_the_file_holds_it_for_programs_and_for_reading(
    juniper: House, leonora: Member, odette: Member, signed_in: Callable[[Member], Browser]
) -> None:
    renata = juniper.patients[0]
    marked(accepted(book(juniper), card_of(renata)), "paid", by=odette)
    add_note(renata, "Parks at the back.", by=odette, at=QUARTER_PAST)

    answer = signed_in(leonora).post(reverse("desk:patient-export", args=[renata.pk]))

    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        assert sorted(files.namelist()) == ["patient.json", "patient.pdf"]
        assert files.read("patient.pdf").startswith(b"%PDF")
        held = json.loads(files.read("patient.json"))
    assert held["Particulars"][0]["first_name"] == "Renata"
    assert [(note["text"], note["by"]) for note in held["Notes"]] == [("Parks at the back.", odette.name)]
    assert [len(held[name]) for name in ("Appointments", "Charges", "Invoices", "Payments", "Accepted policies")] == [1] * 5
    assert "payment_method_id" not in held["Cards on file"][0]
    assert "appointment.noshow" in {event["kind"] for event in held["What happened"]}


def test_r25_taking_it_is_recorded_and_only_for_those_who_may(
    juniper: House, leonora: Member, signed_in: Callable[[Member], Browser]
) -> None:
    renata = juniper.patients[0]
    url = reverse("desk:patient-export", args=[renata.pk])

    statuses = [signed_in(each).post(url).status_code for each in (juniper.members[Role.FRONT_DESK], leonora)]

    assert statuses == [403, 200]
    looks = Access.objects.filter(what="patient exported").values_list("patient_id", "actor")
    assert list(looks) == [(renata.pk, f"user:{leonora.user_id}")]
