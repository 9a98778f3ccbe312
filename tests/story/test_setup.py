"""Connecting a helpdesk by the command, as an admin does it: from nothing to a written note, again, undone, and refused."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from connectors.freshdesk.simulator import FreshdeskSimulator
from connectors.zendesk.simulator import Options, ZendeskSimulator
from service import logs
from service.assembly import assembled, working
from service.cli import app
from service.knowledge.sources import sync_all
from service.settings import load
from service.web.app import create_app
from service.web.server import free_port, listener, serving
from tests.service.test_cli import Ended, run
from tests.story.articles import write_articles

HOST = "127.0.0.1"
NO_EVENTS = Options(ticket_events=False, article_events=False)
QUESTION = "Hello, the tracking of my parcel has not moved for nine days. Is it lost? Do I get a new kettle?"


@asynccontextmanager
async def served(folder: Path, port: int, database_url: str) -> AsyncIterator[None]:
    """A deskpilot that reads the `.env` of this folder."""
    async with AsyncExitStack() as stack:
        knowledge = {"folder": write_articles(folder / "articles"), "sync_every_s": 0}
        given: dict[str, Any] = {
            "database_url": database_url,
            "debounce_s": 0,
            "debounce_max_s": 0,
            "reconcile_every_s": 0,
        }
        service = await stack.enter_async_context(assembled(load(knowledge=knowledge, **given)))
        await sync_all(service.tools.library, progress=lambda *_: None)
        await stack.enter_async_context(working(service))
        held = stack.enter_context(listener(HOST, port))
        await stack.enter_async_context(serving(create_app(service), host=HOST, port=0, listening=held))
        yield


@dataclass
class Admin:
    """Somebody with a Zendesk account, its OAuth client, and an empty folder in which they work."""

    zendesk: ZendeskSimulator
    port: int  # where their deskpilot will listen
    folder: Path

    @property
    def flags(self) -> list[str]:
        """What they know."""
        given = self.zendesk.oauth_settings
        return [
            *("--url", given["url"], "--client-id", given["client_id"], "--client-secret", given["client_secret"]),
            *("--public-url", f"http://{HOST}:{self.port}"),
        ]

    @property
    def endpoint(self) -> str:
        """Where webhooks go."""
        return f"http://{HOST}:{self.port}/webhooks/zendesk"

    async def setup(self, *more: str) -> Ended:
        """`deskpilot setup zendesk` in this process, to its end."""
        result = await asyncio.to_thread(CliRunner().invoke, app, ["setup", "zendesk", *more])
        return Ended(result.exit_code, result.stdout, result.stderr)

    async def process(self, *more: str) -> Ended:
        """The same as a process of its own."""
        return await asyncio.to_thread(lambda: run("setup", "zendesk", *more, folder=self.folder))

    @property
    def writes(self) -> list[str]:
        """What the account was asked to change, tests of webhooks included."""
        return [
            f"{one.method} {one.path}"
            for one in self.zendesk.requests
            if one.method != "GET" and not one.path.startswith("/oauth/")
        ]

    def serve(self, database_url: str) -> AbstractAsyncContextManager[None]:
        """Their deskpilot, with what set-up has left in `.env`."""
        return served(self.folder, self.port, database_url)

    async def note(self) -> str:
        """A customer asks; the note that is written."""
        ticket = await self.zendesk.open_ticket(
            name="Ana Lind", email="ana.lind@customer.example", subject="Where is my parcel?", text=QUESTION
        )
        while not (notes := self.zendesk.notes(ticket)):
            await self.zendesk.settle()
            await asyncio.sleep(0.02)
        assert [note.public for note in notes] == [False]
        return notes[0].html


@pytest.fixture(autouse=True)
def no_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command runs in this process, whose log must not end in the command's standard error."""
    monkeypatch.setattr(logs, "configure", lambda *_, **__: None)


