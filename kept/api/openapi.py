"""The description of the API (OpenAPI 3.1): what ninja finds in the handlers, and what holds for all of them."""

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from kept.api.idempotency import LONGEST
from kept.api.problems import MEDIA_TYPE, Problem

PROBLEMS = {
    400: "Not readable: the body is not JSON. `bad_request`",
    401: "No valid token. `not_authenticated`",
    403: "The member's role, clinics or this token's scopes do not allow it. `not_permitted`",
    404: "Not there, or not for this token to see. `not_found`",
    409: "Time or another person changed what it is about. `wrong_status` (with `by` and `at`), `too_early`, `slot_taken`, "
    "`stale_version`, `already_charged`, `charge_in_flight`, `idempotency_conflict`",
    422: "Not possible as sent. `invalid` (with `errors`), `choice_required`, `fee_not_available`, `fee_exceeds_policy`, `wrong_currency`, "
    "`refund_exceeds_captured`, `reason_required`, `card_required`",
    503: "Others held the same rows for too long; send it again. `busy`",
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": LONGEST},
    "description": "Sent again within 24 hours with the same body, the first answer is given again, with `Idempotent-Replayed: true`.",
}


class DescribedApi(NinjaAPI):
    """Ninja's API, whose description names every problem and the Idempotency-Key."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        components = schema["components"]
        described = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        components["schemas"] |= described.pop("$defs") | {"Problem": described}
        components["responses"] = {f"Problem{status}": _response(text) for status, text in PROBLEMS.items()}
        for methods in schema["paths"].values():
            for method, operation in methods.items():
                _add_to(operation, method)
        return schema


def _response(text: str) -> dict[str, Any]:
    return {"description": text, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def _add_to(operation: dict[str, Any], method: str) -> None:
    names_a_row = any(parameter["required"] for parameter in operation["parameters"])
    absent = set() if method != "get" else {409} if names_a_row else {404, 409}
    for status in PROBLEMS.keys() - absent:
        operation["responses"][status] = {"$ref": f"#/components/responses/Problem{status}"}
    if method == "post":
        operation["parameters"] = [*operation["parameters"], IDEMPOTENCY_KEY]
        success = next(answer for status, answer in operation["responses"].items() if status < 300)
        success["headers"] = {"Idempotent-Replayed": {"schema": {"type": "string", "enum": ["true"]}, "required": False}}
