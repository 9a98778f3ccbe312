"""Automation rules over the API, which is not in the public reference; shapes as public clients write and read them.

`/automations/{kind}/rules`: kind 1 runs on new tickets, 3 by the hour, 4 on updates.
"""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from connectors.freshdesk.simulator.judging import FACTS, OPERATORS
from connectors.freshdesk.simulator.paging import page_of
from connectors.freshdesk.simulator.records import ACTIONS, JSON, StoredRule
from connectors.freshdesk.simulator.refusals import (
    FLAG,
    MAPPING,
    NUMBER,
    TEXT,
    Kind,
    Refusal,
    forbidden,
    invalid_fields,
    not_found,
    read_body,
)
from connectors.freshdesk.simulator.rules import KINDS, Rules
from connectors.freshdesk.simulator.state import State
from connectors.freshdesk.simulator.values import stamp

_OBJECTS = Kind("Array", lambda value: isinstance(value, list) and all(isinstance(part, dict) for part in value))
_FIELDS: dict[str, Kind] = {
    "name": TEXT,
    "description": TEXT,
    "active": FLAG,
    "position": NUMBER,
    "operator": TEXT,
    "performer": MAPPING,
    "events": _OBJECTS,
    "conditions": _OBJECTS,
    "actions": _OBJECTS,
}
_ALWAYS = ("name", "conditions", "actions")
_ON_UPDATES = ("performer", "events")
_OF_A_WEBHOOK = ("url", "request_type", "content_type", "content_layout", "content")


def automations_router(state: State, rules: Rules) -> APIRouter:
    """For administrators, and in accounts that have it: others answer 403, or 404 as if there were no such address."""
    router = APIRouter(prefix="/automations/{kind:int}/rules")

    @router.get("")
    async def list_rules(request: Request, kind: int) -> Response:
        _allowed(state, kind)
        return page_of(state, request, rules.of(kind), lambda rule: _rule_body(rules, rule))

    @router.post("")
    async def create_rule(request: Request, kind: int) -> Response:
        _allowed(state, kind)
        body = _checked(await read_body(request, _fields(rules, kind), required=_required(rules, kind)))
        return JSONResponse(_rule_body(rules, rules.add(kind, body)), 201)

    @router.get("/{rule_id:int}")
    async def read_rule(kind: int, rule_id: int) -> Response:
        return JSONResponse(_rule_body(rules, _rule(state, rules, kind, rule_id)))

    @router.put("/{rule_id:int}")
    async def update_rule(request: Request, kind: int, rule_id: int) -> Response:
        rule = _rule(state, rules, kind, rule_id)
        rules.change(rule, _checked(await read_body(request, _fields(rules, kind))))
        return JSONResponse(_rule_body(rules, rule))

    @router.delete("/{rule_id:int}")
    async def delete_rule(kind: int, rule_id: int) -> Response:
        del rules.all[_rule(state, rules, kind, rule_id).id]
        return Response(status_code=204)

    return router


def _allowed(state: State, kind: int) -> None:
    if refused := state.faults.automations_refused:
        raise Refusal(refused)
    if kind not in KINDS:
        raise not_found()
    if not state.options.administrator:
        raise forbidden()


def _fields(rules: Rules, kind: int) -> dict[str, Kind]:
    """What a rule of this kind may have: only those on updates know who did what."""
    return {name: field for name, field in _FIELDS.items() if kind == rules.updates or name not in _ON_UPDATES}


def _required(rules: Rules, kind: int) -> tuple[str, ...]:
    return (*_ALWAYS, *(_ON_UPDATES if kind == rules.updates else ()))


def _rule(state: State, rules: Rules, kind: int, rule_id: int) -> StoredRule:
    _allowed(state, kind)
    rule = rules.all.get(rule_id)
    if rule is None or rule.kind != kind:
        raise not_found()
    return rule


def _checked(body: JSON) -> JSON:
    """The body, where its conditions and actions are ones that can be stored. Raises Refusal 400."""
    if errors := [*_wrong_conditions(body), *_wrong_actions(body)]:
        raise invalid_fields(errors)
    return body


def _wrong_conditions(body: JSON) -> Iterator[JSON]:
    properties = [one for conditions in body.get("conditions") or () for one in conditions.get("properties") or ()]
    if "conditions" in body and not properties:
        yield {"field": "conditions", "message": "It should have at least one condition", "code": "missing_field"}
    for one in properties:
        if one.get("resource_type") != "ticket":
            yield {
                "field": "conditions[:resource_type]",
                "message": "It should be a/an String",
                "code": "missing_field",
            }
        if one.get("field_name") not in FACTS or one.get("operator") not in OPERATORS:
            yield {"field": "conditions[:field_name]", "message": "It is invalid", "code": "invalid_value"}
        if not isinstance(one.get("value"), list):
            yield {"field": "conditions[:value]", "message": "It should be a/an Array", "code": "datatype_mismatch"}


def _wrong_actions(body: JSON) -> Iterator[JSON]:
    if "actions" in body and not body["actions"]:
        yield {"field": "actions", "message": "It should have at least one action", "code": "missing_field"}
    for action in body.get("actions") or ():
        name = action.get("field_name")
        if not any(name in names for names in ACTIONS.values()):
            yield {"field": "actions[:field_name]", "message": "It is invalid", "code": "invalid_value"}
        if name == "trigger_webhook":
            missing = [key for key in _OF_A_WEBHOOK if not action.get(key)]
            yield from (
                {"field": f"actions[:{key}]", "message": "It should be a/an String", "code": "missing_field"}
                for key in missing
            )


def _rule_body(rules: Rules, rule: StoredRule) -> JSON:
    """A rule. A password is not told again; custom headers are."""
    body: JSON = {
        "id": rule.id,
        "name": rule.name,
        "position": rules.of(rule.kind).index(rule) + 1,
        "active": rule.active,
        "outdated": False,
        "last_updated_by": None,
        "conditions": rule.conditions,
        "actions": [{key: value for key, value in action.items() if key != "password"} for action in rule.actions],
        "created_at": stamp(rule.created_at),
        "updated_at": stamp(rule.updated_at),
    }
    return body | ({"performer": rule.performer, "events": rule.events} if rule.kind == rules.updates else {})
