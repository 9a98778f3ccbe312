"""The database opens, migrates and closes; embedded or not."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from service.database import Database, migrate, open_database
from service.errors import DatabaseUnavailableError
from service.queue import AWAY
from service.settings import Settings
from service.tables import metadata, outages


def test_jobs_of_the_first_version_are_found_by_the_workers_of_this_one(postgres: str) -> None:
    """An update in the middle of work loses no ticket: what waited in the one old queue waits in the new ones."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE older")
    address = make_url(postgres).set(drivername="postgresql+psycopg", database="older")
    migrate(address, to="0001")
    old = [
        ("look", {"helpdesk": "zendesk", "ticket_id": "7", "attempt": 2}),
        ("look", {"helpdesk": "freshdesk", "ticket_id": "8", "attempt": 1}),
        ("poll", {"helpdesk": "zendesk", "since": "2026-11-01T00:00:00+00:00"}),
        ("sync", {}),
    ]
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for task, given in old:
            connection.execute(
                sa.text(
                    "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES ('tickets', :task, :given)"
                ),
                {"task": task, "given": json.dumps(given)},
            )
    migrate(address)

    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT queue_name, task_name, args FROM procrastinate_jobs ORDER BY id"))
        found = [tuple(row) for row in rows]
    engine.dispose()
    assert found == [
        ("zendesk", "look", old[0][1]),
        ("freshdesk", "look", old[1][1]),
        ("chores", "reconcile", {"helpdesk": "zendesk", "since": "2026-11-01T00:00:00+00:00", "after_s": 0}),
        ("chores", "sync", {}),
    ]


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(database_url: str) -> None:
    """A column added to one and forgotten in the other is found here."""
    engine = sa.create_engine(make_url(database_url).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _ours, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    """The queue's tables are the queue's."""
    return kind != "table" or not (name or "").startswith("procrastinate_")


async def test_the_embedded_database_starts_again_beside_a_pid_file_of_the_dead(data_dir: Path) -> None:
    """A machine that lost power leaves a pid file, whose number another process may own by now."""
    settings = Settings(data_dir=data_dir)
    async with open_database(settings):
        pass
    lines = ["1", str(data_dir), "1712346200", "5432", str(data_dir), "", "0 0", "ready"]  # 1 is no PostgreSQL
    (data_dir / "postgres/postmaster.pid").write_text("\n".join(lines))

    async with open_database(settings) as database, database.engine.connect() as connection:
        assert await connection.scalar(sa.select(1)) == 1


async def test_the_embedded_database_is_stopped_even_after_an_owner_was_killed(data_dir: Path) -> None:
    """A killed owner stays on the wheel's list; it must not keep the server alive for ever."""
    settings = Settings(data_dir=data_dir)
    async with open_database(settings) as database:
        address = database.conninfo
    (data_dir / "postgres/.handle_pids.json").write_text("[4194303]")  # beyond the largest pid in use

    async with open_database(settings):
        pass
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address)


_END_ALL = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def test_a_server_that_was_restarted_costs_one_error_and_no_more(database: Database) -> None:
    """Nothing pings before a single statement: who meets the dead connection first clears them all away."""
    async with AsyncExitStack() as held:
        for _ in range(5):
            await (await held.enter_async_context(database.engine.connect())).execute(sa.select(1))
        async with database.transactions.begin() as killer:
            await killer.execute(_END_ALL)

    failures = 0
    for _ in range(10):
        try:
            async with database.engine.connect() as connection:
                await connection.execute(sa.select(1))
        except AWAY:
            failures += 1
    assert failures == 1


async def test_a_transaction_never_begins_on_a_dead_connection(database: Database) -> None:
    """A note's place is held in one."""
    async with AsyncExitStack() as held:
        for _ in range(5):
            await held.enter_async_context(database.transactions.begin())
    async with database.engine.connect() as killer:
        await killer.execute(_END_ALL)

    for _ in range(5):
        async with database.transactions.begin() as connection:
            assert await connection.scalar(sa.select(1)) == 1


async def test_a_statement_that_stands_alone_is_committed_by_itself(database: Database) -> None:
    """Nobody has to say so."""
    async with database.engine.connect() as connection:
        await connection.execute(sa.insert(outages).values(name="llm", failures=1, reason="down"))

    async with database.transactions.begin() as another:
        assert await another.scalar(sa.select(outages.c.name)) == "llm"


async def test_a_database_that_does_not_answer_says_which_one_and_hides_the_password() -> None:
    """The operator reads what to set, and no secret."""
    settings = Settings(database_url=SecretStr("postgresql://desk:hunter2@127.0.0.1:1/desk"))

    with pytest.raises(DatabaseUnavailableError, match="DESKPILOT_DATABASE_URL") as raised:
        async with open_database(settings):
            pass
    assert "postgresql://desk:***@127.0.0.1:1/desk: " in str(raised.value)
    assert "Connection refused. Start it" in str(raised.value)
    assert "hunter2" not in str(raised.value)


async def test_a_database_that_is_not_there_is_told_from_one_that_does_not_run(database_url: str) -> None:
    """After a rotation it is the password, and to start the server would not help."""
    nowhere = make_url(database_url).set(database="nowhere").render_as_string(hide_password=False)

    with pytest.raises(DatabaseUnavailableError, match='"nowhere" does not exist'):
        async with open_database(Settings(database_url=SecretStr(nowhere))):
            pass
