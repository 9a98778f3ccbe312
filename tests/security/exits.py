"""What leaves the service while tickets full of personal data go through it: `python -m tests.security.exits`.

A process of its own, because its log (at DEBUG, of all libraries) is one of the exits: what it writes to stderr is judged.
It plays on both simulated helpdesks, over HTTP: a ticket with one value of each kind, answered, solved, and kept; a second
one of the same organisation, which reads the first; one at which the model and the embeddings fail and quote in their
errors what they were sent; and one without a model.

All exits: requests to the chat and the embeddings endpoint; logs; metrics; of the ledger what is not the note itself (its
traces, reasons and parked tickets); the queue; the passages kept of solved tickets. The text of articles and macros is the
company's own and is not masked; nothing of a ticket is in it.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from fastapi.responses import JSONResponse, Response

from service import logs
from service.demo.stage import staged
from service.knowledge.sources import sync_all
from service.solved import source_of
from service.vectors import Fence, Question
from tests import fake_llm
from tests.fake_embeddings import FakeEmbeddings, fake_embeddings
from tests.fake_llm import FakeLLM, completion
from tests.security.bars import Bar
from tests.story.articles import write_articles
from tests.story.conftest import Play
from tests.story.model import ANALYSIS

ROOT = Path(__file__).parents[2]

AGENT = "agent's name"
"""Nobody knows it before an agent has to do with the ticket."""

WHO: dict[str, Any] = {
    "name": "Wilhelmina Quastenberg",
    "email": "w.quastenberg@kundin.example",
    "organization": "Quillmere Fabrik GmbH",
}
COLLEAGUE: dict[str, Any] = {**WHO, "name": "Ottokar Zwickel", "email": "o.zwickel@kundin.example"}
SAID = {
    "e-mail": ("w.quastenberg@kundin.example", "quastenberg@"),
    "second e-mail": ("petronella(at)sonstwo(dot)example", "petronella"),
    "phone": ("+49 1520 7712345", "7712345"),
    "phone without a code": ("(212) 555-0147", "555-0147"),
    "card": ("4539 5787 6362 1486", "5787 6362"),
    "IBAN": ("DE89 3704 0044 0532 0130 00", "0532 0130"),
    "SSN": ("536-90-4399", "536-90"),
    "German tax number": ("86095742719", "86095742719"),
    "Spanish identity number": ("54362315K", "54362315"),
    "Polish personal number": ("44051401359", "44051401359"),
    "passport": ("passport no. C01X00T47", "C01X00T47"),
    "IPv4": ("203.0.113.77", "203.0.113.77"),
    "IPv6": ("2001:db8:85a3::8a2e:370:7334", "8a2e:370"),
    "login in an address": ("postgres://rosamund:Tr0ub4dor3@db.kundin.example/x", "Tr0ub4dor3"),
    "token in an address": ("https://app.kundin.example/open?id=7&access_token=q7Jx41mPz0Rw88LkD2aa", "q7Jx41mPz0Rw88LkD2aa"),
    "reset link": ("https://app.kundin.example/password/reset/b81Ksd03QpWm72Xa", "b81Ksd03QpWm72Xa"),
    "signed address": ("https://files.kundin.example/a.pdf?X-Amz-Signature=0f3ab77c19d84e2296aa", "0f3ab77c19d84e2296aa"),
    "API key": ("sk-proj-Zk3n8Qw1Lm5Tx7Vb9Yd2", "Zk3n8Qw1Lm5Tx7Vb9Yd2"),
    "GitHub token": ("ghp_Rt6Yu8Io0Pa2Sd4Fg6Hj8Kl0", "Rt6Yu8Io0Pa2Sd4Fg6"),
    "JWT": ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJxdWFzdCJ9.c2lnbmF0dXJlMTIz", "eyJzdWIiOiJxdWFzdCJ9"),
    "bearer": ("Authorization: Bearer m4Nb6Vc8Xz0Lk2Jh4Gf6", "m4Nb6Vc8Xz0Lk2Jh4Gf6"),
    "private key": ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----", "MIIEvQIBADANBgkqhkiG"),
    "password": ("my password is Hunter2000!", "Hunter2000"),
    "requester's name": ("Wilhelmina Quastenberg", "Quastenberg"),
    "requester's first name": ("Wilhelmina", "Wilhelmina"),
    "copied person's name": ("Ottokar Zwickel", "Zwickel"),
    AGENT: ("Robin Vale", "Robin Vale"),
    "organisation": ("Quillmere Fabrik", "Quillmere"),
}  # fmt: skip
"""How the ticket says it, and what of it must be nowhere."""

_PLACEHOLDER = re.compile(r"<[A-Z]+_\d+>")

_TRACES = ("details FROM drafts", "reason FROM silences", "error FROM parked", "reason FROM outages")

QUESTION = "Hello, the tracking of my parcel has not moved for nine days. Is it lost? Do I get a new kettle?"
AGAIN = "Robin Vale wrote that it is lost. Robin, how many days does it take to Quillmere Fabrik until the new kettle is here?"
TEXT = (
    QUESTION + "\n\nFor your records:\n" + "\n".join(f"- {said}" for kind, (said, _) in SAID.items() if kind != AGENT)
)
ANSWER = (
    "Hi Wilhelmina, we treat a parcel that has not moved for seven days as lost: a new kettle is on its way.\n"
    "We will write to w.quastenberg@kundin.example and call +49 1520 7712345 before it arrives.\n\nBest regards\nRobin Vale"
)


async def leaks() -> Bar:
    """How many of the seeded values stand in what left; judged by the process that this file is."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.security.exits"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, log = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"tests.security.exits failed:\n{log.decode(errors='replace')[-4_000:]}")
    left: dict[str, str] = {**json.loads(out.splitlines()[-1]), "logs": log.decode(errors="replace")}
    found = found_in(left)
    empty = [name for name, text in left.items() if not text.strip()]
    if empty:
        raise RuntimeError(f"nothing came out at {', '.join(empty)}: what was judged?")
    for line in found:
        print(f"leaked: {line}", file=sys.stderr)
    return Bar("S5", f"seeded values in {', '.join(left)}", len(found), len(SAID) * len(left), most=0, own=True)


