"""Customers: whom a card belongs to."""

from double.errors import no_such
from double.ledger import Books
from double.lists import PAGED, page
from double.objects import Object, new
from double.params import Params, takes

WRITTEN = ("name", "email", "phone", "description")


@takes(*WRITTEN, "metadata[*]")
def create(books: Books, params: Params) -> Object:
    """The account has one customer more."""
    customer = new("customer", "cus", 14) | {
        "address": None,
        "balance": 0,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "invoice_settings": {"custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None},
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
    }
    customer |= {name: params.text(name) for name in WRITTEN} | {"metadata": params.metadata()}
    books.put(customer)
    books.record("customer.created", customer)
    return customer


@takes()
def retrieve(books: Books, params: Params, customer_id: str) -> Object:
    """The customer as she is; of one who was deleted, that she was."""
    customer = books.find(customer_id, "customer")
    if customer is None:
        raise no_such("customer", customer_id, "id")
    return _deleted(customer) if customer.get("deleted") else customer


@takes(*WRITTEN, "metadata[*]", "invoice_settings[default_payment_method]")
def update(books: Books, params: Params, customer_id: str) -> Object:
    """The named fields are changed, the others stay."""
    customer = books.get("customer", customer_id)
    customer |= {name: params.text(name) for name in WRITTEN if name in params}
    customer["metadata"] = params.metadata(customer["metadata"])
    default = "invoice_settings[default_payment_method]"
    if default in params:
        customer["invoice_settings"]["default_payment_method"] = params.text(default)
    books.put(customer)
    books.record("customer.updated", customer)
    return customer


@takes()
def delete(books: Books, params: Params, customer_id: str) -> Object:
    """She is gone for good, and her cards can never be used again. Payments, refunds and disputes of hers stay."""
    customer = books.get("customer", customer_id)
    for method in books.all("payment_method", customer=customer_id):
        books.put(method | {"customer": None})
        books.spend(method["id"])
    books.record("customer.deleted", customer)
    books.put({name: customer[name] for name in ("id", "object", "created")} | {"deleted": True})
    return _deleted(customer)


def _deleted(customer: Object) -> Object:
    return {"id": customer["id"], "object": "customer", "deleted": True}


@takes(*PAGED)
def listed(books: Books, params: Params) -> Object:
    """The account's customers."""
    return page(books, params, "customer", "/v1/customers")
