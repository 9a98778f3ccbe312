"""Connecting a Freshdesk account: rules by the API where it lets us, clicks where not, and one sentence for each problem."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from connectors.base import Delivery, MisconfiguredError, RejectedError, RetryableError
from connectors.freshdesk import webhook
from connectors.freshdesk.auth import ApiKey
from connectors.freshdesk.setup import FreshdeskSetup
from connectors.freshdesk.simulator import FreshdeskSimulator, Options
from connectors.setup import Call, Check, Send, Setup
from tests.connectors.freshdesk.account import ENDPOINT, NOON, Receiver, api, new_desk, opened, sending

SECRET = "a-secret-of-some-length"
OUR_KEY = "as long as any other secret"
EVERY_PRIORITY = {"resource_type": "ticket", "field_name": "priority", "operator": "in", "value": [1, 2, 3, 4]}
CONDITIONS = [{"name": "condition_set_1", "match_type": "all", "properties": [EVERY_PRIORITY]}]


@dataclass
class World(httpx.AsyncBaseTransport):
    """The account at its address and our service at its own, as set-up reaches them."""

    desk: FreshdeskSimulator
    receiver: Receiver
    service: int = 405  # what we answer to whoever only asks; 0: nobody is there
    asked: list[httpx.Request] = field(default_factory=list)  # of our service
    ahead: timedelta = timedelta()  # of the account's clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the one who is asked."""
        if request.url.host == httpx.URL(ENDPOINT).host:
            self.asked.append(request)
            if not self.service:
                raise httpx.ConnectError("no route", request=request)
            return httpx.Response(self.service, request=request)
        answer = await httpx.ASGITransport(app=self.desk.app).handle_async_request(request)
        answer.headers["date"] = format_datetime(self.desk.clock() + self.ahead, usegmt=True)
        return answer


@dataclass
class Admin:
    """Whoever connects the account."""

    world: World
    setup: FreshdeskSetup
    send: Send
    sent: list[Call] = field(default_factory=list)

    @property
    def desk(self) -> FreshdeskSimulator:
        return self.world.desk

    async def rehearse(self, call: Call) -> Mapping[str, Any]:
        """A `Send` that only writes down."""
        self.sent.append(call)
        return {}

    async def looked(self, *, endpoint: str = ENDPOINT, secrets: Sequence[str] = (SECRET,)) -> dict[str, Check]:
        """What examine says, by what it is about; nothing was changed."""
        before = len(self.writes)
        found = await self.setup.examine(endpoint, secrets=secrets, now=NOON)
        assert len(self.writes) == before
        assert all(check.remedy == "" for check in found if check.state == "fine")
        assert all(check.remedy for check in found if check.state != "fine")
        assert len({check.what for check in found}) == len(found)
        return {check.what: check for check in found}

    @property
    def writes(self) -> list[str]:
        """What changed the account."""
        return [f"{one.method} {one.path}" for one in self.desk.requests if one.method != "GET"]

    async def rules(self) -> list[dict[str, Any]]:
        """The account's automation rules."""
        async with api(self.desk) as client:
            kinds = (1, self.desk.options.update_rules)
            return [rule for kind in kinds for rule in (await client.get(f"/automations/{kind}/rules")).json()]

    async def add(self, kind: int, **rule: Any) -> None:
        """A rule of the account's own."""
        async with api(self.desk) as client:
            given = {"conditions": CONDITIONS, "actions": [{"field_name": "priority", "value": 2}], **rule}
            answer = await client.post(f"/automations/{kind}/rules", json=given)
            assert answer.status_code == 201, answer.text


@asynccontextmanager
async def admin(options: Options | None = None, *, key: str = "") -> AsyncIterator[Admin]:
    """An account without any rule, and its administrator."""
    receiver = Receiver()
    world = World(new_desk(options, receiver=receiver), receiver)
    async with httpx.AsyncClient(transport=world) as http:
        auth = ApiKey(key or world.desk.settings["api_key"])
        setup = FreshdeskSetup(http, base_url=world.desk.settings["url"], auth=auth)
        yield Admin(world, setup, sending(world.desk, http))


