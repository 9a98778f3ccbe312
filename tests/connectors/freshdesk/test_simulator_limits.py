"""The Freshdesk twin's budget and its bad days: 429, odd headers, HTML errors, answers that get lost."""

from __future__ import annotations

import pytest

from connectors.freshdesk.simulator import Options
from connectors.freshdesk.simulator.options import PlanName
from tests.connectors.freshdesk.account import api, new_desk, opened


async def test_the_last_call_of_the_minute_is_followed_by_429_with_the_time_to_wait() -> None:
    """Once the minute is over, calls are answered again."""
    desk = new_desk(Options(plan="Trial"))
    async with api(desk) as client:
        answers = [await client.get("/agents/me") for _ in range(51)]
        await desk.advance(60)
        again = await client.get("/agents/me")

    assert [answer.status_code for answer in answers[-2:]] == [200, 429]
    assert answers[-1].headers["retry-after"] == "60"
    assert again.status_code == 200


@pytest.mark.parametrize(("plan", "lists"), [("Growth", 20), ("Pro", 100)])
async def test_ticket_lists_have_a_smaller_limit_of_their_own(plan: PlanName, lists: int) -> None:
    """Other calls go on while lists are refused."""
    desk = new_desk(Options(plan=plan))
    async with api(desk) as client:
        answers = [await client.get("/tickets") for _ in range(lists + 1)]
        other = await client.get("/agents/me")

    assert [answer.status_code for answer in answers] == [200] * lists + [429]
    assert other.status_code == 200


@pytest.mark.parametrize(("counted", "last"), [(True, 429), (False, 201)])
async def test_notes_may_count_as_ticket_updates(last: int, *, counted: bool) -> None:
    """Not documented, so both can be had."""
    desk = new_desk(Options(plan="Growth", notes_count_as_updates=counted))
    ticket_id = await opened(desk)
    async with api(desk) as client:
        answers = [await client.post(f"/tickets/{ticket_id}/notes", json={"body": "x"}) for _ in range(81)]

    assert (answers[79].status_code, answers[80].status_code) == (201, last)


async def test_invalid_calls_cost_as_much_as_valid_ones_and_includes_cost_more() -> None:
    """One credit, one more for each `include` of a ticket, two more on a list."""
    desk = new_desk()
    ticket_id = await opened(desk)
    paths = ("/tickets/99", f"/tickets/{ticket_id}?include=requester,stats", "/tickets?include=requester")
    async with api(desk) as client:
        answers = [await client.get(path) for path in paths]

    assert [answer.headers["x-ratelimit-used-currentrequest"] for answer in answers] == ["1", "3", "3"]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["399", "396", "393"]
    assert answers[0].headers["x-ratelimit-total"] == "400"


async def test_rate_headers_may_be_floats() -> None:
    """As on the sister product."""
    desk = new_desk()
    desk.faults.float_headers = True
    async with api(desk) as client:
        answer = await client.get("/agents/me")

    assert answer.headers["x-ratelimit-remaining"] == "399.0"


async def test_a_429_can_be_ordered() -> None:
    """Whatever the budget says."""
    desk = new_desk()
    desk.faults.refused = 1
    async with api(desk) as client:
        statuses = [(await client.get("/agents/me")).status_code for _ in range(2)]

    assert statuses == [429, 200]


async def test_errors_may_be_html_pages() -> None:
    """A gateway knows nothing of JSON, and nothing was done."""
    desk = new_desk()
    ticket_id = await opened(desk)
    desk.faults.html_errors, desk.faults.server_errors = 1, 1
    async with api(desk) as client:
        page = await client.post(f"/tickets/{ticket_id}/notes", json={"body": "x"})
        error = await client.post(f"/tickets/{ticket_id}/notes", json={"body": "x"})

    assert (page.status_code, page.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert (error.status_code, desk.notes(ticket_id)) == (500, [])


async def test_an_answer_may_be_lost_after_the_note_was_stored() -> None:
    """Whoever sends it again without looking writes it twice."""
    desk = new_desk()
    ticket_id = await opened(desk)
    desk.faults.lost_answers = 1
    async with api(desk) as client:
        lost = await client.post(f"/tickets/{ticket_id}/notes", json={"body": "<p>Draft</p>"})
        again = await client.post(f"/tickets/{ticket_id}/notes", json={"body": "<p>Draft</p>"})

    assert (lost.status_code, again.status_code) == (504, 201)
    assert [note.html for note in desk.notes(ticket_id)] == ["<p>Draft</p>"] * 2


async def test_a_note_may_become_public_against_the_request() -> None:
    """The answer says so: the only place where a leak can be noticed."""
    desk = new_desk()
    ticket_id = await opened(desk)
    desk.faults.public_notes = True
    async with api(desk) as client:
        answer = (await client.post(f"/tickets/{ticket_id}/notes", json={"body": "x", "private": True})).json()

    assert answer["private"] is False


async def test_the_next_link_may_name_a_strangers_host() -> None:
    """Whoever follows it carries the key there."""
    desk = new_desk()
    for _ in range(2):
        await opened(desk)
    desk.faults.foreign_link_host = "evil.example"
    async with api(desk) as client:
        answer = await client.get("/tickets?per_page=1")

    assert answer.headers["link"] == '<https://evil.example/api/v2/tickets?per_page=1&page=2>; rel="next"'


async def test_every_request_is_remembered() -> None:
    """Method, path, JSON and status, refused ones too."""
    desk = new_desk()
    ticket_id = await opened(desk)
    async with api(desk) as client:
        await client.post(f"/tickets/{ticket_id}/notes", json={"body": "x"}, headers={"user-agent": "deskpilot"})
    async with api(desk, key="wrong") as client:
        await client.get("/tickets")

    write, read = desk.requests
    assert (write.method, write.path) == ("POST", f"/api/v2/tickets/{ticket_id}/notes")
    assert (write.body, write.status, write.user_agent) == ({"body": "x"}, 201, "deskpilot")
    assert (read.method, read.status) == ("GET", 401)


async def test_a_method_that_does_not_exist_is_an_empty_405() -> None:
    """And an answer that the client does not want is a 406."""
    async with api(new_desk()) as client:
        wrong_method = await client.patch("/tickets")
        wrong_type = await client.get("/tickets", headers={"accept": "application/xml"})

    assert (wrong_method.status_code, wrong_method.content, wrong_type.status_code) == (405, b"", 406)
