"""Who did or read something, what it was, and from where, as the audit log and a patient's page say it."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.events.models import Event
from kept.foundation.ids import as_id
from kept.practice.models import ApiKey, Member
from kept.webhooks import catalogue

OPENED, SEARCHED, EXPORTED = "opened", "searched", "exported"
ACTS = {OPENED: gettext_lazy("Opened"), SEARCHED: gettext_lazy("Searched"), EXPORTED: gettext_lazy("Exported")}

# What is written down of a look: how it is said, and what kind of look it is.
LOOKS: dict[str, tuple[Promise, str]] = {
    "appointment": (gettext_lazy("an appointment"), OPENED),
    "appointment opened": (gettext_lazy("an appointment, over the API"), OPENED),
    "acceptance": (gettext_lazy("the accepted policy"), OPENED),
    "acceptance opened": (gettext_lazy("the accepted policy, over the API"), OPENED),
    "patient": (gettext_lazy("the patient’s page"), OPENED),
    "patient opened": (gettext_lazy("the patient, over the API"), OPENED),
    "cards opened": (gettext_lazy("cards, over the API"), OPENED),
    "notes opened": (gettext_lazy("notes, over the API"), OPENED),
    "messages opened": (gettext_lazy("letters, over the API"), OPENED),
    "invoice": (gettext_lazy("an invoice"), OPENED),
    "invoice opened": (gettext_lazy("an invoice, over the API"), OPENED),
    "evidence opened": (gettext_lazy("the evidence of a dispute"), OPENED),
    "patients listed": (gettext_lazy("the list of patients"), SEARCHED),
    "patients searched": (gettext_lazy("patients"), SEARCHED),
    "duplicates listed": (gettext_lazy("the list of possible duplicates"), SEARCHED),
    "searched": (gettext_lazy("the search in the top bar"), SEARCHED),
    "invoices searched": (gettext_lazy("invoices"), SEARCHED),
    "no-shows searched": (gettext_lazy("no-shows"), SEARCHED),
    "cancelled searched": (gettext_lazy("cancelled appointments"), SEARCHED),
    "audit": (gettext_lazy("the audit log"), SEARCHED),
    "journal read": (gettext_lazy("the journal, over the API"), SEARCHED),
    "day sheet": (gettext_lazy("a day sheet, to print"), EXPORTED),
    "invoice exported": (gettext_lazy("a receipt, as PDF"), EXPORTED),
    "invoices exported": (gettext_lazy("invoices, as a file"), EXPORTED),
    "no-shows exported": (gettext_lazy("no-shows, as a file"), EXPORTED),
    "cancelled exported": (gettext_lazy("cancelled appointments, as a file"), EXPORTED),
    "evidence exported": (gettext_lazy("the evidence of a dispute, as a file"), EXPORTED),
    "patient exported": (gettext_lazy("all that is held on the patient, as a file"), EXPORTED),
    "looks exported": (gettext_lazy("the audit log of looks, as a file"), EXPORTED),
    "changes exported": (gettext_lazy("the audit log of changes, as a file"), EXPORTED),
}
SUBJECTS = {
    "patient": gettext_lazy("Patients"),
    "appointment": gettext_lazy("Appointments"),
    "charge": gettext_lazy("Charges"),
    "invoice": gettext_lazy("Invoices"),
    "refund": gettext_lazy("Refunds"),
    "policyversion": gettext_lazy("Policies"),
    "member": gettext_lazy("Staff"),
    "settings": gettext_lazy("Settings"),
}
EVENTS = {
    "patient.added": gettext_lazy("Patient added"),
    "patient.changed": gettext_lazy("Particulars changed"),
    "patient.noted": gettext_lazy("Note written"),
    "patient.merged": gettext_lazy("Merged with another record"),
    "patient.unmerged": gettext_lazy("Merge undone"),
    "patient.told_apart": gettext_lazy("Told apart from another record"),
    "patient.erased": gettext_lazy("Erased"),
    "patient.customer_erased": gettext_lazy("Erased at the payment provider"),
    "card.given": gettext_lazy("Card given"),
    "card.taken_off": gettext_lazy("Card taken off"),
    "policy.asked_again": gettext_lazy("Asked to accept new terms"),
    "policy.kept_earlier": gettext_lazy("New terms not accepted"),
    "card.asked": gettext_lazy("Card asked for anew"),
    "card.called": gettext_lazy("Called about the card"),
    "card.waived": gettext_lazy("Kept without a card"),
    "card.link_given": gettext_lazy("Card link given"),
    "manage.link_given": gettext_lazy("Patient’s link given"),
    "policy.accepted": gettext_lazy("Policy accepted"),
    "policy.published": gettext_lazy("Policy published"),
    "fee.decided": gettext_lazy("Fee decided"),
    "noshow.answered": gettext_lazy("The patient answered a no-show"),
    "noshow.answer_settled": gettext_lazy("The patient’s answer settled"),
    "settings.awaited_cards": gettext_lazy("Settings of awaited cards"),
    "settings.fees": gettext_lazy("Settings of fees and letters"),
    "member.added": gettext_lazy("Given a seat"),
    "member.changed": gettext_lazy("Seat changed"),
    "member.invited": gettext_lazy("Invited"),
    "member.came_in": gettext_lazy("Signed in"),
    "member.sessions_ended": gettext_lazy("Signed out everywhere"),
    "member.second_step_reset": gettext_lazy("Second step taken away"),
    "member.password_asked": gettext_lazy("New password asked for"),
    "member.password_changed": gettext_lazy("Password changed"),
    "member.password_set": gettext_lazy("Password set by a letter’s link"),
    "member.second_step_added": gettext_lazy("Second step set up"),
    "member.second_step_removed": gettext_lazy("Second step removed"),
    "member.codes_made": gettext_lazy("Recovery codes made"),
    "member.sign_in_refused": gettext_lazy("Sign-in refused: wrong password"),
    "member.code_refused": gettext_lazy("Sign-in refused: wrong code"),
    "member.unlocking_refused": gettext_lazy("Signed out: too many wrong tries at the lock"),
    "token.made": gettext_lazy("API token made"),
    "token.revoked": gettext_lazy("API token revoked"),
}

DOORS = {
    "job": gettext_lazy("Kept, by itself"),
    "gateway": gettext_lazy("Payment provider"),
    "patient": gettext_lazy("The patient"),
    "command": gettext_lazy("A command on the server"),
    "stranger": gettext_lazy("Somebody unknown"),
}


def look(what: str) -> str:
    """What was read."""
    return str(LOOKS[what][0]) if what in LOOKS else what


def act(what: str) -> str:
    """Whether it was opened, searched or exported."""
    return str(ACTS[LOOKS[what][1] if what in LOOKS else OPENED])


def happened(event: Event) -> str:
    """What happened: "Appointment: checked in"."""
    if event.kind in EVENTS:
        return str(EVENTS[event.kind])
    subject, _dot, outcome = event.kind.partition(".")
    said = str(catalogue.LABELS.get(event.kind, outcome.replace("_", " "))).lower()
    return f"{subject.replace('_', ' ').capitalize()}: {said}"


def place(source: str) -> str:
    """From where: "Screen, 203.0.113.9"."""
    door, _space, address = source.partition(" ")
    where = {"screen": _("Screen"), "api": _("API"), "link": _("Link"), "online": _("Online booking")}.get(door, source if door else "–")
    return f"{where}, {address}" if address and where != source else where


def names(actors: Iterable[str]) -> dict[str, str]:
    """Each with the name of who it was: a member, a token and whom it acts for, the patient, the gateway, or Kept by itself."""
    parted = {actor: actor.partition(":")[::2] for actor in actors}
    users = [int(id_) for kind, id_ in parted.values() if kind == "user" and id_.isdecimal()]
    keys = [key for kind, id_ in parted.values() if kind == "key" and (key := as_id(id_))]
    found = {actor: str(DOORS[kind]) for actor, (kind, _id) in parted.items() if kind in DOORS}
    if users:
        found |= {f"user:{user}": name for user, name in Member.objects.filter(user__in=users).values_list("user_id", "name")}
    if keys:
        tokens = ApiKey.objects.filter(pk__in=keys).select_related("member")
        found |= {f"key:{token.pk}": _("%(token)s, for %(who)s") % {"token": token.name, "who": token.member.name} for token in tokens}
    return found
