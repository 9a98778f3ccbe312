"""Secrets in no output (S10): every secret setting holds a canary, and the service is run, refused, crashed and asked.

What is read: logs at DEBUG with their tracebacks, what commands print, bodies of answers, every table, every note. Where a
secret belongs (the request that carries it) it must arrive, or the run would prove nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel
from qdrant_client import AsyncQdrantClient
from sqlalchemy.engine import make_url

from connectors.freshdesk.simulator import FreshdeskSimulator
from connectors.freshdesk.simulator import Options as FreshdeskOptions
from connectors.zendesk.simulator import ZendeskSimulator
from service import embedded_postgres
from service.control import find
from service.database import migrate
from service.settings import PREFIX, Settings
from service.web.server import free_port, listener, serving
from tests import dump, fake_embeddings, fake_llm, fake_qdrant
from tests.security.bars import Bar
from tests.security.echoing import Echo, forms
from tests.story.articles import write_articles
from tests.story.model import ANALYSIS, DRAFT, answering

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
LONGEST_S = 60.0

COMMANDS = (
    "jobs list", "jobs list --json", "jobs show zendesk:1 --json", "knowledge report", "sync", "sync --json",
    "forget --requester nobody --helpdesk zendesk", "backfill --json", "resume zendesk", "doctor --json", "doctor --live", "--version",
)  # fmt: skip
"""What is run beside the service while everything refuses us, and jobs say why they wait."""

_SERVE = """
import os
from pathlib import Path
from service import cli, pipeline

look = pipeline.Pipeline._look

async def crashing(self, desk, ticket_id, *given, **more):
    if Path("crash").exists():
        parts = (self.__dict__, self._settings, vars(desk), desk._door.__dict__ if hasattr(desk, "_door") else "")
        raise RuntimeError(f"a defect that shows all it has: {parts!r} {parts[1]!s}")
    return await look(self, desk, ticket_id, *given, **more)

pipeline.Pipeline._look = crashing
cli.app()
"""

_COMMANDS = """
import json, os, sys
from service import cli

def create_app(service, **more):
    raise RuntimeError(f"a defect at start: {service!r} {service.settings!s} {service.database!r} {more.keys()}")

cli.create_app = create_app
for given, settings in json.load(sys.stdin):
    for name in [name for name in os.environ if name.startswith("DESKPILOT_")]:
        del os.environ[name]
    os.environ.update(settings)
    try:
        cli.app(given)
    except SystemExit as ended:
        print("$", *given, ended.code, flush=True)
    except Exception as error:
        sys.excepthook(type(error), error, error.__traceback__)
        print("$", *given, 1, flush=True)
"""


def secret_settings() -> Iterator[str]:
    """The name in the environment of every setting that is a secret."""
    for name, one in Settings.model_fields.items():
        if isinstance(one.default, BaseModel):
            fields = type(one.default).model_fields.items()
            yield from (f"{PREFIX}{name}__{inner}".upper() for inner, of in fields if _is_secret(of.annotation))
        elif _is_secret(one.annotation):
            yield f"{PREFIX}{name}".upper()


def _is_secret(annotation: object) -> bool:
    return "SecretStr" in str(annotation)


def canary(name: str) -> str:
    """A secret that looks like a word: no rule that masks by looks hides it from us."""
    return f"canary{name.removeprefix(PREFIX).replace('_', '').lower()}vexquorl"


@dataclass
class Told:
    """All that left the service, by where."""

    said: list[tuple[str, str]] = field(default_factory=list)

    def add(self, where: str, text: str) -> None:
        self.said.append((where, text))

    def hits(self, secrets: Mapping[str, str]) -> list[str]:
        """Each secret that is found in one of its forms, as in "log: its name"."""
        return sorted(
            {
                f"{where}: {name}"
                for where, text in self.said
                for name, secret in secrets.items()
                if any(form in text for form in forms(secret))
            }
        )


@dataclass
class Account:
    """Everything the service speaks to, each behind an Echo, and what it was told."""

    zendesk: ZendeskSimulator
    freshdesk: FreshdeskSimulator
    echoes: dict[str, Echo]
    settings: dict[str, str]
    secrets: dict[str, str]  # by setting, and those that came up in the run
    url: str  # of the service
    folder: Path
    told: Told = field(default_factory=Told)

    async def ask(self, helpdesk: str, subject: str) -> str:
        """A customer asks; returns the ticket's id."""
        text = "Hello, the tracking of my parcel has not moved for nine days. Is it lost?"
        given: dict[str, Any] = {
            "name": "Ana Lind",
            "email": "ana.lind@customer.example",
            "subject": subject,
            "text": text,
        }
        twin = self.zendesk if helpdesk == "zendesk" else self.freshdesk
        return await twin.open_ticket(**given)