def accepted(request: httpx.Request, *, secret: str) -> str:
    """The ticket that a webhook names, as our own reader takes it."""
    path_secret = request.url.path.removeprefix("/webhooks/freshdesk").strip("/")
    given = Delivery(headers=request.headers, body=request.content, path_secret=path_secret)
    return webhook.accept(given, secrets=[secret], now=NOON).ticket_id


async def test_from_nothing_to_webhooks_that_we_accept() -> None:
    """A new ticket, a reply, an agent's note and a solved ticket each call us with the secret; an agent's reply does not."""
    async with admin() as me:
        setup: Setup = me.setup
        connected = await setup.connect(ENDPOINT, send=me.send)
        ticket_id = await opened(me.desk)
        await me.desk.customer_message(ticket_id, text="Hello?")
        await me.desk.agent_message(ticket_id, text="On it", public=True)
        await me.desk.agent_message(ticket_id, text="@deskpilot", public=False)
        await me.desk.set_status(ticket_id, "solved")
        await me.desk.settle()

        assert [accepted(one, secret=connected.secret) for one in me.world.receiver.requests] == [ticket_id] * 4
        assert [json.loads(one.content)["event"] for one in me.world.receiver.requests] == [
            "{ticket_action:created}", "{reply_sent:sent}", "{note_type:private}", "{status:{from:2,to:4}}"]  # fmt: skip
        assert connected.clicks == ()
        assert len(connected.made) == 3
        assert connected.secret not in repr(connected)
        assert (await me.looked(secrets=[connected.secret]))["webhook"].state == "fine"


async def test_a_second_run_writes_nothing_and_keeps_the_secret() -> None:
    """Whether it is told the secret again or not."""
    async with admin() as me:
        first = await me.setup.connect(ENDPOINT, send=me.send)
        written = list(me.writes)
        again = [
            await me.setup.connect(ENDPOINT, send=me.send),
            await me.setup.connect(ENDPOINT, send=me.send, secret=first.secret),
        ]

        assert me.writes == written
        assert [(one.made, one.clicks, one.secret) for one in again] == [((), (), first.secret)] * 2


async def test_a_rehearsal_shows_every_call_and_makes_none() -> None:
    """What it shows is what would be sent."""
    async with admin() as me:
        await me.setup.connect(ENDPOINT, send=me.rehearse, secret=SECRET)
        assert me.writes == []
        assert [(call.method, call.path) for call in me.sent] == [
            ("POST", "/api/v2/automations/1/rules"),
            ("POST", "/api/v2/automations/4/rules"),
            ("POST", "/api/v2/automations/4/rules"),
        ]
        await me.setup.connect(ENDPOINT, send=me.send, secret=SECRET)
        assert [one.body for one in me.desk.requests if one.method == "POST"] == [call.body for call in me.sent]


@pytest.mark.parametrize(
    ("endpoint", "secret"), [("https://new.example/webhooks/freshdesk", SECRET), (ENDPOINT, "another-secret-of-ours")]
)
async def test_another_address_or_secret_is_changed_in_place(endpoint: str, secret: str) -> None:
    """No rule is doubled, and what the administrator added to ours stays."""
    async with admin() as me:
        await me.setup.connect(ENDPOINT, send=me.send, secret=SECRET)
        first, *_ = await me.rules()
        narrowed = [{**CONDITIONS[0], "properties": [{**EVERY_PRIORITY, "value": [4]}]}]
        tagged = [*first["actions"], {"field_name": "add_tag", "value": ["new"]}]
        async with api(me.desk) as client:
            change = {"conditions": narrowed, "actions": tagged}
            await client.put(f"/automations/1/rules/{first['id']}", json=change)
        changed = await me.setup.connect(endpoint, send=me.send, secret=secret)
        rules = await me.rules()

        assert len(changed.made) == len(rules) == 3
        assert {(rule["actions"][-1]["url"], *rule["actions"][-1]["custom_headers"].values()) for rule in rules} == {
            (endpoint, secret)
        }
        assert rules[0]["conditions"] == narrowed
        assert [action["field_name"] for action in rules[0]["actions"]] == ["add_tag", "trigger_webhook"]


