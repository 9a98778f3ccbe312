"""A rehearsal over both simulators reads, and leaves everything as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
import sqlalchemy as sa

from connectors.base import Helpdesk
from service.database import Database
from service.incidents.history import History
from service.incidents.rehearsal import Rehearsal
from service.policy.document import Policy
from tests import dump
from tests.connectors.accounts import VENDORS, Simulator
from tests.service.incidents.holding import plan

POLICY = Policy(version=1)


class Overheard(httpx.ASGITransport):
    """A simulator, and what was asked of it."""

    def __init__(self, simulator: Simulator, asked: list[str]) -> None:
        super().__init__(simulator.app)
        self._asked = asked

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._asked.append(f"{request.method} {request.url.path}")
        return await super().handle_async_request(request)


@pytest.fixture
async def desks(database: Database, asked: list[str]) -> AsyncIterator[dict[str, Helpdesk]]:
    """Three tickets at each helpdesk, known by their triage; of one more nobody there knows."""
    async with AsyncExitStack() as stack:
        found: dict[str, Helpdesk] = {}
        for name, vendor in VENDORS.items():
            simulator = vendor.simulator()
            http = await stack.enter_async_context(httpx.AsyncClient(transport=Overheard(simulator, asked)))
            found[name] = vendor.connect(http, simulator.settings)
            ids = [
                await simulator.open_ticket(name="Ana Sol", email="ana@example.com", subject=subject, text=text)
                for subject, text in (("Help", "My LOGIN fails."), ("Login", "It hangs."), ("Parcel", "Logins? No."))
            ]
            async with database.engine.connect() as connection:
                for ticket_id in (*ids, "999999"):
                    given = {"helpdesk": name, "account": found[name].account, "ticket": ticket_id}
                    await connection.execute(_TRIAGED, given)
        yield found


@pytest.fixture
def asked() -> list[str]:
    """Requests to the helpdesks."""
    return []


_TRIAGED = sa.text("""
    INSERT INTO triages (helpdesk, account, ticket_id, message_id, tier, category, language)
    VALUES (:helpdesk, :account, :ticket, 'm1', 1, 'sign_in', 'de')
""")


async def test_it_reads_tickets_again_and_writes_nothing(
    database: Database, desks: dict[str, Helpdesk], asked: list[str]
) -> None:
    """No row is changed and nothing but GET is asked, beside the sign-in of OAuth."""
    before = await dump.tables(database.conninfo)
    done = await Rehearsal(History(database), POLICY, desks).run(plan(match={"words": "login"}), days=7)

    assert (done.looked_at, len(done.hits), done.reread, done.unread, done.unjudged) == (8, 4, 6, 2, 2)
    assert done.languages == {"de": 4}
    assert await dump.tables(database.conninfo) == before
    assert len([one for one in asked if one.startswith("GET ")]) >= 8
    assert [one for one in asked if not one.startswith("GET ") and one != "POST /oauth/tokens"] == []


async def test_without_the_helpdesks_nobody_is_asked_and_what_cannot_be_told_is_said(
    database: Database, desks: dict[str, Helpdesk], asked: list[str]
) -> None:
    """By category it can."""
    asked.clear()
    rehearsal = Rehearsal(History(database), POLICY, {})
    of_words = await rehearsal.run(plan(match={"words": "login"}), days=7)
    of_category = await rehearsal.run(plan(match={"category": "sign_in"}), days=7)

    assert (len(of_words.hits), of_words.unjudged, of_words.lacking) == (0, 8, ("words",))
    assert (len(of_category.hits), of_category.unjudged) == (8, 0)
    assert (asked, len(desks)) == ([], 2)


async def test_what_is_older_than_its_days_is_left_out(database: Database, desks: dict[str, Helpdesk]) -> None:
    """And another account of the same helpdesk is not asked for its tickets."""
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("UPDATE triages SET at = at - interval '3 days' WHERE helpdesk = 'zendesk'"))
        await connection.execute(sa.text("UPDATE triages SET account = 'another' WHERE ticket_id = '999999'"))
    rehearsal = Rehearsal(History(database), POLICY, desks)

    done = await rehearsal.run(plan(match={"words": "login"}), days=2)
    assert (done.looked_at, done.reread, done.unread, done.unjudged) == (4, 3, 0, 1)
