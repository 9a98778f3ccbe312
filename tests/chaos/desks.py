"""Both simulated helpdesks as a process of their own: `python -m tests.chaos.desks CONTROL_PORT ZENDESK_PORT FRESHDESK_PORT WEB_URL SEED`.

The first port is the driver's: it writes as customers and agents there, makes weather for the webhooks, sees who asks
what, and holds single requests back.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import Scope

from connectors.freshdesk.simulator import FreshdeskSimulator
from connectors.freshdesk.simulator import Options as FreshdeskOptions
from connectors.zendesk.simulator import Options as ZendeskOptions
from connectors.zendesk.simulator import ZendeskSimulator
from service.web.server import stop_signal
from tests.chaos.courier import Courier
from tests.chaos.evidence import Stored, TicketName
from tests.chaos.port import HOST, listening
from tests.chaos.watch import Holds, Log, Meaning, Watched, pid_of
from tests.writes import is_ours_to_send

_PLENTY = 1_000_000  # limits have tests of their own; here nothing waits for a minute to end
_TICKET = re.compile(r"/api/v2/tickets/(\d+)(?:\.json)?(?:/(\w+))?")

Simulator = ZendeskSimulator | FreshdeskSimulator


class Desks:
    """The two twins, what they see, and what the driver may do with them."""

    def __init__(self, stack: AsyncExitStack, *, ports: tuple[int, int], web: str, seed: str) -> None:
        self.log, self.holds = Log(), Holds()
        self.couriers: dict[str, Courier] = {}
        self.accounts = {"zendesk": f"{HOST}:{ports[0]}", "freshdesk": f"{HOST}:{ports[1]}"}

        def http(name: str) -> httpx.AsyncClient:
            self.couriers[name] = Courier(self._webhook(name), seed=f"{seed} {name}")
            client = httpx.AsyncClient(transport=self.couriers[name])
            stack.push_async_callback(client.aclose)
            return client

        self.zendesk = ZendeskSimulator(
            http=http("zendesk"),
            url=f"http://{self.accounts['zendesk']}",
            options=ZendeskOptions(
                per_minute=_PLENTY,
                updates_per_minute=_PLENTY,
                updates_per_ticket=_PLENTY,
                search_export_per_minute=_PLENTY,
                incremental_per_minute=_PLENTY,
            ),
        )
        self.freshdesk = FreshdeskSimulator(
            http=http("freshdesk"),
            url=f"http://{self.accounts['freshdesk']}",
            options=FreshdeskOptions(plan="Old", search_lag_s=0),
        )
        self.freshdesk._deliveries._budget.limit = _PLENTY  # the vendor sells no plan that is large enough
        self.twins: dict[str, Simulator] = {"zendesk": self.zendesk, "freshdesk": self.freshdesk}
        self.secrets = {
            "zendesk": self.zendesk.connect_webhook(f"{web}/webhooks/zendesk"),
            "freshdesk": self.freshdesk.connect_webhook(f"{web}/webhooks/freshdesk", kind="header"),
        }

    def watched(self, name: str) -> Watched:
        """A twin's application with the log around it."""
        return Watched(
            self.twins[name].app,
            log=self.log,
            holds=self.holds,
            read=lambda scope, headers, body: self._meaning(name, scope, headers, body),
            stored=lambda _, answer: _note_id(name, answer),
        )

    def settings(self) -> dict[str, str]:
        """How a service connects to both, as environment variables."""
        zendesk, freshdesk = self.zendesk.oauth_settings, self.freshdesk.settings
        return {
            "DESKPILOT_ZENDESK__URL": zendesk["url"],
            "DESKPILOT_ZENDESK__CLIENT_ID": zendesk["client_id"],
            "DESKPILOT_ZENDESK__CLIENT_SECRET": zendesk["client_secret"],
            "DESKPILOT_ZENDESK__WEBHOOK_SECRETS": self.secrets["zendesk"],
            "DESKPILOT_FRESHDESK__URL": freshdesk["url"],
            "DESKPILOT_FRESHDESK__API_KEY": freshdesk["api_key"],
            "DESKPILOT_FRESHDESK__WEBHOOK_SECRETS": self.secrets["freshdesk"],
        }

    def control(self) -> FastAPI:
        """The driver's way in."""
        app = FastAPI(openapi_url=None)
        app.add_api_route("/about", self._about, methods=["GET"])
        app.add_api_route("/open", self._open, methods=["POST"])
        app.add_api_route("/write", self._write, methods=["POST"])
        app.add_api_route("/weather", self._weather, methods=["POST"])
        app.add_api_route("/flying", self._flying, methods=["GET"])
        app.add_api_route("/release", self._release, methods=["POST"])
        app.add_api_route("/state", self._state, methods=["GET"])
        return app

    async def _about(self) -> dict[str, Any]:
        return {"accounts": self.accounts, "settings": self.settings()}

    async def _open(self, order: dict[str, Any]) -> dict[str, Any]:
        """{helpdesk, subject, text, name, email, hold}: a customer's first message; `hold` is armed for the new ticket."""
        name = order["helpdesk"]
        given = {key: order[key] for key in ("subject", "text", "name", "email")}
        ticket = TicketName(name, await self.twins[name].open_ticket(**given))
        if order.get("hold"):  # nothing has been sent yet: no other task has run since the ticket was made
            self.holds.arm(ticket, order["hold"])
        message = f"ticket:{ticket.id}" if name == "freshdesk" else self._last_comment(ticket.id)
        return {"ticket": ticket.id, "message": message, "at": time.time()}

    async def _write(self, order: dict[str, Any]) -> dict[str, Any]:
        """{helpdesk, ticket, text, by, automatic}: the customer or an agent writes again."""
        twin, ticket, text = self.twins[order["helpdesk"]], order["ticket"], order["text"]
        if order["by"] == "customer":
            message = await twin.customer_message(ticket, text=text, automatic=order.get("automatic", False))
        else:
            message = await twin.agent_message(ticket, text=text, public=True)
        return {"message": message, "at": time.time()}

    async def _weather(self, order: dict[str, Any]) -> None:
        """Shares of lost, doubled and late webhooks, from now on."""
        for courier in self.couriers.values():
            for name, value in order.items():
                setattr(courier.weather, name, value)

    async def _flying(self) -> list[dict[str, Any]]:
        """The requests under way."""
        flying: list[dict[str, Any]] = self.log.as_json()["flying"]
        return flying

    async def _release(self) -> None:
        """Let go whatever is held, and hold nothing more."""
        self.holds.disarm()
        for flight in self.log.flying:
            flight.released.set()

    async def _state(self) -> dict[str, Any]:
        """Everything for the judge."""
        stored = [
            asdict(Stored(TicketName(name, row.id), note.id, note.public))
            for name, twin in self.twins.items()
            for row in twin.rows()
            for note in twin.notes(row.id)
        ]
        ours = {row["id"] for row in stored}
        sent = [courier.as_json() for courier in self.couriers.values()]
        return {
            "asked": self.log.as_json()["done"],
            "flying": len(self.log.flying),
            "stored": stored,
            "mailed": [one for one in self.zendesk.mailed if one in ours],
            "sent": [row for part in sent for row in part["sent"]],
            "lost": sum(part["lost"] for part in sent),
            "under_way": sum(part["under_way"] for part in sent),
        }

    def _meaning(self, helpdesk: str, scope: Scope, headers: Headers, body: bytes) -> Meaning:
        """What a request to a helpdesk is about."""
        pid = pid_of(headers.get("user-agent", ""))
        found = _TICKET.fullmatch(scope["path"])
        ticket = TicketName(helpdesk, found[1]) if found else None
        if scope["method"] == "GET":
            below = {None: "ticket", "comments": "conversation", "conversations": "conversation"}
            return Meaning(ticket, pid, below.get(found[2], "other") if found else "other")
        given = json.loads(body) if body else {}
        if helpdesk == "zendesk":
            comment = given.get("ticket", {}).get("comment")
            if comment is None:
                return Meaning(ticket, pid, "other", private=not found)
            private = is_ours_to_send(scope["method"], scope["path"], given)
            return Meaning(ticket, pid, "note", private, comment.get("html_body", ""))
        if found and found[2] == "notes":
            return Meaning(ticket, pid, "note", given.get("private") is True, given.get("body", ""))
        if scope["method"] == "PUT" and scope["path"].startswith("/api/v2/conversations/"):  # a note of ours is edited
            note_id = scope["path"].rpartition("/")[2]
            return Meaning(next((one.ticket for one in self.log.done if one.note_id == note_id), None), pid, "edit")
        fields = found and is_ours_to_send(scope["method"], scope["path"], given)  # of a ticket, beside its note
        return Meaning(ticket, pid, "other", private=bool(fields))

    def _last_comment(self, ticket_id: str) -> str:
        return str(self.zendesk.state.tickets[int(ticket_id)].comments[-1].id)

    def _webhook(self, name: str) -> Callable[[httpx.Request], tuple[TicketName, bool]]:
        def read(request: httpx.Request) -> tuple[TicketName, bool]:
            body = json.loads(request.content)
            if name == "freshdesk":
                return TicketName(name, str(body["ticket_id"])), False
            actor = body["detail"]["actor_id"]
            return TicketName(name, str(body["detail"]["id"])), actor == str(self.zendesk.state.api_user.id)

        return read


def _note_id(helpdesk: str, answer: bytes) -> str:
    """The id of the note that this answer tells of."""
    body = json.loads(answer)
    if helpdesk == "freshdesk":
        return str(body["id"])
    return next((str(one["id"]) for one in body["audit"]["events"] if one.get("type") == "Comment"), "")


async def run(ports: tuple[int, int, int], *, web: str, seed: str) -> None:
    """Serve until SIGTERM."""
    with stop_signal() as stopped:
        async with AsyncExitStack() as stack:
            desks = Desks(stack, ports=ports[1:], web=web, seed=seed)
            for name, port in zip(desks.twins, ports[1:], strict=True):
                await stack.enter_async_context(listening(desks.watched(name), port))
            await stack.enter_async_context(listening(desks.control(), ports[0]))
            await stopped.wait()


if __name__ == "__main__":
    _, control_port, zendesk_port, freshdesk_port, web_url, a_seed = sys.argv
    asyncio.run(run((int(control_port), int(zendesk_port), int(freshdesk_port)), web=web_url, seed=a_seed))
