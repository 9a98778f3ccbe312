"""Connecting an account: the webhook that is made, found again, put right, taken away, and asked for a test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx
import pytest

from connectors.base import Delivery, ForbiddenError, RejectedError
from connectors.setup import Call
from connectors.zendesk import webhook
from connectors.zendesk.simulator import Options
from connectors.zendesk.triggers import PATH
from tests.connectors.zendesk.admin import admin
from tests.connectors.zendesk.twin import ENDPOINT

NO_EVENTS = Options(ticket_events=False, article_events=False)


def _read(request: httpx.Request, secret: str, *, now: datetime) -> tuple[str, str]:
    """Kind of a delivery and the ticket it names, as our reader understands it."""
    event = webhook.accept(Delivery(headers=request.headers, body=request.content), secrets=[secret], now=now)
    return event.kind, event.ticket_id


async def test_an_account_with_events_gets_one_webhook_that_the_reader_understands() -> None:
    """From nothing: made, its secret fetched, and what a customer writes arrives under that secret."""
    async with admin() as one:
        made = await one.connect()
        ticket = await one.desk.ticket()
        await one.desk.simulator.settle()

        (hook,) = one.webhooks
        assert (hook.name, hook.endpoint, one.triggers) == ("deskpilot", ENDPOINT, [])
        assert {"zen:event-type:ticket.comment_added", "zen:event-type:article.published"} <= set(hook.subscriptions)
        assert made.secret == hook.secret
        assert len(made.made) == 1
        assert [_read(sent, made.secret, now=one.desk.clock()) for sent in one.desk.receiver.requests] == [
            ("ticket", ticket),
            ("ticket", ticket),
        ]


async def test_an_account_without_article_events_still_tells_of_tickets() -> None:
    """What a plan lacks takes away nothing else."""
    async with admin(Options(article_events=False)) as one:
        await one.connect()

        assert not any("article" in event for event in one.webhooks[0].subscriptions)
        assert "zen:event-type:ticket.created" in one.webhooks[0].subscriptions


async def test_an_account_without_events_gets_two_triggers_that_the_reader_understands() -> None:
    """A new ticket, a customer's reply and an agent's note call us; our own note does not."""
    async with admin(NO_EVENTS) as one:
        made = await one.connect()
        ticket = await one.desk.ticket()
        await one.desk.simulator.customer_message(ticket, text="Hello?")
        await one.desk.simulator.agent_message(ticket, text="@deskpilot", public=False)
        await one.desk.write(ticket)
        await one.desk.simulator.settle()

        assert [trigger.title for trigger in one.triggers] == ["deskpilot: ticket created", "deskpilot: comment added"]
        assert len(made.made) == 3
        assert [_read(sent, made.secret, now=one.desk.clock()) for sent in one.desk.receiver.requests] == [
            ("ticket", ticket)
        ] * 3


async def test_triggers_are_chosen_where_they_are_wanted() -> None:
    """Without asking for events first."""
    async with admin(events=False) as one:
        await one.connect()

        assert [call.method for call in one.calls] == ["POST", "GET", "POST", "POST"]
        assert one.webhooks[0].subscriptions == ["conditional_ticket_events"]


@pytest.mark.parametrize("options", [Options(), NO_EVENTS], ids=["events", "triggers"])
async def test_a_second_run_changes_nothing(options: Options) -> None:
    """The same secret, and not one write."""
    async with admin(options) as one:
        first = await one.connect()
        one.forget()
        second = await one.connect()

        assert (second.secret, second.made, one.writes) == (first.secret, (), [])


async def test_a_run_that_broke_off_is_finished_by_the_next() -> None:
    """The webhook is found, the second trigger made."""
    async with admin(NO_EVENTS) as one:
        await one.connect()
        del one.desk.simulator.state.triggers[one.triggers[1].id]
        one.forget()
        made = await one.connect()

        assert one.writes == ["POST /api/v2/triggers"]
        assert made.made == ('trigger "deskpilot: comment added"',)


async def test_a_new_address_is_changed_in_place() -> None:
    """The webhook keeps its id and its secret, so no delivery is refused meanwhile."""
    async with admin() as one:
        first = await one.connect("https://old.example/webhooks/zendesk")
        (before,) = one.webhooks
        one.forget()
        second = await one.connect()

        assert one.webhooks == [before]
        assert (before.endpoint, second.secret) == (ENDPOINT, first.secret)
        assert one.writes == [f"PATCH /api/v2/webhooks/{before.id}"]
        assert "https://old.example" in second.made[0]


async def test_a_webhook_that_was_switched_off_is_switched_on() -> None:
    """Set-up leaves behind what works."""
    async with admin() as one:
        await one.connect()
        one.webhooks[0].status = "inactive"
        await one.connect()

        assert one.webhooks[0].status == "active"


async def test_what_a_person_added_to_a_trigger_stays() -> None:
    """A condition more is somebody's decision; one that is missing is put back beside it."""
    async with admin(NO_EVENTS) as one:
        await one.connect()
        trigger = one.triggers[1]
        brand = {"field": "brand_id", "operator": "is", "value": "7"}
        trigger.conditions = {"all": [*trigger.conditions["all"], brand], "any": []}
        one.forget()
        await one.connect()
        assert one.writes == []

        trigger.conditions = {"all": [brand], "any": []}
        await one.connect()
        assert one.writes == [f"PUT {PATH}/{trigger.id}"]
        fields = {condition["field"] for condition in trigger.conditions["all"]}
        assert fields == {"brand_id", "update_type", "comment_is_public", "role", "status"}