@pytest.fixture
def arrive(tmp_path: Path) -> Callable[..., Any]:
    """An admin before a simulated account."""

    @asynccontextmanager
    async def arrived(options: Options | None = None) -> AsyncIterator[Admin]:
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(httpx.AsyncClient())
            held = stack.enter_context(listener(HOST, 0))
            zendesk = ZendeskSimulator(http=http, url=f"http://{HOST}:{held.getsockname()[1]}", options=options)
            await stack.enter_async_context(serving(zendesk.app, host=HOST, port=0, listening=held))
            yield Admin(zendesk, free_port(HOST, 0), tmp_path)
            await zendesk.close()

    return arrived


@pytest.mark.parametrize("options", [Options(), NO_EVENTS], ids=["events", "triggers"])
async def test_from_nothing_to_a_note(arrive: Callable[..., Any], database_url: str, options: Options) -> None:
    """The command makes what is needed, writes the settings, and waits until the service that reads them is reached."""
    async with arrive(options) as admin:
        env_file = admin.folder / ".env"
        env_file.write_text("# mine\nDESKPILOT_TEAM__LANGUAGE=en\n")
        setup = asyncio.create_task(
            admin.process(*admin.flags, "--env-file", ".env", "--yes", "--json", "--wait", "60")
        )
        while "WEBHOOK_SECRETS" not in env_file.read_text():
            await asyncio.sleep(0.02)
            assert not setup.done(), setup.result()
        async with admin.serve(database_url):
            ended = await setup
            note = await admin.note()

        told = json.loads(ended.out)
        assert (ended.code, told["delivery"]["state"]) == (0, "fine"), ended
        assert len(told["made"]) == (1 if options.ticket_events else 3)
        assert "cannot reach" in ended.err
        (webhook,) = admin.zendesk.state.webhooks.values()
        written = env_file.read_text()
        assert written.startswith("# mine\nDESKPILOT_TEAM__LANGUAGE=en\n")
        assert f"DESKPILOT_ZENDESK__WEBHOOK_SECRETS={webhook.secret}\n" in written
        assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
        assert webhook.secret not in ended.out + ended.err
        assert "parcel" in note


async def test_freshdesk_from_nothing_to_a_note(tmp_path: Path, database_url: str) -> None:
    """It has no test delivery: the command waits until the first ticket's webhook stands in the inbox."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient())
        held = stack.enter_context(listener(HOST, 0))
        desk = FreshdeskSimulator(http=http, url=f"http://{HOST}:{held.getsockname()[1]}")
        await stack.enter_async_context(serving(desk.app, host=HOST, port=0, listening=held))
        port, key = free_port(HOST, 0), desk.settings["api_key"]
        flags = ("--url", desk.settings["url"], "--api-key", key, "--public-url", f"http://{HOST}:{port}")
        more = ("--env-file", ".env", "--yes", "--json", "--wait", "60")
        setup = asyncio.create_task(
            asyncio.to_thread(
                lambda: run("setup", "freshdesk", *flags, *more, folder=tmp_path, DATABASE_URL=database_url)
            )
        )
        while not (tmp_path / ".env").exists():
            await asyncio.sleep(0.02)
            assert not setup.done(), setup.result()
        async with served(tmp_path, port, database_url):
            ticket = await desk.open_ticket(
                name="Ana Lind", email="ana.lind@customer.example", subject="Where is my parcel?", text=QUESTION
            )
            ended = await setup
            while not (notes := desk.notes(ticket)):
                await desk.settle()
                await asyncio.sleep(0.02)

        told = json.loads(ended.out)
        assert (ended.code, told["delivery"]["state"], len(told["made"])) == (0, "fine", 3), ended
        assert [note.public for note in notes] == [False]
        assert "parcel" in notes[0].html


@pytest.mark.parametrize("options", [Options(), NO_EVENTS], ids=["events", "triggers"])
async def test_a_second_run_changes_nothing_and_undo_leaves_nothing(
    arrive: Callable[..., Any], options: Options
) -> None:
    """Neither in the account nor in the file; the second run needs no flag but the file's."""
    async with arrive(options) as admin:
        assert (await admin.setup(*admin.flags, "--env-file", ".env", "--yes", "--wait", "0")).code == 0
        first, made = (admin.folder / ".env").read_text(), list(admin.writes)
        again = await admin.setup("--env-file", ".env", "--yes", "--wait", "0")

        assert (again.code, (admin.folder / ".env").read_text(), admin.writes) == (0, first, made)
        assert "no call changes anything" in again.out

        undone = await admin.setup("--undo", "--yes")
        assert undone.code == 0
        assert undone.out.count("Deleted:") == (1 if options.ticket_events else 3)
        assert (admin.zendesk.state.webhooks, admin.zendesk.state.triggers) == ({}, {})
        nothing = await admin.setup("--undo", "--yes")
        assert (nothing.code, "nothing to undo" in nothing.out) == (0, True)


