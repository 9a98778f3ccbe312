"""Managing webhooks over the API. Shapes are those of recorded answers; there is no official description of this family.

Source: https://developer.zendesk.com/documentation/webhooks/creating-and-monitoring-webhooks/
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.simulator.bodies import admin, part_of
from connectors.zendesk.simulator.deliveries import Attempt, Deliveries, Invocation
from connectors.zendesk.simulator.events import PREFIX
from connectors.zendesk.simulator.paging import page_of
from connectors.zendesk.simulator.problems import ApiProblem, not_found
from connectors.zendesk.simulator.records import JSON, User, Webhook
from connectors.zendesk.simulator.shapes import stamp, webhook_json
from connectors.zendesk.simulator.state import State

TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # noqa: S105, published: signs "test webhook" before it exists
FOR_TRIGGERS = "conditional_ticket_events"

_CHANGEABLE = (
    "name",
    "description",
    "endpoint",
    "status",
    "http_method",
    "request_format",
    "authentication",
    "custom_headers",
)


def new_secret() -> str:
    """A signing secret: looks like base64, is used as text."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


class WebhooksApi:
    """Handlers below `/api/v2/webhooks`; for admins."""

    def __init__(self, state: State, deliveries: Deliveries) -> None:
        self._state = state
        self._deliveries = deliveries

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/api/v2/webhooks")
        router.add_api_route("", self.index, methods=["GET"], response_model=None)
        router.add_api_route("", self.create, methods=["POST"], response_model=None)
        router.add_api_route("/test", self.test, methods=["POST"], response_model=None)
        router.add_api_route("/{webhook_id}", self.show, methods=["GET"], response_model=None)
        router.add_api_route("/{webhook_id}", self.change, methods=["PUT", "PATCH"], response_model=None)
        router.add_api_route("/{webhook_id}", self.delete, methods=["DELETE"], response_model=None)
        router.add_api_route("/{webhook_id}/signing_secret", self.secret, methods=["GET"], response_model=None)
        router.add_api_route("/{webhook_id}/signing_secret", self.new_secret, methods=["POST"], response_model=None)
        router.add_api_route("/{webhook_id}/invocations", self.invocations, methods=["GET"], response_model=None)
        router.add_api_route(
            "/{webhook_id}/invocations/{invocation_id}/attempts", self.attempts, methods=["GET"], response_model=None
        )
        return router

    async def index(self, request: Request) -> Response:
        """All webhooks, filtered by part of the name and by status."""
        admin(request)
        part, status = (request.query_params.get(f"filter[{name}]", "") for name in ("name_contains", "status"))
        rows = [
            one
            for one in self._state.webhooks.values()
            if part.lower() in one.name.lower() and status in ("", one.status)
        ]
        body = page_of(request, self._state, rows, name="webhooks", key=lambda row: (row.id,), shape=webhook_json)
        if "meta" not in body:  # this family knows cursors only
            body = {
                "webhooks": body["webhooks"],
                "meta": {"has_more": False, "after_cursor": None, "before_cursor": None},
                "links": {"prev": None, "next": None},
            }
        return JSONResponse(body)

    async def create(self, request: Request) -> Response:
        """A new webhook, or with `clone_webhook_id` a copy of one."""
        user = admin(request)
        if original := request.query_params.get("clone_webhook_id"):
            model = self._find(original)
            given: JSON = {name: getattr(model, name) for name in (*_CHANGEABLE, "subscriptions")}
        else:
            given = await part_of(request, "webhook")
        webhook = self.add(given, created_by=user)
        shown = webhook_json(webhook) | {"created_at": f"{self._state.clock():%Y-%m-%dT%H:%M:%S.%f}239Z"}
        return JSONResponse({"webhook": shown}, status_code=201)

    def add(self, given: JSON, *, created_by: User) -> Webhook:
        """Store a webhook. Raises ApiProblem 400 where the vendor would refuse it."""
        problems = [*_problems(given), *self._not_offered(given)]
        if problems:
            errors = [{"code": "InvalidWebhook", "title": "Invalid webhook", "detail": text} for text in problems]
            raise ApiProblem(400, {"errors": errors})
        webhook = Webhook(
            id=self._state.new_ulid(),
            subscriptions=list(given.get("subscriptions") or [FOR_TRIGGERS]),
            secret=new_secret(),
            created_at=self._state.now(),
            created_by=created_by.id,
            **{name: given[name] for name in _CHANGEABLE if given.get(name) is not None},
        )
        self._state.webhooks[webhook.id] = webhook
        return webhook

    def _not_offered(self, given: JSON) -> Iterator[str]:
        """What this account's plan does not include. How the vendor says so is not documented."""
        options, most = self._state.options, self._state.options.most_webhooks
        for family, offered in (("ticket", options.ticket_events), ("article", options.article_events)):
            if not offered and any(
                str(one).startswith(f"{PREFIX}{family}.") for one in given.get("subscriptions") or []
            ):
                yield f"events of {family}s are not available"
        if most and len(self._state.webhooks) >= most:
            yield f"the account has {most} webhooks, which is the most it can have"

    async def show(self, request: Request, webhook_id: str) -> Response:
        """One webhook."""
        admin(request)
        return JSONResponse({"webhook": webhook_json(self._find(webhook_id))})

    async def change(self, request: Request, webhook_id: str) -> Response:
        """PUT and PATCH alike: 204. What it subscribes to cannot be changed any more."""
        admin(request)
        webhook, given = self._find(webhook_id), await part_of(request, "webhook")
        if "subscriptions" in given and set(given["subscriptions"]) != set(webhook.subscriptions):
            raise ApiProblem(
                400,
                {
                    "errors": [
                        {
                            "code": "InvalidWebhook",
                            "title": "Invalid webhook",
                            "detail": "subscriptions cannot be changed",
                        }
                    ]
                },
            )
        for name in _CHANGEABLE:
            if name in given:
                setattr(webhook, name, given[name])
        return Response(status_code=204)

    async def delete(self, request: Request, webhook_id: str) -> Response:
        """Gone: nothing is sent to it any more."""
        admin(request)
        del self._state.webhooks[self._find(webhook_id).id]
        return Response(status_code=204)

    async def secret(self, request: Request, webhook_id: str) -> Response:
        """The secret that signs its deliveries."""
        admin(request)
        return JSONResponse({"signing_secret": {"secret": self._find(webhook_id).secret, "algorithm": "SHA256"}})

    async def new_secret(self, request: Request, webhook_id: str) -> Response:
        """A new secret; the old one signs nothing any more, retries included."""
        admin(request)
        webhook = self._find(webhook_id)
        webhook.secret = new_secret()
        return JSONResponse({"signing_secret": {"secret": webhook.secret, "algorithm": "SHA256"}}, status_code=201)

    async def test(self, request: Request) -> Response:
        """Send one request now; before the webhook exists it is signed with the published test secret."""
        user = admin(request)
        given, known = await part_of(request, "request"), request.query_params.get("webhook_id")
        if known:
            webhook = self._find(known)
        else:
            endpoint = str(given.get("endpoint", ""))
            webhook = Webhook(self._state.new_ulid(), "test", endpoint, [], TEST_SECRET, self._state.now(), user.id)
        attempt = await self._deliveries.send_once(webhook, str(given.get("payload", "")).encode())
        return JSONResponse(
            {"response": {"headers": [], "status_code": attempt.status_code, "payload": attempt.answer}}
        )

    async def invocations(self, request: Request, webhook_id: str) -> Response:
        """What was sent to it, newest first. `status_code` is absent where nothing was."""
        admin(request)
        rows = [one for one in self._deliveries.invocations if one.webhook.id == self._find(webhook_id).id]
        body = page_of(
            request,
            self._state,
            rows,
            name="invocations",
            key=lambda row: (row.id,),
            shape=_invocation_json,
            descending=True,
        )
        return JSONResponse(body)

    async def attempts(self, request: Request, webhook_id: str, invocation_id: str) -> Response:
        """Every try of one invocation, newest first."""
        admin(request)
        self._find(webhook_id)
        found = next((one for one in self._deliveries.invocations if one.id == invocation_id), None)
        if found is None:
            raise not_found()
        return JSONResponse({"attempts": [_attempt_json(found, one) for one in reversed(found.attempts)]})

    def _find(self, webhook_id: str) -> Webhook:
        if webhook_id not in self._state.webhooks:
            raise not_found()
        return self._state.webhooks[webhook_id]


