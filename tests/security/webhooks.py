"""The bars of the webhooks, W1 to W9 but W8 (tests/bench/ack.py): known answers, forgeries, replays, rotation, repeats, size."""

from __future__ import annotations

import ast
import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr
from structlog.testing import capture_logs

from connectors import WEBHOOKS
from connectors.base import Delivery, ForgedError, UnreadableError
from connectors.signing import ZENDESK_TEST_SECRET, zendesk_signature
from service.contradictions import contradictions
from service.database import Database, open_database
from service.demands import RECEIVING
from service.groups import FreshdeskSettings, KnowledgeSettings, ZendeskSettings
from service.inbox import Inbox
from service.settings import Settings
from service.web.server import free_port
from service.web.webhooks import LARGEST_BYTES
from tests.bench.processes import DESKPILOT, HOST, ROOT, answering, postgres, rss_mb, running
from tests.hostile import SHARED
from tests.security.bars import Bar
from tests.security.door import EVENT, SECRETS, answer_of, door, shown, signed
from tests.security.forgeries import OTHER, SPELLINGS, forged
from tests.service.scripted import Desk, opened
from tests.story.one_desk import OneDesk, freshdesk, zendesk

VECTORS = SHARED / "webhooks/vectors.json"
GOOD = 200
NEW = "zd-secret-of-this-test-2"
STALLED_S = 2

OWN_ANSWERS = [
    {
        "secret": "wMZJU7cM0q5LZq1uW3b8sT5Yh0Kp2dXv9nR4aE6gIzs=",
        "body": "{}",
        "headers": {
            "X-Zendesk-Webhook-Signature": zendesk_signature(
                body=b"{}", timestamp="2026-08-28T12:30:00Z", secret="wMZJU7cM0q5LZq1uW3b8sT5Yh0Kp2dXv9nR4aE6gIzs="
            ),
            "X-Zendesk-Webhook-Signature-Timestamp": "2026-08-28T12:30:00Z",
        },
        "now": "2026-08-28T12:30:30Z",
        "expect": "accept",
    },
    {  # signed with the test secret that the vendor publishes
        "secret": ZENDESK_TEST_SECRET,
        "body": '{"a":1}',
        "headers": {
            "X-Zendesk-Webhook-Signature": "KIZljxKO9wRRdB5yZJnlYENGdru5FbQ3uYdmbsdbNvE=",
            "X-Zendesk-Webhook-Signature-Timestamp": "2026-08-28T12:30:00Z",
        },
        "now": "2026-08-28T12:30:30Z",
        "expect": "reject",
    },
]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done."""

    forged: int = 10_000
    uploads: int = 50
    upload_mb: int = 50


async def measure(own: bool) -> list[Bar]:  # noqa: FBT001 - see Measure
    """All bars in full, on a PostgreSQL of their own."""
    with tempfile.TemporaryDirectory(prefix="deskpilot-") as name:
        async with postgres(Path(name)) as url:
            return await judged(url, Path(name), own=own, size=Size())


async def judged(database_url: str, folder: Path, *, own: bool, size: Size) -> list[Bar]:
    """All bars. What is refused is logged, and the log of thousands is nobody's."""
    own = own or not VECTORS.is_file()
    vectors: Mapping[str, Any] = {} if own else json.loads(VECTORS.read_text())
    bars = [known_answers(vectors), window(), unsafe(), comparisons()]
    with capture_logs():
        async with open_database(Settings(database_url=SecretStr(database_url))) as database:
            async with received(database) as inbox:
                bars += [*await random_ones(inbox, database, size.forged), await rotation(inbox)]
            bars.append(await negative_classes(database, vectors.get("negative_classes")))
            bars += await repeats(database)
            bars.append(await echoes(database, folder))
    return [*bars, *await uploads(database_url, folder, size)]


@asynccontextmanager
async def received(database: Database) -> AsyncIterator[Inbox]:
    """An inbox that takes."""
    inbox = Inbox(database)
    async with inbox.receiving():
        yield inbox


async def stored(database: Database) -> int:
    """How many deliveries are in the inbox's table."""
    async with database.engine.connect() as connection:
        return int(await connection.scalar(sa.text("SELECT count(*) FROM deliveries")) or 0)


def known_answers(vectors: Mapping[str, Any]) -> Bar:
    """W1: each of Zendesk's rows is taken or refused as it says; the published test secret never."""
    rows = [row for row in vectors.get("known_answer", []) if row["scheme"] == "zendesk"] or OWN_ANSWERS
    wrong = sum(accepted(row) is not (row["expect"] == "accept") for row in rows)
    return Bar("W1", "known answers judged wrong", wrong, len(rows), most=0, own=not vectors)


