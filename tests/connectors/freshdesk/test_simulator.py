"""The Freshdesk twin's tickets over HTTP: shapes, defaults and caps that a connector trips over."""

from __future__ import annotations

from connectors.freshdesk.simulator import Options
from tests.connectors.freshdesk.account import api, new_desk, opened


async def test_a_wrong_key_is_refused_with_json() -> None:
    """Unlike a missing ticket, a missing login has a body; any password will do with the right key."""
    desk = new_desk()
    async with api(desk, key="wrong") as client:
        refused = await client.get("/agents/me")
    async with api(desk) as client:
        accepted = await client.get("/agents/me", auth=(desk.options.api_key, "whatever"))

    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_credentials")
    assert accepted.json()["contact"]["name"] == "deskpilot"


async def test_objects_come_bare_and_the_first_message_is_the_description() -> None:
    """No `{"ticket": ...}` around it, and no conversation for what the customer wrote first."""
    desk = new_desk()
    ticket_id = await opened(desk)
    async with api(desk) as client:
        ticket = (await client.get(f"/tickets/{ticket_id}?include=requester,stats")).json()
        conversations = (await client.get(f"/tickets/{ticket_id}/conversations")).json()

    assert (ticket["id"], ticket["status"], ticket["source"]) == (int(ticket_id), 2, 1)
    assert ticket["description"] == "<div>Where is my parcel?</div>"
    assert ticket["description_text"] == "Where is my parcel?"
    assert ticket["requester"]["email"] == "ana@customer.example"
    assert ticket["stats"]["agent_responded_at"] is None
    assert ticket["created_at"] == "2026-11-02T12:00:00Z"
    assert conversations == []


async def test_page_301_does_not_exist() -> None:
    """A connector that pages for ever meets a 400, not an empty page."""
    async with api(new_desk()) as client:
        last, beyond = await client.get("/tickets?page=300"), await client.get("/tickets?page=301")
        too_many = await client.get("/tickets?per_page=101")

    assert (last.status_code, beyond.status_code, too_many.status_code) == (200, 400, 400)
    assert beyond.json()["errors"][0]["field"] == "page"


async def test_a_missing_ticket_is_an_empty_404() -> None:
    """There is no JSON to read a reason from, whatever is missing."""
    async with api(new_desk()) as client:
        answers = [await client.get(path) for path in ("/tickets/99", "/contacts/99", "/nothing/here")]

    assert [(answer.status_code, answer.content) for answer in answers] == [(404, b"")] * 3


async def test_a_deleted_ticket_is_marked_and_one_deleted_for_good_is_gone() -> None:
    """The trash still answers by id, lists nothing and takes no notes."""
    desk = new_desk()
    trashed, gone = await opened(desk), await opened(desk)
    await desk.delete(trashed)
    await desk.delete(gone, forever=True)
    async with api(desk) as client:
        answer = await client.get(f"/tickets/{trashed}")
        note = await client.post(f"/tickets/{trashed}/notes", json={"body": "x"})
        listed = (await client.get("/tickets")).json()
        in_trash = (await client.get("/tickets?filter=deleted")).json()
        missing = await client.get(f"/tickets/{gone}")

    assert answer.json()["deleted"] is True
    assert (note.status_code, missing.status_code) == (404, 404)
    assert (listed, [ticket["id"] for ticket in in_trash]) == ([], [int(trashed)])


async def test_updated_since_is_inclusive_and_the_default_window_is_thirty_days() -> None:
    """What changed in the very second asked for is listed; an old ticket only when asked for its time."""
    desk = new_desk()
    old = await opened(desk)
    await desk.advance(31 * 86_400)
    new = await opened(desk)
    order = "order_by=updated_at&order_type=asc"
    async with api(desk) as client:
        by_default = (await client.get(f"/tickets?{order}")).json()
        since_old = (
            await client.get(f"/tickets?updated_since=2026-11-02T12:00:00Z&{order}&include=description")
        ).json()
        since_after = (await client.get(f"/tickets?updated_since=2026-11-02T12:00:01Z&{order}")).json()

    assert [ticket["id"] for ticket in by_default] == [int(new)]
    assert [ticket["id"] for ticket in since_old] == [int(old), int(new)]
    assert [ticket["id"] for ticket in since_after] == [int(new)]
    assert "description" not in by_default[0]
    assert "description" in since_old[0]


async def test_tags_on_update_replace_the_list() -> None:
    """Two writers who each add one tag lose one."""
    desk = new_desk()
    ticket_id = await desk.open_ticket(name="Ana", email="ana@customer.example", subject="x", text="y", tags=["vip"])
    async with api(desk) as client:
        ticket = (await client.put(f"/tickets/{ticket_id}", json={"tags": ["seen"]})).json()

    assert ticket["tags"] == ["seen"]


