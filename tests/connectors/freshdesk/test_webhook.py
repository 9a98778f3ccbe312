"""Which Freshdesk webhooks are believed, and what they say."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Delivery, DeliveryError, Event, ForgedError, UnreadableError, Webhooks
from connectors.freshdesk import webhook

NOW = datetime(2026, 10, 1, tzinfo=UTC)
SECRET = "correct-horse-battery"
OTHER = "second-horse-battery"
ADVANCED = b'{"v":1,"ticket_id":"6541","event":"{status:{from:4,to:6}}"}'


def basic(user: str, password: str) -> dict[str, str]:
    """Headers as Freshdesk sends them with "Requires authentication"."""
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def accept(body: bytes = ADVANCED, *, headers: dict[str, str] | None = None, path_secret: str = "") -> Event:
    """Accept a delivery with two secrets set, as during a rotation."""
    vendor: Webhooks = webhook
    return vendor.accept(
        Delivery(headers=headers or {}, body=body, path_secret=path_secret), secrets=["", OTHER, SECRET], now=NOW
    )


def genuine(body: bytes) -> Event:
    """Accept a body that carries the secret."""
    return accept(body, path_secret=SECRET)


@pytest.mark.parametrize("secret", [SECRET, OTHER])
def test_a_secret_in_any_of_its_three_places_is_accepted(secret: str) -> None:
    """Which of them an account can set differs, so every one is enough."""
    expected = Event(kind="ticket", ticket_id="6541", what="status:{from:4,to:6}")

    assert accept(headers=basic("anybody", secret)) == expected
    assert accept(headers=basic("", secret)) == expected
    assert accept(headers=basic(secret, "X")) == expected  # the "API key" kind of authentication
    assert accept(headers={"x-webhook-secret": secret}) == expected
    assert accept(headers={"authorization": f"Bearer {secret}"}) == expected
    assert accept(headers={"authorization": f"bearer  {secret} "}) == expected
    assert accept(path_secret=secret) == expected


@pytest.mark.parametrize(
    ("headers", "path_secret"),
    [
        ({}, ""),
        ({}, "wrong"),
        ({}, SECRET[:-1]),
        ({}, SECRET + "x"),
        ({}, SECRET.upper()),
        ({"x-webhook-secret": ""}, ""),
        ({"authorization": SECRET}, ""),
        ({"authorization": f"Basic {SECRET}"}, ""),
        ({"authorization": "Basic"}, ""),
        ({"authorization": "Basic é"}, ""),
        ({"authorization": "Bearer "}, ""),
        (basic("user", ""), ""),
        (basic(SECRET, "not-the-dummy"), ""),  # the user alone proves nothing
        ({"x-webhook-secret": "\ud800"}, "\ud800"),
    ],
)
def test_a_delivery_without_our_secret_is_forged(headers: dict[str, str], path_secret: str) -> None:
    """Nothing but a whole secret counts, and an unset secret never matches an empty one."""
    with pytest.raises(ForgedError):
        accept(headers=headers, path_secret=path_secret)


@pytest.mark.parametrize("secrets", [[], [""], ["  "]])
def test_without_secrets_nothing_is_accepted(secrets: list[str]) -> None:
    """A blank setting does not open the door."""
    for path_secret in ("", "  "):
        with pytest.raises(ForgedError):
            webhook.accept(Delivery(headers={}, body=ADVANCED, path_secret=path_secret), secrets=secrets, now=NOW)


def test_a_forged_delivery_is_forged_before_it_is_unreadable() -> None:
    """A stranger learns nothing about what we read."""
    with pytest.raises(ForgedError):
        accept(b"not a webhook")


def test_a_secret_beyond_ascii_is_compared_as_sent() -> None:
    """Headers arrive as latin-1 text of UTF-8 bytes; paths arrive decoded."""
    secret = "schlüssel-für-die-tür"
    as_header = secret.encode().decode("latin-1")

    for delivery in (
        Delivery(headers={"x-webhook-secret": as_header}, body=ADVANCED),
        Delivery(headers=basic("user", secret), body=ADVANCED),
        Delivery(headers={}, body=ADVANCED, path_secret=secret),
    ):
        assert webhook.accept(delivery, secrets=[secret], now=NOW).ticket_id == "6541"


@pytest.mark.parametrize(
    ("triggered", "what"),
    [
        ("{ticket_action:created}", "ticket_action:created"),
        ("{status:{from:4,to:6}}", "status:{from:4,to:6}"),
        ("{priority:{from:1,to:4}}", "priority:{from:1,to:4}"),
        ("{note_type:private}", "note_type:private"),
        ("{reply_sent:sent}", "reply_sent:sent"),
        ("", "webhook"),
        (None, "webhook"),
        ("a\nb\x1b[31m", "ab[31m"),
    ],
)
def test_simple_content_is_unwrapped(triggered: str | None, what: str) -> None:
    """`triggered_event` is Freshdesk's own notation, not JSON; it only goes to the log."""
    body = {"freshdesk_webhook": {"ticket_id": 11, "ticket_status": "Open", "triggered_event": triggered}}

    assert genuine(json.dumps(body).encode()) == Event(kind="ticket", ticket_id="11", what=what)


