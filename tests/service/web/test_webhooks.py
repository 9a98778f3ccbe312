"""A webhook is verified, stored and answered; nothing else happens in a request."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.types import Message

from service.database import Database
from service.inbox import Inbox
from service.spans import Span, Tracer
from service.web import webhooks

ZENDESK_SECRET = "zd-secret-of-this-test"
FRESHDESK_SECRET = "fd-secret-of-this-test"
EVENT = {
    "type": "zen:event-type:ticket.comment_added",
    "id": "cbe4028c-7239-495d-b020-f22348516046",
    "subject": "zen:ticket:5158",
    "detail": {"id": "5158", "status": "OPEN"},
    "event": {"comment": {"id": "1", "is_public": True, "author": {"id": "77", "is_staff": False}}},
    "zendesk_event_version": "2022-11-06",
}


@pytest.fixture
async def inbox(database: Database) -> AsyncIterator[Inbox]:
    """An inbox that receives."""
    opened = Inbox(database)
    async with opened.receiving():
        yield opened


@pytest.fixture
async def client(inbox: Inbox) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who sends webhooks."""
    app = FastAPI()
    secrets = {"zendesk": (ZENDESK_SECRET,), "freshdesk": (FRESHDESK_SECRET,)}
    app.add_middleware(webhooks.Webhooks, inbox=inbox, secrets=secrets)

    @app.get("/elsewhere")
    async def elsewhere() -> str:
        return "the application"

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://deskpilot.test") as http:
        yield http


def signed(body: bytes, *, secret: str = ZENDESK_SECRET) -> dict[str, str]:
    """Zendesk's two headers, computed from the documented formula."""
    timestamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hmac.digest(secret.encode(), timestamp.encode() + body, "sha256")
    return {
        "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
        "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
    }


async def test_a_signed_event_is_accepted_and_stored(client: httpx.AsyncClient, inbox: Inbox) -> None:
    """The one thing a webhook does."""
    body = json.dumps(EVENT, indent=3).encode() + b"\n"
    answer = await client.post("/webhooks/zendesk", content=body, headers=signed(body))

    assert answer.status_code == 200
    async with inbox.due(debounce_s=0, longest_s=0) as due:
        assert [(item.helpdesk, item.ticket_id, item.messages) for item in due] == [
            ("zendesk", "5158", frozenset({"1"}))
        ]


@pytest.mark.parametrize("kind", ["wrong", "missing", "of another body"])
async def test_a_bad_signature_is_refused_and_nothing_is_stored(
    client: httpx.AsyncClient, inbox: Inbox, kind: str
) -> None:
    """Strangers cannot make us look at anything."""
    body = json.dumps(EVENT).encode()
    headers = {
        "wrong": signed(body, secret="another-secret-of-16"),
        "missing": {},
        "of another body": signed(body + b" "),
    }[kind]
    answer = await client.post("/webhooks/zendesk", content=body, headers=headers)

    assert answer.status_code == 401
    assert await inbox.waiting() == 0


async def test_a_body_beyond_one_mebibyte_is_refused(client: httpx.AsyncClient, inbox: Inbox) -> None:
    """By its Content-Length, before a byte of it is read."""
    body = b"x" * (webhooks.LARGEST_BYTES + 1)
    answer = await client.post("/webhooks/zendesk", content=body, headers=signed(body))

    assert answer.status_code == 413
    assert await inbox.waiting() == 0


async def test_a_body_without_length_is_cut_off_at_the_limit(client: httpx.AsyncClient) -> None:
    """Chunked: what is read is counted, not what is claimed."""
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 64 * 1024
            yield b"x" * 64 * 1024

    answer = await client.post("/webhooks/zendesk", content=endless())

    assert answer.status_code == 413
    assert read < 2 * webhooks.LARGEST_BYTES


async def test_a_signed_body_that_is_no_json_is_a_bad_request(client: httpx.AsyncClient) -> None:
    """Somebody signs, but speaks another language."""
    body = b"ticket=5158"
    assert (await client.post("/webhooks/zendesk", content=body, headers=signed(body))).status_code == 400


async def test_a_signed_trigger_body_that_json_cannot_read_polls_the_account(
    client: httpx.AsyncClient, inbox: Inbox
) -> None:
    """A quote in the customer's text must not lose the customer."""
    body = b'{"v":1,"ticket_id":"5158","text":"it says "E3" on the display"}'
    answer = await client.post("/webhooks/zendesk", content=body, headers=signed(body))

    assert answer.status_code == 200
    async with inbox.due(debounce_s=0, longest_s=0) as due:
        assert [(item.helpdesk, item.ticket_id) for item in due] == [("zendesk", "")]