@pytest.mark.parametrize(
    "spoilt",
    [
        {"active": False},
        {"events": [{"field_name": "reply_sent"}]},
        {"performer": {"type": 1}},
        {"performer": {"type": 2, "members": [1]}},
    ],
)
async def test_a_rule_of_ours_that_was_spoilt_is_put_right(spoilt: dict[str, Any]) -> None:
    """And only that one."""
    async with admin() as me:
        await me.setup.connect(ENDPOINT, send=me.send, secret=SECRET)
        before = await me.rules()
        async with api(me.desk) as client:
            await client.put(f"/automations/4/rules/{before[1]['id']}", json=spoilt)
        assert (await me.looked())["webhook"].state == "wrong"
        connected = await me.setup.connect(ENDPOINT, send=me.send, secret=SECRET)

        assert connected.made == ('automation rule "deskpilot: requester replied"',)
        assert await me.rules() == before


@pytest.mark.parametrize("kind", ["header", "path"])
async def test_a_webhook_that_was_connected_by_hand_is_left_alone(kind: Any) -> None:
    """Under whatever name: only what it does not tell us of is added, with its secret."""
    async with admin() as me:
        secret = me.desk.connect_webhook(ENDPOINT, kind=kind)
        by_hand = await me.rules()
        connected = await me.setup.connect(ENDPOINT, send=me.send)
        rules = await me.rules()

        assert connected.secret == secret
        assert connected.made == ('automation rule "deskpilot: agent wrote a note or changed the status"',)
        assert rules[:2] == by_hand
        assert await me.setup.disconnect(ENDPOINT, send=me.send) == [
            'automation rule "deskpilot: agent wrote a note or changed the status"'
        ]
        assert await me.rules() == by_hand


@pytest.mark.parametrize("kind", ["basic", "header"])
async def test_a_webhook_of_somebody_that_may_not_work_gets_ours_beside_it(kind: Any) -> None:
    """Its secret is hidden, or another one than ours: it stays as it is, also where it would hear of everything."""
    async with admin(Options(fire_on_agents=True)) as me:
        me.desk.connect_webhook(ENDPOINT, kind=kind, secret="another-secret-of-ours")
        by_hand = await me.rules()
        connected = await me.setup.connect(ENDPOINT, send=me.send, secret=SECRET)
        assert len(connected.made) == 3
        assert [rule for rule in await me.rules() if rule in by_hand] == by_hand
        assert (await me.looked())["webhook"].state == "fine"
        await me.setup.disconnect(ENDPOINT, send=me.send)
        assert await me.rules() == by_hand


async def test_undo_leaves_the_account_as_it_was() -> None:
    """Rules of others, and ours for another address, stay."""
    async with admin() as me:
        await me.add(1, name="Triage")
        await me.add(
            4, name="deskpilot: requester replied", performer={"type": 2}, events=[{"field_name": "reply_sent"}]
        )
        before = await me.rules()
        assert await me.setup.disconnect(ENDPOINT, send=me.rehearse) == []
        async with api(me.desk) as client:
            await client.delete(f"/automations/4/rules/{before[1]['id']}")
        await me.setup.connect(ENDPOINT, send=me.send)
        assert len(await me.setup.disconnect(ENDPOINT, send=me.rehearse)) == 3
        assert len(me.sent) == 3
        assert len(await me.rules()) == 4
        assert await me.setup.disconnect("https://other.example/webhooks/freshdesk", send=me.send) == []
        assert len(await me.setup.disconnect(ENDPOINT, send=me.send)) == 3
        assert await me.rules() == before[:1]


