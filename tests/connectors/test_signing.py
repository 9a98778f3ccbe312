"""Zendesk's signature: what is accepted, and that nothing else ever is."""

from __future__ import annotations

import base64
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.signing import ZENDESK_TEST_SECRET, signed_by_zendesk, zendesk_signature

SECRET = "wMZJU7cM0q5LZq1uW3b8sT5Yh0Kp2dXv9nR4aE6gIzs="
OTHER = "b2xkIHNlY3JldCBvZiB0aGUgc2FtZSBsZW5ndGghISE="
NOW = datetime(2026, 8, 28, 12, 30, 30, tzinfo=UTC)
TIMESTAMP = "2026-08-28T12:30:00Z"
BODY = b'{\n   "id": "1",\n   "event": { }\n}\n'
SIGNATURE = zendesk_signature(body=BODY, timestamp=TIMESTAMP, secret=SECRET)

VECTORS = (
    Path(os.environ.get("DESKPILOT_SHARED", Path(__file__).parents[3] / "shared")) / "security/webhooks/vectors.json"
)


def accepted(
    *,
    body: bytes = BODY,
    signature: str = SIGNATURE,
    timestamp: str = TIMESTAMP,
    secrets: tuple[str, ...] = (SECRET,),
    now: datetime = NOW,
) -> bool:
    """Check the good delivery with some of its parts changed."""
    return signed_by_zendesk(body=body, signature=signature, timestamp=timestamp, secrets=secrets, now=now)


def resigned(timestamp: str, body: bytes = BODY) -> bool:
    """A sender who knows the secret signs this timestamp, whatever it is."""
    return accepted(
        body=body, timestamp=timestamp, signature=zendesk_signature(body=body, timestamp=timestamp, secret=SECRET)
    )


def test_a_pretty_printed_body_is_checked_as_it_came() -> None:
    """Raw bytes are signed: what was not re-serialised is accepted, what was is not."""
    assert accepted()
    assert not accepted(body=json.dumps(json.loads(BODY)).encode())


def test_the_formula_gives_the_known_answer() -> None:
    """Timestamp first, then the body, the secret as text, base64 of SHA-256."""
    known = zendesk_signature(body=b'{"a":1}', timestamp="2026-08-28T12:30:00Z", secret=ZENDESK_TEST_SECRET)

    assert known == "KIZljxKO9wRRdB5yZJnlYENGdru5FbQ3uYdmbsdbNvE="


def test_an_empty_body_can_be_signed() -> None:
    """Webhooks by GET and DELETE have none."""
    assert resigned(TIMESTAMP, body=b"")


