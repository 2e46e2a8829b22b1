"""Patients who were there before are found and sorted as new ones are."""

from django.db import migrations

from kept.foundation.ids import new_id
from kept.patients import rules

NAMED = "select set_config('app.actor', 'migration', true), set_config('app.reason', '', true), set_config('app.source', '', true)"


def find_who_is_there(apps, editor):
    alias = editor.connection.alias
    patients, words = apps.get_model("patients", "Patient").objects.using(alias), apps.get_model("patients", "Word").objects.using(alias)
    with editor.connection.cursor() as cursor:
        cursor.execute(NAMED)
    for patient in patients.filter(sort_name="").iterator():
        names = [patient.first_name, patient.last_name, patient.external_id or ""]
        wanted = rules.kept_words(names=names, email=patient.email, phone=patient.phone, birth_date=None)
        words.bulk_create(words.model(id=new_id(), practice_id=patient.practice_id, patient=patient, word=word) for word in sorted(wanted))
        patient.sort_name = rules.sort_name(patient.first_name, patient.last_name)
        patient.save(update_fields=["sort_name"])


class Migration(migrations.Migration):
    dependencies = [("patients", "0002_words_and_notes")]

    operations = [migrations.RunPython(find_who_is_there, migrations.RunPython.noop)]
