"""Errors as the API gives them: `error` is text in one place and an object in another, and now and then the body is HTML.

Source: https://developer.zendesk.com/documentation/api-basics/working-with-errors-and-troubleshooting/
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from connectors.zendesk.simulator.options import Faults
from connectors.zendesk.simulator.records import JSON

_HTML = """<!DOCTYPE html>
<html><head><title>Something went wrong</title></head>
<body><h1>We are sorry, something went wrong ({status})</h1><p>Please try again.</p></body></html>
"""


class ApiProblem(Exception):
    """An answer that is not a success. `body`: JSON, or text for the few plain ones."""

    def __init__(self, status: int, body: JSON | str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def not_found(error: str = "RecordNotFound") -> ApiProblem:
    """There is no such row (`RecordNotFound`) or no such address (`InvalidEndpoint`)."""
    return ApiProblem(404, {"error": error, "description": "Not found"})


def unauthenticated() -> ApiProblem:
    """Credentials are missing, wrong or over."""
    return ApiProblem(
        401, {"error": "Couldn't authenticate you"}, headers={"WWW-Authenticate": 'Basic realm="Web Password"'}
    )


def forbidden() -> ApiProblem:
    """Known, but without the right."""
    text = "You do not have access to this page. Please contact the account owner of this help desk for further help."
    return ApiProblem(403, {"error": {"title": "Forbidden", "message": text}})


def invalid_record(field: str, description: str) -> ApiProblem:
    """The row would not be valid."""
    details = {field: [{"description": description}]}
    return ApiProblem(422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details})


def invalid_attribute(name: str) -> ApiProblem:
    """A parameter cannot be read."""
    message = f"You passed an invalid value for the {name} attribute. Invalid parameter: {name} must be valid"
    return ApiProblem(400, {"error": {"title": "Invalid attribute", "message": message}})


def invalid_page(code: str, detail: str) -> ApiProblem:
    """A page that cannot be asked for."""
    return ApiProblem(400, {"errors": [{"code": code, "title": "Invalid pagination", "detail": detail}]})


def answer(problem: ApiProblem, *, faults: Faults) -> Response:
    """The response for a problem, in the shape that the switches ask for."""
    if faults.html_errors:
        return HTMLResponse(_HTML.format(status=problem.status), status_code=problem.status, headers=problem.headers)
    if isinstance(problem.body, str):
        return PlainTextResponse(problem.body, status_code=problem.status, headers=problem.headers)
    body = dict(problem.body)
    if faults.error_objects and isinstance(body.get("error"), str):
        body["error"] = {"title": body["error"], "message": body.get("description", "")}
    return JSONResponse(body, status_code=problem.status, headers=problem.headers)
