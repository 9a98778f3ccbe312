"""Who is asked for, how often, and what is remembered of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest

from connectors.base import Person, RetryableError
from connectors.freshdesk import people as people_module
from connectors.freshdesk.auth import ApiKey
from connectors.freshdesk.people import REMEMBERED_S, People
from connectors.freshdesk.wire import Strangers
from connectors.http import Door

ROBIN = Strangers(agents=("71",))


@dataclass
class Office:
    """Knows agent 71 and contact 502; counts who was asked for."""

    asked: list[str] = field(default_factory=list)
    name: str = "Robin Vale"
    status: int = 200
    now: float = 1000.0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.asked.append(request.url.path.removeprefix("/api/v2/"))
        if self.status != 200:
            return httpx.Response(self.status)
        known = {"agents/71": {"id": 71, "contact": {"name": self.name}}, "contacts/502": {"id": 502, "name": "Cora"}}
        body = known.get(self.asked[-1])
        return httpx.Response(200, json=body) if body else httpx.Response(404)


@pytest.fixture
def office() -> Office:
    """The account."""
    return Office()


@pytest.fixture
async def people(office: Office) -> AsyncIterator[People]:
    """Those of the account, on its clock."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(office)) as http:
        door = Door(http, base_url="https://acme.freshdesk.test", auth=ApiKey("key-1"))
        yield People(door, clock=lambda: office.now)


async def test_who_was_asked_for_is_remembered_for_a_while(office: Office, people: People) -> None:
    """A look reads its ticket twice; the second time nobody is asked for."""
    strangers = Strangers(agents=("71",), contacts=("502",))
    first, second = await people.of(strangers), await people.of(strangers)

    assert first == second == {"71": Person(id="71", name="Robin Vale", role="agent"), "502": Person("502", "Cora")}
    assert sorted(office.asked) == ["agents/71", "contacts/502"]


async def test_that_somebody_is_no_agent_is_remembered_too(office: Office, people: People) -> None:
    """Every requester is asked for as one, nearly all in vain."""
    assert [await people.of(Strangers(agents=("501",))) for _ in range(2)] == [{}, {}]
    assert office.asked == ["agents/501"]


async def test_a_contact_is_not_the_agent_of_the_same_number(office: Office, people: People) -> None:
    """They are asked for at two places."""
    await people.of(ROBIN)

    assert await people.of(Strangers(contacts=("71",))) == {}
    assert office.asked == ["agents/71", "contacts/71"]


async def test_what_is_remembered_grows_old(office: Office, people: People) -> None:
    """A new name is seen after five minutes."""
    await people.of(ROBIN)
    office.name = "Robin Hale"
    office.now += REMEMBERED_S - 1
    assert (await people.of(ROBIN))["71"].name == "Robin Vale"
    office.now += 1

    assert (await people.of(ROBIN))["71"].name == "Robin Hale"


async def test_no_answer_is_not_remembered(office: Office, people: People) -> None:
    """Only what the account said counts."""
    office.status = 503
    with pytest.raises(RetryableError):
        await people.of(ROBIN)
    office.status = 200

    assert (await people.of(ROBIN))["71"].name == "Robin Vale"


async def test_only_so_many_are_remembered(office: Office, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was asked for longest ago is forgotten first."""
    monkeypatch.setattr(people_module, "MOST_REMEMBERED", 2)
    for id_ in ("71", "72", "73", "72", "71"):
        await people.of(Strangers(agents=(id_,)))

    assert office.asked == ["agents/71", "agents/72", "agents/73", "agents/71"]
