"""Looking at an account: each thing that can be wrong is named in a sentence, with what to do, and nothing is changed."""

from __future__ import annotations

import httpx
import pytest

from connectors import Account, setup_of
from connectors.base import RetryableError
from connectors.zendesk.simulator import Options
from tests.connectors.zendesk.admin import admin
from tests.connectors.zendesk.twin import ENDPOINT


async def test_a_connected_account_is_fine_in_every_respect() -> None:
    """All checks, none with a remedy, and no write."""
    async with admin() as one:
        made = await one.connect()
        await one.desk.ticket()
        await one.desk.simulator.settle()
        one.desk.simulator.faults.dated_s = 0
        one.forget()
        seen = await one.examine(secrets=["an older one, kept", made.secret])

        assert [(check.what, check.state, check.remedy) for check in seen] == [
            (what, "fine", "")
            for what in (
                "identity",
                "rights",
                "scopes",
                "clock",
                "address",
                "webhook",
                "signing secret",
                "deliveries",
                "mail rules",
            )
        ]
        assert one.writes == []


async def test_a_wrong_client_is_told() -> None:
    """Nothing else can be looked at then but the address."""
    async with admin() as one:
        account = Account(url=one.account.url, client_id="deskpilot_simulated", client_secret="wrong")
        seen = await setup_of("zendesk", account, one.http).examine(ENDPOINT, secrets=(), now=one.desk.clock())

        assert [(check.what, check.state) for check in seen] == [("identity", "wrong"), ("address", "fine")]
        assert "OAuth client" in seen[0].remedy


async def test_an_anonymous_user_is_told() -> None:
    """Zendesk answers 200 to a wrong password, as somebody without an id."""
    async with admin() as one:
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app=one.desk.simulator.app))
        account = Account(url=one.account.url, email="nobody", token="wrong")
        setup = setup_of("zendesk", account, http)
        setup._door._auth = httpx.BasicAuth("a@b.example", "password")  # type: ignore[attr-defined]
        (identity, *_) = await setup.examine(ENDPOINT, secrets=(), now=one.desk.clock())
        await http.aclose()

        assert (identity.what, identity.state) == ("identity", "wrong")
        assert "anonymous" in identity.said


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_an_account_that_tells_nothing_of_a_token_is_looked_at_all_the_same(status: int) -> None:
    """How Zendesk answers an API token that asks for its scopes is not documented."""
    async with admin() as one:
        app = one.desk.simulator.app

        async def told(request: httpx.Request) -> httpx.Response:
            if request.url.path == "/api/v2/oauth/tokens/current":
                return httpx.Response(status)
            return await httpx.ASGITransport(app=app).handle_async_request(request)

        given = one.desk.simulator.api_token_settings
        account = Account(url=one.account.url, email=given["email"], token=given["token"])
        async with httpx.AsyncClient(transport=httpx.MockTransport(told)) as http:
            seen = await setup_of("zendesk", account, http).examine(ENDPOINT, secrets=(), now=one.desk.clock())

        assert [check.state for check in seen if check.what == "rights"] == ["fine"]
        assert not [check for check in seen if check.what == "scopes"]


@pytest.mark.parametrize(
    ("scope", "state", "said"),
    [
        ("read write", "fine", "read, write"),
        ("read", "wrong", "lacks the scope write: it has read"),
        ("raed", "wrong", "opens nothing"),
        ("users:read oauth:read tickets:write", "doubtful", "single families only"),
    ],
)
async def test_scopes_are_read_off_the_token(scope: str, state: str, said: str) -> None:
    """A mistyped one yields a token all the same."""
    async with admin(Options(client_scope=scope)) as one:
        check = await one.check("scopes") if state != "doubtful" else (await one.examine())[2]

        assert (check.what, check.state) == ("scopes", state)
        assert said in check.said


async def test_an_api_token_has_no_scopes() -> None:
    """It may what its user may."""
    async with admin() as one:
        given = one.desk.simulator.api_token_settings
        setup = setup_of("zendesk", Account(**given), one.http)
        seen = await setup.examine(ENDPOINT, secrets=(), now=one.desk.clock())

        assert [check.what for check in seen[:3]] == ["identity", "rights", "address"]


@pytest.mark.parametrize(
    ("options", "what", "state", "said"),
    [
        (Options(api_name="Robin Vale"), "identity", "doubtful", "looks like a person's account"),
        (Options(api_name="Acme Support Bot"), "identity", "fine", "Acme Support Bot"),
        (Options(api_role="agent"), "rights", "fine", "set-up needs an admin's credentials"),
        (Options(api_role="agent", private_only=True), "rights", "fine", "comment privately, which is the best"),
    ],
)
async def test_whose_account_it_is_and_what_it_may(options: Options, what: str, state: str, said: str) -> None:
    """A user of our own is recommended, with the least rights that can write a private note."""
    async with admin(options) as one:
        check = await one.check(what)

        assert (check.state, said in check.said) == (state, True), check


async def test_a_suspended_user_is_told() -> None:
    """It signs in and can write nothing."""
    async with admin() as one:
        one.desk.simulator.state.api_user.suspended = True

        assert (await one.check("identity")).said.endswith("is suspended.")


