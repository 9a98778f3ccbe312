"""Webhooks of Zendesk: from raw bytes to an event, or to one of two errors."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Delivery, Event, ForgedError, UnreadableError
from connectors.http import JSON
from connectors.signing import ZENDESK_TEST_SECRET, zendesk_signature
from connectors.zendesk import webhook
from tests.connectors.zendesk.recorded import FIXTURES, recorded

SECRET = "wMZJU7cM0q5LZq1uW3b8sT5Yh0Kp2dXv9nR4aE6gIzs="
NOW = datetime(2026, 8, 28, 12, 30, 30, tzinfo=UTC)
TIMESTAMP = "2026-08-28T12:30:00Z"
COMMENT_ADDED = (FIXTURES / "event_comment_added.json").read_bytes()  # pretty-printed, as deliveries are
TEMPLATE = b'{"v":1,"ticket_id":"5158","actor_id":"8447388090494","updated_at":"2026-08-28T12:29:59Z"}'


def headers_for(body: bytes, *, secret: str = SECRET) -> dict[str, str]:
    """What Zendesk sends beside this body, all five of its own headers."""
    return {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Zendesk Webhook",
        "x-zendesk-account-id": "22129848",
        "x-zendesk-webhook-id": "01HAN96XNH1J7DY8D7RZ22QMT9",
        "x-zendesk-webhook-invocation-id": "01HANA2B5D5W9XSJS3NE5SQA1J",
        "x-zendesk-webhook-signature-timestamp": TIMESTAMP,
        "x-zendesk-webhook-signature": zendesk_signature(body=body, timestamp=TIMESTAMP, secret=secret),
    }


def accept(body: bytes | JSON, *, headers: dict[str, str] | None = None, secrets: tuple[str, ...] = (SECRET,)) -> Event:
    """Let a body in, signed with SECRET unless headers are given."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    delivery = Delivery(headers=headers_for(raw) if headers is None else headers, body=raw)
    return webhook.accept(delivery, secrets=secrets, now=NOW)


def event_of(kind: str, **changes: object) -> JSON:
    """The recorded event as another kind, with some of its fields changed."""
    return {**recorded("event_comment_added.json"), "type": f"zen:event-type:{kind}", "event": {}, **changes}


def test_a_new_comment_says_which_ticket_to_look_at_and_who_wrote() -> None:
    """The event's own time is nine minutes old here: only the signed time counts."""
    assert accept(COMMENT_ADDED) == Event(
        kind="ticket",
        ticket_id="5158",
        delivery_id="cbe4028c-7239-495d-b020-f22348516046",
        what="comment_added",
        author_id="8447388090494",
        message_id="12345",
    )


def test_a_comment_id_may_be_a_number() -> None:
    """The schema says text; REST gives numbers."""
    body = recorded("event_comment_added.json")
    body["event"]["comment"]["id"] = 12345
    body["detail"]["id"] = 5158

    assert accept(body).ticket_id == "5158"


@pytest.mark.parametrize(
    "name",
    ["created", "status_changed", "tags_changed", "merged", "comment_made_private", "soft_deleted", "marked_as_spam"],
)
def test_what_changes_the_work_on_a_ticket_is_looked_at(name: str) -> None:
    """Level-triggered: the event only names the ticket."""
    event = accept(event_of(f"ticket.{name}"))

    assert (event.kind, event.ticket_id, event.what) == ("ticket", "5158", name)


@pytest.mark.parametrize(
    "kind",
    [
        "ticket.priority_changed", "ticket.permanently_deleted", "user.deleted", "new.thing",
        "article.vote_created", "article.comment_published", "article.subscription_created", "article.author_changed",
    ],
)  # fmt: skip
def test_other_events_are_answered_and_ignored(kind: str) -> None:
    """An error would feed the vendor's circuit breaker; it needs no ticket either."""
    event = accept(event_of(kind, detail={}, subject="zen:user:1"))

    assert (event.kind, event.ticket_id) == ("ignored", "")
    assert event.what == kind.removeprefix("ticket.")


def test_the_subject_names_the_ticket_where_the_detail_does_not() -> None:
    """`zen:ticket:5158` says it too."""
    assert accept(event_of("ticket.created", detail=None)).ticket_id == "5158"


@pytest.mark.parametrize("name", ["published", "unpublished", "a_kind_to_come"])
def test_an_article_whose_text_or_readers_may_have_changed_is_read(name: str) -> None:
    """Level-triggered, too: the event only names the article."""
    event = accept(event_of(f"article.{name}", detail={"id": "7005414006398", "brand_id": "1"}, event={}))

    assert (event.kind, event.article_id, event.ticket_id) == ("article", "7005414006398", "")
    assert event.what == f"article.{name}"


