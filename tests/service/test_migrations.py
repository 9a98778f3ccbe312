"""Updates lose nothing: rows of every revision live through all later ones, and versions work side by side on one database."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import sqlalchemy as sa
from procrastinate.schema import SchemaManager
from pydantic import SecretStr
from sqlalchemy.engine import make_url
from structlog.testing import capture_logs

from service import database
from service.backlog import Backlog
from service.database import migrate, open_database
from service.errors import DatabaseUnavailableError
from service.groups import KnowledgeSettings
from service.inbox import STORE_TIMEOUT_S
from service.ledger import Ledger, TicketKey
from service.outages import Outages, leak_of
from service.queue import Queue
from service.retention import Retention
from service.settings import Settings
from service.spending import Spending
from service.votes import Votes
from tests.service.revisions import REVISIONS, ROWS, STEPS, Walk, catalog, lost, narrowed, walked
from tests.service.scripted import opened

CHANGED = {("0002", "procrastinate_jobs"): frozenset({"queue_name", "task_name", "args"})}
"""Columns of a table whose values a revision changes, each with its reason: here every helpdesk got a queue of its own."""

UNUSED = {"procrastinate_periodic_defers"}
"""Tables of the queue that nobody fills: periodic chores are loops of the worker."""

BREAKING: dict[str, frozenset[str]] = {}
"""What a revision takes away all the same, each with its reason and the version that stopped using it: nothing so far."""

ACCOUNT = "acme.zendesk.com"


@pytest.fixture(scope="module")
def walk(postgres: str) -> Walk:
    """One walk for all: it only ever grows."""
    return walked(postgres, "walked")


@pytest.fixture
def server(postgres: str) -> Iterator[psycopg.Connection]:
    """An empty database called `fresh`."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE fresh")
        yield connection
        connection.execute("DROP DATABASE fresh WITH (FORCE)")


@pytest.fixture
def fresh(server: psycopg.Connection, postgres: str) -> sa.URL:
    """Its address."""
    assert server
    return make_url(postgres).set(drivername="postgresql+psycopg", database="fresh")


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_table_and_column_holds_rows_of_the_time_when_it_was_made(walk: Walk, revision: str) -> None:
    """Else what becomes of them later is tested by nobody: add what your revision makes to tests/service/rows."""
    before: dict[str, set[str]] = {}
    if revision != REVISIONS[0]:
        for kind, table, *name in walk.catalogs[REVISIONS[REVISIONS.index(revision) - 1]]:
            before.setdefault(table, set()).update(name if kind == "column" else [])
    unfilled = []
    for kind, table, *name in walk.catalogs[revision]:
        if kind != "column" or table in {*UNUSED, "alembic_version"} or name[0] in before.get(table, ()):
            continue
        values = {repr(row[name[0]]) for row in walk.filled[revision][table]} - {"None"}
        inherited = {repr(row[name[0]]) for row in walk.arrived[revision][table]}
        if not values - inherited:
            unfilled.append(f"{table}.{name[0]}")

    assert unfilled == [], f"nothing fills them: INSERT rows in tests/service/rows/{revision}.sql"


@pytest.mark.parametrize(("older", "newer"), STEPS)
def test_no_row_is_lost_and_no_value_changes_in_an_update(walk: Walk, older: str, newer: str) -> None:
    """Whatever stood there at any revision stands there after the next one, and so on to the newest."""
    gone = {
        table: lost(rows, walk.arrived[newer].get(table, []), but=CHANGED.get((newer, table), frozenset()))
        for table, rows in walk.filled[older].items()
    }

    assert {table: rows for table, rows in gone.items() if rows} == {}


@pytest.mark.parametrize(("older", "newer"), STEPS)
def test_a_revision_only_adds_what_an_older_version_can_live_with(walk: Walk, older: str, newer: str) -> None:
    """While an update rolls, both versions work on the same tables; and going back needs no migration."""
    found = set(narrowed(walk.catalogs[older], walk.catalogs[newer]))

    assert found - BREAKING.get(newer, frozenset()) == set()


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE parked",
        "ALTER TABLE drafts DROP COLUMN verdict",
        "ALTER TABLE drafts RENAME COLUMN verdict TO judgement",
        "ALTER TABLE drafts ADD COLUMN brand text NOT NULL",
        "ALTER TABLE drafts ALTER COLUMN note_id SET NOT NULL",
        "ALTER TABLE drafts ALTER COLUMN ticket_id TYPE varchar(20)",
        "ALTER TABLE drafts DROP CONSTRAINT drafts_one_per_message",
        "ALTER TABLE drafts ADD CHECK (verdict <> 'new')",
        "ALTER TABLE silences ALTER COLUMN at DROP DEFAULT",
        "CREATE UNIQUE INDEX one_reference ON drafts (reference)",
        "DROP INDEX deliveries_waiting",
        "DROP FUNCTION procrastinate_retry_job_v1(bigint, timestamptz, integer, varchar, varchar)",
    ],
)
def test_what_an_older_version_cannot_live_with_is_found(database_url: str, change: str) -> None:
    """The rule above sees every kind of it."""
    with psycopg.connect(database_url) as connection:
        before = catalog(connection)
        connection.execute(change)

        assert list(narrowed(before, catalog(connection)))


