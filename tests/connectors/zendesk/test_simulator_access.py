"""Credentials, rate limits and error answers of the simulated account."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from connectors.zendesk.simulator import Options
from tests.connectors.zendesk.twin import Twin, twin


@pytest.fixture
async def desk() -> AsyncIterator[Twin]:
    """A fresh account."""
    async with twin() as running:
        yield running


async def _grant(desk: Twin, **given: object) -> httpx.Response:
    keeper = desk.simulator.gatekeeper
    body = {"client_id": keeper.client_id, "client_secret": keeper.client_secret} | given
    return await desk.api.post(f"{desk.simulator.state.url}/oauth/tokens", json=body)


async def _me(desk: Twin, authorization: str) -> httpx.Response:
    return await desk.api.get("users/me", headers={"Authorization": authorization})


async def test_a_wrong_password_is_an_anonymous_200(desk: Twin) -> None:
    """`users/me` is no health check: the id is null."""
    wrong_password = httpx.BasicAuth("someone@acme.example", "wrong")._auth_header

    for authorization in ("", wrong_password):
        answer = await _me(desk, authorization)
        assert (answer.status_code, answer.json()["user"]["id"]) == (200, None)
    assert (await desk.api.get("tickets", headers={"Authorization": wrong_password})).status_code == 401


async def test_a_wrong_api_token_is_a_401(desk: Twin) -> None:
    """Unlike a wrong password."""
    given = desk.simulator.api_token_settings
    good = httpx.BasicAuth(f"{given['email']}/token", given["token"])._auth_header
    bad = httpx.BasicAuth(f"{given['email']}/token", "wrong")._auth_header

    assert (await _me(desk, good)).json()["user"]["name"] == "deskpilot"
    assert (await _me(desk, bad)).json() == {"error": "Couldn't authenticate you"}


async def test_client_credentials_give_a_token_without_a_refresh_token(desk: Twin) -> None:
    """It simply is asked for again."""
    body = (await _grant(desk, grant_type="client_credentials", scope="read write")).json()

    assert (body["token_type"], body["expires_in"], "refresh_token" in body) == ("bearer", 172_800, False)
    assert (await _me(desk, f"Bearer {body['access_token']}")).json()["user"]["id"]
    assert (await _grant(desk, grant_type="client_credentials", client_secret="wrong")).status_code == 401


async def test_a_refresh_ends_the_old_pair_at_once(desk: Twin) -> None:
    """Both halves: whoever refreshes twice has no token left."""
    old = (await _grant(desk, grant_type="authorization_code", code=desk.simulator.gatekeeper.new_code())).json()

    new = (await _grant(desk, grant_type="refresh_token", refresh_token=old["refresh_token"])).json()

    assert (await _me(desk, f"Bearer {old['access_token']}")).status_code == 401
    assert (await _me(desk, f"Bearer {new['access_token']}")).status_code == 200
    again = await _grant(desk, grant_type="refresh_token", refresh_token=old["refresh_token"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


async def test_an_authorization_code_lives_two_minutes_and_once(desk: Twin) -> None:
    """Later, or a second time, it is refused."""
    late, once = desk.simulator.gatekeeper.new_code(), desk.simulator.gatekeeper.new_code()

    assert (await _grant(desk, grant_type="authorization_code", code=once)).status_code == 200
    assert (await _grant(desk, grant_type="authorization_code", code=once)).status_code == 400
    desk.clock.advance(121)
    assert (await _grant(desk, grant_type="authorization_code", code=late)).status_code == 400


async def test_tokens_end_in_the_middle_of_a_run(desk: Twin) -> None:
    """By time, by switch after so many uses, and at the push of a button."""
    token = f"Bearer {desk.simulator.gatekeeper.new_token(lifetime_s=600).access}"
    assert (await _me(desk, token)).status_code == 200
    desk.clock.advance(601)
    assert (await _me(desk, token)).status_code == 401

    desk.simulator.faults.token_uses = 2
    token = f"Bearer {desk.simulator.gatekeeper.new_token().access}"
    assert [(await _me(desk, token)).status_code for _ in range(3)] == [200, 200, 401]

    desk.simulator.faults.token_uses = 0
    token = f"Bearer {desk.simulator.gatekeeper.new_token().access}"
    desk.simulator.expire_tokens()
    assert (await _me(desk, token)).status_code == 401


async def test_a_scope_that_does_not_fit_answers_403(desk: Twin) -> None:
    """A mistyped one yields a token all the same."""
    ticket = await desk.ticket()
    for scope, read, write in (("read", 200, 403), ("raed wirte", 403, 403), ("tickets:read tickets:write", 200, 200)):
        token = {"Authorization": f"Bearer {desk.simulator.gatekeeper.new_token(scope=scope).access}"}
        note = {"ticket": {"comment": {"body": "x", "public": False}}}
        answers = (
            await desk.api.get(f"tickets/{ticket}", headers=token),
            await desk.api.put(f"tickets/{ticket}", headers=token, json=note),
        )
        assert [answer.status_code for answer in answers] == [read, write]


async def test_the_account_has_so_many_calls_a_minute() -> None:
    """429 with Retry-After; the help centre has a bucket of its own and spells its headers the other way."""
    async with twin(Options(per_minute=2)) as desk:
        desk.clock.advance(0)
        answers = [await desk.api.get("users/me") for _ in range(3)]
        center = await desk.api.get("help_center/locales")

        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].headers["retry-after"] == "60"
        assert (answers[1].headers["x-rate-limit-remaining"], answers[1].headers["ratelimit-remaining"]) == ("0", "0")
        assert (center.status_code, center.headers["rate-limit-remaining"]) == (200, "1")
        assert "ratelimit-remaining" not in center.headers
        desk.clock.advance(60)
        assert (await desk.api.get("users/me")).status_code == 200


async def test_a_ticket_takes_thirty_updates_in_ten_minutes(desk: Twin) -> None:
    """Per user and ticket; another ticket is not concerned."""
    busy, quiet = await desk.ticket(), await desk.ticket()

    answers = [await desk.write(busy) for _ in range(31)]

    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    assert answers[30].headers["retry-after"] == "600"
    assert answers[0].headers["zendesk-ratelimit-per-ticket-updates"] == "total=30; remaining=29; resets=600"
    assert (await desk.write(quiet)).status_code == 200


async def test_the_account_takes_so_many_updates_a_minute() -> None:
    """Over all tickets together (really 100)."""
    async with twin(Options(updates_per_minute=2)) as desk:
        tickets = [await desk.ticket() for _ in range(3)]

        answers = [await desk.write(ticket) for ticket in tickets]

        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[0].headers["zendesk-rate-limit-tickets-update"] == "total=2; remaining=1; resets=60"


async def test_incremental_exports_are_ten_a_minute(desk: Twin) -> None:
    """The eleventh waits."""
    answers = [await desk.api.get("incremental/tickets/cursor?start_time=1") for _ in range(11)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]


async def test_errors_can_be_objects_or_html(desk: Twin) -> None:
    """`error` is text here, an object there, and behind a proxy everything is a page."""
    plain = await desk.api.get("tickets/1")
    desk.simulator.faults.error_objects = True
    nested = await desk.api.get("tickets/1")
    desk.simulator.faults.html_errors = True
    page = await desk.api.get("tickets/1")

    assert plain.json()["error"] == "RecordNotFound"
    assert nested.json()["error"] == {"title": "RecordNotFound", "message": "Not found"}
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")


async def test_an_account_under_repair_says_when_to_come_back(desk: Twin) -> None:
    """503 with Retry-After, as often as the switch says."""
    desk.simulator.faults.unavailable = 1

    answers = [await desk.api.get("users/me") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [503, 200]
    assert answers[0].headers["retry-after"] == "5"


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"ticket": 3}', b""])
async def test_a_body_that_is_no_ticket_is_a_400(desk: Twin, body: bytes) -> None:
    """Never a 500."""
    ticket = await desk.ticket()

    assert (await desk.api.put(f"tickets/{ticket}", content=body)).status_code == 400


@pytest.mark.parametrize(
    "path", ["users/x", "tickets/x", "tickets/99", "nothing/here", "tickets/1/comments/x/make_private"]
)
async def test_what_does_not_exist_is_a_404_in_the_vendors_words(desk: Twin, path: str) -> None:
    """Rows and addresses alike."""
    answer = await desk.api.request("PUT" if path.endswith("private") else "GET", path)

    assert (answer.status_code, answer.json()["description"]) == (404, "Not found")


async def test_requests_are_remembered(desk: Twin) -> None:
    """Method, path, body and status of what came over the API; the web page is not among it."""
    ticket = await desk.ticket()
    await desk.api.get(f"{desk.simulator.state.url}/")
    await desk.write(ticket)

    (record,) = desk.simulator.requests
    assert (record.method, record.path, record.status) == ("PUT", f"/api/v2/tickets/{ticket}", 200)
    assert record.body["ticket"]["comment"]["public"] is False
    assert record.user_agent.startswith("python-httpx")
