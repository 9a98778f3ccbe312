"""Deliveries that nobody with the secret has sent: made at random from good ones, and one by one for each known trick."""

from __future__ import annotations

import base64
import gzip
import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from service.web.webhooks import LARGEST_BYTES
from tests.security.door import (
    EVENT,
    HINT,
    SECRETS,
    SIGNATURE,
    TIMESTAMP,
    Headers,
    Request,
    mac,
    shown,
    signed,
    stamped,
)

OTHER = "another-secret-of-24-chrs"
_BYTES = bytes(range(256))
_TIMES = (
    b"nan", b"inf", b"1e400", b"-1", b"1787920200", b"1787920200.0", b"1_787_920_200", b"1e9", b"",
    "٢٠٢٦-08-28T12:30:00Z".encode(), b"2026-08-28T12:30:00", b"2026-02-30T12:30:00Z", b"\xff\xfe", b"0" * 5_000,
)  # fmt: skip


def forged(count: int, *, seed: int = 5) -> Iterator[Request]:
    """`count` deliveries to both doors, none of which carries what proves it."""
    dice = random.Random(seed)
    made = 0
    while made < count:
        request = _zendesk(dice) if dice.random() < 0.6 else _freshdesk(dice)
        if request is not None:
            made += 1
            yield request


def _zendesk(dice: random.Random) -> Request | None:  # noqa: C901 - a list of tricks
    """A good delivery with something about it changed; None where the dice changed nothing."""
    good = signed(_json(dice))
    (_, signature), (_, timestamp) = good.headers
    body = good.parts[0]
    kind = dice.randrange(9)
    if kind == 0:
        signature = _mutated(dice, signature)
    elif kind == 1:
        body = _mutated(dice, body)
    elif kind == 2:
        timestamp = _mutated(dice, timestamp)
    elif kind == 3:  # rightly signed, but of another time
        timestamp = dice.choice((stamped(timedelta(seconds=dice.choice((-1, 1)) * dice.randint(310, 10**7))), *_TIMES))
        signature = mac(body, timestamp)
    elif kind == 4:
        signature = mac(
            body, timestamp, secret=dice.choice((OTHER, "", SECRETS["zendesk"][0][:-1], timestamp.decode()))
        )
    elif kind == 5:  # the boundary moves
        cut = dice.randint(1, 12)
        timestamp, body = timestamp[:-cut], timestamp[-cut:] + body
    elif kind == 6:
        signature = dice.choice((base64.b64decode(signature).hex().encode(), b"v1," + signature, signature + b"," + signature,
                                 b"sha256=" + signature, signature.rstrip(b"="), signature[::-1], b""))  # fmt: skip
    elif kind == 7:
        signature, timestamp = _noise(dice, 60), _noise(dice, 30)
    if (signature, timestamp, body) == (good.headers[0][1], good.headers[1][1], good.parts[0]) and kind != 8:
        return None
    headers = [(SIGNATURE, signature), (TIMESTAMP, timestamp)]
    if kind == 8:
        headers = dice.choice(
            ([headers[0]], [headers[1]], [], [(SIGNATURE, b"x"), *headers], [(TIMESTAMP, b""), *headers])
        )
    return replace(good, headers=[*headers, *_more(dice)], parts=_cut(dice, body))


