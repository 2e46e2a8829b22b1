"""The pages a person sees: the card page, the bank's question, the overview. No script, no inline style."""

from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from double import cards, checkout, payment_intents
from double.cards import CARDS, Problem
from double.errors import Declined, Refusal
from double.exchange import Answer, Request, redirect
from double.ledger import Books, Call, Ledger
from double.objects import Object, in_words

TEMPLATES = Path(__file__).parent / "templates"
NEWEST = 100
DECLINED = Problem("card_declined", "Your bank declined this card. Try another.")
NAME = Problem("missing_name", "Type the name as it stands on the card.")


class Html(str):
    """Text that is HTML already."""


class Pages:
    """Answers browsers."""

    def __init__(self, ledger: Ledger, address: str) -> None:
        self.ledger = ledger
        self.address = address

    def answer(self, request: Request) -> Answer:
        """The page, or the way on. Posting twice does nothing twice: the second finds a page that says so."""
        match request.path.strip("/").split("/"):
            case ["c", "style.css"]:
                return Answer(200, (TEMPLATES / "style.css").read_text(), "text/css; charset=utf-8")
            case ["c", "pay", name] if account := self.ledger.account_of(name):
                with self.ledger.books(account, Call(self.address)) as books:
                    return _card_page(books, name, request)
            case ["c", "confirm", name] if account := self.ledger.account_of(name):
                with self.ledger.books(account, Call(self.address)) as books:
                    return _bank_page(books, name, request)
        return _note("This page does not exist.", "Please go back to the clinic's page and begin there again.", None, status=404)


def _card_page(books: Books, session_id: str, request: Request) -> Answer:
    try:
        session = checkout.current(books, session_id)
    except Refusal:
        return _note("This page does not exist.", "Please go back to the clinic's page and begin there again.", None, status=404)
    if session["status"] == "complete":
        done = "Your card is saved." if session["mode"] == "setup" else "Thank you. It is paid."
        return _note(done, "There is nothing left to do here.", success_url(session))
    if session["status"] == "expired":
        return _note("This page has expired.", "Please go back and begin again.", session["cancel_url"], status=410)
    if request.method != "POST":
        return _card_form(session, {}, {})

    typed = {name: value.strip() for name, value in parse_qsl(request.body, keep_blank_values=True)}
    wrong = _wrong(typed)
    if not wrong:
        try:
            card = cards.BY_NUMBER[_digits(typed["number"])]
            question = checkout.complete(books, session, card, *_month_and_year(typed["expiry"]), typed["name"])
            return redirect(question or success_url(session))
        except Declined:
            wrong = {"number": DECLINED}
    return _card_form(session, typed, wrong)


def success_url(session: Object) -> str:
    """Where the patient goes on, with the session's id where its place is."""
    address: str = session["success_url"]
    return address.replace("{CHECKOUT_SESSION_ID}", session["id"])


def _wrong(typed: dict[str, str]) -> dict[str, Problem]:
    """What is wrong, by the field of the form."""
    month, year = _month_and_year(typed.get("expiry", ""))
    found = cards.problems(_digits(typed.get("number", "")), month, year, typed.get("cvc", ""), today=datetime.now(UTC).date())
    fields = {"number": "number", "exp_month": "expiry", "exp_year": "expiry", "cvc": "cvc"}
    wrong = {fields[name]: problem for name, problem in found.items()}
    return wrong if typed.get("name") else wrong | {"name": NAME}


def _digits(number: str) -> str:
    return "".join(number.replace("-", " ").split())


def _month_and_year(expiry: str) -> tuple[int, int]:
    """04/31 and 04 / 2031 are the same; 0, 0 when it is neither."""
    month, _, year = (part.strip() for part in expiry.partition("/"))
    if not (month.isdecimal() and year.isdecimal() and len(year) in (2, 4)):
        return 0, 0
    return int(month), int(year) + (2000 if len(year) == 2 else 0)


def _card_form(session: Object, typed: dict[str, str], wrong: dict[str, Problem]) -> Answer:
    fields = [
        _field("number", "Card number", "cc-number", typed, wrong, hint="We never show the number back."),
        _field("expiry", "Expiry", "cc-exp", typed, wrong, hint="MM/YY"),
        _field("cvc", "CVC", "cc-csc", typed, wrong, hint="3 digits on the back, 4 on the front of an Amex"),
        _field("name", "Name on card", "cc-name", typed, wrong),
    ]
    message = (session["custom_text"]["submit"] or {}).get("message", "")
    pays = session["mode"] == "payment"
    page = filled(
        "card.html",
        title="Pay" if pays else "Save a card",
        line=filled("line.html", name=session["line"], amount=in_words(session["amount_total"], session["currency"])) if pays else "",
        button=f"Pay {in_words(session['amount_total'], session['currency'])}" if pays else "Save card",
        message=filled("message.html", text=message) if message else "",
        summary=Html(filled("summary.html", count=_count(wrong)) if wrong else ""),
        fields=Html("".join(fields)),
        back=_link(session["cancel_url"], "Back"),
        cards=_card_rows(),
    )
    return _page("Pay" if pays else "Save a card", page, 422 if wrong else 200, session["success_url"])