async def test_rules_on_updates_are_made_where_the_account_counts_them() -> None:
    """By the events that rules there have; where none tells, the other number refuses ours, and clicks are told."""
    async with admin(Options(update_rules=3)) as me:
        connected = await me.setup.connect(ENDPOINT, send=me.send, secret=SECRET)
        assert len(connected.made) == 1
        assert sum("Rule name" in line for line in connected.clicks) == 2
        await me.add(3, name="Reopen", performer={"type": 2}, events=[{"field_name": "reply_sent"}])
        connected = await me.setup.connect(ENDPOINT, send=me.send, secret=SECRET)
        assert (len(connected.made), connected.clicks) == (2, ())
        assert (await me.looked())["webhook"].state == "fine"


async def test_a_lost_answer_makes_no_second_rule() -> None:
    """The rule stands, the answer does not come: the next run finds it."""
    async with admin() as me:
        me.desk.faults.lost_answers = 1
        with pytest.raises(RetryableError):
            await me.setup.connect(ENDPOINT, send=me.send, secret=SECRET)
        await me.setup.connect(ENDPOINT, send=me.send, secret=SECRET)
        assert len(await me.rules()) == 3


@pytest.mark.parametrize(
    ("options", "refused", "why"),
    [(Options(), 404, "has no automation rules"), (Options(administrator=False), 0, "no administrator")],
)
async def test_without_the_api_the_clicks_are_told(options: Options, refused: int, why: str) -> None:
    """Followed to the letter, they make webhooks that we accept; nothing was written, and undo says what to delete."""
    async with admin(options) as me:
        me.desk.faults.automations_refused = refused
        connected = await me.setup.connect(ENDPOINT, send=me.rehearse, secret=SECRET)
        text = "\n".join(connected.clicks)
        assert (me.sent, me.writes, connected.made, connected.secret) == ([], [], (), SECRET)
        assert why in connected.clicks[0]
        assert re.findall(r"URL: (\S+)", text) == [ENDPOINT] * 3
        assert text.count("first matching rule") == 1
        assert set(re.findall(r"Username: (\S+) Password: (\S+)", text)) == {("deskpilot", SECRET)}
        (content,) = set(re.findall(r"Paste: (.*)", text))
        me.desk.connect_webhook(ENDPOINT, kind="basic", content=content, secret=SECRET)
        ticket_id = await opened(me.desk)
        await me.desk.settle()

        (request,) = me.world.receiver.requests
        assert base64.b64encode(f"deskpilot:{SECRET}".encode()).decode() in request.headers["authorization"]
        assert accepted(request, secret=SECRET) == ticket_id
        with pytest.raises(MisconfiguredError, match=f"{why}.*delete by hand"):
            await me.setup.disconnect(ENDPOINT, send=me.send)


async def test_a_rule_that_the_api_refuses_alone_is_left_for_clicks() -> None:
    """The others are made; what the refusal repeats of the secret is struck out."""
    async with admin() as me:

        async def strict(call: Call) -> Mapping[str, Any]:
            if "replied" in call.why:
                raise RejectedError(f"400 (custom_headers: {SECRET} is not valid)")
            return await me.send(call)

        connected = await me.setup.connect(ENDPOINT, send=strict, secret=SECRET)
        assert len(connected.made) == 2
        assert "custom_headers" in connected.clicks[0]
        assert not any("first matching rule" in line for line in connected.clicks)
        assert SECRET not in connected.clicks[0]
        assert [line for line in connected.clicks if "Rule name" in line] == [
            'Tab "Ticket Updates": click "New rule", or open the one of this name. Rule name: deskpilot: requester replied'
        ]


@pytest.mark.parametrize("secret", ["short", "with a blank, and so on", "ünprintable-in-latin-1-Ω"])
async def test_a_secret_that_would_not_work_is_refused_before_anything_is_written(secret: str) -> None:
    """It must be long, and pass a header and a list with commas as it is."""
    async with admin() as me:
        with pytest.raises(MisconfiguredError, match="secret"):
            await me.setup.connect(ENDPOINT, send=me.send, secret=secret)
        with pytest.raises(MisconfiguredError, match="public address"):
            await me.setup.connect("", send=me.send, secret=SECRET)
        assert me.writes == []