async def test_triggers_of_a_webhook_that_is_gone_call_the_new_one() -> None:
    """Somebody deleted the webhook alone."""
    async with admin(NO_EVENTS) as one:
        await one.connect()
        one.desk.simulator.state.webhooks.clear()
        await one.connect()

        assert len(one.triggers) == 2
        assert {trigger.actions[0]["value"][0] for trigger in one.triggers} == {one.webhooks[0].id}


async def test_a_trigger_gets_the_category_that_the_account_uses() -> None:
    """An account with categories takes no trigger without one."""
    async with admin(Options(ticket_events=False, article_events=False, trigger_categories=True)) as one:
        mine = {"title": "Mine", "actions": [{"field": "status", "value": "open"}], "category_id": "613"}
        assert (await one.desk.api.post("triggers", json={"trigger": mine})).status_code == 201
        await one.connect()

        assert [trigger.category_id for trigger in one.triggers] == ["613"] * 3


async def test_somebody_elses_webhook_to_our_address_is_explained() -> None:
    """A second one would bring everything twice; which one goes is theirs to say."""
    async with admin() as one:
        given = {"name": "By hand", "endpoint": ENDPOINT, "subscriptions": ["zen:event-type:ticket.created"]}
        await one.desk.api.post("webhooks", json={"webhook": given})
        one.forget()
        with pytest.raises(RejectedError, match=r'"By hand".*calls .* already: name it "deskpilot".*or delete it'):
            await one.connect()

        assert one.writes == []


async def test_a_webhook_of_ours_that_hears_nothing_is_explained() -> None:
    """What it listens to cannot be changed."""
    async with admin() as one:
        given = {"name": "deskpilot", "endpoint": ENDPOINT, "subscriptions": ["zen:event-type:user.deleted"]}
        await one.desk.api.post("webhooks", json={"webhook": given})
        with pytest.raises(RejectedError, match=r"does not listen to new tickets .* delete it"):
            await one.connect()


async def test_two_of_ours_for_other_addresses_are_explained() -> None:
    """Which of them should move, nobody knows here."""
    async with admin() as one:
        for host in ("one", "two"):
            given = {"name": "deskpilot", "endpoint": f"https://{host}.example", "subscriptions": []}
            await one.desk.api.post("webhooks", json={"webhook": given})
        with pytest.raises(RejectedError, match=r"2 webhooks are called .*one\.example.*two\.example"):
            await one.connect()


async def test_a_trial_that_is_full_is_named() -> None:
    """Ten webhooks are a trial's most."""
    async with admin(Options(most_webhooks=10)) as one:
        for number in range(10):
            given = {"name": f"No {number}", "endpoint": f"https://{number}.example", "subscriptions": []}
            await one.desk.api.post("webhooks", json={"webhook": given})
        with pytest.raises(RejectedError, match="has 10 webhooks, a trial takes 10: delete one"):
            await one.connect()


async def test_who_is_no_admin_is_told_so() -> None:
    """The one right that set-up needs and the service does not."""
    async with admin(Options(api_role="agent")) as one:
        for attempt in (one.connect, one.disconnect, lambda: one.setup.deliver(ENDPOINT)):
            with pytest.raises(ForbiddenError, match=r"only admins .* the service itself needs no admin"):
                await attempt()