def test_a_body_that_is_not_utf_8_can_be_signed() -> None:
    """Bytes are signed, not text."""
    assert resigned(TIMESTAMP, body=b"\xff\xfe\x00")


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_within_the_window_a_signature_holds(seconds: int) -> None:
    """Five minutes both ways count as now."""
    at = datetime(2026, 8, 28, 12, 30, tzinfo=UTC)

    assert accepted(now=at + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_outside_the_window_a_good_signature_is_refused(seconds: int) -> None:
    """A delivery that was overheard cannot be sent again later."""
    at = datetime(2026, 8, 28, 12, 30, tzinfo=UTC)

    assert not accepted(now=at + timedelta(seconds=seconds))


def test_two_secrets_hold_while_a_rotation_lasts() -> None:
    """The old and the new secret are both good until the old one is taken out."""
    assert accepted(secrets=(OTHER, SECRET))
    assert not accepted(secrets=(OTHER,))


def test_no_secret_and_a_blank_one_accept_nothing() -> None:
    """HMAC with an empty key is a valid HMAC that anybody can make."""
    for secret in ("", " ", "\n"):
        forged = zendesk_signature(body=BODY, timestamp=TIMESTAMP, secret=secret)
        assert not accepted(signature=forged, secrets=(secret,))
    assert not accepted(secrets=())


def test_the_published_test_secret_accepts_nothing() -> None:
    """Everybody can read it in Zendesk's documentation."""
    forged = zendesk_signature(body=BODY, timestamp=TIMESTAMP, secret=ZENDESK_TEST_SECRET)

    assert not accepted(signature=forged, secrets=(ZENDESK_TEST_SECRET, SECRET))


def test_the_boundary_between_time_and_body_cannot_move() -> None:
    """There is no separator: the same bytes, cut elsewhere, carry the same valid MAC."""
    assert not accepted(timestamp=TIMESTAMP[:-1], body=b"Z" + BODY)
    assert not accepted(timestamp=TIMESTAMP + "{", body=BODY[1:])
    assert not accepted(timestamp="", body=TIMESTAMP.encode() + BODY)


def test_body_before_time_is_not_the_formula() -> None:
    """An older page of the vendor printed that order."""
    swapped = zendesk_signature(body=TIMESTAMP.encode(), timestamp=BODY.decode(), secret=SECRET)

    assert not accepted(signature=swapped)


@pytest.mark.parametrize(
    "timestamp",
    [
        "2026-08-28T12:30:00",
        "2026-08-28T12:30:00+00:00",
        "2026-08-28 12:30:00Z",
        "2026-08-28T12:30:00z",
        "20260828T123000Z",
        "2026-08-28T12:30Z",
        "2026-08-28T12:30:00Z\n",
        " 2026-08-28T12:30:00Z",
        "2026-08-28T12:30:00.Z",
        "2026-08-28T12:30:00.0000000000Z",
        "2026-02-30T12:30:00Z",
        "2026-08-28T25:30:00Z",
        "2026-08-28T12:30:60Z",
        "٢٠٢٦-08-28T12:30:00Z",
        "1787920200",
        "1e400",
        "nan",
        "inf",
        "-1",
        "",
        "\ud800",
    ],
)
def test_a_time_in_any_other_spelling_is_refused(timestamp: str) -> None:
    """Even rightly signed: one spelling only, so that nothing is left to interpretation."""
    assert not resigned(timestamp)


@pytest.mark.parametrize("timestamp", ["2026-08-28T12:30:00.5Z", "2026-08-28T12:30:00.672717030Z"])
def test_a_fraction_of_a_second_is_allowed(timestamp: str) -> None:
    """Zendesk spells some of its times with nanoseconds."""
    assert resigned(timestamp)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        ",",
        "v1," + SIGNATURE,
        SIGNATURE + "," + SIGNATURE,
        SIGNATURE.rstrip("="),
        SIGNATURE + "=",
        SIGNATURE + " ",
        " " + SIGNATURE,
        base64.b64decode(SIGNATURE).hex(),
        "sha256=" + SIGNATURE,
        "é" * 44,
        "\udcff",
        "\x00",
        zendesk_signature(body=BODY, timestamp=TIMESTAMP, secret=OTHER),
        zendesk_signature(body=BODY, timestamp="2026-08-28T12:30:01Z", secret=SECRET),
    ],
)
def test_any_other_signature_is_refused(signature: str) -> None:
    """Malformed ones included; none raises."""
    assert not accepted(signature=signature)


def test_another_spelling_of_the_same_bytes_is_refused() -> None:
    """The last character of a digest in base64 has two idle bits: four spellings decode alike, one is the signature."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    digest = base64.b64decode(SIGNATURE)
    alike = [text for last in alphabet if base64.b64decode(text := SIGNATURE[:-2] + last + "=") == digest]

    assert len(alike) == 4
    assert [text for text in alike if accepted(signature=text)] == [SIGNATURE]


@settings(max_examples=1000, deadline=None)
@given(bit=st.integers(min_value=0, max_value=len(BODY) * 8 - 1))
def test_one_flipped_bit_is_refused(bit: int) -> None:
    """Anywhere in the body."""
    changed = bytearray(BODY)
    changed[bit // 8] ^= 1 << bit % 8

    assert not accepted(body=bytes(changed))


@settings(max_examples=1000, deadline=None)
@given(signature=st.text(), timestamp=st.text(), body=st.binary())
@example(signature=SIGNATURE, timestamp=TIMESTAMP, body=b"")
def test_nothing_that_a_stranger_makes_up_is_accepted(signature: str, timestamp: str, body: bytes) -> None:
    """Nor does anything raise."""
    assert not accepted(signature=signature, timestamp=timestamp, body=body)


@pytest.mark.skipif(not VECTORS.is_file(), reason=f"no known answers at {VECTORS}")
def test_the_known_answers_are_right() -> None:
    """Each of Zendesk's rows is accepted or refused as it says; the published test secret is never good."""
    rows = [row for row in json.loads(VECTORS.read_text())["known_answer"] if row["scheme"] == "zendesk"]

    for row in rows:
        given = signed_by_zendesk(
            body=row["body"].encode(),
            signature=row["headers"]["X-Zendesk-Webhook-Signature"],
            timestamp=row["headers"]["X-Zendesk-Webhook-Signature-Timestamp"],
            secrets=[row["secret"]],
            now=datetime.fromisoformat(row["now"]),
        )
        assert given is (row["expect"] == "accept"), row
    assert len(rows) >= 5