def accepted(row: Mapping[str, Any]) -> bool:
    """Whether a row's delivery passes; one that passes and is no event does."""
    headers = {name.lower(): value for name, value in row["headers"].items()}
    delivery = Delivery(headers=headers, body=row["body"].encode(), path_secret="")
    try:
        WEBHOOKS["zendesk"].accept(delivery, secrets=[row["secret"]], now=datetime.fromisoformat(row["now"]))
    except ForgedError:
        return False
    except UnreadableError:  # believed, and not understood
        return True
    return True


def window() -> Bar:
    """W3: a good signature holds for 300 seconds before and after its time."""
    at = datetime(2026, 8, 28, 12, 30, tzinfo=UTC)
    wrong = 0
    for second in range(-900, 901):
        stamp = (at + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")
        row = {
            "secret": OTHER,
            "body": EVENT.decode(),
            "headers": {
                "x-zendesk-webhook-signature": zendesk_signature(body=EVENT, timestamp=stamp, secret=OTHER),
                "x-zendesk-webhook-signature-timestamp": stamp,
            },
            "now": at.isoformat(),
        }
        wrong += accepted(row) is not (abs(second) <= 300)
    return Bar("W3", "seconds on the wrong side of the replay window", wrong, 1801, most=0)


def unsafe() -> Bar:
    """W7: without a secret, with one that is blank, short or published, nothing starts; with a good one it does."""
    address = "https://acme.example"
    zd, fd = SECRETS["zendesk"][0], SECRETS["freshdesk"][0]
    refused = [
        *(
            given(zendesk=[secret])
            for secret in ("", " ", "\t", ZENDESK_TEST_SECRET, f" {ZENDESK_TEST_SECRET}", "short", f"{zd}\n")
        ),
        *(given(zendesk=secrets) for secrets in ([], [zd, ""], [zd, ZENDESK_TEST_SECRET])),
        *(given(freshdesk=[secret]) for secret in ("", " ", "short", " " * 20)),
        *(given(freshdesk=secrets) for secrets in ([], [fd, " "])),
        Settings(zendesk=ZendeskSettings(url=address, token=SecretStr("t" * 40))),
    ]
    started = sum(starts(settings) for settings in refused)
    kept_out = sum(not starts(settings) for settings in (given(zendesk=[zd, NEW]), given(freshdesk=[fd])))
    return Bar("W7", "unsafe secrets it starts with", started + kept_out, len(refused) + 2, most=0)


def given(*, zendesk: Sequence[str] | None = None, freshdesk: Sequence[str] | None = None) -> Settings:
    """A deployment with these webhook secrets, and nothing else that could be wrong with it."""
    url, key = "https://acme.example", SecretStr("k" * 20)
    return Settings(
        zendesk=ZendeskSettings(url=url, token=key, webhook_secrets=[SecretStr(one) for one in zendesk])
        if zendesk is not None
        else ZendeskSettings(),
        freshdesk=FreshdeskSettings(url=url, api_key=key, webhook_secrets=[SecretStr(one) for one in freshdesk])
        if freshdesk is not None
        else FreshdeskSettings(),
    )


def starts(settings: Settings) -> bool:
    """Whether `serve` would go on with these."""
    return not [problem for demand in (contradictions, *RECEIVING) for problem in demand(settings)]


def comparisons() -> Bar:
    """Of all that is secret, or computed with one, nothing is compared by == or !=: how long that takes tells how much fits."""
    files = [path for name in ("connectors", "service") for path in sorted((ROOT / name).rglob("*.py"))]
    files = [path for path in files if "simulat" not in str(path)]  # they are what calls us
    found = [f"{path.name}:{line}" for path in files for line in _compared(ast.parse(path.read_text()))]
    return Bar("W9", "digests compared with ==", len(found), len(files), most=0)


def _compared(tree: ast.Module) -> Iterator[int]:
    secret = ("digest", "signature", "mac", "hmac", "api_key", "admin_token", "control_token")
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            sides = (node.left, *node.comparators)
            names = [getattr(side, "func", side) for side in sides]
            if any(getattr(name, "attr", getattr(name, "id", "")).strip("_") in secret for name in names):
                yield node.lineno


async def random_ones(inbox: Inbox, database: Database, count: int) -> list[Bar]:
    """W2: of forged headers and bodies to both doors none is taken, and none breaks anything."""
    app, before = door(inbox), await stored(database)
    statuses = [(await answer_of(app, request)).status for request in forged(count)]
    control = [(await answer_of(app, good)).status for good in (signed(), shown())]
    taken = sum(200 <= status < 300 for status in statuses) + (await stored(database) - before - len(control))
    broken = sum(status >= 500 or status == 0 for status in statuses) + sum(status != GOOD for status in control)
    return [
        Bar("W2", "forged deliveries accepted", taken, len(statuses), most=0),
        Bar("W2", "forged deliveries answered with 5xx or not at all", broken, len(statuses), most=0),
    ]


async def rotation(inbox: Inbox) -> Bar:
    """W4: replicas get a second secret, the helpdesk changes to it, replicas lose the first: under load and without a 401."""
    old = SECRETS["zendesk"][0]
    first, both, last = (door(inbox, {"zendesk": secrets}) for secrets in ((old,), (old, NEW), (NEW,)))
    steps = [
        ([first, first], old), ([both, first], old), ([both, both], old), ([both, both], NEW), ([last, both], NEW), ([last, last], NEW),
    ]  # fmt: skip
    statuses: list[int] = []

    async def sender(replicas: Sequence[Any], secret: str, number: int) -> None:
        answer = await answer_of(replicas[number % len(replicas)], signed(secret=secret))
        statuses.append(answer.status)

    for replicas, secret in steps:
        await asyncio.gather(*(sender(replicas, secret, number) for number in range(50)))
    afterwards = [(await answer_of(last, signed(secret=old))).status for _ in range(10)]
    wrong = sum(status != GOOD for status in statuses) + sum(status != 401 for status in afterwards)
    return Bar(
        "W4",
        "deliveries refused while a secret is rotated, or taken with the old one after",
        wrong,
        len(statuses) + 10,
        most=0,
    )


async def negative_classes(database: Database, named: Sequence[str] | None) -> Bar:
    """W1: every class of the shared list does what it should; a class nobody knows here counts as missed."""
    stories: Mapping[str, Callable[[], Awaitable[bool]]] = {
        "valid request sent twice (2xx, one job)": lambda: _one_job(database, [signed(), signed()]),
        "same id with another body": lambda: _one_job(database, [signed(), signed(EVENT.replace(b"OPEN", b"NEW"))]),
        "old secret inside grace (accept)": lambda: _answers(database, (SECRETS["zendesk"][0], NEW), GOOD),
        "old secret after grace (401)": lambda: _answers(database, (NEW,), 401),
        "no secret configured (refuse to start)": lambda: _never_starts([]),
        "empty secret": lambda: _never_starts([""]),
        "secret file with trailing newline": lambda: _never_starts([f"{NEW}\n"]),
        "compare by == (static check)": lambda: _holds(comparisons()),
    }
    missed = []
    names = named or [*SPELLINGS, *stories]
    for name in names:
        if name in stories:
            held = await stories[name]()
        else:
            held = name in SPELLINGS and await _refused(database, name)
        missed += [] if held else [name]
    what = "negative classes that are not handled" + (f": {', '.join(missed)}" if missed else "")
    return Bar("W1", what, len(missed), len(names), most=0, own=named is None)


async def _refused(database: Database, name: str) -> bool:
    """Whether each of its requests gets what it deserves, and none leaves a row."""
    before = await stored(database)
    async with received(database) as inbox:
        app = door(inbox)
        right = [(await answer_of(app, request)).status in wanted for request, wanted in SPELLINGS[name]()]
    return all(right) and await stored(database) == before


async def _answers(database: Database, secrets: tuple[str, ...], wanted: int) -> bool:
    async with received(database) as inbox:
        return (await answer_of(door(inbox, {"zendesk": secrets}), signed())).status == wanted


async def _never_starts(secrets: Sequence[str]) -> bool:
    return not starts(given(zendesk=secrets))


async def _holds(bar: Bar) -> bool:
    return bar.met


async def _one_job(database: Database, requests: Sequence[Any]) -> bool:
    """Whether these are all taken, and lead to one look at their ticket."""
    async with _queue(database) as desk:
        answers = await asyncio.gather(*(answer_of(door(desk.inbox), request) for request in requests))
        looks = await _looks(desk)
    return all(answer.status == GOOD for answer in answers) and looks == 1


@asynccontextmanager
async def _queue(database: Database) -> AsyncIterator[Desk]:
    """A queue whose story is scripted, over an inbox that is empty."""
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("TRUNCATE deliveries"))
    settings = Settings(
        debounce_s=0.3, debounce_max_s=15, reconcile_every_s=0, knowledge=KnowledgeSettings(sync_every_s=0)
    )
    async with opened(database, settings) as desk:
        yield desk


