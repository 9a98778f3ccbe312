"""Connecting a Zendesk account: one webhook of ours, the two triggers where it takes no events, and its signing secret.

What a webhook listens to is chosen when it is made and never changes:
https://developer.zendesk.com/documentation/webhooks/creating-and-monitoring-webhooks/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx

from connectors.base import ForbiddenError, RejectedError, RetryableError
from connectors.http import JSON, Door
from connectors.setup import Call, Check, Connected, Send
from connectors.zendesk import examination, triggers
from connectors.zendesk.paging import pages
from connectors.zendesk.wire import documented_shape

NAME = "deskpilot"
"""Of the webhook. Another one that calls our address was made by a person, and is left to that person."""

WEBHOOKS = "/api/v2/webhooks"

_EVENT = "zen:event-type:"
_NEEDED = frozenset({f"{_EVENT}ticket.created", f"{_EVENT}ticket.comment_added"})
"""Without these two a webhook for events is of no use."""

_OF_TICKETS = (*sorted(_NEEDED, reverse=True), *(f"{_EVENT}ticket.{what}" for what in (
    "status_changed", "tags_changed", "soft_deleted", "marked_as_spam",
)))  # fmt: skip
_OF_ARTICLES = (f"{_EVENT}article.published", f"{_EVENT}article.unpublished")

FOR_TRIGGERS = ("conditional_ticket_events",)

_OFFERS: tuple[tuple[tuple[str, ...], str], ...] = (
    ((*_OF_TICKETS, *_OF_ARTICLES), "tells us what happens in tickets and articles"),
    (_OF_TICKETS, "tells us what happens in tickets (this account has no events of articles)"),
    (FOR_TRIGGERS, "is called by our two triggers"),
)
"""What a webhook can listen to, the best first. No call says which of it an account has, so it is tried."""

_OR_ELSE = "should the account refuse it, one with fewer events is made, or one with two triggers"

_TRIAL_WEBHOOKS = 10

_TEST_EVENT = json.dumps({"type": f"{_EVENT}deskpilot.test"})
"""Signed like every other, and about nothing: whoever accepts it has verified it and does nothing."""


class ZendeskSetup:
    """One Zendesk account, to be connected. Borrows `http`: never opens or closes it. Wants an admin's credentials.

    events: False makes a webhook for triggers without asking for events first.
    """

    name = "zendesk"

    def __init__(self, http: httpx.AsyncClient, *, base_url: str, auth: httpx.Auth, events: bool = True) -> None:
        self._door = Door(http, base_url=base_url, auth=auth)
        self._offers = _OFFERS if events else _OFFERS[-1:]

    async def examine(self, endpoint: str, *, secrets: Sequence[str], now: datetime) -> Sequence[Check]:
        """Look, and change nothing."""
        return await examination.examined(self._door, endpoint, secrets=secrets, now=now)

    async def connect(self, endpoint: str, *, send: Send, secret: str = "") -> Connected:  # noqa: ARG002 - Zendesk makes its own
        """Make the webhook (and its triggers), or put right what is there. Raises RejectedError where that is not ours to decide."""
        with _as_admin():
            webhooks = await self._webhooks()
            webhook = _of_ours(webhooks, endpoint)
            if webhook is None:
                webhook, made = await self._create(endpoint, send, count=len(webhooks))
                # the secret of what is only rehearsed cannot be read: shown with the other calls
                told = await send(Call("GET", f"{WEBHOOKS}/{webhook['id']}/signing_secret", "its signing secret"))
            else:
                made = await self._put_right(webhook, endpoint, send)
                told = (await self._door.call("GET", f"{WEBHOOKS}/{webhook['id']}/signing_secret")).body
            if set(webhook["subscriptions"]) == set(FOR_TRIGGERS):
                known = {str(one["id"]) for one in webhooks}
                made += await self._connect_triggers(str(webhook["id"]), known=known, send=send)
        with documented_shape("signing secret"):
            return Connected(secret=str(told.get("signing_secret", {}).get("secret", "")), made=tuple(made))

    async def disconnect(self, endpoint: str, *, send: Send) -> Sequence[str]:
        """Delete our webhook that calls this endpoint, and its triggers before it: one that is in use may be kept."""
        with _as_admin():
            webhooks = await self._webhooks()
            ours = [one for one in webhooks if one["name"] == NAME and one["endpoint"] == endpoint]
            gone = []
            if ours:
                others = {str(one["id"]) for one in webhooks if one not in ours}
                for trigger in await self._triggers():
                    if triggers.is_ours(trigger, others=others):
                        await send(Call("DELETE", f"{triggers.PATH}/{trigger['id']}", "it calls our webhook"))
                        gone.append(f'trigger "{trigger["title"]}"')
            for webhook in ours:
                await send(Call("DELETE", f"{WEBHOOKS}/{webhook['id']}", "our webhook"))
                gone.append(f'webhook "{NAME}"')
        return gone

    async def deliver(self, endpoint: str) -> Check:
        """Have Zendesk send our webhook a test now, signed with its secret."""
        with _as_admin():
            webhook = next((one for one in await self._webhooks() if one["endpoint"] == endpoint), None)
            if webhook is None:
                return Check("test delivery", "wrong", f"No webhook calls {endpoint}.", "Let set-up make it.")
            request = {"endpoint": endpoint, "request_format": "json", "http_method": "POST", "payload": _TEST_EVENT}
            try:
                answer = await self._door.call(
                    "POST", f"{WEBHOOKS}/test", params={"webhook_id": webhook["id"]}, json={"request": request}
                )
            except ForbiddenError:
                raise
            except (RejectedError, RetryableError) as error:
                # how it tells that nobody is there is not documented; it may wait for twelve seconds, longer than we for it
                said = f"Zendesk could not send a test to {endpoint}: {error}."
                return Check("test delivery", "wrong", said, examination.UNREACHED)
        with documented_shape("answer to a test delivery"):
            response = answer.body["response"]
            return examination.arrived(response.get("status_code"), str(response.get("payload") or ""), endpoint)

    async def _webhooks(self) -> list[JSON]:
        return await _listed(self._door, WEBHOOKS, "webhooks")

    async def _triggers(self) -> list[JSON]:
        return await _listed(self._door, triggers.PATH, "triggers")

    async def _create(self, endpoint: str, send: Send, *, count: int) -> tuple[JSON, list[str]]:
        """The new webhook, for the best that the account offers."""
        refused: RejectedError | None = None
        for subscriptions, why in self._offers:
            webhook = {
                "name": NAME,
                "description": "Tells deskpilot of tickets. Made by `deskpilot setup zendesk`.",
                "endpoint": endpoint,
                "http_method": "POST",
                "request_format": "json",
                "status": "active",
                "subscriptions": list(subscriptions),
            }
            try:
                answer = await send(
                    Call(
                        "POST",
                        WEBHOOKS,
                        why if subscriptions == FOR_TRIGGERS else f"{why}; {_OR_ELSE}",
                        {"webhook": webhook},
                    )
                )
            except RejectedError as error:
                refused = error
                continue
            with documented_shape("new webhook"):
                return {**webhook, "id": str(answer["webhook"]["id"])}, [f'webhook "{NAME}", which {why}']
        many = f". The account has {count} webhooks, a trial takes {_TRIAL_WEBHOOKS}: delete one that nobody uses"
        raise RejectedError(
            f"Zendesk takes no webhook of ours: {refused}{many if count >= _TRIAL_WEBHOOKS else ''}"
        ) from refused

    async def _put_right(self, webhook: JSON, endpoint: str, send: Send) -> list[str]:
        """What had to be changed in a webhook of ours."""
        listens = set(webhook["subscriptions"])
        if listens != set(FOR_TRIGGERS) and not listens >= _NEEDED:
            raise RejectedError(
                f'The webhook "{NAME}" ({webhook["id"]}) does not listen to new tickets and comments, and Zendesk lets nobody '
                "change that: delete it, then run set-up again"
            )
        wanted = {"endpoint": endpoint, "status": "active", "http_method": "POST", "request_format": "json"}
        differs = {key: value for key, value in wanted.items() if webhook.get(key) != value}
        if not differs:
            return []
        why = "; ".join(f"{key}: {value}, was {webhook.get(key)}" for key, value in differs.items())
        await send(Call("PATCH", f"{WEBHOOKS}/{webhook['id']}", why, {"webhook": differs}))
        return [f'webhook "{NAME}" ({why})']

    async def _connect_triggers(self, webhook_id: str, *, known: set[str], send: Send) -> list[str]:
        """What had to be made or changed so that both triggers call this webhook."""
        me = (await self._door.call("GET", "/api/v2/users/me")).body
        with documented_shape("current user"):
            wanted = triggers.wanted(webhook_id, user_id=str(me["user"]["id"]))
        there = await self._triggers()
        category = next((one["category_id"] for one in reversed(there) if one.get("category_id")), None)
        made = []
        for trigger in wanted:
            old = triggers.found(there, trigger, others=known - {webhook_id})
            if old is None:
                body = {"trigger": trigger | ({"category_id": category} if category else {})}
                await send(Call("POST", triggers.PATH, trigger["description"], body))
            elif changed := triggers.put_right(old, trigger):
                await send(
                    Call("PUT", f"{triggers.PATH}/{old['id']}", "as it was made by set-up", {"trigger": changed})
                )
            else:
                continue
            made.append(f'trigger "{trigger["title"]}"')
        return made


def _of_ours(webhooks: Sequence[JSON], endpoint: str) -> JSON | None:
    """The webhook to keep; None where one has to be made. Raises RejectedError where a person has to decide."""
    with documented_shape("webhook"):
        here = [one for one in webhooks if one["endpoint"] == endpoint]
        ours = [one for one in webhooks if one["name"] == NAME]
        if len(here) > 1:
            names = ", ".join(f'"{one["name"]}" ({one["id"]})' for one in here)
            raise RejectedError(
                f"{len(here)} webhooks call {endpoint}: {names}. Delete all but one, then run set-up again"
            )
        if here and here[0] not in ours:
            raise RejectedError(
                f'The webhook "{here[0]["name"]}" ({here[0]["id"]}) calls {endpoint} already: name it "{NAME}" to have it kept, '
                "or delete it, then run set-up again"
            )
        if here:
            return here[0]
        if len(ours) > 1:
            where = ", ".join(f"{one['endpoint']} ({one['id']})" for one in ours)
            raise RejectedError(
                f'{len(ours)} webhooks are called "{NAME}" and none calls {endpoint}: {where}. Delete those that nobody uses, '
                "then run set-up again"
            )
        return ours[0] if ours else None


async def _listed(door: Door, path: str, name: str) -> list[JSON]:
    found: list[Any] = []
    async for page in pages(door, path, params={}):
        with documented_shape(f"list of {name}"):
            found += page[name]
    return found


@contextmanager
def _as_admin() -> Iterator[None]:
    """Say of a 403 what it means here."""
    try:
        yield
    except ForbiddenError as error:
        raise ForbiddenError(
            f"{error}. Zendesk lets only admins see and make webhooks and triggers: run set-up with an admin's credentials and the "
            "scopes read and write; the service itself needs no admin"
        ) from error