async def test_a_well_connected_account_has_nothing_wrong() -> None:
    """Doubtful is only that set-up's key is an administrator's; nothing tells whoever asks at our address a credential."""
    async with admin() as me:
        await me.setup.connect(ENDPOINT, send=me.send, secret=SECRET)
        found = await me.looked()

        assert [check.what for check in found.values() if check.state != "fine"] == ["rights"]
        assert "deskpilot" in found["identity"].said
        assert "administrator's" in found["rights"].said
        assert all("authorization" not in request.headers for request in me.world.asked)


@pytest.mark.parametrize(
    ("options", "what", "state", "said", "remedy"),
    [
        (Options(api_user="Robin Vale"), "identity", "doubtful", "looks like a person", "agent for it alone"),
        (Options(ticket_scope=2), "ticket scope", "doubtful", "tickets of its groups", "All tickets"),
        (Options(ticket_scope=3), "ticket scope", "wrong", "assigned to it", "All tickets"),
        (Options(plan="Trial"), "plan", "doubtful", "50 API calls a minute", "Growth"),
        (Options(), "webhook", "wrong", '"deskpilot: new ticket" is missing', "setup freshdesk"),
        (Options(administrator=False), "webhook", "doubtful", "no administrator", "key of an administrator"),
    ],
)
async def test_each_problem_of_the_account_has_its_sentence(
    options: Options, what: str, state: str, said: str, remedy: str
) -> None:
    """What is the matter, and what to do about it."""
    async with admin(options) as me:
        check = (await me.looked())[what]
        assert check.state == state
        assert said in check.said
        assert remedy in check.remedy


async def test_rules_that_the_api_does_not_have_are_not_guessed() -> None:
    """Nor are the agent's rights."""
    async with admin() as me:
        me.desk.faults.automations_refused = 404
        found = await me.looked()
        assert "rights" not in found
        assert found["webhook"].state == "doubtful"
        assert "has no automation rules" in found["webhook"].said


async def test_an_agent_with_the_least_rights_is_praised() -> None:
    """Which is why its rules cannot be read."""
    async with admin(Options(administrator=False)) as me:
        assert (await me.looked())["rights"].state == "fine"


@pytest.mark.parametrize(("plan", "said"), [("Growth", "200"), ("Old", "50")])
async def test_a_plans_limit_is_told(plan: Any, said: str) -> None:
    """By the minute; an old account's, by the hour, is no trial's."""
    async with admin(Options(plan=plan)) as me:
        check = (await me.looked())["plan"]
        assert check.state == "fine"
        assert f"allows {said} API calls a minute" in check.said


@pytest.mark.parametrize(
    ("endpoint", "state", "said"),
    [
        ("", "doubtful", "not set"),
        ("deskpilot.example", "wrong", "not an address"),
        ("https://localhost:8400/webhooks/freshdesk", "wrong", "cannot reach localhost"),
        ("https://10.1.2.3/webhooks/freshdesk", "wrong", "cannot reach 10.1.2.3"),
        ("https://deskpilot.internal/webhooks/freshdesk", "wrong", "your own network"),
        ("http://deskpilot.example/webhooks/freshdesk", "wrong", "without encryption"),
    ],
)
async def test_an_address_that_freshdesk_cannot_reach_is_named(endpoint: str, state: str, said: str) -> None:
    """By its looks."""
    async with admin() as me:
        check = (await me.looked(endpoint=endpoint))["address"]
        assert check.state == state
        assert said in check.said


@pytest.mark.parametrize(
    ("status", "said"), [(0, "nothing of this service"), (404, "404"), (200, "something else than this service")]
)
async def test_an_address_where_we_do_not_answer_is_named(status: int, said: str) -> None:
    """Asked from here: a proxy in between may still let the internet through, so it is doubtful."""
    async with admin() as me:
        me.world.service = status
        check = (await me.looked())["address"]
        assert check.state == "doubtful"
        assert said in check.said


