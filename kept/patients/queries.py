"""Reading patients."""

from django.db.models import Q, QuerySet

from kept.patients.models import Card, Link, Patient
from kept.practice.models import Member
from kept.practice.transitions import secret_hash


def patients(member: Member, search: str = "") -> QuerySet[Patient]:
    """The practice's patients by name; of a search, those whose first or last name, phone or e-mail starts with each word."""
    found = Patient.objects.filter(practice=member.practice_id)
    for word in search.split():
        found = found.filter(
            Q(first_name__istartswith=word)
            | Q(last_name__istartswith=word)
            | Q(email__istartswith=word)
            | Q(phone__icontains=word)
            | Q(external_id__istartswith=word)
        )
    return found.order_by("last_name", "first_name", "id")


def usable_card(patient: Patient) -> Card | None:
    """The card last given and still usable."""
    return patient.cards.filter(state=Card.State.ACTIVE).order_by("-given_at", "-id").first()


def link_by_secret(secret: str, purpose: str) -> Link | None:
    """The link with that secret, inside the scope of the practice its token names."""
    return Link.objects.filter(token_hash=secret_hash(secret), purpose=purpose).select_related("patient").first()