def _field(name: str, label: str, autocomplete: str, typed: dict[str, str], wrong: dict[str, Problem], hint: str = "") -> str:
    described = [f"{name}-error"] * (name in wrong) + [f"{name}-hint"] * bool(hint)
    attributes = f' aria-describedby="{" ".join(described)}"' if described else ""
    attributes += ' aria-invalid="true"' if name in wrong else ""
    attributes += " autofocus" if name == next(iter(wrong), None) else ""
    return filled(
        "field.html",
        name=name,
        label=label,
        autocomplete=autocomplete,
        inputmode="text" if name == "name" else "numeric",
        value="" if name == "number" else typed.get(name, ""),
        attributes=Html(attributes),
        error=filled("error.html", name=name, sentence=wrong[name].sentence) if name in wrong else "",
        hint=filled("hint.html", name=name, text=hint) if hint else "",
    )


def _count(wrong: dict[str, Problem]) -> str:
    return "One thing needs another look." if len(wrong) == 1 else f"{len(wrong)} things need another look."


def _card_rows() -> Html:
    return Html("".join(filled("card_row.html", number=card.shown, does=card.does) for card in CARDS))


def _bank_page(books: Books, intent_id: str, request: Request) -> Answer:
    intent = books.find(intent_id, "payment_intent")
    action = (intent or {}).get("next_action") or {}
    if intent is None or intent["status"] != "requires_action":
        return _note("There is nothing to confirm.", "This payment is not waiting for you, or you have answered already.", None, status=410)
    return_url = action.get("redirect_to_url", {}).get("return_url")
    if request.method != "POST":
        page = filled("bank.html", amount=in_words(intent["amount"], intent["currency"]), description=intent["description"] or "")
        return _page("Confirm a payment", page, 200, return_url)

    confirmed = ("outcome", "confirm") in parse_qsl(request.body)
    checkout.paid(books, payment_intents.authenticate(books, intent_id, confirmed=confirmed))
    if return_url is None:
        return _note("Thank you.", "The payment is confirmed." if confirmed else "You refused the payment.", None)
    return redirect(_with_outcome(return_url, intent, "succeeded" if confirmed else "failed"))


def _with_outcome(return_url: str, intent: Object, outcome: str) -> str:
    added = {"payment_intent": intent["id"], "payment_intent_client_secret": intent["client_secret"], "redirect_status": outcome}
    parts = urlsplit(return_url)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query, keep_blank_values=True), *added.items()])))


def overview(view: dict[str, list[dict[str, Any]]]) -> Answer:
    """The ledger in tables, for a person: the newest hundred of each."""
    tables = "".join(filled("table.html", title=name.capitalize(), count=str(len(rows)), rows=_rows(rows)) for name, rows in view.items())
    return _page("Ledger", filled("overview.html", tables=Html(tables), cards=_card_rows()), 200, None, wide=True)


def _rows(rows: list[dict[str, Any]]) -> Html:
    if not rows:
        return Html("<tr><td>None yet.</td></tr>")
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{escape(_cell(name, row))}</td>" for name in row) + "</tr>" for row in rows[:NEWEST])
    return Html(f"<tr>{head}</tr>{body}")


def _cell(name: str, row: dict[str, Any]) -> str:
    value = row[name]
    if name in ("amount", "refunded"):
        return in_words(value, row["currency"])
    if name in ("created", "expires_at"):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S")
    if name == "cards":
        return ", ".join(f"{card['brand']} {card['last4']}" for card in value)
    if name == "metadata":
        return ", ".join(f"{key}: {text}" for key, text in value.items())
    return "" if value is None else str(value)


def _note(title: str, text: str, onward: str | None, status: int = 200) -> Answer:
    return _page(title, filled("note.html", title=title, text=text, link=_link(onward, "Continue")), status, None)


def _link(address: str | None, text: str) -> Html:
    return filled("link.html", address=address, text=text) if address else Html("")


def _page(title: str, content: Html, status: int, onward: str | None, *, wide: bool = False) -> Answer:
    parts = urlsplit(onward or "")
    goes_to = f" {parts.scheme}://{parts.netloc}" if onward else ""  # Chromium asks for leave to follow the 303, too
    policy = f"default-src 'none'; style-src 'self'; img-src data:; form-action 'self'{goes_to}; base-uri 'none'; frame-ancestors 'none'"
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    html = filled("base.html", title=title, content=content, width="wide" if wide else "narrow")
    return Answer(status, html, "text/html; charset=utf-8", headers)


def filled(template: str, /, **slots: str | Html | None) -> Html:
    """The template with its slots filled; what is not `Html` is escaped."""
    text = Template((TEMPLATES / template).read_text())
    return Html(text.substitute({slot: value if isinstance(value, Html) else escape(value or "") for slot, value in slots.items()}))