@pytest.mark.parametrize(("ahead_s", "said"), [(300, "300 seconds behind"), (-300, "300 seconds ahead of")])
async def test_a_clock_that_is_wrong_is_named(ahead_s: int, said: str) -> None:
    """Theirs is believed."""
    async with admin() as me:
        me.world.ahead = timedelta(seconds=ahead_s)
        assert said in (await me.looked())["clock"].said


@pytest.mark.parametrize(
    ("secrets", "said"),
    [([], "No webhook secret"), (["short"], "too short"), (["not-the-secret-of-the-rule"], "another secret")],
)
async def test_a_secret_that_is_not_that_of_the_rules_is_named(secrets: list[str], said: str) -> None:
    """Missing, weak, or another one than what the rules carry."""
    async with admin() as me:
        await me.setup.connect(ENDPOINT, send=me.send, secret=SECRET)
        found = await me.looked(secrets=secrets)
        assert any(said in check.said and check.state == "wrong" for check in found.values())


async def test_a_secret_that_freshdesk_does_not_tell_is_not_doubted() -> None:
    """A password is never shown; that is said, not guessed."""
    async with admin(Options(fire_on_agents=True)) as me:
        me.desk.connect_webhook(ENDPOINT, kind="basic")
        check = (await me.looked())["webhook"]
        assert (check.state, "does not tell" in check.said) == ("fine", True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"active": False}, "switched off"),
        ({"actions": [{"field_name": "priority", "value": 2}]}, "another address"),
    ],
)
async def test_a_rule_of_ours_that_does_not_call_us_is_named(change: dict[str, Any], said: str) -> None:
    """With what that means for tickets."""
    async with admin() as me:
        await me.setup.connect(ENDPOINT, send=me.send, secret=SECRET)
        async with api(me.desk) as client:
            await client.put(f"/automations/1/rules/{(await me.rules())[0]['id']}", json=change)
        check = (await me.looked())["webhook"]
        assert said in check.said
        assert "five minutes late" in check.said


async def test_other_rules_on_new_tickets_are_reminded_of() -> None:
    """Whether only the first one runs the API does not tell."""
    async with admin() as me:
        await me.add(1, name="Triage")
        await me.setup.connect(ENDPOINT, send=me.send, secret=SECRET)
        check = (await me.looked())["webhook"]
        assert (check.state, "1 more run on new tickets" in check.said) == ("fine", True)


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        ({}, "doubtful"),
        ({"performer": {"type": 3}}, "doubtful"),
        ({"events": [{"field_name": "note_type", "value": "private"}]}, "doubtful"),
        ({"action": "send_email_to_group"}, "doubtful"),
        ({"action": "send_email_to_requester"}, "wrong"),
        ({"performer": {"type": 2}}, "fine"),
        ({"performer": {"type": 1, "members": [1]}}, "fine"),
        ({"events": [{"field_name": "note_type", "value": "public"}]}, "fine"),
        ({"events": [{"field_name": "reply_sent"}]}, "fine"),
        ({"active": False}, "fine"),
        ({"action": "priority"}, "fine"),
    ],
)
async def test_a_rule_that_would_mail_our_notes_is_found_with_what_excludes_it(
    rule: dict[str, Any], state: str
) -> None:
    """Found exactly where a note of ours would be mailed; after the remedy it is not."""
    async with admin() as me:
        action = {"field_name": rule.pop("action", "send_email_to_agent"), "email_to": [0], "email_body": "See there"}
        given = {"performer": {"type": 1}, "events": [{"field_name": "note_type", "value": "--"}], **rule}
        await me.add(4, name="Tell the assignee", actions=[action], **given)
        check = (await me.looked())["mail rules"]
        ticket_id = await opened(me.desk)
        async with api(me.desk) as client:
            await client.post(f"/tickets/{ticket_id}/notes", json={"body": "Our note"})

        assert check.state == state
        assert bool(me.desk.mails) is (state != "fine")
        if state != "fine":
            assert '"Tell the assignee"' in check.said
            assert 'every agent but deskpilot in place of "Any agent"' in check.remedy
            assert ("second rule for Requester" in check.remedy) is (given["performer"]["type"] == 3)


