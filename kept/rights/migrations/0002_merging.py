"""What is written for a merged record goes where it went; and rows that the app may only add to move with a merge."""

from pathlib import Path

from django.db import migrations

TABLES = [
    *("scheduling_appointment", "patients_note", "patients_card", "patients_link", "policies_acceptance"),
    *("messaging_message", "billing_invoice", "billing_charge", "billing_cardcapture"),
]
DROP = "".join(f"drop trigger patient_follows on {table};" for table in TABLES)


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0011_invoices_of_merged"),
        ("patients", "0006_merging"),
        ("rights", "0001_erasure"),
    ]

    operations = [
        migrations.RunSQL(
            Path(__file__).with_suffix(".sql").read_text(),
            f"{DROP} drop function patient_follows(); drop function patient_rows_move(uuid)",
        )
    ]
