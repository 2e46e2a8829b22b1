"""Patients who were there before have what others may have in common with them, as new ones do."""

from django.db import migrations

from kept.foundation.ids import new_id
from kept.patients import rules


def find_what_they_have(apps, editor):
    alias = editor.connection.alias
    patients, traits = apps.get_model("patients", "Patient").objects.using(alias), apps.get_model("patients", "Trait").objects.using(alias)
    for each in patients.filter(erased_at=None, merged_into=None).iterator():
        found = rules.traits(sort_name=each.sort_name, email=each.email, phone=each.phone, birth_date=each.birth_date)
        traits.bulk_create(
            traits.model(id=new_id(), practice_id=each.practice_id, patient_id=each.pk, kind=kind, value=value) for kind, value in sorted(found)
        )


class Migration(migrations.Migration):
    dependencies = [("patients", "0007_possible_duplicates")]

    operations = [migrations.RunPython(find_what_they_have, migrations.RunPython.noop)]