async def test_who_is_left_out_of_such_a_rule_is_not_the_person_whose_key_set_up_has() -> None:
    """Notes will carry another name."""
    async with admin(Options(api_user="Robin Vale")) as me:
        note = {"performer": {"type": 1}, "events": [{"field_name": "note_type", "value": "--"}]}
        await me.add(4, name="Tell", actions=[{"field_name": "send_email_to_agent", "email_body": "See"}], **note)
        assert "every agent but the one that writes our notes" in (await me.looked())["mail rules"].remedy


@pytest.mark.parametrize("kind", [1, 3, 4])
async def test_a_rule_that_shows_private_notes_to_requesters_is_found(kind: int) -> None:
    """Whenever it runs: its text is what matters."""
    async with admin() as me:
        mail = {"field_name": "send_email_to_requester", "email_body": "Last: {{ticket.latest_private_comment}}"}
        more = {"performer": {"type": 2}, "events": [{"field_name": "reply_sent"}]} if kind == 4 else {}
        await me.add(kind, name="Reminder", actions=[mail], **more)
        check = (await me.looked())["mail rules"]
        assert check.state == "wrong"
        assert '"Reminder" mails the newest private note to requesters' in check.said
        assert "latest_public_comment" in check.remedy


@pytest.mark.parametrize(
    ("key", "spoilt", "said"),
    [
        ("wrong-key", {}, "does not take the API key"),
        ("", {"status": 403, "json": {"code": "access_denied"}}, "allows this API key nothing"),
        ("", {"status": 404}, "not the address of a Freshdesk account"),
        ("", {"status": 301, "headers": {"location": "https://elsewhere.example"}}, "does not take the API key"),
        ("", {"status": 200, "json": {}}, "does not say whose"),
        ("", {"status": 200, "json": {"id": 1, "contact": None}}, "does not say whose"),
    ],
)
async def test_a_key_that_is_nobodys_is_named_and_nothing_else_is_asked(
    key: str, spoilt: dict[str, Any], said: str
) -> None:
    """One sentence, with the remedy."""
    async with admin(key=key) as me:
        if spoilt:
            answer = httpx.Response(spoilt.pop("status"), **spoilt)
            http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer))
            me.setup = FreshdeskSetup(http, base_url="https://acme.freshdesk.com", auth=ApiKey(OUR_KEY))
        found = await me.looked()
        assert list(found) == ["identity"]
        assert found["identity"].state == "wrong"
        assert said in found["identity"].said
        assert OUR_KEY not in found["identity"].said


async def test_an_agent_who_may_not_read_tickets_is_named() -> None:
    """403 on the list of tickets."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/agents/me"):
            contact = {"name": "deskpilot", "email": "deskpilot@acme.example"}
            return httpx.Response(200, json={"id": 7, "ticket_scope": 1, "contact": contact})
        return httpx.Response(403, json={"code": "access_denied"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        setup = FreshdeskSetup(http, base_url="https://acme.freshdesk.com", auth=ApiKey("key"))
        found = {check.what: check for check in await setup.examine(ENDPOINT, secrets=[SECRET], now=NOON)}
    assert found["tickets"].state == "wrong"
    assert {"clock", "plan"}.isdisjoint(found)  # nothing was told of them


async def test_a_helpdesk_that_does_not_answer_is_no_finding() -> None:
    """It raises: later it may be well."""
    async with admin() as me:
        me.desk.faults.server_errors = 1
        with pytest.raises(RetryableError):
            await me.setup.examine(ENDPOINT, secrets=[SECRET], now=NOON)


async def test_there_is_no_test_delivery_and_it_says_what_to_do() -> None:
    """Nor a list of failed ones."""
    async with admin() as me:
        check = await me.setup.deliver(ENDPOINT)
        assert "no test call" in check.said
        assert "test ticket" in check.remedy
        assert "mails its administrators" in (await me.looked())["deliveries"].said
