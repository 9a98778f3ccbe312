"""What the policy would set, held against a simulated account."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors.base import Helpdesk
from connectors.zendesk.simulator import ZendeskSimulator
from service.doctor.fields import look
from service.policy.document import Policy
from tests.connectors.accounts import VENDORS, Simulator


class Desk:
    """An account with a group and fields, and our client of it."""

    def __init__(self, name: str, simulator: Simulator, client: Helpdesk) -> None:
        self.name, self.simulator, self.client = name, simulator, client
        self.group = simulator.add_group("Billing")
        self.text, self.seen = simulator.add_field("Intent"), simulator.add_field("Seen", public=True)
        self.mood = simulator.add_field("Mood", choices=["angry", "calm"])

    async def said(self, *, group_id: str = "", **write: Any) -> str:
        """What is said of a policy that may write this."""
        groups = {"billing": {"title": "Billing", self.name: group_id or self.group}}
        policy = Policy.model_validate({"version": 1, "groups": groups, "write": write})
        return "\n".join(f"{one.state}: {one.said}" for one in await look(self.client, policy))


@pytest.fixture(params=sorted(VENDORS))
async def desk(request: pytest.FixtureRequest) -> Any:
    """Every vendor in turn."""
    vendor = VENDORS[request.param]
    simulator = vendor.simulator()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=simulator.app)) as http:
        yield Desk(request.param, simulator, vendor.connect(http, simulator.settings))


async def test_a_policy_that_writes_nothing_is_asked_nothing(desk: Desk) -> None:
    """No call, no line."""
    assert await desk.said() == ""
    assert len(desk.simulator.requests) == 0


async def test_an_account_that_has_it_all_is_fine(desk: Desk) -> None:
    """One line, a call for the groups and one for the fields; what is the other vendor's is none of this one's."""
    other = "cf_x" if desk.name == "zendesk" else "4711"

    said = await desk.said(group=True, fields={"intent": desk.text}, values=[other])

    assert said == "fine: The account has all that the policy sets: 2."
    assert len([one for one in desk.simulator.requests if one.path.startswith("/api/v2/")]) == 2


async def test_what_the_account_does_not_have_is_named(desk: Desk) -> None:
    """Notes are written all the same, so it is doubtful."""
    field = "4711" if desk.name == "zendesk" else "cf_x"

    said = await desk.said(group_id="999", group=True, values=[field])

    assert 'doubtful: The account does not have the group "billing" (999): it is not set.' in said
    assert f"doubtful: The account does not have the custom field {field}: it is not set." in said


async def test_what_customers_see_and_choices_that_lack_our_words_are_named(desk: Desk) -> None:
    """Before the first note shows it."""
    said = await desk.said(fields={"tier": desk.seen, "sentiment": desk.mood})

    assert 'doubtful: Customers can see the custom field "Seen"' in said
    assert "has no choice for unhappy, neutral, content, happy." in said
    assert "every summary" in await desk.said(fields={"summary": desk.mood})


async def test_a_list_that_cannot_be_read_is_doubtful(desk: Desk) -> None:
    """With what to do."""
    if isinstance(desk.simulator, ZendeskSimulator):
        desk.simulator.faults.unavailable = 3
    else:
        desk.simulator.faults.server_errors = 3

    said = await desk.said(group=True)

    assert said.startswith("doubtful: Whether the account has what the policy would set cannot be read")