@pytest.mark.parametrize("detail", [None, {}, {"id": "../users/1"}, {"id": "7 or 8"}])
def test_the_subject_names_the_article_where_the_detail_does_not(detail: object) -> None:
    """What becomes part of an address is a number, or nothing is read."""
    assert accept(event_of("article.published", detail=detail, subject="zen:article:33153")).article_id == "33153"
    with pytest.raises(UnreadableError, match="names no article"):
        accept(event_of("article.published", detail=detail, subject="zen:ticket:5158"))


@pytest.mark.parametrize(
    "detail", [None, {}, {"id": None}, {"id": ""}, {"id": "../users/1"}, {"id": "-1"}, {"id": True}, {"id": [1]}]
)
def test_an_event_without_a_ticket_is_unreadable(detail: object) -> None:
    """What becomes part of an address is a number."""
    with pytest.raises(UnreadableError, match="names no ticket"):
        accept(event_of("ticket.created", detail=detail, subject="zen:ticket:"))


@pytest.mark.parametrize("event", [None, {}, {"comment": None}, {"comment": {"body": "x"}}])
def test_a_new_comment_without_an_id_still_names_its_ticket(event: object) -> None:
    """Which message is new, the ticket itself tells."""
    accepted = accept(event_of("ticket.comment_added", event=event))

    assert (accepted.kind, accepted.ticket_id, accepted.message_id) == ("ticket", "5158", "")


def test_a_strange_event_id_is_left_out() -> None:
    """It goes to a database: NUL and half characters do not."""
    for strange in ("\x00", "\ud800", "a" * 65, 5, None):
        assert accept(event_of("ticket.created", id=strange)).delivery_id in ("", "5")


def test_a_triggers_template_says_which_ticket_to_look_at() -> None:
    """It has no event id; who caused it is the current user."""
    assert accept(TEMPLATE) == Event(kind="ticket", ticket_id="5158", what="trigger", author_id="8447388090494")


def test_a_trigger_that_broke_its_json_makes_us_poll() -> None:
    """Unescaped quotes lose the text, not the fact that a ticket changed."""
    broken = b'{"v":1,"ticket_id":"5158","title":"The "best" parcel"}'

    assert accept(broken) == Event(kind="poll", what="unreadable trigger body")


@pytest.mark.parametrize(
    "body",
    [
        b'{"v":1,"ticket_id":"5158","title":"","ticket_id":"9"}',
        b'{"v":1,"ticket_id":"5158","title":"","type":"zen:event-type:ticket.created","detail":{"id":"9"},"x":""}',
        b'{"v":1,"ticket_id":"5158","title":"","ticket_id":"9","type":"zen:event-type:ticket.created"}',
    ],
)
def test_a_triggers_body_that_names_two_tickets_makes_us_poll(body: bytes) -> None:
    """A customer wrote `","ticket_id":"9` as subject into a template that somebody has widened; no event is like that."""
    assert accept(body) == Event(kind="poll", what="ambiguous trigger body")


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"\xff\xfe\xfd", b"null", b"[]", b'"5158"', b"5158", b"ticket_id=5158", b"[" * 10_000, b"{}"],
)
def test_a_signed_body_that_is_no_object_with_a_ticket_is_unreadable(body: bytes) -> None:
    """Genuine, but not as documented: deep nesting included."""
    with pytest.raises(UnreadableError):
        accept(body)


def test_a_broken_event_is_not_taken_for_a_trigger() -> None:
    """Zendesk writes events itself: broken ones are an error to see."""
    with pytest.raises(UnreadableError, match="not JSON"):
        accept(COMMENT_ADDED[:-5])


def test_ten_thousand_braces_are_no_crash() -> None:
    """A body of a trigger that is too deep to read makes us poll."""
    assert accept(b'{"a":' * 10_000).kind == "poll"


def test_the_signature_comes_first() -> None:
    """Of an unsigned body nothing is read, so that nothing is learnt from the answer."""
    with pytest.raises(ForgedError):
        accept(b"not json", headers={})


@pytest.mark.parametrize("missing", ["x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp"])
def test_without_one_of_both_headers_it_is_forged(missing: str) -> None:
    """Both or nothing."""
    headers = {name: value for name, value in headers_for(COMMENT_ADDED).items() if name != missing}

    with pytest.raises(ForgedError):
        accept(COMMENT_ADDED, headers=headers)