async def _looks(desk: Desk) -> int:
    """Let a worker do what there is to do; how often it looked at a ticket."""
    async with desk.working():
        await desk.story.looked.wait()
        while await desk.inbox.waiting() or not await desk.idle():
            await asyncio.sleep(0.02)
    return len(desk.story.looks)


async def repeats(database: Database) -> list[Bar]:
    """W5: one event, fifty times at once."""
    async with _queue(database) as desk:
        app, one = door(desk.inbox), signed()
        answers = await asyncio.gather(*(answer_of(app, one) for _ in range(50)))
        looks = await _looks(desk)
    good = sum(answer.status == GOOD for answer in answers)
    return [
        Bar("W5", "of one event sent 50 times at once, answers of 2xx", good, 50, least=50),
        Bar("W5", "jobs that came of it", looks, 50, least=1, most=1),
    ]


async def echoes(database: Database, folder: Path) -> Bar:
    """W9: our own note comes back as a webhook, from both helpdesks, and no note comes of it."""
    more = 0
    for open_desk in (zendesk, freshdesk):
        async with open_desk(database, folder / open_desk.__name__) as desk:
            ticket_id = await desk.ask()
            more += await _echoed(desk, ticket_id) - 1
    return Bar("W9", "notes written on our own notes", more, 2, most=0, least=0)