async def test_an_unknown_event_is_answered_well_and_ignored(client: httpx.AsyncClient, inbox: Inbox) -> None:
    """An error would feed the vendor's circuit breaker."""
    body = json.dumps({**EVENT, "type": "zen:event-type:user.deleted"}).encode()
    answer = await client.post("/webhooks/zendesk", content=body, headers=signed(body))

    assert (answer.status_code, await inbox.waiting()) == (200, 0)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/webhooks/freshdesk", {"X-Webhook-Secret": FRESHDESK_SECRET}),
        (
            "/webhooks/freshdesk",
            {"Authorization": "Basic " + base64.b64encode(b"x:" + FRESHDESK_SECRET.encode()).decode()},
        ),
        (f"/webhooks/freshdesk/{FRESHDESK_SECRET}", {}),
    ],
)
async def test_freshdesk_shows_its_secret_in_any_of_three_places(
    client: httpx.AsyncClient, inbox: Inbox, path: str, headers: dict[str, str]
) -> None:
    """Which of them an account can set differs by plan."""
    body = {"v": 1, "ticket_id": "6541", "event": "{ticket_action:created}"}
    answer = await client.post(path, json=body, headers=headers)

    assert answer.status_code == 200
    assert await inbox.waiting() == 1


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("{note_type:private}", "note_type:private"),
        ("{status:{from:2,to:5}}", "status"),
        ("{cf_name:{from:Wombat,to:Quokka}}", "cf_name"),
        ("{cf_name:wombat}", "cf_name"),
        ("Wombat", "other"),
        ("wombat@customer.example", "other"),
    ],
)
async def test_a_span_names_the_kind_of_an_event_and_no_fields_text(inbox: Inbox, told: str, kind: str) -> None:
    """A collector is somebody else's; what a customer's field held stays here."""
    spans: list[Span] = []
    app = webhooks.Webhooks(
        FastAPI(), inbox=inbox, secrets={"freshdesk": (FRESHDESK_SECRET,)}, tracer=Tracer(spans.append)
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://deskpilot.test") as http:
        body = {"ticket_id": "12", "event": told}
        answer = await http.post(f"/webhooks/freshdesk/{FRESHDESK_SECRET}", json=body)

    assert answer.status_code == 200
    assert [span.attributes["webhook.what"] for span in spans] == [kind]


async def test_a_helpdesk_that_is_off_is_not_found(client: httpx.AsyncClient) -> None:
    """And says how to turn it on."""
    assert (await client.post("/webhooks/zammad", content=b"{}")).status_code == 404


async def test_only_post_is_taken(client: httpx.AsyncClient) -> None:
    """Somebody opens the address in a browser."""
    answer = await client.get("/webhooks/zendesk")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


async def test_all_other_paths_are_the_applications(client: httpx.AsyncClient) -> None:
    """Webhooks are answered in front of it, nothing else is."""
    assert (await client.get("/elsewhere")).json() == "the application"
    assert (await client.post("/webhooks")).status_code == 404


async def test_the_first_of_two_equal_headers_counts(client: httpx.AsyncClient, inbox: Inbox) -> None:
    """A second signature behind a wrong one does not help."""
    body = json.dumps(EVENT).encode()
    good = signed(body)
    wrong = ("X-Zendesk-Webhook-Signature", signed(body, secret="another-secret-of-16")["X-Zendesk-Webhook-Signature"])

    answer = await client.post("/webhooks/zendesk", content=body, headers=[wrong, *good.items()])

    assert (answer.status_code, await inbox.waiting()) == (401, 0)


async def test_a_sender_that_hangs_up_within_its_body_stores_nothing(inbox: Inbox) -> None:
    """And is not answered: nobody listens."""
    secrets = {"freshdesk": (FRESHDESK_SECRET,)}
    receiver = webhooks.Webhooks(FastAPI(), inbox=inbox, secrets=secrets)
    messages: list[Message] = [
        {"type": "http.request", "body": b'{"v":1', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    path = f"/webhooks/freshdesk/{FRESHDESK_SECRET}"
    await receiver({"type": "http", "method": "POST", "path": path, "headers": []}, receive, send)

    assert (sent, messages, await inbox.waiting()) == ([], [], 0)


async def test_a_database_that_is_gone_asks_the_helpdesk_to_send_again(
    client: httpx.AsyncClient, database: Database
) -> None:
    """Never a 2xx without a durable row; 503 with a short Retry-After is what Zendesk retries."""
    async with database.engine.begin() as connection:
        await connection.execute(sa.text("DROP TABLE deliveries"))
    body = json.dumps(EVENT).encode()
    answer = await client.post("/webhooks/zendesk", content=body, headers=signed(body))

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"


async def test_an_accepted_webhook_begins_a_trace_that_the_inbox_carries_and_a_refused_one_is_not_sent(
    inbox: Inbox,
) -> None:
    """A stranger's requests must not fill a collector, nor be gone on with."""
    spans: list[Span] = []
    secrets = {"zendesk": (ZENDESK_SECRET,)}
    app = webhooks.Webhooks(FastAPI(), inbox=inbox, secrets=secrets, tracer=Tracer(spans.append))
    body = json.dumps(EVENT).encode()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://deskpilot.test") as http:
        refused = await http.post(
            "/webhooks/zendesk", content=body, headers=signed(body, secret="another-secret-of-16")
        )
        strange = await http.post(
            "/webhooks/zendesk", content=body, headers={**signed(body), "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
        )

    assert (refused.status_code, strange.status_code) == (401, 200)
    (span,) = spans
    assert span.parent_id == ""  # whoever sends names no trace of ours
    assert span.attributes == {"helpdesk": "zendesk", "ticket.id": "5158", "webhook.what": "comment_added"}
    async with inbox.due(debounce_s=0, longest_s=0) as due:
        assert [item.traces for item in due] == [(str(span.place),)]
