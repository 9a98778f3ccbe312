"""How the API says no: the vendor's error shapes, and the checks of request bodies that lead to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from connectors.freshdesk.simulator.records import JSON


class Refusal(Exception):
    """An API call that is answered with an error. `body` None: an empty one, as every 404 has."""

    def __init__(self, status: int, body: JSON | None = None, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The answer to send."""
        if self.body is None:
            return Response(status_code=self.status, headers=self.headers)
        return JSONResponse(self.body, self.status, headers=self.headers)


async def refuse(_request: Request, refusal: Exception) -> Response:
    """Exception handler of the app."""
    if not isinstance(refusal, Refusal):  # registered for Refusal only
        raise refusal
    return refusal.response()


def not_found() -> Refusal:
    """404: the body is empty."""
    return Refusal(404)


def logged_out() -> Refusal:
    """401: no key, or an unknown one."""
    message = "You have to be logged in to perform this action."
    return Refusal(401, {"code": "invalid_credentials", "message": message})


def forbidden() -> Refusal:
    """403: the key's agent may not do this."""
    return Refusal(403, {"code": "access_denied", "message": "You are not authorized to perform this action."})


def invalid(field: str, message: str, code: str = "invalid_value") -> Refusal:
    """400: one field is wrong."""
    return invalid_fields([{"field": field, "message": message, "code": code}])


def invalid_fields(errors: list[JSON]) -> Refusal:
    """400: these fields are wrong."""
    return Refusal(400, {"description": "Validation failed", "errors": errors})


@dataclass(frozen=True, slots=True)
class Kind:
    """A type that a field may have. `name` appears in messages."""

    name: str
    fits: Callable[[Any], bool]


TEXT = Kind("String", lambda value: isinstance(value, str))
FLAG = Kind("Boolean", lambda value: isinstance(value, bool))
NUMBER = Kind("Positive Integer", lambda value: isinstance(value, int) and not isinstance(value, bool) and value > 0)
TEXTS = Kind("Array", lambda value: isinstance(value, list) and all(isinstance(part, str) for part in value))
MAPPING = Kind("key/value pair", lambda value: isinstance(value, dict))


async def read_body(request: Request, fields: Mapping[str, Kind], *, required: tuple[str, ...] = ()) -> JSON:
    """The request's JSON object, checked: known fields of the right type only. Raises Refusal 415 or 400."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        message = "Content-Type header is set to an unsupported type. It should have JSON."
        raise Refusal(415, {"code": "invalid_content_type", "message": message})
    try:
        body = json.loads(await request.body())
    except ValueError:  # UnicodeDecodeError is one, too
        body = None
    if not isinstance(body, dict):
        message = "Request body has invalid json format"
        raise Refusal(400, {"code": "invalid_json", "message": message})
    if errors := [*_wrong(body, fields), *_missing(body, required, fields)]:
        raise invalid_fields(errors)
    return body


def one_of(field: str, value: object, allowed: Mapping[Any, str] | list[Any]) -> None:
    """Refuse a value that is not in the list. Raises Refusal 400."""
    if value not in allowed:
        listed = ",".join(str(option) for option in allowed)
        raise invalid(field, f"It should be one of these values: '{listed}'")


def _wrong(body: JSON, fields: Mapping[str, Kind]) -> list[JSON]:
    errors = []
    for name, value in body.items():
        if name not in fields:
            error = {"message": "Unexpected/invalid field in request", "code": "invalid_field"}
        elif value is not None and not fields[name].fits(value):
            error = {
                "message": f"Value set is of type {type(value).__name__}.It should be a/an {fields[name].name}",
                "code": "datatype_mismatch",
            }
        else:
            continue
        errors.append({"field": name, **error})
    return errors


def _missing(body: JSON, required: tuple[str, ...], fields: Mapping[str, Kind]) -> list[JSON]:
    return [
        {"field": name, "message": f"It should be a/an {fields[name].name}", "code": "missing_field"}
        for name in required
        if body.get(name) in (None, "")
    ]