def _freshdesk(dice: random.Random) -> Request | None:
    """A delivery that shows something else than the secret, or shows it where nobody looks."""
    secret = SECRETS["freshdesk"][0].encode()
    wrong = dice.choice(
        (_mutated(dice, secret), _noise(dice, 40), b"", secret[:-1], secret + b"x", secret.upper(), secret * 2)
    )
    if wrong.strip() == secret:
        return None
    pair = base64.b64encode(dice.choice((b"x:", b":", b"")) + wrong)
    if base64.b64decode(pair).partition(b":")[2] == secret:
        return None
    path, headers = "/webhooks/freshdesk", list[tuple[bytes, bytes]]()
    match dice.randrange(7):
        case 0:
            headers = [(b"x-webhook-secret", wrong)]
        case 1:
            headers = [(b"authorization", b"Basic " + pair)]
        case 2:
            headers = [(b"authorization", dice.choice((b"Bearer ", b"bearer ", b"Token ", b"")) + wrong)]
        case 3:
            path += "/" + wrong.decode("latin-1")
        case 4:
            path += f"?secret={secret.decode()}"
        case 5:
            headers = [(b"cookie", b"secret=" + secret), (b"x-secret", secret), (b"authorization", b"Basic !" + pair)]
        case _:
            path += dice.choice(
                ("//", "/..", "/%00", f"/{secret.decode()}/", f"//{secret.decode()}", f"/{secret.decode()}\n")
            )
    body = dice.choice((HINT, _mutated(dice, HINT), _json(dice), _noise(dice, 300)))
    return Request(path, [*headers, *_more(dice)], _cut(dice, body), method="POST")


def _json(dice: random.Random) -> bytes:
    """An event that would be read if it were believed."""
    event = json.loads(EVENT)
    event["detail"]["id"] = str(dice.randrange(10 ** dice.randint(1, 9)))
    return json.dumps(event, indent=dice.choice((None, 1, 3))).encode()


def _mutated(dice: random.Random, given: bytes) -> bytes:
    """Some bytes flipped, dropped, doubled, inserted or moved."""
    changed = bytearray(given)
    for _ in range(dice.choice((1, 1, 1, 2, 5))):
        at = dice.randrange(len(changed) + 1)
        match dice.randrange(6):
            case 0 if at < len(changed):
                changed[at] ^= 1 << dice.randrange(8)
            case 1:
                del changed[at : at + dice.randint(1, 4)]
            case 2:
                changed[at:at] = dice.choice((b"\x00", b" ", b"\xff", b"\xc3\xa9", b",", b"=", b"\r\n", b"{", b"A"))
            case 3:
                changed[at:at] = changed[at : at + 4]
            case 4 if at < len(changed):
                changed[at : at + 1] = bytes(changed[at : at + 1]).swapcase()
            case _:
                changed[at:] = changed[at:][::-1]
    return bytes(changed)


def _noise(dice: random.Random, longest: int) -> bytes:
    return bytes(dice.choices(_BYTES, k=dice.randrange(longest)))


def _more(dice: random.Random) -> Headers:
    """Headers that ought to change nothing."""
    others = (
        (
            b"content-type",
            dice.choice((b"application/json", b"text/html", b"multipart/form-data; boundary=x", b"\xff")),
        ),
        (b"content-encoding", dice.choice((b"gzip", b"br", b"identity", b"x"))),
        (b"content-length", dice.choice((b"-1", b"1e9", b"99999999999999999999", b"\xb2", b"0", b"x"))),
        (b"expect", b"100-continue"),
        (b"x-forwarded-for", b"127.0.0.1"),
        (b"transfer-encoding", b"chunked"),
    )
    return dice.sample(others, k=dice.randrange(3))


def _cut(dice: random.Random, body: bytes) -> list[bytes]:
    """The body in one to four parts."""
    cuts = sorted(dice.randrange(len(body) + 1) for _ in range(dice.randrange(4)))
    return [body[start:end] for start, end in zip((0, *cuts), (*cuts, len(body)), strict=True)]


Case = tuple[Request, frozenset[int]]
"""A request, and the statuses it may be answered with."""

_REFUSED, _NOT_READ, _TOO_LARGE = frozenset({401}), frozenset({400}), frozenset({413})


def _changed(
    signature: Callable[[bytes], bytes] | None = None, *, timestamp: bytes | None = None, body: bytes = EVENT
) -> Case:
    """A good delivery of which the signature is respelt, or the time replaced and rightly signed."""
    at = stamped() if timestamp is None else timestamp
    right = mac(body, at)
    return Request(
        "/webhooks/zendesk", ((SIGNATURE, signature(right) if signature else right), (TIMESTAMP, at)), [body]
    ), _REFUSED


def _without(name: bytes) -> Case:
    good = signed()
    return replace(good, headers=[pair for pair in good.headers if pair[0] != name]), _REFUSED


