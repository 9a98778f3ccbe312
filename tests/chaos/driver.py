"""The driver: writes as customers and agents, kills and restarts, and gathers the evidence."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from service import embedded_postgres
from service.web.server import free_port
from tests.chaos import script
from tests.chaos.crew import DESKPILOT, ROOT, Crew
from tests.chaos.evidence import POINTS, Asked, Evidence, Kill, Point, Said, Sent, Stop, Stored, TicketName, rows
from tests.chaos.judge import judge
from tests.chaos.port import HOST
from tests.chaos.script import Act

ARTICLES = ROOT / "deploy" / "demo" / "articles"
_REACHED_S = 60.0  # a chosen point
_SETTLED_S = 150.0
_WORKER_READY = "deskpilot works on tickets"


@dataclass(frozen=True, slots=True)
class Plan:
    """A run. `points`: kills at each chosen point; they are among the `kills`. `rolling`: messages under the restarts."""

    messages: int = 1_000
    kills: int = 50
    points: int = 5
    web_kills: int = 6
    gap_s: tuple[float, float] = (3.0, 8.0)
    rolling: int = 100
    rolling_s: float = 30.0
    lost: float = 0.05
    doubled: float = 0.1
    late: float = 0.15
    reconcile_every_s: float = 60.0  # each time, every ticket that changed within its overlap is looked at once more
    quiet_s: float = 12.0  # at the end, in which nothing more may come
    embedded: bool = False  # one process with the embedded engines, instead of web, two workers and a PostgreSQL
    older: Path | None = None  # where the code is that is updated by the rolling restart; None: it is this code already
    seed: str = "1"

    @property
    def over_s(self) -> float:
        """How long the messages take: as long as the kills."""
        return max(8.0, self.kills * sum(self.gap_s) / 2)


@dataclass(slots=True)
class _Told:
    """What the driver itself knows."""

    tickets: dict[int, str] = field(default_factory=dict)  # the script's number -> the helpdesk's
    said: list[Said] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)


class Driver:
    """One run, on processes that are up."""

    def __init__(
        self, plan: Plan, crew: Crew, http: httpx.AsyncClient, about: dict[str, Any], urls: dict[str, str]
    ) -> None:
        self._plan, self._crew, self._http, self._urls = plan, crew, http, urls
        self._accounts = about["accounts"]
        self._told = _Told()
        self._killed: float = math.inf  # how many kills are done, of `plan.kills`; inf: nobody waits for them
        self._random = random.Random(f"{plan.seed} driver")
        self._workers = ("serve",) if plan.embedded else ("worker-1", "worker-2")
        self._web = "serve" if plan.embedded else "web"

    async def run(self) -> Evidence:
        """Messages and kills side by side; then the rolling restart under load; then quiet."""
        plan = self._plan
        weather = {
            "lost": plan.lost,
            "doubled": plan.doubled,
            "late": plan.late,
            "late_s": 1.5,
            "resend": not plan.lost,
        }
        await self._control("/weather", weather)
        reserved = plan.points * len(POINTS)  # tickets for the chosen points
        acts = script.written(
            messages=plan.messages - reserved, over_s=plan.over_s, seed=plan.seed, tickets_from=reserved
        )
        self._killed = 0
        await _side_by_side(self._write(acts), self._kill(list(range(reserved))))
        if plan.rolling:
            later = script.written(
                messages=plan.rolling,
                over_s=plan.rolling_s,
                seed=f"{plan.seed} rolling",
                tickets_from=1 + acts[-1].ticket + 10_000,
            )
            await _side_by_side(self._write(later), self._restart())
        return await self._settled()

    async def _write(self, acts: Sequence[Act]) -> None:
        """Play the script; it does not run ahead of the kills, which take longer on a busy machine."""
        start = time.monotonic()
        for act in acts:
            while act.due_s > self._plan.gap_s[1] * 2 + self._plan.over_s * self._killed / max(self._plan.kills, 1):
                await asyncio.sleep(0.05)
                start = max(start, time.monotonic() - act.due_s)
            await asyncio.sleep(max(0.0, start + act.due_s - time.monotonic()))
            self._crew.check()
            await self._play(act)

    async def _play(self, act: Act, *, hold: Point | None = None) -> None:
        helpdesk, told = script.helpdesk_of(act.ticket), self._told
        order: dict[str, Any] = {"helpdesk": helpdesk, "text": act.text}
        if act.first:
            name = script.spelled(act.ticket)
            person = {
                "name": name.title(),
                "email": f"{name}@customer.example",
                "subject": "A question about my kettle",
            }
            done = await self._control("/open", order | person | {"hold": hold})
            told.tickets[act.ticket] = done["ticket"]
        else:
            by = "agent" if act.kind == "agent" else "customer"
            order |= {"ticket": told.tickets[act.ticket], "by": by, "automatic": act.kind == "automatic"}
            done = await self._control("/write", order)
        ticket = TicketName(helpdesk, told.tickets[act.ticket])
        by_agent = act.kind == "agent"
        told.said.append(
            Said(
                ticket,
                done["message"],
                done["at"],
                "agent" if by_agent else "customer",
                deserves=act.deserves,
                automatic=act.kind == "automatic",
            )
        )

    async def _kill(self, reserved: list[int]) -> None:
        """Kill at random, and at the chosen points with the reserved tickets."""
        plan = self._plan
        chosen: list[Point | str] = [point for point in POINTS for _ in range(plan.points)]
        web = 0 if plan.embedded else plan.web_kills
        anyhow = ["worker"] * (plan.kills - len(chosen) - web) + ["web"] * web
        order = [*chosen, *anyhow]
        self._random.shuffle(order)
        for self._killed, what in enumerate(order):
            await asyncio.sleep(self._random.uniform(*plan.gap_s))
            if what == "web":
                await self._kill_now(self._web)
                continue
            for name in self._workers:  # where nobody is left, nobody can go on in time
                await self._ready(name)
            if what in POINTS:
                await self._kill_at(what, reserved.pop())
            else:
                await self._kill_now(await self._any_worker())
        self._killed = math.inf

    async def _any_worker(self) -> str:
        """One that is at work, if any is."""
        thinking = (await self._http.get(f"{self._urls['model']}/flying")).raise_for_status().json()
        busy = {self._crew.name_of(one["pid"]) for one in await self._asked("/flying")}
        busy |= {self._crew.name_of(self._crew.keys.get(one["pid"], 0)) for one in thinking}
        return self._random.choice(sorted(busy & set(self._workers)) or self._workers)

    async def _kill_now(self, name: str, point: Point | None = None) -> None:
        self._crew.check()
        pid = self._crew.pid(name)
        at, dead = await self._crew.kill(name)
        self._told.kills.append(Kill(name, pid, at, dead, point))
        await self._crew.start_again(name)

    async def _kill_at(self, point: Point, number: int) -> None:
        """Open a ticket whose job is stopped at this point, and kill whoever has come there."""
        await self._play(script.question(number), hold=point)
        try:
            async with asyncio.timeout(_REACHED_S):
                while not (held := [one for one in await self._asked("/flying") if one["held"]]):
                    await asyncio.sleep(0.02)
        except TimeoutError:  # the judge counts how often each point was hit
            await self._control("/release", {})
            return
        name = self._crew.name_of(held[0]["pid"])
        if name:
            await self._kill_now(name, point)
        await self._control("/release", {})

    async def _restart(self) -> None:
        """SIGTERM each process in turn, under load, and wait until its successor is there."""
        for name in dict.fromkeys((self._web, *self._workers)):
            await asyncio.sleep(3.0)
            await self._ready(name)
            pid = self._crew.pid(name)
            at, ended, code = await self._crew.stop(name)
            await self._crew.start_again(name)
            await self._ready(name)
            self._told.stops.append(Stop(name, pid, at, ended, time.time(), code))

    async def _ready(self, name: str) -> None:
        if name == self._web:
            await self._crew.answers(f"{self._urls['web']}/healthz")
        else:
            await self._crew.said(name, _WORKER_READY)

    async def _settled(self) -> Evidence:
        """Wait until nothing is missing, then a while longer for what should not come."""
        latest, quiet = time.monotonic() + _SETTLED_S, 0.0
        while True:
            self._crew.check()
            evidence, idle = await self._gathered()
            found = judge(evidence)
            if found.missing_notes or found.unaccounted_webhooks or found.never_resumed or not idle:
                quiet = 0.0
            elif not quiet:
                quiet = time.monotonic()
            elif time.monotonic() - quiet > self._plan.quiet_s:
                return evidence
            if time.monotonic() > latest:
                return evidence
            await asyncio.sleep(1.0)

    async def _gathered(self) -> tuple[Evidence, bool]:
        """The evidence as it is now, and whether nothing is under way."""
        state = await self._asked("/state")
        thought = (await self._http.get(f"{self._urls['model']}/log")).raise_for_status().json()
        names = {script.spelled(number): id_ for number, id_ in self._told.tickets.items()}
        model = [
            replace(one, pid=self._crew.keys.get(one.pid, 0), ticket=_known(one.ticket, names))
            for one in rows(Asked, thought["done"])
        ]
        evidence = Evidence(
            accounts=self._accounts,
            said=list(self._told.said),
            asked=[*rows(Asked, state["asked"]), *model],
            stored=rows(Stored, state["stored"]),
            sent=rows(Sent, state["sent"]),
            kills=list(self._told.kills),
            stops=list(self._told.stops),
            mailed=state["mailed"],
        )
        return evidence, not (state["flying"] or state["under_way"] or thought["flying"])

    async def _control(self, path: str, order: dict[str, Any]) -> Any:
        return (await self._http.post(f"{self._urls['desks']}{path}", json=order)).raise_for_status().json()

    async def _asked(self, path: str) -> Any:
        return (await self._http.get(f"{self._urls['desks']}{path}")).raise_for_status().json()


def _known(ticket: TicketName | None, names: dict[str, str]) -> TicketName | None:
    """The ticket that a message to the model names by its word."""
    return TicketName(ticket.helpdesk, names[ticket.id]) if ticket and ticket.id in names else None


async def _side_by_side(*parts: Coroutine[Any, Any, None]) -> None:
    """All of them at once; where one fails, the others end and its error is raised as it is."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        for done in asyncio.as_completed(tasks):
            await done
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def staged(plan: Plan, folder: Path) -> AsyncIterator[Driver]:
    """Start everything, each process with its own log in `folder`, and end it again."""
    async with AsyncExitStack() as stack:
        crew = Crew(folder)
        environment = await _database(plan, folder, stack)
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=60))
        stack.push_async_callback(crew.end)  # before the database goes
        ports = [free_port(HOST, 0) for _ in range(5)]
        web, model, desks = (f"http://{HOST}:{port}" for port in ports[:3])
        await crew.start("desks", ["-m", "tests.chaos.desks", *map(str, ports[2:]), web, plan.seed])
        await crew.start("model", ["-m", "tests.chaos.model", str(ports[1]), plan.seed])
        await crew.answers(f"{desks}/about")
        await crew.answers(f"{model}/log")
        about = (await http.get(f"{desks}/about")).raise_for_status().json()
        environment |= about["settings"] | _settings(plan, model)
        names = ("serve",) if plan.embedded else ("web", "worker-1", "worker-2")
        crew.root = plan.older or ROOT
        for name in names:
            listens = ("--port", str(ports[0]), *(() if plan.embedded else ("--no-worker",)))
            command = ("work",) if name.startswith("worker") else ("serve", *listens)
            own = {"DESKPILOT_DATA_DIR": str(folder / "data" / name)}
            await crew.start(name, [*DESKPILOT, *command], environment | own)
        await crew.answers(f"{web}/healthz")
        for name in names[1:]:
            await crew.said(name, _WORKER_READY)
        crew.root = ROOT
        yield Driver(plan, crew, http, about, {"web": web, "model": model, "desks": desks})


async def _database(plan: Plan, folder: Path, stack: AsyncExitStack) -> dict[str, str]:
    if plan.embedded:
        return {}
    url = await stack.enter_async_context(embedded_postgres.running(folder / "data" / "shared" / "postgres"))
    return {"DESKPILOT_DATABASE_URL": url}


def _settings(plan: Plan, model: str) -> dict[str, str]:
    return {
        "DESKPILOT_LLM__BASE_URL": f"{model}/v1",
        "DESKPILOT_LLM__MODEL": "main",
        "DESKPILOT_LLM__TOKENS_PER_REQUESTER_HOUR": "0",  # a few customers write in minutes what is a year's
        "DESKPILOT_KNOWLEDGE__FOLDER": str(ARTICLES),
        "DESKPILOT_DEBOUNCE_S": "0.2",
        "DESKPILOT_DEBOUNCE_MAX_S": "1",
        "DESKPILOT_RECONCILE_EVERY_S": str(plan.reconcile_every_s),
    }