@asynccontextmanager
async def account(database_url: str, folder: Path) -> AsyncIterator[Account]:
    """Simulators of everything outside, and the settings of a service between them."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient())
        sockets = {name: listener(HOST, 0) for name in ("zendesk", "freshdesk", "llm", "embeddings", "qdrant")}
        urls = {name: f"http://{HOST}:{one.getsockname()[1]}" for name, one in sockets.items()}
        url = f"http://{HOST}:{free_port(HOST, 0)}"
        secrets = {name: canary(name) for name in secret_settings()}
        zendesk = ZendeskSimulator(http=http, url=urls["zendesk"])
        zendesk.gatekeeper.client_secret = secrets["DESKPILOT_ZENDESK__CLIENT_SECRET"]
        freshdesk = FreshdeskSimulator(
            http=http, url=urls["freshdesk"], options=FreshdeskOptions(api_key=secrets["DESKPILOT_FRESHDESK__API_KEY"])
        )
        signing = zendesk.connect_webhook(f"{url}/webhooks/zendesk")
        freshdesk.connect_webhook(
            f"{url}/webhooks/freshdesk", kind="header", secret=secrets["DESKPILOT_FRESHDESK__WEBHOOK_SECRETS"]
        )
        model, encoder = fake_llm.FakeLLM(), fake_embeddings.FakeEmbeddings()
        model.otherwise = answering(ANALYSIS, DRAFT)
        memory = AsyncQdrantClient(":memory:")
        stack.push_async_callback(memory.close)
        apps = {
            "zendesk": zendesk.app, "freshdesk": freshdesk.app, "llm": fake_llm._app(model),
            "embeddings": encoder.app(), "qdrant": fake_qdrant._app(memory),
        }  # fmt: skip
        echoes = {name: Echo(app) for name, app in apps.items()}
        for name, echo in echoes.items():
            await stack.enter_async_context(serving(echo, host=HOST, port=0, listening=sockets[name]))
        address = make_url(database_url).set(password=secrets["DESKPILOT_DATABASE_URL"])
        settings = {
            **secrets,
            "DESKPILOT_DATABASE_URL": address.render_as_string(hide_password=False),
            "DESKPILOT_ZENDESK__WEBHOOK_SECRETS": f"{secrets['DESKPILOT_ZENDESK__WEBHOOK_SECRETS']},{signing}",
            "DESKPILOT_ZENDESK__URL": urls["zendesk"],
            "DESKPILOT_ZENDESK__CLIENT_ID": zendesk.gatekeeper.client_id,
            "DESKPILOT_FRESHDESK__URL": urls["freshdesk"],
            "DESKPILOT_LLM__BASE_URL": f"{urls['llm']}/v1",
            "DESKPILOT_LLM__MODEL": "main",
            "DESKPILOT_LLM__FAST_MODEL": "fast",
            "DESKPILOT_LLM__WAIT_S": "0",
            "DESKPILOT_EMBEDDINGS__BASE_URL": f"{urls['embeddings']}/v1",
            "DESKPILOT_EMBEDDINGS__MODEL": "fake-small",
            "DESKPILOT_QDRANT__URL": urls["qdrant"],
            "DESKPILOT_TELEMETRY__OTLP_ENDPOINT": f"http://{HOST}:1",  # nobody collects: what is said of that counts, too
            "DESKPILOT_TELEMETRY__OTLP_HEADERS": f"authorization={secrets['DESKPILOT_TELEMETRY__OTLP_HEADERS']}",
            "DESKPILOT_LOOKUP__SECRETS": f"crm={secrets['DESKPILOT_LOOKUP__SECRETS']}",
            "DESKPILOT_REPORT__WEBHOOK": f"https://{HOST}:1/{secrets['DESKPILOT_REPORT__WEBHOOK']}",  # the path is the secret
            "DESKPILOT_DATA_DIR": str(folder / "data"),
            "DESKPILOT_KNOWLEDGE__FOLDER": str(write_articles(folder / "articles")),
            "DESKPILOT_LOG_LEVEL": "DEBUG",
            "DESKPILOT_DEBOUNCE_S": "0",
            "DESKPILOT_DEBOUNCE_MAX_S": "0",
            "DESKPILOT_RECONCILE_EVERY_S": "0",
        }
        del settings["DESKPILOT_ZENDESK__TOKEN"]  # another way in: it has its turn among the wrong settings
        secrets["the signing secret"] = signing
        yield Account(zendesk, freshdesk, echoes, settings, secrets, url, folder)


async def _started(
    desk: Account, code: str, *arguments: str, settings: Mapping[str, str]
) -> asyncio.subprocess.Process:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, *arguments),
        cwd=desk.folder,
        env={**outside, "PYTHONPATH": str(ROOT), **settings},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=2**24,
    )


async def _commands(desk: Account) -> None:
    """Starts that are refused, all COMMANDS, and a start that crashes, one after the other in a process of their own."""
    serve = ["serve", "--port", "0"]
    runs = [*_wrong(desk), *((one.split(), desk.settings) for one in COMMANDS), (serve, desk.settings)]
    process = await _started(desk, _COMMANDS, settings={})
    said, _ = await asyncio.wait_for(process.communicate(json.dumps(runs).encode()), LONGEST_S)
    out = said.decode()
    refused = [line for line in out.splitlines() if line.startswith("$ serve")]
    assert process.returncode == 0, out
    assert refused[:-1] == ["$ serve --port 0 2"] * 7 + ["$ serve --port 0 1"], out
    assert "a defect at start" in out, out
    desk.told.add("commands", out)


class Serving:
    """A `deskpilot serve` and the lines of its log."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[str] = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            self.lines.append(line.decode())

    async def until(self, condition: Callable[[], bool | Awaitable[bool]]) -> None:
        """Wait for something to happen. Fails with the log where it does not."""
        try:
            async with asyncio.timeout(LONGEST_S):
                while not (held if isinstance(held := condition(), bool) else await held):
                    assert not self._reader.done(), "".join(self.lines)
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError("".join(self.lines)) from None

    def tells_of(self, ticket: str, *, after: int) -> bool:
        """Whether a look at this ticket ended since the log had so many lines."""
        ends = ("looked at a ticket", "put off", "has to act", "failed", "nothing can be written")
        return any(f'"ticket": "{ticket}"' in line and any(end in line for end in ends) for line in self.lines[after:])

    async def stop(self) -> None:
        """As a container platform does."""
        self._process.terminate()
        await asyncio.wait_for(self._process.wait(), LONGEST_S)
        await self._reader

    def kill(self) -> None:
        """Whatever happened."""
        if self._process.returncode is None:
            self._process.kill()