def test_what_an_older_version_does_not_notice_is_allowed(database_url: str) -> None:
    """A new table, a column with a default or without a duty, an index."""
    with psycopg.connect(database_url) as connection:
        before = catalog(connection)
        connection.execute("CREATE TABLE pauses (name text PRIMARY KEY, at timestamptz NOT NULL)")
        connection.execute("ALTER TABLE drafts ADD COLUMN brand text NOT NULL DEFAULT '', ADD COLUMN form text")
        connection.execute("CREATE INDEX drafts_by_brand ON drafts (brand)")

        assert list(narrowed(before, catalog(connection))) == []


async def test_the_ledger_of_today_reads_what_was_written_at_every_revision(walk: Walk) -> None:
    """Notes, silences, questions, votes, outages, what was spent: all of it counts as it did."""
    async with open_database(Settings(database_url=SecretStr(walk.address))) as opened_now:
        ledger = Ledger(opened_now)
        since = datetime.now(UTC) - timedelta(days=2)
        (first,) = await ledger.drafts(TicketKey("zendesk", ACCOUNT, "1001"))
        assert (first.reference, first.note_id, first.details["writer"]) == ("DP-GFKN5", "5002", "model")
        newest = await ledger.draft(TicketKey("zendesk", ACCOUNT, "1012"), "5120")
        assert newest is not None
        assert newest.requester == "900007"
        async with ledger.writing(first.key, "5001") as to_be_written:
            assert not to_be_written
        assert await ledger.silences(TicketKey("zendesk", ACCOUNT, "1003")) == [("5020", "the message is a thank-you")]
        assert {one.key.ticket_id for one in await ledger.parked()} == {"1005", "80"}
        assert [one.asked for one in await ledger.unanswered(since=since, limit=5)] == ["Can the lid be engraved?"]
        assert (await ledger.citations(since=since))[(ACCOUNT, "360003")] == 2
        standing = await Outages(opened_now).standing()
        assert leak_of("freshdesk") in standing  # writing was stopped, and still is
        assert standing["llm"].open
        assert [one.tokens_in for one in await Spending(opened_now, Settings().llm).today()] == [91000]
        votes = Votes(opened_now, public_url="https://desk.example")
        await votes.renew()
        (_, right), _ = votes.links(newest.key, newest.reference, language="en")
        assert await votes.read(right.rpartition("/")[2])


async def test_the_worker_of_today_does_what_waited_at_every_revision(postgres: str, walk: Walk) -> None:
    """Tickets in the inbox, in the queue, with a worker that is gone, or waiting for a model: each is looked at."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE worked TEMPLATE {make_url(walk.address).database}")
    address = make_url(postgres).set(database="worked").render_as_string(hide_password=False)
    alone = Settings(debounce_s=0, debounce_max_s=0, reconcile_every_s=0, knowledge=KnowledgeSettings(sync_every_s=0))
    waiting = {"zendesk:1006", "zendesk:1007", "zendesk:1009", "zendesk:1010", "freshdesk:79", "freshdesk:81"}
    async with open_database(Settings(database_url=SecretStr(address))) as opened_now:
        listed = {entry.ticket for entry in await Backlog(opened_now, Queue(opened_now)).entries()}
        assert listed >= (waiting - {"zendesk:1009", "freshdesk:79"}) | {"zendesk:1005", "freshdesk:80"}
        both = ("zendesk", "freshdesk")
        async with opened(opened_now, alone, helpdesks=both) as desk, desk.working():
            while not waiting <= set(desk.story.looks):
                await desk.story.looked.wait()
                desk.story.looked.clear()
        await Retention(opened_now, days=30).forget_old()
        (old,) = await Ledger(opened_now).drafts(TicketKey("zendesk", ACCOUNT, "1002"))
        assert (old.html, old.note_id) == ("", "5011")


def test_the_queues_own_schema_is_the_one_that_the_first_revision_makes() -> None:
    """It comes with the library.

    When this fails, the library has changed it: freeze the old one in r0001, make a revision of the files in
    procrastinate/sql/migrations that are newer (`pre` and `post`), and then mend this.
    """
    schema = hashlib.sha256(SchemaManager.get_schema().encode()).hexdigest()

    assert schema == "c70ec4b400a60ad9592787653aae5ae77ae41bf801d56b5bd2712751a07f2009"


def test_rows_of_a_revision_that_is_not_there_are_nobodys() -> None:
    """A file that is misnamed would fill nothing."""
    assert {file.stem for file in ROWS.glob("*.sql")} <= set(REVISIONS)


async def test_processes_that_start_together_migrate_once(fresh: sa.URL) -> None:
    """A rolling update starts several, and a job for the migration beside them."""
    await asyncio.gather(*(asyncio.to_thread(migrate, fresh) for _ in range(4)))

    engine = sa.create_engine(fresh, poolclass=sa.NullPool)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == REVISIONS[-1]


async def test_a_version_that_is_older_than_the_tables_starts_and_leaves_them_alone(database_url: str) -> None:
    """A process of the version before is restarted in the middle of an update, or somebody goes back to it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("ALTER TABLE drafts ADD COLUMN brand text NOT NULL DEFAULT ''")

        with capture_logs() as said:
            async with open_database(Settings(database_url=SecretStr(database_url))) as opened_now:
                assert await Ledger(opened_now).newest() == []

        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
    assert [line["revision"] for line in said] == ["9999"]