def _problems(given: JSON) -> list[str]:
    """Why a webhook cannot be stored."""
    found = [f"{name} is required" for name in ("name", "endpoint") if not given.get(name)]
    subscriptions = given.get("subscriptions") or [FOR_TRIGGERS]
    for_events = [one for one in subscriptions if str(one).startswith(PREFIX)]
    if for_events and len(for_events) != len(subscriptions):
        found.append("a webhook is either for events or for triggers")
    if not for_events and subscriptions != [FOR_TRIGGERS]:
        found.append(f"unknown subscription among {subscriptions}")
    if for_events and (given.get("http_method", "POST"), given.get("request_format", "json")) != ("POST", "json"):
        found.append("events are sent with POST as json")
    kind: Any = given.get("authentication") or {"type": "bearer_token"}
    if kind.get("type") not in ("basic_auth", "bearer_token", "api_key"):
        found.append("authentication type is not known")
    return found


def _invocation_json(invocation: Invocation) -> JSON:
    last = invocation.attempts[-1] if invocation.attempts else None
    body: JSON = {
        "id": invocation.id,
        "status": invocation.status,
        "latest_completed_at": stamp(last.completed_at) if last else None,
    }
    if last and last.status_code is not None:
        body["status_code"] = last.status_code
    return body


def _attempt_json(invocation: Invocation, attempt: Attempt) -> JSON:
    body: JSON = {
        "id": attempt.id,
        "invocation_id": invocation.id,
        "status": attempt.status,
        "completed_at": stamp(attempt.completed_at),
    }
    if attempt.headers:
        headers = [{"key": name, "value": value} for name, value in attempt.headers.items() if name != "Authorization"]
        body["request"] = {"headers": headers, "payload": invocation.body.decode()}
        body["response"] = {"headers": [], "payload": attempt.answer}
    if attempt.status_code is not None:
        body["status_code"] = attempt.status_code
    return body