def _with_body(body: bytes) -> Case:
    return replace(signed(), parts=[body]), _REFUSED


def _bomb() -> Case:
    body = gzip.compress(bytes(64 * 1024 * 1024), compresslevel=1)
    good = signed(body)
    return replace(good, headers=[*good.headers, (b"content-encoding", b"gzip")]), _NOT_READ


def _flipped() -> list[Case]:
    return [
        _with_body(EVENT[:at] + bytes([EVENT[at] ^ 1 << at % 8]) + EVENT[at + 1 :]) for at in range(0, len(EVENT), 7)
    ]


SPELLINGS: Mapping[str, Callable[[], list[Case]]] = {
    "signature header absent": lambda: [_without(SIGNATURE)],
    "empty": lambda: [_changed(lambda _: b""), _changed(lambda _: b" ")],
    "no comma": lambda: [_changed(lambda good: b"v1" + good)],
    "two commas": lambda: [_changed(lambda good: b"v1,%s,%s" % (good, good)), _changed(lambda good: b",%s," % good)],
    "invalid base64": lambda: [
        _changed(lambda good: b"!" + good[1:]),
        _changed(lambda good: good[:20] + b" " + good[20:]),
    ],
    "bad padding": lambda: [_changed(lambda good: good.rstrip(b"=")), _changed(lambda good: good + b"=")],
    "non-ASCII": lambda: [_changed(lambda _: "é".encode() * 22), _changed(lambda good: b"\xff" + good[1:])],
    "duplicated header": lambda: [
        (replace(signed(), headers=[(SIGNATURE, b"x"), *signed().headers]), _REFUSED),
        (replace(signed(), headers=[(TIMESTAMP, stamped(timedelta(days=-1))), *signed().headers]), _REFUSED),
    ],
    "signature of another secret": lambda: [(signed(secret=OTHER), _REFUSED), (shown(OTHER), _REFUSED)],
    "hex instead of base64": lambda: [_changed(lambda good: base64.b64decode(good).hex().encode())],
    "timestamp absent": lambda: [_without(TIMESTAMP)],
    "now-301 s": lambda: [(signed(after=timedelta(seconds=-301)), _REFUSED)],
    "now+301 s": lambda: [(signed(after=timedelta(seconds=303)), _REFUSED)],
    "nan / inf / 1e400 / -1": lambda: [_changed(timestamp=at) for at in _TIMES[:4]],
    "unicode digits, underscore, float, exponent (canonicalise before building the replay key)": lambda: [
        _changed(timestamp=at) for at in _TIMES[4:]
    ],
    "body re-serialised": lambda: [_with_body(json.dumps(json.loads(EVENT), indent=1).encode())],
    "one flipped bit": _flipped,
    "empty body": lambda: [_with_body(b""), (signed(b""), _NOT_READ)],
    "non-UTF-8 body": lambda: [_with_body(b"\xff\xfe{}"), (signed(b"\xff\xfe\x00"), _NOT_READ)],
    "1 byte over limit": lambda: [
        (signed(b"x" * (LARGEST_BYTES + 1)), _TOO_LARGE),
        (replace(signed(), headers=[*signed().headers, (b"content-length", b"%d" % (LARGEST_BYTES + 1))]), _TOO_LARGE),
    ],
    "chunked without Content-Length over limit": lambda: [
        (replace(signed(), parts=[b"x" * 65_536] * 17), _TOO_LARGE),
        (replace(shown(), parts=[b"x" * 65_536] * 17), _TOO_LARGE),
    ],
    "Content-Encoding: gzip bomb": lambda: [_bomb()],
    "10,000-deep JSON": lambda: [
        (signed(b"[" * 10_000), _NOT_READ),
        (signed(b'{"type":"zen:event-type:ticket.created","detail":' + b"[" * 10_000), _NOT_READ),
        (shown(body=b"[" * 10_000), _NOT_READ),
    ],
}
"""Of the negative classes those that one request shows; the rest are stories (tests/security/webhooks.py)."""