@pytest.mark.parametrize(
    ("ahead_s", "state", "said"),
    [
        (10, "fine", "agree"),
        (-90, "doubtful", "90 seconds ahead of Zendesk's"),
        (400, "wrong", "400 seconds behind Zendesk's"),
    ],
)
async def test_a_clock_that_is_off_is_told(ahead_s: float, state: str, said: str) -> None:
    """Beyond five minutes every signature is too old or too new."""
    async with admin() as one:
        one.desk.simulator.faults.dated_s = ahead_s
        check = await one.check("clock")

        assert (check.state, said in check.said) == (state, True), check


@pytest.mark.parametrize(
    ("endpoint", "state", "said"),
    [
        ("https://deskpilot.example/webhooks/zendesk", "fine", "go to https://deskpilot.example"),
        ("http://deskpilot.example/webhooks/zendesk", "wrong", "not https"),
        ("https://127.0.0.1:8400/webhooks/zendesk", "wrong", "Zendesk cannot reach it"),
        ("https://10.1.2.3/webhooks/zendesk", "wrong", "Zendesk cannot reach it"),
        ("https://localhost/webhooks/zendesk", "wrong", "Zendesk cannot reach it"),
        ("https://deskpilot.prod.internal/webhooks/zendesk", "wrong", "Zendesk cannot reach it"),
        ("deskpilot.example/webhooks/zendesk", "wrong", "is not an address"),
    ],
)
async def test_an_address_that_zendesk_cannot_call_is_told(endpoint: str, state: str, said: str) -> None:
    """As far as the address alone tells."""
    async with admin() as one:
        check = await one.check("address", endpoint=endpoint)

        assert (check.state, said in check.said) == (state, True), check


async def test_no_webhook_is_told() -> None:
    """With the address that ours calls, where it is another."""
    async with admin() as one:
        assert (await one.check("webhook")).said == f"No webhook calls {ENDPOINT}."
        await one.connect("https://old.example/webhooks/zendesk")

        assert (await one.check("webhook")).said.endswith("; ours calls https://old.example/webhooks/zendesk.")


async def test_without_our_address_the_webhook_is_known_by_its_name() -> None:
    """Not every service is told its own address; nothing is guessed where there is no such webhook."""
    async with admin() as one:
        assert (await one.check("webhook", endpoint="")).state == "doubtful"
        made = await one.connect()
        seen = {check.what: check.state for check in await one.examine("", secrets=[made.secret])}

        assert (seen["webhook"], seen["signing secret"], "address" in seen) == ("fine", "fine", False)


async def test_a_trial_without_room_is_told() -> None:
    """Before set-up runs into it."""
    async with admin() as one:
        for number in range(10):
            given = {"name": f"No {number}", "endpoint": f"https://{number}.example", "subscriptions": []}
            await one.desk.api.post("webhooks", json={"webhook": given})
        check = await one.check("plan")

        assert check.said == "The account has 10 webhooks, and a trial takes 10, sixty deliveries a minute."


async def test_a_webhook_that_is_off_and_a_secret_that_is_not_ours_are_told() -> None:
    """Each by itself."""
    async with admin() as one:
        await one.connect()
        one.webhooks[0].status = "inactive"

        assert (await one.check("webhook")).said == 'The webhook "deskpilot" is switched off.'
        check = await one.check("signing secret", secrets=["another-secret"])
        assert (check.state, "not among ours" in check.said) == ("wrong", True)


async def test_two_webhooks_to_one_address_are_told() -> None:
    """Everything would come twice."""
    async with admin() as one:
        await one.connect()
        await one.desk.api.post("webhooks", params={"clone_webhook_id": one.webhooks[0].id})

        assert (await one.check("webhook")).said.startswith("2 webhooks call")


@pytest.mark.parametrize(
    ("answers", "state", "said"),
    [
        ([200, 401], "wrong", "1 of the last 2 deliveries failed, the last one too: refused with 401."),
        ([500, 200], "doubtful", "1 of the last 2 deliveries failed: answered 500; those after it were accepted."),
        ([200, 200], "fine", "The last 2 deliveries were accepted."),
    ],
)
async def test_recent_failures_are_told_as_the_vendor_counts_them(answers: list[int], state: str, said: str) -> None:
    """What failed last matters most."""
    async with admin() as one:
        await one.connect()
        one.desk.receiver.answers = [httpx.Response(status) for status in answers]
        await one.desk.ticket()
        await one.desk.simulator.settle()
        check = await one.check("deliveries")

        assert (check.state, check.said) == (state, said)


async def test_a_trial_that_sends_too_much_is_told() -> None:
    """Sixty a minute; the rest comes later."""
    async with admin(Options(deliveries_per_minute=1)) as one:
        await one.connect()
        await one.desk.ticket()
        await one.desk.simulator.settle()
        seen = [check for check in await one.examine() if check.what == "deliveries"]

        assert "holds deliveries back" in seen[0].said
        assert "sixty a minute" in seen[0].remedy


async def test_an_account_that_does_not_answer_is_an_error() -> None:
    """Nothing can be said of it."""
    async with admin() as one:
        one.desk.simulator.faults.unavailable = 9
        with pytest.raises(RetryableError):
            await one.examine()


async def test_every_problem_has_a_remedy() -> None:
    """No sentence leaves its reader alone."""
    async with admin(Options(api_name="Robin Vale", client_scope="read")) as one:
        seen = await one.examine("http://10.0.0.1/webhooks/zendesk")

        assert {bool(check.remedy) for check in seen if check.state != "fine"} == {True}