def found_in(left: Mapping[str, str]) -> list[str]:
    """Of each exit the kinds of seeded values that stand in it, as written, or without what parts their digits."""
    return [
        f"{kind} in {name}"
        for name, text in left.items()
        for kind, (_, part) in SAID.items()
        if part.lower() in text.lower() or part.replace(" ", "").lower() in text.lower()
    ]


def _echo(body: dict[str, Any]) -> Response:
    """A model that repeats what it read of the ticket, as its query and in its reply: there without our own words, or it were withheld."""
    read = body["messages"][-1]["content"]
    if body["model"] == "fast":
        return completion({**ANALYSIS, "query": read[-1_800:], "problem": read[-900:]})(body)
    told = [line for line in read.split("\n") if line.startswith("- ") and _PLACEHOLDER.search(line)]
    answer = "A parcel whose tracking has not moved for seven working days is lost."
    reply = {
        "reply": "\n".join(["Hi,", "", answer, "", *told]),
        "covered": True,
        "citations": [{"number": 1}],
        "reason": read[-200:],
    }
    return completion(reply)(body)


def _refusal(body: dict[str, Any]) -> Response:
    """A model that fails and quotes in its error what it was sent."""
    return JSONResponse({"error": {"message": f"overloaded by: {body['messages'][-1]['content'][-150:]}"}}, 503)


async def _play(model: FakeLLM, encoder: FakeEmbeddings, folder: Path) -> dict[str, str]:
    llm, embeddings = model.settings(wait_s=0), encoder.settings()
    times: dict[str, Any] = {"debounce_s": 0, "debounce_max_s": 0, "reconcile_every_s": 0}
    async with staged(write_articles(folder), llm=llm, embeddings=embeddings, log_level="DEBUG", **times) as stage:
        await sync_all(stage.service.tools.library, progress=lambda *_: None)
        play = Play(stage)
        for helpdesk in ("zendesk", "freshdesk"):
            await _tickets(play, helpdesk, model=model, encoder=encoder)
        return {
            "chat": "\n".join(json.dumps(one.body, ensure_ascii=False) + str(one.headers) for one in model.requests),
            "embeddings": "\n".join(json.dumps(one.body, ensure_ascii=False) for one in encoder.requests),
            "metrics": (await _get(f"{stage.url}/metrics")),
            "traces": await _rows(play, *(f"SELECT {what}" for what in _TRACES)),
            "queue": await _rows(play, "SELECT args FROM procrastinate_jobs", "SELECT * FROM deliveries"),
            "solved tickets": await _kept(play),
        }