async def _echoed(desk: OneDesk[Any], ticket_id: str) -> int:
    """How many notes a ticket has when every webhook has come, those of our note included."""
    async with desk.working():
        await desk.until(lambda: desk.noted(ticket_id))
        await desk.settled(ticket_id)
    return len(desk.notes(ticket_id))


async def uploads(database_url: str, folder: Path, size: Size) -> list[Bar]:
    """W6: a served process under bodies that are far too large: with their length, in chunks, and as gzip."""
    port = free_port(HOST, 0)
    environment = {
        "DESKPILOT_DATABASE_URL": database_url,
        "DESKPILOT_DATA_DIR": str(folder / "served"),
        "DESKPILOT_LOG_LEVEL": "ERROR",
        "DESKPILOT_FRESHDESK__URL": "http://127.0.0.1:9",
        "DESKPILOT_FRESHDESK__API_KEY": "k" * 20,
        "DESKPILOT_FRESHDESK__WEBHOOK_SECRETS": SECRETS["freshdesk"][0],
    }
    command = (*DESKPILOT, "serve", "--no-worker", "--port", str(port))
    async with running(*command, environment=environment) as process:
        await answering(f"http://{HOST}:{port}/healthz", process)
        kinds = [b"content-length: %d" % (size.upload_mb * 1024 * 1024), b"transfer-encoding: chunked",
                 b"transfer-encoding: chunked\r\ncontent-encoding: gzip"]  # fmt: skip
        for kind in kinds:  # what is loaded by the first of each is not what the bar is about
            await _upload(port, kind, megabytes=2)
        before = peak = rss_mb(process.pid)
        sending = asyncio.gather(
            *(_upload(port, kinds[number % len(kinds)], megabytes=size.upload_mb) for number in range(size.uploads))
        )
        while not sending.done():
            peak = max(peak, rss_mb(process.pid))
            await asyncio.sleep(0.02)
        statuses = await sending
        peak = max(peak, rss_mb(process.pid))
        stalled = await _stalled(port, size.uploads, pid=process.pid)
    what = f"{size.uploads} uploads of {size.upload_mb} MB at once"
    return [
        Bar("W6", f"{what}: not answered with 413", sum(status != 413 for status in statuses), len(statuses), most=0),
        Bar("W6", f"{what}: MB of memory more", round(peak - before, 1), len(statuses), most=20),
        Bar(
            "W6",
            "uploads that stop short of the limit: MB of memory more",
            round(stalled - before, 1),
            size.uploads,
            most=20,
        ),
    ]


async def _stalled(port: int, count: int, *, pid: int) -> float:
    """The most memory while so many senders stop shortly before their body would be too large."""
    head = b"POST /webhooks/freshdesk HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    opened_ = await asyncio.gather(*(asyncio.open_connection(HOST, port) for _ in range(count)))
    for _, writer in opened_:
        writer.write(head + b"%x\r\n" % LARGEST_BYTES + b"x" * (LARGEST_BYTES - 1))
    peak = rss_mb(pid)
    for _ in range(STALLED_S * 20):
        await asyncio.sleep(0.05)
        peak = max(peak, rss_mb(pid))
    for _, writer in opened_:
        writer.transport.abort()
    return peak


async def _upload(port: int, how: bytes, *, megabytes: int) -> int:
    """Send a body of so many megabytes, whatever is answered meanwhile; the status."""
    reader, writer = await asyncio.open_connection(HOST, port)
    path = b"/webhooks/freshdesk"
    writer.write(b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n%s\r\n\r\n" % (path, how))
    answer = asyncio.create_task(reader.readuntil(b"\r\n"))
    piece = b"x" * 65_536
    framed = b"%x\r\n%s\r\n" % (len(piece), piece) if b"chunked" in how else piece
    try:
        for _ in range(megabytes * 16):
            writer.write(framed)
            await writer.drain()
        if b"chunked" in how:
            writer.write(b"0\r\n\r\n")
    except ConnectionError:  # it has heard enough; what it said is in the answer
        pass
    status = int((await answer).split()[1])
    writer.close()
    return status
