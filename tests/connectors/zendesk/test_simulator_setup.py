"""What set-up finds in the simulated account: its token, its rules, and what its plan lacks."""

from __future__ import annotations

import httpx

from connectors.zendesk.simulator import Options
from tests.connectors.zendesk.twin import ENDPOINT, Twin, twin

MAIL = {"field": "notification_user", "value": ["assignee_id", "Updated", "{{ticket.comments_formatted}}"]}


async def _made(desk: Twin, *events: str) -> httpx.Response:
    """Ask for a webhook."""
    given = {"name": "x", "endpoint": ENDPOINT, "subscriptions": [f"zen:event-type:{event}" for event in events]}
    return await desk.api.post("webhooks", json={"webhook": given})


async def test_a_token_tells_its_scopes_and_hides_itself() -> None:
    """The first ten characters only; an API token is none of OAuth."""
    async with twin() as desk:
        shown = (await desk.api.get("oauth/tokens/current.json")).json()["token"]
        given = desk.simulator.api_token_settings
        basic = await desk.api.get(
            "oauth/tokens/current", auth=(f"{given['email']}/token", given["token"]), headers={"Authorization": ""}
        )

        assert (shown["scopes"], len(shown["token"])) == (["read", "write"], 10)
        assert basic.status_code == 404


async def test_what_a_plan_lacks_is_refused() -> None:
    """Events of tickets, of articles, an eleventh webhook."""
    async with twin(Options(ticket_events=False)) as desk:
        assert (await _made(desk, "ticket.created")).status_code == 400
        assert (await _made(desk, "article.published")).status_code == 201
    async with twin(Options(article_events=False, most_webhooks=1)) as desk:
        assert (await _made(desk, "ticket.created", "article.published")).status_code == 400
        assert (await _made(desk, "ticket.created")).status_code == 201
        assert (await _made(desk, "ticket.created")).status_code == 400


async def test_a_trial_sends_sixty_a_minute() -> None:
    """The rest is held back for a minute."""
    async with twin(Options(deliveries_per_minute=1)) as desk:
        desk.simulator.connect_webhook(ENDPOINT)
        await desk.ticket()
        await desk.simulator.settle()
        assert len(desk.receiver.requests) == 1

        desk.clock.advance(61)
        await desk.simulator.settle()
        assert len(desk.receiver.requests) == 2


async def test_a_trigger_is_changed_over_the_api() -> None:
    """What is given is replaced, the rest stays."""
    async with twin() as desk:
        made = desk.simulator.add_trigger("Tell", conditions={}, actions=[MAIL])
        answer = await desk.api.put(f"triggers/{made.id}", json={"trigger": {"active": False}})

        assert answer.json()["trigger"]["active"] is False
        assert (made.title, made.actions) == ("Tell", [MAIL])
        bad = {"conditions": {"all": [{"field": "moon_phase", "operator": "is", "value": "full"}]}}
        assert (await desk.api.put(f"triggers/{made.id}", json={"trigger": bad})).status_code == 422
        assert (await desk.api.put("triggers/1", json={"trigger": {}})).status_code == 404


async def test_automations_are_listed() -> None:
    """For admins, like triggers, and never run."""
    async with twin() as desk:
        desk.simulator.add_automation("Remind", actions=[MAIL])
        listed = (await desk.api.get("automations", params={"page[size]": 100})).json()

        assert [(one["title"], one["actions"]) for one in listed["automations"]] == [("Remind", [MAIL])]
        assert desk.simulator.state.triggers == {}
    async with twin(Options(api_role="agent")) as desk:
        assert (await desk.api.get("automations")).status_code == 403


async def test_a_date_tells_the_accounts_clock() -> None:
    """As far off as a test wants it."""
    async with twin() as desk:
        desk.simulator.faults.dated_s = 60

        assert (await desk.api.get("users/me")).headers["date"] == "Fri, 20 Nov 2026 09:31:15 GMT"