async def _served(desk: Account) -> None:
    """Success, a defect, and every refusal in turn; then what an operator reads."""
    serve = Serving(
        await _started(desk, _SERVE, "serve", "--port", desk.url.rpartition(":")[2], settings=desk.settings)
    )
    try:
        async with httpx.AsyncClient(base_url=desk.url) as http:
            await serve.until(lambda: _ready(http))
            control = find(desk.folder / "data")
            assert control
            desk.secrets["the token of the run"] = control.token

            async def asked(helpdesk: str, subject: str) -> str:
                before = len(serve.lines)
                ticket = await desk.ask(helpdesk, subject)
                await serve.until(lambda: serve.tells_of(ticket, after=before))
                return ticket

            notes = [len(twin.notes(await asked(name, "Where is it?"))) for name, twin in _twins(desk)]
            assert notes == [1, 1], "".join(serve.lines)  # the secrets arrived where they belong
            (desk.folder / "crash").touch()
            await asked("zendesk", "It crashes")
            (desk.folder / "crash").unlink()
            for name, status, helpdesk in (
                *(("llm", 401, "zendesk"), ("llm", 500, "freshdesk")),
                *(("embeddings", 401, "zendesk"), ("embeddings", 500, "freshdesk"), ("embeddings", 400, "zendesk")),
                *(("freshdesk", 401, "freshdesk"), ("zendesk", 401, "zendesk"), ("qdrant", 401, "")),
            ):
                echo = desk.echoes[name]
                echo.status = status
                if helpdesk:
                    await asked(helpdesk, f"While {name} answers {status}")
                    assert echo.repeated, name
                if name in ("llm", "embeddings"):
                    echo.status = 0
            await _asked_over_http(desk, http)
            assert all(echo.repeated for echo in desk.echoes.values())
            await _commands(desk)
            desk.told.add("answers", (await http.get("/metrics")).text)
        await serve.stop()
    finally:
        serve.kill()
    log = "".join(serve.lines)
    assert "Traceback" in log
    assert "a defect that shows all it has" in log
    desk.told.add("log", log)