@pytest.mark.parametrize("there", ["", REVISIONS[-2]])
async def test_a_user_who_may_not_migrate_is_told_who_has_to(
    server: psycopg.Connection, fresh: sa.URL, there: str
) -> None:
    """The web process starts before the job that migrates: it says so, ends, and is started again."""
    if there:
        migrate(fresh, to=there)
    limited = limited_user(server, fresh)

    with pytest.raises(
        DatabaseUnavailableError, match=f"revision {there or 'none'}, .* needs {REVISIONS[-1]}.* migrate"
    ):
        async with open_database(Settings(database_url=SecretStr(limited))):
            pass


async def test_a_user_who_may_not_even_read_is_told_what_is_missing(server: psycopg.Connection, fresh: sa.URL) -> None:
    """The rights were granted to somebody else, or in another database: a sentence, and no traceback."""
    migrate(fresh)
    limited = limited_user(server, fresh)
    plain = fresh.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM desk")

    with pytest.raises(DatabaseUnavailableError, match=r"may not read the tables .* runbook"):
        async with open_database(Settings(database_url=SecretStr(limited))):
            pass


async def test_a_user_who_may_not_migrate_works_once_somebody_has(server: psycopg.Connection, fresh: sa.URL) -> None:
    """The service itself needs no right to change a table."""
    migrate(fresh)
    limited = limited_user(server, fresh)

    alone = Settings(debounce_s=0, debounce_max_s=0, reconcile_every_s=0, knowledge=KnowledgeSettings(sync_every_s=0))
    async with (
        open_database(Settings(database_url=SecretStr(limited))) as opened_now,
        opened(opened_now, alone) as desk,
        desk.working(),
    ):
        await desk.jobs.enqueue("zendesk", "7")
        await desk.story.looked.wait()
        await Ledger(opened_now).silent(TicketKey("zendesk", ACCOUNT, "7"), "1", "nothing is asked")


def limited_user(server: psycopg.Connection, fresh: sa.URL) -> str:
    """The address of a user who may read and write rows, and change no table."""
    server.execute("DROP ROLE IF EXISTS desk")
    server.execute("CREATE ROLE desk LOGIN")
    plain = fresh.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO desk")
        connection.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO desk")
    return make_url(plain).set(username="desk").render_as_string(hide_password=False)


async def test_a_migration_that_waits_for_a_table_holds_up_no_webhook(
    fresh: sa.URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup holds every table for as long as it takes: the migration steps back and tries again, or says so and ends."""
    migrate(fresh, to="0006")
    plain = fresh.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as backup:
        backup.execute("LOCK TABLE silences IN ACCESS SHARE MODE")
        with monkeypatch.context() as impatient:
            impatient.setattr(database, "_PATIENCE_S", 0.0)
            with pytest.raises(DatabaseUnavailableError, match="backup"):
                await asyncio.to_thread(migrate, fresh)
        with capture_logs() as said:
            migration = asyncio.create_task(asyncio.to_thread(migrate, fresh))
            async with await psycopg.AsyncConnection.connect(plain, autocommit=True) as webhook:
                await webhook.execute(f"SET statement_timeout = '{STORE_TIMEOUT_S}s'")
                while not said:
                    await webhook.execute(
                        "INSERT INTO silences (helpdesk, account, ticket_id, message_id, reason) VALUES ('', '', '', '', '') ON CONFLICT DO NOTHING"
                    )
        backup.rollback()
        await migration

    engine = sa.create_engine(fresh, poolclass=sa.NullPool)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == REVISIONS[-1]