@pytest.mark.parametrize("options", [Options(), NO_EVENTS], ids=["events", "triggers"])
async def test_undo_takes_away_what_was_made_and_nothing_else(options: Options) -> None:
    """Others' webhooks and triggers stay; a second undo finds nothing."""
    async with admin(options) as one:
        other = {"name": "Chat", "endpoint": "https://chat.example", "subscriptions": []}
        await one.desk.api.post("webhooks", json={"webhook": other})
        theirs = one.desk.simulator.add_trigger(
            "deskpilot: ticket created",  # even under our title
            conditions={},
            actions=[{"field": "notification_webhook", "value": [one.webhooks[0].id, "{}"]}],
        )
        await one.connect()
        gone = await one.disconnect()

        assert len(gone) == (1 if options.ticket_events else 3)
        assert [hook.name for hook in one.webhooks] == ["Chat"]
        assert one.triggers == [theirs]
        assert await one.disconnect() == []


async def test_undo_leaves_the_webhook_of_another_address() -> None:
    """Another deployment's, perhaps."""
    async with admin() as one:
        await one.connect("https://other.example/webhooks/zendesk")

        assert await one.disconnect() == []
        assert len(one.webhooks) == 1


async def test_a_rehearsal_shows_every_call_and_makes_none() -> None:
    """What stands for the new webhook's id is enough to show its triggers."""
    async with admin(events=False) as one:
        shown: list[Call] = []

        async def rehearse(call: Call) -> Mapping[str, Any]:
            shown.append(call)
            return {name: {**part, "id": "NEW"} for name, part in (call.body or {}).items()}

        made = await one.setup.connect(ENDPOINT, send=rehearse)

        assert [(call.method, call.path) for call in shown] == [
            ("POST", "/api/v2/webhooks"),
            ("GET", "/api/v2/webhooks/NEW/signing_secret"),
            ("POST", PATH),
            ("POST", PATH),
        ]
        assert shown[2].body is not None
        assert shown[2].body["trigger"]["actions"][0]["value"][0] == "NEW"
        assert json.loads(json.dumps(shown[2].body))
        assert (made.secret, one.writes) == ("", [])


async def test_a_test_delivery_is_signed_with_the_webhooks_own_secret_and_means_nothing() -> None:
    """Our reader verifies it and has nothing to do."""
    async with admin() as one:
        made = await one.connect()
        one.desk.receiver.answers = [httpx.Response(200, json={"detail": "ignored"})]
        check = await one.setup.deliver(ENDPOINT)

        (sent,) = one.desk.receiver.requests
        assert check.state == "fine"
        assert _read(sent, made.secret, now=one.desk.clock()) == ("ignored", "")


@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [
        (httpx.Response(200, json={"detail": "ignored"}), "fine", "was accepted"),
        (httpx.Response(200, text="<html>Sign in</html>"), "doubtful", "not as deskpilot does"),
        (httpx.Response(401), "wrong", "does not know this secret yet"),
        (httpx.Response(404), "wrong", "no webhook of Zendesk there"),
        (httpx.Response(503), "wrong", "could not store it"),
        (httpx.Response(302), "wrong", "was answered 302"),
        (httpx.TimeoutException, "wrong", "cannot reach"),
    ],
    ids=["accepted", "a page", "401", "404", "503", "302", "nobody"],
)
async def test_the_answer_to_a_test_delivery_is_told(answer: Any, state: str, said: str) -> None:
    """One sentence for each thing that can stand at the other end, with a remedy unless all is well."""
    async with admin() as one:
        await one.connect()
        one.desk.receiver.answers = [answer]
        check = await one.setup.deliver(ENDPOINT)

        assert (check.what, check.state) == ("test delivery", state)
        assert said in check.said
        assert bool(check.remedy) == (state != "fine")


async def test_no_webhook_means_no_test_delivery() -> None:
    """It is said, not raised."""
    async with admin() as one:
        check = await one.setup.deliver(ENDPOINT)

        assert (check.state, check.said) == ("wrong", f"No webhook calls {ENDPOINT}.")


async def test_a_test_delivery_that_zendesk_says_nothing_of_is_told() -> None:
    """It waits longer for an address that swallows everything than we wait for it."""
    async with admin() as one:
        await one.connect()
        webhooks = one.setup._webhooks  # type: ignore[attr-defined]

        async def then_nothing() -> Any:
            listed = await webhooks()
            one.desk.simulator.faults.unavailable = 1
            return listed

        one.setup._webhooks = then_nothing  # type: ignore[attr-defined]
        check = await one.setup.deliver(ENDPOINT)

        assert (check.state, check.said.startswith("Zendesk could not send a test")) == ("wrong", True)