def _twins(desk: Account) -> tuple[tuple[str, ZendeskSimulator | FreshdeskSimulator], ...]:
    return (("zendesk", desk.zendesk), ("freshdesk", desk.freshdesk))


async def _ready(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


async def _asked_over_http(desk: Account, http: httpx.AsyncClient) -> None:
    """Whatever somebody can ask, with the right token, a wrong one and none."""
    admin = {"Authorization": f"Bearer {desk.settings['DESKPILOT_ADMIN_TOKEN']}"}
    hook = desk.settings["DESKPILOT_FRESHDESK__WEBHOOK_SECRETS"]
    article = {"title": "T", "text": "Some words that say something.", "audience": "public"}
    asked = [
        *(("GET", path, {}) for path in ("/healthz", "/readyz", "/metrics", "/", "/api/nothing")),
        ("GET", "/api/knowledge/report", admin),
        ("GET", "/api/knowledge/report", {"Authorization": "Bearer wrong"}),
        ("PUT", "/api/knowledge/wiki/one", admin),
        ("DELETE", "/api/requesters/zendesk/4711", admin),
        ("POST", "/api/sync", admin),
        ("POST", "/api/context", {"Authorization": f"Bearer {desk.settings['DESKPILOT_SIGNALS_TOKEN']}"}),
        ("POST", f"/webhooks/freshdesk/{hook}", {}),
        ("POST", f"/webhooks/freshdesk/{hook}x", {}),
        ("POST", f"/webhooks/elsewhere/{hook}", {}),
        ("POST", "/webhooks/zendesk", {"X-Zendesk-Webhook-Signature": hook, "Authorization": f"Basic {hook}"}),
    ]
    for method, path, headers in asked:
        answer = await http.request(
            method, path, headers=headers, json=None if method == "GET" else article, timeout=30
        )
        desk.told.add("answers", f"{answer.headers} {answer.text}")


def _wrong(desk: Account) -> list[tuple[list[str], dict[str, str]]]:
    """Starts that are refused, with a secret where it belongs or where it does not."""
    every, secret = {**desk.settings, **{name: canary(name) for name in secret_settings()}}, canary("LLM__API_KEY")
    headers, lookups, report = (
        "DESKPILOT_TELEMETRY__OTLP_HEADERS",
        "DESKPILOT_LOOKUP__SECRETS",
        "DESKPILOT_REPORT__WEBHOOK",
    )
    # without its name, or what makes it an address, it is refused: once below
    every |= {name: desk.settings[name] for name in (headers, lookups, report)}
    changes: tuple[dict[str, str], ...] = (
        {"DESKPILOT_LLM__TIMEOUT_S": secret, "DESKPILOT_RETENTION_DAYS": "0", **{one: canary(one) for one in (headers, lookups, report)}},
        {"DESKPILOT_LLM": f'{{"api_key": "{secret}"'},
        {"DESKPILOT_LLM": f'{{"api_key": ["{secret}"]}}', "DESKPILOT_LLM__API_KEY": ""},
        {"DESKPILOT_LLM__API_KYE": secret, "DESKPILOT_LLM__BASE_URL": f"https://{secret}@model.example/v1"},
        {"DESKPILOT_DATABASE_URL": f"postgresql://desk:{canary('DATABASE_URL')}@[nowhere/desk"},
        {"DESKPILOT_DATABASE_URL": f"postgresql://desk:{canary('DATABASE_URL')}@/desk?nonsense=1", "DESKPILOT_ZENDESK__TOKEN": ""},
        {"DESKPILOT_LLM__API_KEY": "", "DESKPILOT_LLM__API_KEY_FILE": secret, "DESKPILOT_ZENDESK__TOKEN": ""},
        {"DESKPILOT_DATABASE_URL": f"postgresql://desk:{canary('DATABASE_URL')}@{HOST}:1/desk", "DESKPILOT_ZENDESK__TOKEN": ""},
    )  # fmt: skip
    token = {name: value for name, value in every.items() if "CLIENT_" not in name}  # the token alone, which is refused
    return [
        *((["serve", "--port", "0"], {**every, **more}) for more in changes),
        (["backfill", "--json"], {**token, "DESKPILOT_DATABASE_URL": desk.settings["DESKPILOT_DATABASE_URL"]}),
    ]


async def run(database_url: str, folder: Path) -> tuple[list[str], int, int]:
    """The whole story of the canaries: hits as "where: name", how many secrets, how many places."""
    async with account(database_url, folder) as desk:
        await _served(desk)
        desk.told.add("database", await dump.tables(database_url))
        for _, twin in _twins(desk):
            written = [str(one.body) for one in twin.requests if one.method != "GET" and "/tickets/" in one.path]
            assert written
            desk.told.add("notes", "\n".join(written))
        given = [str(token) for token in desk.zendesk.gatekeeper.tokens]
        desk.secrets.update({f"an access token {number}": token for number, token in enumerate(given)})
        return desk.told.hits(desk.secrets), len(desk.secrets), len(desk.told.said)


async def measure(_own: bool) -> list[Bar]:  # noqa: FBT001 - as all parts
    """The bar S10; its cases are of this repository in either form."""
    with tempfile.TemporaryDirectory(prefix="deskpilot-") as directory:
        folder = Path(directory)
        (folder / "run").mkdir()
        async with embedded_postgres.running(folder / "postgres") as url:
            await asyncio.to_thread(migrate, make_url(url).set(drivername="postgresql+psycopg"))
            return bars(*await run(url, folder / "run"))


def bars(hits: list[str], secrets: int, places: int) -> list[Bar]:
    """As the suite prints them."""
    where = f": {', '.join(hits)}" if hits else ""
    return [Bar("S10", f"secrets found in {places} outputs{where}", len(hits), cases=secrets, most=0, own=True)]