def test_a_header_given_twice_is_forged() -> None:
    """However the server joins them: neither joined value is the one that was signed."""
    for joint in (", ", ",", "\n"):
        for name in ("x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp"):
            headers = headers_for(COMMENT_ADDED)
            headers[name] = joint.join([headers[name]] * 2)
            with pytest.raises(ForgedError):
                accept(COMMENT_ADDED, headers=headers)


def test_the_published_test_secret_is_forged() -> None:
    """Even where somebody has set it."""
    headers = headers_for(COMMENT_ADDED, secret=ZENDESK_TEST_SECRET)

    with pytest.raises(ForgedError):
        accept(COMMENT_ADDED, headers=headers, secrets=(ZENDESK_TEST_SECRET,))


def test_the_old_secret_holds_until_it_is_taken_out() -> None:
    """A rotation costs no delivery."""
    headers = headers_for(COMMENT_ADDED, secret="the-old-secret-of-the-webhook")

    assert accept(COMMENT_ADDED, headers=headers, secrets=(SECRET, "the-old-secret-of-the-webhook")).kind == "ticket"
    with pytest.raises(ForgedError):
        accept(COMMENT_ADDED, headers=headers)


def test_secrets_that_protect_nothing_are_refused() -> None:
    """One sentence each, none of which repeats the secret."""
    bad = [ZENDESK_TEST_SECRET, "", "  ", "fifteen-letters", f"{SECRET}\n"]
    sentences = webhook.refuse([*bad, SECRET])

    assert len(sentences) == len(bad)
    assert ["test secret" in sentences[0], "blank" in sentences[1], "blank" in sentences[2]] == [True] * 3
    assert "shorter than 16" in sentences[3]
    assert "line break" in sentences[4]
    assert not any(secret.strip() and secret.strip() in sentence for secret in bad for sentence in sentences)


def test_good_secrets_are_not_refused() -> None:
    """Sixteen characters are enough."""
    assert webhook.refuse([SECRET, "sixteen-letters!"]) == []


HEADER_VALUES = st.one_of(
    st.text(),
    st.text(alphabet="0123456789-:TZ.+"),
    st.sampled_from([TIMESTAMP, headers_for(COMMENT_ADDED)["x-zendesk-webhook-signature"], "", "nan", "1e400"]),
    st.builds(
        lambda text, at, char: text[:at] + char + text[at + 1 :],
        st.sampled_from([TIMESTAMP, headers_for(COMMENT_ADDED)["x-zendesk-webhook-signature"]]),
        st.integers(0, 50),
        st.characters(),
    ),
)
BODIES = st.one_of(
    st.just(COMMENT_ADDED),
    st.binary(),
    st.builds(
        lambda at, piece: COMMENT_ADDED[:at] + piece + COMMENT_ADDED[at + 1 :],
        st.integers(0, len(COMMENT_ADDED)),
        st.binary(max_size=3),
    ),
)


@settings(max_examples=10_000, deadline=None)
@given(signature=HEADER_VALUES, timestamp=HEADER_VALUES, body=BODIES)
def test_no_mutation_is_accepted_and_none_raises_anything_else(signature: str, timestamp: str, body: bytes) -> None:
    """Ten thousand changes of header and body: each is forged, or is the one delivery that was really signed."""
    genuine = headers_for(COMMENT_ADDED)
    headers = {"x-zendesk-webhook-signature": signature, "x-zendesk-webhook-signature-timestamp": timestamp}
    if body == COMMENT_ADDED and headers.items() <= genuine.items():
        assert accept(body, headers=headers).ticket_id == "5158"
        return

    with pytest.raises(ForgedError):
        accept(body, headers=headers)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
SIGNED = st.one_of(
    st.binary(max_size=200),
    JSON_VALUES.map(lambda value: json.dumps(value).encode()),
    st.builds(
        lambda name, change: json.dumps({**recorded("event_comment_added.json"), name: change}).encode(),
        st.sampled_from(["detail", "event", "id", "subject", "type", "ticket_id"]),
        JSON_VALUES,
    ),
)


@settings(max_examples=500, deadline=None)
@given(body=SIGNED)
def test_whatever_is_signed_is_an_event_or_unreadable(body: bytes) -> None:
    """Whoever has the secret cannot make us answer 5xx either."""
    try:
        event = accept(body)
    except UnreadableError:
        return
    assert event.kind != "ticket" or event.ticket_id.isascii()