async def _tickets(play: Play, helpdesk: str, *, model: FakeLLM, encoder: FakeEmbeddings) -> None:
    simulator = play.stage.simulator(helpdesk)
    more: dict[str, Any] = {"cc": [(COLLEAGUE["name"], COLLEAGUE["email"])]}
    first = await simulator.open_ticket(
        **WHO, subject="Parcel for Wilhelmina Quastenberg, +49 1520 7712345", text=TEXT, **more
    )
    note = await play.note(helpdesk, first)
    # the control: what was masked was here, and comes back in the note of this ticket
    if "quastenberg@" not in note.lower() or "7712345" not in note:
        raise RuntimeError(f"the note restores nothing: {note}")
    await simulator.agent_message(first, text=ANSWER, public=True)
    await simulator.customer_message(first, text=AGAIN)
    await play.note(helpdesk, first, count=2)
    await simulator.agent_message(first, text=ANSWER, public=True)
    await simulator.set_status(first, "solved")
    library = play.stage.service.tools.library

    async def kept() -> bool:
        return bool(
            await library.vectors.marks(source=source_of(helpdesk), account=library.helpdesks[helpdesk].account)
        )

    await play.until(kept)
    await play.settled(helpdesk, first)
    second = await simulator.open_ticket(**COLLEAGUE, subject="Tracking", text=QUESTION)
    await play.note(helpdesk, second)
    encoder.down, model.otherwise = True, _refusal
    third = await simulator.open_ticket(**WHO, subject="Again w.quastenberg@kundin.example", text=TEXT, **more)
    await play.note(helpdesk, third)
    encoder.down, model.otherwise = False, _echo


async def _get(url: str) -> str:
    async with httpx.AsyncClient() as http:
        return (await http.get(url)).raise_for_status().text


async def _rows(play: Play, *statements: str) -> str:
    async with play.stage.service.database.engine.connect() as connection:
        return "\n".join([str(row) for one in statements for row in await connection.execute(sa.text(one))])


async def _kept(play: Play) -> str:
    """The passages of solved tickets, whoever they are for."""
    library = play.stage.service.tools.library
    texts: list[str] = []
    for helpdesk in library.helpdesks.values():
        organizations = {"", *await _organizations(play, helpdesk.name)}
        for organization in organizations:
            fence = Fence(account=helpdesk.account, organization=organization, pools=("ticket",))
            texts += [
                str(found.passage)
                for found in await library.vectors.search(Question("parcel kettle lost"), fence=fence, limit=50)
            ]
    return "\n".join(texts)


async def _organizations(play: Play, helpdesk: str) -> list[str]:
    """Ids of the simulated organisations."""
    desk = play.stage.service.tools.library.helpdesks[helpdesk]
    return [
        ticket.organization.id
        for number in await _numbers(play, helpdesk)
        if (ticket := await desk.ticket(number)).organization
    ]


async def _numbers(play: Play, helpdesk: str) -> list[str]:
    async with play.stage.service.database.engine.connect() as connection:
        rows = await connection.execute(
            sa.text("SELECT DISTINCT ticket_id FROM drafts WHERE helpdesk = :name"), {"name": helpdesk}
        )
        return [str(row[0]) for row in rows]


@asynccontextmanager
async def _endpoints() -> AsyncIterator[tuple[FakeLLM, FakeEmbeddings]]:
    with fake_llm.serving() as model, fake_embeddings() as encoder:
        model.otherwise = _echo
        yield model, encoder


async def _main() -> None:
    logs.configure("DEBUG", machine=True)
    async with _endpoints() as (model, encoder):
        with tempfile.TemporaryDirectory(prefix="deskpilot-exits-") as folder:
            print(json.dumps(await _play(model, encoder, Path(folder) / "articles")))


if __name__ == "__main__":
    asyncio.run(_main())
