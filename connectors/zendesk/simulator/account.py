"""The simulated account: what people do in it, what it tells, and its web page."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Literal

import httpx
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from connectors.base import Article
from connectors.simulated.clock import now_utc
from connectors.simulated.desk import FieldsOf
from connectors.simulated.page import page_router
from connectors.simulated.record import Recording, RequestLog
from connectors.zendesk.simulator import problems
from connectors.zendesk.simulator.agents import Agents
from connectors.zendesk.simulator.changes import Changes
from connectors.zendesk.simulator.deliveries import Deliveries
from connectors.zendesk.simulator.exports_api import ExportsApi
from connectors.zendesk.simulator.gate import PREFIXES, Gate
from connectors.zendesk.simulator.help_center import HelpCenter, locale_of
from connectors.zendesk.simulator.help_center_api import HelpCenterApi
from connectors.zendesk.simulator.limits import Limits
from connectors.zendesk.simulator.macros_api import MacrosApi
from connectors.zendesk.simulator.oauth import Gatekeeper, oauth_router
from connectors.zendesk.simulator.options import Faults, Options
from connectors.zendesk.simulator.people_api import PeopleApi
from connectors.zendesk.simulator.ratings_api import RatingsApi
from connectors.zendesk.simulator.records import JSON, StoredNote, TicketField, Trigger
from connectors.zendesk.simulator.state import State
from connectors.zendesk.simulator.ticket_fields import TicketFieldsApi
from connectors.zendesk.simulator.tickets_api import TicketsApi
from connectors.zendesk.simulator.triggers_api import TriggersApi
from connectors.zendesk.simulator.webhooks_api import FOR_TRIGGERS, WebhooksApi

EVENTS = ("ticket.comment_added", "ticket.created", "ticket.status_changed")
"""What an event-subscribed webhook of ours asks for."""

ARTICLE_EVENTS = ("article.published", "article.unpublished")
"""What it asks for beside these, where the help centre is to be followed."""

TRIGGER_BODY = json.dumps(
    {
        "v": 1,
        "ticket_id": "{{ticket.id}}",
        "actor_id": "{{current_user.id}}",
        "updated_at": "{{ticket.updated_at_with_timestamp}}",
    }
)
"""Ids only: whether inserted text is escaped is not known."""


class ZendeskSimulator(Agents):
    """A twin of one Zendesk account: API, webhooks, help centre and a page for people. Satisfies `Desk`.

    http: borrowed, for webhooks; None: they stay pending. url: this account's own address, used in links.
    `app`: the ASGI application. `faults`: switches that make it misbehave. `requests`: API requests it received.
    """

    vendor = "Zendesk"

    def __init__(
        self,
        *,
        http: httpx.AsyncClient | None = None,
        clock: Callable[[], datetime] = now_utc,
        options: Options | None = None,
        url: str = "http://acme.zendesk.test",
    ) -> None:
        self.options = options or Options()
        self.faults = Faults()
        self.state = State(options=self.options, faults=self.faults, clock=clock, url=url)
        self.deliveries = Deliveries(self.state, http)
        self.changes = Changes(self.state, self.deliveries)
        super().__init__(self.state, self.changes)
        self.help_center = HelpCenter(self.state)
        self.gatekeeper = Gatekeeper(self.state)
        self.requests = RequestLog()
        self.account = self.options.company
        self._webhooks = WebhooksApi(self.state, self.deliveries)
        self._triggers = TriggersApi(self.state)
        self._macros = MacrosApi(self.state)
        self.app = self._app()

    @property
    def settings(self) -> dict[str, str]:
        """Every credential of this account: url, client_id, client_secret, token (OAuth), email, api_token."""
        keeper, email = self.gatekeeper, self.state.api_user.email
        return self.oauth_settings | {"token": keeper.standing_token(), "email": email, "api_token": keeper.api_token}

    @property
    def oauth_settings(self) -> dict[str, str]:
        """How to connect with OAuth client credentials, named as in the service's settings."""
        keeper = self.gatekeeper
        return {"url": self.state.url, "client_id": keeper.client_id, "client_secret": keeper.client_secret}

    @property
    def token_settings(self) -> dict[str, str]:
        """How to connect with a ready OAuth access token."""
        return {"url": self.state.url, "token": self.gatekeeper.standing_token()}

    @property
    def api_token_settings(self) -> dict[str, str]:
        """How to connect with e-mail and API token, the way that ends in April 2027."""
        return {"url": self.state.url, "email": self.state.api_user.email, "token": self.gatekeeper.api_token}

    def connect_webhook(
        self,
        endpoint: str,
        *,
        kind: Literal["event", "trigger"] = "event",
        body: str = TRIGGER_BODY,
        articles: bool = False,
    ) -> str:
        """Subscribe `endpoint` to this account's tickets and return the signing secret.

        body: of a trigger's request. articles: to its help centre as well.
        """
        for_events = kind == "event"
        names = EVENTS + (ARTICLE_EVENTS if articles else ())
        subscriptions = [f"zen:event-type:{name}" for name in names] if for_events else [FOR_TRIGGERS]
        given = {"name": "deskpilot", "endpoint": endpoint, "subscriptions": subscriptions}
        webhook = self._webhooks.add(given, created_by=self.state.api_user)
        if not for_events:
            public = {"field": "comment_is_public", "operator": "is", "value": "true"}
            customer = {"field": "role", "operator": "is", "value": "end_user"}
            for update, title in (("Create", "deskpilot: new ticket"), ("Change", "deskpilot: customer replied")):
                happened = {"field": "update_type", "operator": "is", "value": update}
                actions = [{"field": "notification_webhook", "value": [webhook.id, body]}]
                self._triggers.add(
                    {"title": title, "conditions": {"all": [happened, public, customer]}, "actions": actions}
                )
        return webhook.secret

    def add_trigger(self, title: str, *, conditions: JSON, actions: list[JSON]) -> Trigger:
        """A trigger of the account's own people, run after those that are there."""
        return self._triggers.add({"title": title, "conditions": conditions, "actions": actions})

    def add_automation(self, title: str, *, actions: list[JSON]) -> Trigger:
        """An automation of the account's own people: listed, never run."""
        return self._triggers.add({"title": title, "actions": actions}, among=self.state.automations)

    def add_group(self, name: str) -> str:
        """The id of the group of agents of this name, made when it is new."""
        return str(self.state.group_named(name).id)

    def add_field(self, title: str, *, choices: Sequence[str] = (), public: bool = False) -> str:
        """Make a custom field of tickets and return its id. choices: of a drop-down. public: customers see it."""
        number, kind = self.state.new_id(), "tagger" if choices else "text"
        self.state.fields[number] = TicketField(number, title, kind, tuple(choices), public)
        return str(number)

    def fields_of(self, ticket_id: str) -> FieldsOf:
        """What is set in a ticket beside its conversation."""
        ticket = self.state.tickets[int(ticket_id)]
        custom = {str(number): str(value) for number, value in ticket.custom_fields.items() if value not in (None, "")}
        group = "" if ticket.group_id is None else str(ticket.group_id)
        return FieldsOf(group, ticket.priority or "", tuple(ticket.tags), custom)

    def add_article(self, article: Article, *, draft: bool = False) -> str:
        """Publish an article and return its id. The same id in another language is a translation of it.

        `audience="internal"` puts it into a staff segment, which only hides it from customers: agents' tokens see it.
        """
        row = self.help_center.add(article, draft=draft)
        if not draft:
            section = self.state.sections[row.section_id]
            event = {
                "author_id": str(self.state.agent.id),
                "category_id": str(section.category_id),
                "locale": locale_of(article.language),
                "section_id": str(section.id),
                "title": article.title,
            }
            self._tell_of_article("article.published", row.id, event)
        return str(row.id)

    def remove_article(self, article_id: str) -> None:
        """Archive an article: no event says so, as far as is documented. Raises KeyError."""
        del self.state.articles[int(article_id)]

    def add_macro(
        self,
        title: str,
        html: str = "",
        *,
        text: str = "",
        group: str = "",
        personal: bool = False,
        internal: bool = False,
        active: bool = True,
    ) -> str:
        """Store a macro that writes a comment, and return its id. group: for its agents alone. internal: the comment is a note."""
        macro = self._macros.add(
            title, html=html, text=text, group=group, personal=personal, internal=internal, active=active
        )
        return str(macro.id)

    def unpublish_article(self, article_id: str, *, language: str = "") -> None:
        """Make an article, or one of its translations, a draft again. Raises KeyError."""
        row = self.help_center.unpublish(int(article_id), locale=locale_of(language) if language else "")
        self._tell_of_article("article.unpublished", row.id, {})

    def restrict_article(self, article_id: str, *, organization: str = "*") -> None:
        """Hide an article from customers, or from all but one organisation's: no event says so. Raises KeyError."""
        self.help_center.restrict(int(article_id), organization=organization)

    def _tell_of_article(self, kind: str, number: int, event: JSON) -> None:
        detail = {"brand_id": str(self.state.brand.id), "id": str(number)}
        self.changes.publish(kind, subject=f"zen:article:{number}", detail=detail, event=event)

    def notes(self, ticket_id: str) -> list[StoredNote]:
        """Everything that our API user wrote into a ticket, oldest first, deleted tickets included."""
        return [
            StoredNote(
                id=str(one.id),
                html=one.html_body,
                public=one.public,
                at=one.created_at,
                author=self.state.api_user.name,
            )
            for one in self.state.tickets[int(ticket_id)].comments
            if one.author_id == self.state.api_user.id
        ]

    @property
    def mailed(self) -> list[str]:
        """Ids of comments that left as an e-mail to a customer: no note of ours may ever be among them."""
        return self.changes.mailed

    def expire_tokens(self) -> None:
        """End every access token now, in the middle of whatever runs."""
        self.gatekeeper.expire_tokens()

    async def settle(self) -> None:
        """Send every delivery that is due, retries included; those due later stay in `deliveries.pending`."""
        await self.deliveries.settle()

    async def close(self) -> None:
        """Stop sending in the background."""
        await self.deliveries.close()

    def _app(self) -> FastAPI:
        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[None]:
            yield
            await self.close()

        app = FastAPI(title="Zendesk simulator", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
        app.include_router(oauth_router(self.gatekeeper))
        for part in (
            TicketsApi(self.state, self.changes),
            TicketFieldsApi(self.state),
            PeopleApi(self.state),
            ExportsApi(self.state),
            RatingsApi(self.state),
            HelpCenterApi(self.state, self.help_center),
            self._webhooks,
            self._triggers,
            self._macros,
        ):
            app.include_router(part.router())
        app.include_router(self._triggers.automations_router())
        app.include_router(page_router(self))
        app.add_api_route("/agent/tickets/{ticket_id}", _to_page, methods=["GET"], include_in_schema=False)
        app.add_exception_handler(problems.ApiProblem, self._refuse)
        app.add_exception_handler(HTTPException, self._unknown)
        app.add_exception_handler(RequestValidationError, self._unreadable)
        app.add_middleware(Gate, state=self.state, gatekeeper=self.gatekeeper, limits=Limits(self.state))
        app.add_middleware(Recording, log=self.requests, prefixes=PREFIXES, clock=self.state.clock)
        return app

    async def _refuse(self, request: Request, problem: Exception) -> Response:
        del request
        if not isinstance(problem, problems.ApiProblem):
            raise problem
        return problems.answer(problem, faults=self.faults)

    async def _unreadable(self, request: Request, problem: Exception) -> Response:
        """A number in the address that is none, or a form that the page never sent."""
        if request.url.path.startswith(PREFIXES):
            return problems.answer(problems.not_found(), faults=self.faults)
        return Response(str(problem), status_code=422, media_type="text/plain")

    async def _unknown(self, request: Request, problem: Exception) -> Response:
        """Addresses that do not exist: in the API's words there, as plain text elsewhere."""
        if request.url.path.startswith(PREFIXES):
            return problems.answer(problems.not_found("InvalidEndpoint"), faults=self.faults)
        status = problem.status_code if isinstance(problem, HTTPException) else 500
        return Response(str(problem), status_code=status, media_type="text/plain")


async def _to_page(ticket_id: int) -> RedirectResponse:
    """Where links in mails and notes point to."""
    return RedirectResponse(f"/tickets/{ticket_id}", status_code=307)
