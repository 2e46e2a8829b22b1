"""The people who come, the cards they gave, and the links sent to them."""

from datetime import date, datetime
from typing import Any, ClassVar

from django.db import models

from kept.foundation.history import remembered
from kept.foundation.models import OfPractice, code, within
from kept.foundation.walls import fixed, walls
from kept.patients import rules


@remembered("Patient")
class Patient(OfPractice):
    """The person who comes. `gateway_customer_id` is set when she first goes to our card page; `external_id` by an import.

    `alert` is shown to the staff wherever she is booked or received. `version` grows when staff change her particulars.
    `erased_at`: since when the row is a pseudonym, to which visits and money still belong.
    `merged_into`: the record of the same person that has all that was hers.
    """

    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=30, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    alert = models.CharField(max_length=200, blank=True)
    sort_name = models.CharField(max_length=rules.LONGEST, blank=True, editable=False, db_collation="C")
    version = models.PositiveIntegerField(default=1)
    gateway_customer_id = code(max_length=80, blank=True)
    external_id = code(max_length=80, null=True, blank=True)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)
    merged_into = within("patients.Patient", null=True, blank=True)

    class Meta:
        constraints = [
            *walls("patients_patient", merged_into="patients_patient"),
            models.UniqueConstraint(fields=["practice", "external_id"], name="patient_external_once"),
        ]
        indexes = [models.Index(fields=["practice", "sort_name", "id"], name="patient_by_name")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, update_fields: Any = None, **kwargs: Any) -> None:
        """With the key by which she is sorted, the words by which she is found, and what others may have in common with her."""
        new = self._state.adding
        self.sort_name = rules.sort_name(self.first_name, self.last_name)
        super().save(*args, update_fields=update_fields and {*update_fields, "sort_name"}, **kwargs)
        Word.objects.keep(self, new=new)
        Trait.objects.keep(self, new=new)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def masked_email(self) -> str:
        """Enough to ask her whether it is right, with other patients looking on: r••••@example.com."""
        return rules.masked(self.email)

    @property
    def initials(self) -> str:
        return (self.first_name[:1] + self.last_name[:1]).upper()


class WordManager(models.Manager["Word"]):
    def keep(self, patient: Patient, *, new: bool) -> None:
        """The patient is found by what she is called now, and by nothing else."""
        wanted = rules.kept_words(
            names=[patient.first_name, patient.last_name, patient.external_id or ""],
            email=patient.email,
            phone=patient.phone,
            birth_date=patient.birth_date,
        )
        mine = self.filter(practice=patient.practice_id, patient=patient)
        held = set() if new else set(mine.values_list("word", flat=True))
        if held - wanted:
            mine.filter(word__in=held - wanted).delete()
        self.bulk_create(Word(practice_id=patient.practice_id, patient=patient, word=word) for word in sorted(wanted - held))


class Word(OfPractice):
    """A word by which a patient is found, as `rules.kept_words` makes it.

    Searched by its beginning, `word >= 'sol' and word < 'sol…'`: under row-level security LIKE and trigrams would lose their index.
    """

    patient = within("patients.Patient", db_index=False)
    word = models.CharField(max_length=rules.LONGEST, db_collation="C")

    objects: ClassVar[WordManager] = WordManager()

    class Meta:
        constraints = [
            *walls("patients_word", patient="patients_patient"),
            models.UniqueConstraint(fields=["practice", "word", "patient"], name="word_once"),
        ]
        indexes = [models.Index(fields=["practice", "patient"], name="word_of_patient")]


class TraitManager(models.Manager["Trait"]):
    def keep(self, patient: Patient, *, new: bool) -> None:
        """Hers are those of her particulars as they are now."""
        wanted = rules.traits(sort_name=patient.sort_name, email=patient.email, phone=patient.phone, birth_date=patient.birth_date)
        mine = self.filter(practice=patient.practice_id, patient=patient)
        held = {} if new else {(each.kind, each.value): each.pk for each in mine}
        if gone := [pk for trait, pk in held.items() if trait not in wanted]:
            mine.filter(pk__in=gone).delete()
        added = sorted(wanted - held.keys())
        self.bulk_create(Trait(practice_id=patient.practice_id, patient=patient, kind=kind, value=value) for kind, value in added)


class Trait(OfPractice):
    """What two records of one person have in common, as `rules.traits` makes it: a phone number, an address, a name with a birth date.
    Records that were merged into another or erased have none."""

    patient = within("patients.Patient", db_index=False)
    kind = code(max_length=10)
    value = models.CharField(max_length=rules.LONGEST, db_collation="C")

    objects: ClassVar[TraitManager] = TraitManager()

    class Meta:
        constraints = [
            *walls("patients_trait", patient="patients_patient"),
            models.UniqueConstraint(fields=["practice", "kind", "value", "patient"], name="trait_once"),
        ]
        indexes = [models.Index(fields=["practice", "patient"], name="trait_of_patient")]