async def test_statuses_reach_from_two_to_five_and_beyond() -> None:
    """Custom statuses have numbers from 6 on, and names only in the ticket fields."""
    desk = new_desk()
    ticket_id = await opened(desk)
    await desk.set_status(ticket_id, "hold")
    async with api(desk) as client:
        ticket = (await client.get(f"/tickets/{ticket_id}")).json()
        choices = (await client.get("/ticket_fields")).json()[0]["choices"]

    assert (ticket["status"], choices["7"][0]) == (7, "Waiting on Third Party")


async def test_a_customers_answer_opens_a_resolved_ticket() -> None:
    """The statistics keep when."""
    desk = new_desk()
    ticket_id = await opened(desk)
    await desk.set_status(ticket_id, "resolved")
    await desk.advance(60)
    await desk.customer_message(ticket_id, text="It is broken again")
    async with api(desk) as client:
        ticket = (await client.get(f"/tickets/{ticket_id}?include=stats")).json()

    assert (ticket["status"], ticket["stats"]["reopened_at"]) == (2, "2026-11-02T12:01:00Z")
    assert ticket["stats"]["resolved_at"] is None


async def test_an_agent_is_no_contact_and_a_contact_no_agent() -> None:
    """An author has to be looked for on the right endpoint."""
    desk = new_desk()
    ticket_id = await opened(desk)
    async with api(desk) as client:
        requester = (await client.get(f"/tickets/{ticket_id}")).json()["requester_id"]
        me = (await client.get("/agents/me")).json()["id"]
        paths = (f"/contacts/{requester}", f"/agents/{requester}", f"/agents/{me}", f"/contacts/{me}")
        statuses = [(await client.get(path)).status_code for path in paths]

    assert statuses == [200, 404, 200, 404]


async def test_a_requesters_company_is_found_by_its_id() -> None:
    """`include=company` shows it, too."""
    desk = new_desk()
    ticket_id = await desk.open_ticket(
        name="Ana", email="ana@customer.example", subject="x", text="y", organization="Ruiz & Co", language="es"
    )
    async with api(desk) as client:
        ticket = (await client.get(f"/tickets/{ticket_id}?include=company")).json()
        company = (await client.get(f"/companies/{ticket['company_id']}")).json()
        contact = (await client.get(f"/contacts/{ticket['requester_id']}")).json()

    assert (ticket["company"]["name"], company["name"], contact["language"]) == ("Ruiz & Co", "Ruiz & Co", "es")


async def test_an_agent_limited_to_own_tickets_is_forbidden_the_others() -> None:
    """403 with JSON on one ticket; lists leave it out."""
    desk = new_desk(Options(ticket_scope=3))
    ticket_id = await opened(desk)
    async with api(desk) as client:
        answer, listed = await client.get(f"/tickets/{ticket_id}"), await client.get("/tickets")

    assert (answer.status_code, answer.json()["code"], listed.json()) == (403, "access_denied", [])


async def test_a_product_stands_for_a_brand() -> None:
    """The same name has the same number."""
    desk = new_desk()
    brands = ("Acme Home", "Acme Pro", "Acme Home", "7", "")
    for brand in brands:
        await desk.open_ticket(name="Ana", email="ana@customer.example", subject="x", text="y", brand=brand)
    async with api(desk) as client:
        home, pro, again, given, none = [
            (await client.get(f"/tickets/{number}")).json()["product_id"] for number in range(1, len(brands) + 1)
        ]

    assert (home == again, home == pro, given, none) == (True, False, 7, None)


async def test_a_follow_up_names_its_parent() -> None:
    """Freshdesk knows parents and children only."""
    desk = new_desk()
    parent = await opened(desk)
    child = await desk.follow_up(parent)
    async with api(desk) as client:
        ticket = (await client.get(f"/tickets/{child}")).json()

    assert (ticket["association_type"], ticket["associated_tickets_list"]) == (2, [int(parent)])


async def test_search_finds_what_is_no_longer_new() -> None:
    """Search lags behind: what was just written is not found yet."""
    desk = new_desk()
    ticket_id = await opened(desk)
    query = {"query": "\"status:2 AND updated_at:>'2026-11-02'\""}
    async with api(desk) as client:
        at_once = (await client.get("/search/tickets", params=query)).json()
        await desk.advance(180)
        later = (await client.get("/search/tickets", params=query)).json()
        unquoted = await client.get("/search/tickets", params={"query": "status:2"})

    assert at_once == {"results": [], "total": 0}
    assert [ticket["id"] for ticket in later["results"]] == [int(ticket_id)]
    assert unquoted.status_code == 400


async def test_due_by_is_null_for_a_while() -> None:
    """The SLA engine comes after the ticket."""
    desk = new_desk()
    ticket_id = await opened(desk)
    async with api(desk) as client:
        at_once = (await client.get(f"/tickets/{ticket_id}")).json()
        await desk.advance(60)
        later = (await client.get(f"/tickets/{ticket_id}")).json()

    assert at_once["due_by"] is None
    assert later["due_by"] == "2026-11-03T12:00:00Z"
