"""What is kept out of every model, and what a model may cost: judged on the requests that arrived at it, and the notes that stand.

No shared corpus has such cases: they are this repository's own, and each run has tickets beside them that must be served.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from fastapi.responses import Response

from connectors.freshdesk.simulator import FreshdeskSimulator
from connectors.zendesk.simulator import ZendeskSimulator
from service.database import Database, open_database
from service.groups import TicketsSettings
from service.settings import Settings
from tests import fake_llm
from tests.fake_embeddings import FakeEmbeddings, fake_embeddings
from tests.fake_llm import FakeLLM
from tests.security.bars import Bar
from tests.story import one_desk
from tests.story.model import ANALYSIS, DRAFT, answering
from tests.story.one_desk import OneDesk

AT_ONCE = 30

_PRICES = {"price_in": 1.0, "price_out": 5.0}
_SERVED = "served"  # the kind of ticket that no rule keeps out


async def measure(own: bool) -> list[Bar]:  # noqa: ARG001, FBT001 - as every part; there are no other cases
    """All of it on a database of its own."""
    with tempfile.TemporaryDirectory(prefix="deskpilot-") as folder:
        async with open_database(Settings(data_dir=Path(folder))) as database:
            return await measured(database, Path(folder))


async def measured(database: Database, folder: Path) -> list[Bar]:
    """Kept out, then the budgets, then the calls of a message."""
    return [
        *await _kept_out(database, folder),
        *await _budgets(database, folder),
        *await _calls(database, folder),
    ]


@dataclass(frozen=True, slots=True)
class Case:
    """A ticket and why it is kept out. given: of `open_ticket`, beside what all have."""

    kind: str
    given: Mapping[str, Any]

    @property
    def canary(self) -> str:
        """A word that stands in no other ticket."""
        return f"canary{self.kind.replace(' ', '')}"


_PLACED = {"group": "Support", "brand": "Kettles", "form": "Question", "tags": ["public"]}
"""What every allow list allows."""


def _cases(numbers: Mapping[str, str], *, sharing: bool) -> list[Case]:
    """One that is served, and one for each rule; the denied ones are all on the allow lists, too. numbers: by name."""
    moves: dict[str, dict[str, Any]] = {_SERVED: {}}
    for trait in ("group", "brand", "form"):
        for verb, where in (("denied", "Legal"), ("not allowed", "Elsewhere")):
            moves[f"{trait} {verb}"] = {trait: numbers.get(f"{where} {trait}", f"{where} {trait}")}
    moves |= {"tag denied": {"tags": ["public", "legal"]}, "tag not allowed": {"tags": ["other"]}}
    moves |= {"shared": {"shared": True}} if sharing else {}
    return [Case(kind, _placed(numbers) | move) for kind, move in moves.items()]


def _placed(numbers: Mapping[str, str]) -> dict[str, Any]:
    """Where every list allows it."""
    return {trait: value if trait == "tags" else numbers.get(str(value), value) for trait, value in _PLACED.items()}


def _rules(number: Callable[[str, str], str]) -> TicketsSettings:
    """Deny lists and allow lists that hold the denied, too. number: what to write for (trait, name)."""
    lists: dict[str, list[str]] = {"deny_tags": ["legal"], "allow_tags": ["public", "legal"]}
    for trait in ("group", "brand", "form"):
        denied = number(trait, f"Legal {trait}")
        lists[f"deny_{trait}s"] = [denied]
        lists[f"allow_{trait}s"] = [number(trait, str(_PLACED[trait])), denied]
    return TicketsSettings.model_validate(lists)


def _zendesk_rules(simulator: ZendeskSimulator) -> TicketsSettings:
    """Groups by name, brands and forms by number."""
    state = simulator.state
    made = {"brand": state.brand_named, "form": state.form_named}
    return _rules(lambda trait, name: name if trait == "group" else str(made[trait](name).id))


_FRESHDESK = {"Support": "8801", "Legal group": "8802", "Elsewhere group": "8803"} | {
    "Kettles": "9901",
    "Legal brand": "9902",
    "Elsewhere brand": "9903",
}
"""Numbers of groups and products; types go by name."""


def _numbers(helpdesk: str) -> Mapping[str, str]:
    return _FRESHDESK if helpdesk == "freshdesk" else {}


def _freshdesk_rules(_: FreshdeskSimulator) -> TicketsSettings:
    return _rules(lambda _, name: _FRESHDESK.get(name, name))


@contextmanager
def _models() -> Iterator[tuple[FakeLLM, FakeEmbeddings]]:
    """Both kinds, on loopback."""
    with fake_llm.serving() as model, fake_embeddings() as embeddings:
        model.otherwise = answering(ANALYSIS, DRAFT)
        yield model, embeddings


async def _kept_out(database: Database, folder: Path) -> list[Bar]:
    asked = notes = looks = served = moved = unexplained = told = known = 0
    for name in ("zendesk", "freshdesk"):
        with _models() as (model, embeddings):
            changes = {"llm": model.settings(), "embeddings": embeddings.settings()}
            async with _desk(name, database, folder / f"kept-out-{name}", changes) as desk:
                for case in _cases(_numbers(name), sharing=name == "zendesk"):
                    ticket_id, seen = await _through_its_life(desk, case)
                    sent = [request.text for request in model.requests] + embeddings.texts
                    reached = sum(case.canary in text for text in sent)
                    if case.kind == _SERVED:
                        served += bool(
                            reached and desk.notes(ticket_id) and any(case.canary in t for t in embeddings.texts)
                        )
                        continue
                    looks, asked, notes = looks + seen, asked + reached, notes + len(desk.notes(ticket_id))
                    reasons = await desk.reasons(ticket_id)
                    unexplained += not any("DESKPILOT_TICKETS__" in one or "shared" in one for one in reasons)
                moved += await _moved_meanwhile(desk, model)
                told += await _as_history(desk, model, tags=["public", "legal"])
                known += await _as_history(desk, model, tags=["public"])
    return [
        _bar("requests to a model or for embeddings that hold text of a ticket that is kept out", asked, looks, most=0),
        _bar("notes in tickets that are kept out", notes, looks, most=0),
        _bar("tickets that are kept out without a reason that names the rule", unexplained, looks, most=0),
        _bar("notes in tickets that were moved out of reach while the model wrote", moved, 2, most=0),
        _bar("tickets that are kept out and were told to a model as the history of another", told, 2, most=0),
        _bar("tickets that are not, and were", known, 2, least=2),
        _bar("helpdesks whose ordinary ticket was sent, answered and learned from", served, 2, least=2),
    ]


async def _through_its_life(desk: OneDesk[Any], case: Case) -> tuple[str, int]:
    """Asked, asked for by note and by tag, answered, solved; looked at each time. Returns its id and how many looks."""
    text = f"My kettle shows {case.canary} and does not heat up any more. What can I do about it?"
    ticket_id = await desk.ask(text, **case.given)
    steps: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: desk.simulator.agent_message(ticket_id, text="@deskpilot please help", public=False),
        lambda: desk.simulator.add_tag(ticket_id, "deskpilot"),
        lambda: desk.simulator.agent_message(ticket_id, text="Please descale it with vinegar, twice.", public=True),
        lambda: desk.simulator.set_status(ticket_id, "solved"),
    )
    await desk.look(ticket_id)
    for step in steps:
        await step()
        await desk.look(ticket_id)
    return ticket_id, 1 + len(steps)


async def _moved_meanwhile(desk: OneDesk[Any], model: FakeLLM) -> int:
    """An agent moves the ticket to the denied brand while the model drafts: how many notes it got."""
    numbers = _numbers(desk.name)
    ticket_id = await desk.ask(**_placed(numbers))
    loop, before = asyncio.get_running_loop(), model.otherwise

    def moving(body: dict[str, Any]) -> Response:
        away = desk.simulator.move(ticket_id, brand=numbers.get("Legal brand", "Legal brand"))
        asyncio.run_coroutine_threadsafe(away, loop).result(timeout=10)
        return answering(ANALYSIS, DRAFT)(body)

    model.otherwise = moving
    await desk.look(ticket_id)
    model.otherwise = before
    return len(desk.notes(ticket_id))


async def _as_history(desk: OneDesk[Any], model: FakeLLM, *, tags: list[str]) -> int:
    """A ticket with these tags is merged into one that is served: whether the model was told of it."""
    placed, canary = _placed(_numbers(desk.name)), f"canaryhistory{len(tags)}"
    older = await desk.ask(f"Last week my kettle showed {canary} and did not heat.", **{**placed, "tags": tags})
    newer = await desk.ask(**placed)
    await desk.simulator.merge(older, newer)
    await desk.look(newer)
    return any(canary in request.text for request in model.requests)


async def _budgets(database: Database, folder: Path) -> list[Bar]:
    """Thirty tickets at once against each of the three budgets, of which each has room for a few calls."""
    bars: list[Bar] = []
    kinds: dict[str, tuple[dict[str, Any], Callable[[int], dict[str, str]]]] = {
        "account": ({**_PRICES, "daily_cap": 0.05}, _customer),
        "requester": ({"tokens_per_requester_hour": 40_000}, lambda _: _customer(0)),
        "organization": ({"tokens_per_organization_hour": 40_000}, lambda n: {**_customer(n), "organization": "Acme"}),
    }
    for kind, (limits, customer) in kinds.items():
        async with (
            database.engine.connect() as connection
        ):  # another account with tickets of the same numbers has no past
            await connection.execute(sa.text("TRUNCATE triages"))
        with fake_llm.serving() as model:
            model.otherwise = _counting
            async with _desk("zendesk", database, folder / f"budget-{kind}", {"llm": model.settings(**limits)}) as desk:
                tickets = [await desk.ask(**customer(number)) for number in range(AT_ONCE)]
                await asyncio.gather(*(desk.look(ticket_id) for ticket_id in tickets))
                told = sum(_says_why(desk, ticket_id) for ticket_id in tickets)
                unserved = sum(len(desk.notes(ticket_id)) != 1 for ticket_id in tickets)
            beyond = _beyond(model, limits)
        bars += [
            _bar(f"requests beyond the budget of the {kind}, {AT_ONCE} tickets at once", beyond, AT_ONCE, most=0),
            _bar(f"requests within the budget of the {kind}", len(model.requests), AT_ONCE, least=1),
            _bar(f"notes that say that the budget of the {kind} is used up", told, AT_ONCE, least=1),
            _bar(f"tickets without one note when the budget of the {kind} is used up", unserved, AT_ONCE, most=0),
        ]
    return bars


def _customer(number: int) -> dict[str, str]:
    # nothing that speaks for a person: such a note says nothing of a model
    asked = "Where do I see the tracking of my parcel?"
    return {"name": "Ana Lind", "email": f"ana{number}@customer.example", "text": asked}


def _counting(body: dict[str, Any]) -> Response:
    """An answer whose usage is a third of the bytes in, and all that it may write out."""
    answer = json.loads(bytes(answering(ANALYSIS, DRAFT)(body).body))
    answer["usage"] = dict(zip(("prompt_tokens", "completion_tokens"), _usage(body), strict=True))
    time.sleep(0.01)  # in the server's own thread: the calls of thirty tickets are under way at once
    return Response(json.dumps(answer), media_type="application/json")


def _usage(body: Mapping[str, Any]) -> tuple[int, int]:
    return sum(len(message["content"].encode()) for message in body["messages"]) // 3, int(body["max_tokens"])


def _beyond(model: FakeLLM, limits: Mapping[str, Any]) -> int:
    """Requests, in their order, that brought what the server counts beyond the limit."""
    total, beyond = 0.0, 0
    for request in model.requests:
        sent, received = _usage(request.body)
        if "daily_cap" in limits:
            total += (sent * _PRICES["price_in"] + received * _PRICES["price_out"]) / 1e6
            beyond += total > limits["daily_cap"]
        else:
            total += sent + received
            beyond += total > next(value for name, value in limits.items() if name.startswith("tokens_per"))
    return beyond


def _says_why(desk: OneDesk[Any], ticket_id: str) -> bool:
    return any("budget" in note.html for note in desk.simulator.notes(ticket_id))


async def _calls(database: Database, folder: Path) -> list[Bar]:
    """Answers that a careless client would ask again after, and a ticket of 200,000 characters."""
    bad: tuple[object, ...] = (
        "",
        "no JSON",
        '{"reply": ',
        {"reply": ""},
        {"asks": "?"},
        {"reply": "x", "covered": True},
        [],
    )
    small = {"context_tokens": 4_000, "max_output_tokens": 400}
    with fake_llm.serving() as model:
        async with _desk("zendesk", database, folder / "calls", {"llm": model.settings(**small)}) as desk:
            for number, content in enumerate(bad):
                for usage in (True, False):
                    model.otherwise = fake_llm.completion(content, usage=usage)
                    long = "The lid of it is loose and it leaks. " * 5_000 * (number == 0)
                    await desk.look(await desk.ask(f"Why does my kettle {number}{usage} leak? {long}"))
    each = Counter(
        f"{number}{usage}"
        for request in model.requests
        for number in range(len(bad))
        for usage in (True, False)
        if f"kettle {number}{usage} leak" in request.text
    )
    sizes = [sum(len(m["content"]) for m in request.body["messages"]) / 4 for request in model.requests]
    answers = [int(request.body["max_tokens"]) for request in model.requests]
    return [
        _bar("calls of a model for one message", max(each.values()), len(each), most=2),
        _bar(
            "tokens of the longest prompt, at four characters each, of 4,000 allowed",
            max(sizes),
            len(sizes),
            most=4_000,
        ),
        _bar(
            "tokens that the longest answer may have, of 500 for an analysis and 400 for a draft",
            max(answers),
            len(answers),
            most=500,
        ),
    ]


@asynccontextmanager
async def _desk(name: str, database: Database, folder: Path, changes: Mapping[str, Any]) -> AsyncIterator[OneDesk[Any]]:
    """A new account, with the rules where it has models of both kinds to keep tickets out of."""
    # every account is called the same, and so are its tickets: nothing of the one before may be known
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql("TRUNCATE drafts, silences, outages, spending")
    rules = "embeddings" in changes
    async with AsyncExitStack() as stack:
        if name == "zendesk":
            given = lambda twin: {**changes, **({"tickets": _zendesk_rules(twin)} if rules else {})}  # noqa: E731
            yield await stack.enter_async_context(one_desk.zendesk(database, folder, settings=given))
        else:
            given = lambda twin: {**changes, **({"tickets": _freshdesk_rules(twin)} if rules else {})}  # noqa: E731
            yield await stack.enter_async_context(one_desk.freshdesk(database, folder, settings=given))


def _bar(what: str, number: float, cases: int, *, most: float | None = None, least: float | None = None) -> Bar:
    return Bar("limits", what, float(number), cases, most=most, least=least, own=True)