@pytest.mark.parametrize("given_id", ["6541", 6541, " 6541\n", "#6541", "006541"])
def test_the_ticket_id_is_text_or_a_number(given_id: object) -> None:
    """A placeholder in quotes arrives as text."""
    assert genuine(json.dumps({"ticket_id": given_id}).encode()).ticket_id == "6541"


@pytest.mark.parametrize(
    "fields",
    [{"freshdesk_webhook[ticket_id]": "11", "freshdesk_webhook[triggered_event]": "{a:b}"}, {"ticket_id": "11"}],
)
def test_a_form_is_read_too(fields: dict[str, str]) -> None:
    """The rule's encoding can be set to form."""
    assert genuine(urlencode(fields).encode()).ticket_id == "11"


@pytest.mark.parametrize(
    "body",
    [
        b'{"ticket_id":"6541","subject":"the "best" parcel"}',
        b'{"ticket_id":"6541","subject":"two\nlines"}',
        b'{"ticket_id":"6541"',
        b'{"ticket_id":' + b"9" * 5000 + b"}",
        b'{"a":' * 100_000,
        b'{"subject":"\xff"',
    ],
)
def test_a_genuine_body_that_json_cannot_read_means_look_for_changes(body: bytes) -> None:
    """Text that a rule inserts may break the JSON; the event is not lost."""
    assert genuine(body).kind == "poll"


@pytest.mark.parametrize(
    "body",
    [
        b'{"v":1,"ticket_id":"6541","subject":"","ticket_id":"9"}',
        b'{"freshdesk_webhook":{"ticket_id":11,"ticket_subject":"","ticket_id":"9"}}',
        b'{"ticket_id":"6541","subject":"","freshdesk_webhook":{"ticket_id":"9"},"x":""}',
        b'{"freshdesk_webhook":{"ticket_id":11,"ticket_subject":""},"ticket_id":"9","x":{"y":""}}',
        b"ticket_id=6541&subject=&ticket_id=9",
        b"freshdesk_webhook[ticket_id]=11&freshdesk_webhook[ticket_subject]=a&ticket_id=9",
    ],
)
def test_a_body_that_names_two_tickets_is_believed_in_neither(body: bytes) -> None:
    """A customer wrote `","ticket_id":"9` as subject, and Freshdesk left the quotes as they were."""
    assert genuine(body) == Event(kind="poll", what="ambiguous")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"[1]",
        b'"text"',
        b"<freshdesk_webhook><ticket_id>1</ticket_id></freshdesk_webhook>",
        b'<?xml version="1.0"?><ticket_id>1</ticket_id>',
        b"{}",
        b'{"ticket_id":null}',
        b'{"ticket_id":true}',
        b'{"ticket_id":1.5}',
        b'{"ticket_id":0}',
        b'{"ticket_id":-4}',
        b'{"ticket_id":"1/../2"}',
        b'{"ticket_id":"12345678901234567890"}',
        b'{"ticket_id":{"id":1}}',
        b'{"ticket_id":"{{ticket.id}}"}',
        b'{"freshdesk_webhook":{"ticket_subject":"x"}}',
        b"subject=x",
        b"&".join(b"a=b" for _ in range(500)),
    ],
)
def test_a_body_that_names_no_ticket_is_unreadable(body: bytes) -> None:
    """The sender gets a 400 and its rule's author can see why."""
    with pytest.raises(UnreadableError):
        genuine(body)


def test_short_and_blank_secrets_are_refused() -> None:
    """One sentence per bad secret, by its place, never with its value."""
    assert webhook.refuse([SECRET, OTHER]) == []

    problems = webhook.refuse([SECRET, "short-one", "", " " * 20])

    assert len(problems) == 3
    assert "secret 2 is too short" in problems[0]
    assert "secret 3 is blank" in problems[1]
    assert "secret 4 is blank" in problems[2]
    assert "short-one" not in "".join(problems)


@given(
    headers=st.dictionaries(
        st.sampled_from(["authorization", "x-webhook-secret", "content-type"]),
        st.text() | st.builds(lambda text: f"Basic {text}", st.text()) | st.just(f"Bearer {SECRET}"),
    ),
    body=st.binary(max_size=300) | st.builds(lambda text: b"{" + text, st.binary(max_size=300)),
    path_secret=st.text() | st.just(SECRET),
    secrets=st.lists(st.text() | st.just(SECRET), max_size=3),
)
def test_strangers_raise_nothing_but_a_delivery_error(
    headers: dict[str, str], body: bytes, path_secret: str, secrets: list[str]
) -> None:
    """Whatever arrives, it is an event, forged or unreadable."""
    try:
        event = webhook.accept(Delivery(headers=headers, body=body, path_secret=path_secret), secrets=secrets, now=NOW)
    except DeliveryError:
        return
    assert event.kind in ("ticket", "poll")


@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["ticket_id", "freshdesk_webhook", "event", "triggered_event"]), inner)
        ),
    )
)
def test_no_json_raises_anything_but_a_delivery_error(body: object) -> None:
    """A ticket's event always carries a number as id, any other none."""
    try:
        event = genuine(json.dumps(body).encode())
    except DeliveryError:
        return
    assert event.ticket_id.isdecimal() if event.kind == "ticket" else event.ticket_id == ""