class Distinction(OfPractice):
    """Somebody has said that two records, `one` with the lower id, are not of one person: they are proposed no more."""

    one = within("patients.Patient")
    other = within("patients.Patient")
    at = models.DateTimeField()
    by = within("practice.Member")

    class Meta:
        constraints = [
            *walls("patients_distinction", one="patients_patient", other="patients_patient", by="practice_member"),
            models.UniqueConstraint(fields=["practice", "one", "other"], name="distinction_once"),
            models.CheckConstraint(name="distinction_in_order", condition=models.Q(one__lt=models.F("other"))),
        ]
        indexes = [models.Index(fields=["practice", "other"], name="distinction_of_other")]


class Note(OfPractice):
    """What staff write down about a patient. Never changed: a correction is another note."""

    patient = within("patients.Patient", db_index=False, related_name="notes")
    text = models.CharField(max_length=1000)
    by = within("practice.Member")
    at = models.DateTimeField()

    class Meta:
        constraints = [*walls("patients_note", patient="patients_patient", by="practice_member"), fixed("patients_note")]
        indexes = [models.Index(fields=["practice", "patient", "-at", "-id"], name="note_of_patient")]


class Merge(OfPractice):
    """Two records of one person made one: what was `gone`'s is `kept`'s. `moved` are the ids of the rows that went over, by table; `before`
    what stood in the fields of `kept` that were filled from `gone`."""

    kept = within("patients.Patient", related_name="merges")
    gone = within("patients.Patient")
    moved = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    at = models.DateTimeField()
    by = within("practice.Member")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            *walls("patients_merge", kept="patients_patient", gone="patients_patient", by="practice_member"),
            models.UniqueConstraint(fields=["practice", "gone"], name="merge_live_once", condition=models.Q(undone_at=None)),
        ]
        indexes = [models.Index(fields=["practice", "kept"], name="merge_of_kept")]


@remembered("Card")
class Card(OfPractice):
    """A card on file: the gateway's token, the customer it belongs to there, and what may be shown. Kept never sees the number."""

    class State(models.TextChoices):
        ACTIVE = "active"
        BLOCKED = "blocked"  # a hard decline: the bank will not take it again
        OFF = "off"  # taken off the profile: good only for the visits that rely on it (R7a)
        GONE = "gone"  # withdrawn at the gateway

    patient = within("patients.Patient", related_name="cards")
    gateway_customer_id = code(max_length=80)
    payment_method_id = code(max_length=80)
    brand = code()
    last4 = code(max_length=4)
    exp_month = models.PositiveSmallIntegerField()
    exp_year = models.PositiveSmallIntegerField()
    state = code(choices=State.choices, default=State.ACTIVE)
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            *walls("patients_card", patient="patients_patient"),
            models.UniqueConstraint(fields=["practice", "payment_method_id"], name="card_once"),
        ]

    def __str__(self) -> str:
        return f"{self.label} ••{self.last4}"

    @property
    def label(self) -> str:
        """The brand as people write it."""
        return {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "discover": "Discover"}.get(self.brand, "Card")

    @property
    def on_profile(self) -> bool:
        """The patient sees it as hers."""
        return self.state in (self.State.ACTIVE, self.State.BLOCKED)

    @property
    def chargeable(self) -> bool:
        """Good for what relies on it already, even when taken off the profile since (R7a)."""
        return self.state in (self.State.ACTIVE, self.State.OFF)

    def expired(self, on: date) -> bool:
        """Past its printed month; networks often renew the card behind the token, so it may still be charged."""
        return (self.exp_year, self.exp_month) < (on.year, on.month)


class Link(OfPractice):
    """A link on which a patient acts without an account. Only the hash of its 256-bit token is kept."""

    class Purpose(models.TextChoices):
        CARD = "card"
        RENEW = "renew"  # to accept again what is accepted
        PAY = "pay"
        MANAGE = "manage"

    purpose = code(choices=Purpose.choices)
    patient = within("patients.Patient")
    subject_id = models.UUIDField()
    token_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            *walls("patients_link", patient="patients_patient"),
            models.UniqueConstraint(fields=["practice", "token_hash"], name="link_token_once"),
        ]
        indexes = [models.Index(fields=["practice", "subject_id"], name="link_of_subject")]

    def open_at(self, at: datetime) -> bool:
        return at < self.expires_at
