"""From an account that knows nothing of us to a written note: by the API, and by following the clicks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from connectors.freshdesk.auth import ApiKey
from connectors.freshdesk.setup import FreshdeskSetup
from connectors.setup import Send
from tests.connectors.freshdesk.account import sending
from tests.story.conftest import Play


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """How an administrator reaches the account."""
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
def send(play: Play, http: httpx.AsyncClient) -> Send:
    """What makes the calls in earnest."""
    return sending(play.freshdesk, http)


@pytest.fixture
async def setup(play: Play, http: httpx.AsyncClient) -> FreshdeskSetup:
    """An administrator of the account, which has no automation rule any more; the service knows its secret already."""
    given = play.freshdesk.settings
    async with httpx.AsyncClient(auth=(given["api_key"], "X"), base_url=f"{given['url']}/api/v2") as account:
        for kind in (1, 4):
            for rule in (await account.get(f"/automations/{kind}/rules")).json():
                await account.delete(f"/automations/{kind}/rules/{rule['id']}")
    return FreshdeskSetup(http, base_url=given["url"], auth=ApiKey(given["api_key"]))


def secret_of(play: Play) -> str:
    """What the service accepts."""
    return play.freshdesk.settings["webhook_secrets"]


async def unheard(play: Play) -> str:
    """A ticket of which no webhook tells."""
    sent = len(play.freshdesk.deliveries)
    ticket_id = await play.ask("freshdesk")
    await play.freshdesk.settle()
    assert len(play.freshdesk.deliveries) == sent
    return ticket_id


async def test_set_up_by_the_api_leads_to_a_note_and_undo_to_silence(
    play: Play, setup: FreshdeskSetup, send: Send
) -> None:
    """What was wrong before is fine after, a second run changes nothing, and an agent's request is heard."""
    endpoint, secret = f"{play.stage.url}/webhooks/freshdesk", secret_of(play)
    await unheard(play)

    async def looked() -> dict[str, str]:
        found = await setup.examine(endpoint, secrets=[secret], now=datetime.now(UTC))
        return {check.what: check.state for check in found}

    before = await looked()
    connected = await setup.connect(endpoint, send=send, secret=secret)
    assert (len(connected.made), connected.clicks, connected.secret) == (3, (), secret)
    assert (await setup.connect(endpoint, send=send, secret=secret)).made == ()
    after = await looked()
    assert [what for what in before if before[what] != after[what]] == ["webhook"]
    assert [what for what in after if after[what] != "fine"] == ["rights"]

    ticket_id = await play.ask("freshdesk")
    assert "we treat the parcel as lost" in await play.note("freshdesk", ticket_id)
    await play.freshdesk.agent_message(ticket_id, text="@deskpilot shorter, please", public=False)
    await play.note("freshdesk", ticket_id, count=2)
    assert {delivery.outcome for delivery in play.freshdesk.deliveries} == {"delivered"}

    assert len(await setup.disconnect(endpoint, send=send)) == 3
    await unheard(play)


async def test_set_up_by_hand_leads_to_a_note(play: Play, setup: FreshdeskSetup, send: Send) -> None:
    """The account's API has no automation rules: whoever does what the lines say gets the same."""
    play.freshdesk.faults.automations_refused = 404
    connected = await setup.connect(f"{play.stage.url}/webhooks/freshdesk", send=send, secret=secret_of(play))
    told = "\n".join(connected.clicks)
    fields = (r"POST\. URL: (\S+)$", r"Password: (\S+)$", r"Paste: (.*)$")
    (url,), (password,), (content,) = (set(re.findall(one, told, re.MULTILINE)) for one in fields)
    play.freshdesk.connect_webhook(url, kind="basic", content=content, secret=password)

    ticket_id = await play.ask("freshdesk")
    assert "we treat the parcel as lost" in await play.note("freshdesk", ticket_id)
