"""The one function that runs as the owner: it erases a patient where the app may only add."""

from pathlib import Path

from django.db import migrations

CREATE = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0009_evidence"),
        ("events", "0002_newest_first"),
        ("messaging", "0002_booked"),
        ("noshows", "0003_kept_on_purpose"),
        ("patients", "0005_erased"),
        ("policies", "0003_draft"),
        ("scheduling", "0005_zones"),
    ]

    operations = [migrations.RunSQL(CREATE, "drop function patient_erased(uuid)")]