async def test_a_rehearsal_prints_the_calls_and_makes_none(arrive: Callable[..., Any]) -> None:
    """What it prints is what is sent when it is meant."""
    async with arrive(NO_EVENTS) as admin:
        shown = json.loads((await admin.setup(*admin.flags, "--triggers", "--dry-run", "--json")).out)
        assert admin.writes == []
        assert not (admin.folder / ".env").exists()

        sent = json.loads((await admin.setup(*admin.flags, "--triggers", "--yes", "--json", "--wait", "0")).out)

        assert [f"{one['method']} {one['path']}" for one in shown["calls"] if one["method"] != "GET"] == admin.writes
        (webhook,) = admin.zendesk.state.webhooks
        bodies = [one.body for one in admin.zendesk.requests if f"{one.method} {one.path}" in admin.writes]
        said = json.dumps([one["body"] for one in shown["calls"] if one["body"]]).replace("(new)", webhook)
        assert json.loads(said) == bodies
        assert sent["secret"] == admin.zendesk.state.webhooks[webhook].secret


@pytest.mark.parametrize("way", ["client", "token", "api token"])
async def test_each_way_in_is_taken_as_a_whole(
    arrive: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """By flag, over another that stands in the settings; a secret may come by the environment."""
    async with arrive() as admin:
        url, endpoint = admin.zendesk.oauth_settings["url"], ("--public-url", f"http://{HOST}:{admin.port}")
        if way == "client":
            for name, value in (("TOKEN", "an-old-token"), ("CLIENT_SECRET", admin.zendesk.gatekeeper.client_secret)):
                monkeypatch.setenv(f"DESKPILOT_ZENDESK__{name}", value)
            flags = ["--client-id", admin.zendesk.gatekeeper.client_id]
        else:
            for name, value in (
                ("CLIENT_ID", "another"),
                ("CLIENT_SECRET", "another-secret"),
                ("EMAIL", "a@b.example"),
            ):
                monkeypatch.setenv(f"DESKPILOT_ZENDESK__{name}", value)
            given = admin.zendesk.token_settings if way == "token" else admin.zendesk.api_token_settings
            flags = [part for name in ("token", "email") if name in given for part in (f"--{name}", given[name])]
        ended = await admin.setup("--url", url, *flags, *endpoint, "--dry-run")

        assert (ended.code, "✓ identity: We are deskpilot" in ended.out) == (0, True), ended


async def test_a_rehearsed_undo_deletes_nothing(arrive: Callable[..., Any]) -> None:
    """It says what it would delete."""
    async with arrive() as admin:
        await admin.setup(*admin.flags, "--yes", "--wait", "0")
        before = list(admin.writes)
        shown = await admin.setup(*admin.flags, "--undo", "--dry-run")

        assert "DELETE /api/v2/webhooks/" in shown.out
        assert admin.writes == before


async def test_a_secret_without_a_file_is_printed_once(arrive: Callable[..., Any]) -> None:
    """As the line that goes where the service runs."""
    async with arrive() as admin:
        ended = await admin.setup(*admin.flags, "--yes", "--wait", "0")

        (webhook,) = admin.zendesk.state.webhooks.values()
        assert ended.out.count(webhook.secret) == 1
        assert f"DESKPILOT_ZENDESK__WEBHOOK_SECRETS={webhook.secret}" in ended.out


async def test_the_secret_of_a_new_webhook_stands_beside_the_old_one(arrive: Callable[..., Any]) -> None:
    """A delivery under the old one may still be on its way."""
    async with arrive() as admin:
        given = ("--env-file", ".env", "--yes", "--wait", "0")
        await admin.setup(*admin.flags, *given)
        (old,) = admin.zendesk.state.webhooks.values()
        await admin.setup("--undo", "--yes")
        await admin.setup(*given)

        (new,) = admin.zendesk.state.webhooks.values()
        lines = (admin.folder / ".env").read_text().splitlines()
        assert f"DESKPILOT_ZENDESK__WEBHOOK_SECRETS={new.secret},{old.secret}" in lines


async def test_a_service_that_does_not_know_the_secret_is_named(arrive: Callable[..., Any], database_url: str) -> None:
    """Reached, and refused with 401: what to do is restart it."""
    async with arrive() as admin:
        (admin.folder / ".env").write_text(
            f"DESKPILOT_ZENDESK__URL={admin.zendesk.state.url}\nDESKPILOT_ZENDESK__TOKEN=any-token-at-all\n"
            "DESKPILOT_ZENDESK__WEBHOOK_SECRETS=the-secret-of-a-former-webhook\n"
        )
        async with admin.serve(database_url):
            ended = await admin.setup(*admin.flags, "--env-file", ".env", "--yes", "--wait", "1")

        assert ended.code == 1
        assert "does not know this secret yet (401). Start the service again" in ended.out


@pytest.mark.parametrize(
    ("options", "flags", "sentence"),
    [
        (Options(), ["--client-secret", "wrong"], "identity: Zendesk refuses our credentials"),
        (Options(client_scope="raed wriet"), [], "scopes: Our token opens nothing"),
        (Options(client_scope="read"), [], "scopes: The token lacks the scope write: it has read."),
        (Options(api_role="agent"), [], "run set-up with an admin's credentials"),
        (Options(api_name="Robin Vale"), [], "looks like a person's account"),
        (Options(), ["--public-url", "ftp://deskpilot.example"], "is not an address. Write it as https://host."),
    ],
    ids=["credentials", "no scope", "read only", "no admin", "a person", "no address"],
)
async def test_what_is_wrong_is_named_in_a_sentence(
    arrive: Callable[..., Any], options: Options, flags: list[str], sentence: str
) -> None:
    """Before anything is changed."""
    async with arrive(options) as admin:
        ended = await admin.setup(*admin.flags, *flags, "--dry-run")

        assert sentence in ended.out + ended.err, ended
        assert admin.writes == []
        assert ended.code == (0 if options.api_name == "Robin Vale" else 1)


async def test_a_rule_that_would_mail_our_note_is_found_and_its_cure_works(arrive: Callable[..., Any]) -> None:
    """The condition is printed as it goes into the API; with it in place, nothing is found any more."""
    async with arrive() as admin:
        mail = {"field": "notification_user", "value": ["assignee_id", "Updated", "{{ticket.comments_formatted}}"]}
        present = {"field": "comment_is_public", "operator": "is", "value": "not_relevant"}
        rule = admin.zendesk.add_trigger(
            "Notify assignee of comment update", conditions={"all": [present]}, actions=[mail]
        )
        ended = await admin.setup(*admin.flags, "--dry-run")

        assert (
            'The trigger "Notify assignee of comment update" mails the assignee whenever we write a note.' in ended.out
        )
        cure = {"field": "role", "operator": "is_not", "value": str(admin.zendesk.state.api_user.id)}
        assert f"in the API {json.dumps(cure)}" in ended.out

        rule.conditions["all"].append(cure)
        ended = await admin.setup(*admin.flags, "--dry-run")
        assert "No trigger or automation mails people because of our notes." in ended.out


async def test_answers_that_nobody_can_give_are_asked_for_by_name(arrive: Callable[..., Any]) -> None:
    """All of them at once, each with its flag and its setting."""
    async with arrive() as admin:
        ended = await admin.process()

        assert ended.code == 2
        assert len(ended.complaints) == 5
        assert "Address of your Zendesk is not known: give --url, or set DESKPILOT_ZENDESK__URL." in ended.complaints
        assert any("add --yes" in one for one in ended.complaints)
