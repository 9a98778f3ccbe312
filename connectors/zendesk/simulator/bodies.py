"""Reading what a caller sent."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request

from connectors.zendesk.simulator.problems import ApiProblem, forbidden, invalid_attribute
from connectors.zendesk.simulator.records import JSON, User


async def json_of(request: Request) -> JSON:
    """The body as a JSON object; an empty body is an empty object. Raises ApiProblem 400."""
    raw = await request.body()
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise ApiProblem(400, {"error": "BadRequest", "description": "The body is not JSON"}) from error
    if not isinstance(body, dict):
        raise ApiProblem(400, {"error": "BadRequest", "description": "The body is not an object"})
    return body


async def part_of(request: Request, name: str) -> JSON:
    """The object under `name`, as most bodies have one. Raises ApiProblem 400."""
    part = (await json_of(request)).get(name)
    if not isinstance(part, dict):
        raise ApiProblem(400, {"error": {"title": "Parameter missing", "message": f"Parameter {name} is required"}})
    return part


async def fields_of(request: Request) -> JSON:
    """The body of a request that may be a form or JSON."""
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {name: _number(value) for name, value in parse_qsl((await request.body()).decode())}
    return await json_of(request)


def caller(request: Request) -> User:
    """The signed-in user. Raises ApiProblem 403 for the anonymous one."""
    user: Any = request.scope.get("caller")
    if not isinstance(user, User):
        raise forbidden()
    return user


def admin(request: Request) -> User:
    """The signed-in user, who must be an admin."""
    user = caller(request)
    if user.role != "admin":
        raise forbidden()
    return user


def epoch(request: Request, name: str) -> int:
    """A query parameter in seconds since 1970. Raises ApiProblem 400."""
    value = request.query_params.get(name, "")
    if not value.isdecimal():
        raise invalid_attribute(name)
    return int(value)


def _number(value: str) -> str | int:
    return int(value) if value.isdecimal() and len(value) < 8 else value
