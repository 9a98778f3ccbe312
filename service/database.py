"""PostgreSQL: the tables, the connection, the migrations. Embedded in the data directory, or a server of yours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg
import sqlalchemy as sa
import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from service import embedded_postgres
from service.errors import DatabaseUnavailableError
from service.settings import Settings

CONNECT_TIMEOUT_S = 3  # a webhook must be refused while its sender still listens

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x64657370  # "desp": one replica migrates, the others wait for it
_LOCK_TIMEOUT_S = 1  # for a table; less than a webhook may wait for the inbox
_PATIENCE_S = 60.0  # for whoever holds a table
_AGAIN_S = 1.0

# A connection that died without a word is noticed in half a minute, not in the two hours of the operating system.
_KEEPALIVE = {"keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "4"}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Database:
    """An open, migrated database. `conninfo` is for libraries that open their own connections (the queue).

    `engine` commits every statement by itself: most of ours stand alone, and BEGIN and COMMIT would be two thirds of their
    time. What belongs together, or holds a lock, is done in `transactions.begin()`; its connections are others, so that
    who holds one can still ask `engine`.
    """

    engine: AsyncEngine
    transactions: AsyncEngine
    conninfo: str = field(repr=False)  # it holds the password


@asynccontextmanager
async def open_database(settings: Settings, *, migrating: bool = True) -> AsyncIterator[Database]:
    """Start the embedded PostgreSQL where no server is set, migrate, and close everything again.

    migrating: False leaves the tables as they are, for who only looks. Raises DatabaseUnavailableError with what to do.
    """
    url = settings.database_url.get_secret_value()
    if url:
        async with _connected(url, migrating=migrating) as database:
            yield database
        return
    async with (
        embedded_postgres.running(settings.data_dir / "postgres") as embedded_url,
        _connected(embedded_url, migrating=migrating) as database,
    ):
        yield database


@asynccontextmanager
async def _connected(url: str, *, migrating: bool) -> AsyncIterator[Database]:
    address = make_url(url).set(drivername="postgresql+psycopg").update_query_dict(_KEEPALIVE)
    connect = partial(
        create_async_engine,
        address,
        pool_size=12,
        max_overflow=0,  # they would be opened and closed each time: who waits a millisecond is served sooner
        hide_parameters=True,  # an error in a log holds no note
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
    )
    # A server that was restarted costs whoever meets it first an error, and the others none: a ping before every single
    # statement would cost as much as the statement.
    engine, transactions = connect(isolation_level="AUTOCOMMIT"), connect(pool_pre_ping=True)
    try:
        try:
            if migrating:
                await asyncio.to_thread(migrate, address)
            else:
                async with engine.connect() as connection:
                    await connection.execute(sa.select(1))
        except sa.exc.OperationalError as error:
            where = make_url(url).render_as_string(hide_password=True)
            raise DatabaseUnavailableError(
                f"PostgreSQL does not answer at {where}: {said_by(error)}. Start it, let us in, or correct DESKPILOT_DATABASE_URL"
            ) from error
        plain = address.set(drivername="postgresql").render_as_string(hide_password=False)
        yield Database(engine=engine, transactions=transactions, conninfo=plain)
    finally:
        await engine.dispose()
        await transactions.dispose()


def said_by(error: sa.exc.DBAPIError) -> str:
    """Why it does not let us in, in one line: refused, a wrong password, no such database."""
    return " ".join(str(error.orig).split()).partition(" Is the server running")[0]


async def revision(database: Database) -> str:
    """Which one the tables have: the name of the newest file in migrations/versions, up to its first underscore."""
    async with database.engine.connect() as connection:
        return str(await connection.scalar(sa.text("SELECT version_num FROM alembic_version")))


def storable(text: str) -> str:
    """A text that PostgreSQL takes: it knows no NUL, which an answer of a vendor or a model may hold."""
    return text.replace("\0", "")


def migrate(address: sa.URL, *, to: str = "head") -> None:
    """Bring the tables to the newest revision; processes that start together do it one after the other.

    Tables of a newer version are left as they are: a revision only ever adds (tests/service/test_migrations.py), so that two
    versions work side by side while an update rolls. Waits for up to _PATIENCE_S while somebody holds a table.
    Raises DatabaseUnavailableError with what to do.
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    engine = sa.create_engine(
        address, connect_args={"connect_timeout": CONNECT_TIMEOUT_S}, poolclass=sa.NullPool, hide_parameters=True
    )
    latest = time.monotonic() + _PATIENCE_S
    while True:
        try:
            with engine.begin() as connection:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
                _upgrade(connection, config, to)
        except sa.exc.OperationalError as error:
            if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise
            if time.monotonic() > latest:
                raise DatabaseUnavailableError(
                    "the tables cannot be migrated while somebody holds them, such as a backup: start again when it is done"
                ) from error
            log.warning("somebody holds a table: the migration is tried again")
            time.sleep(_AGAIN_S)
        except sa.exc.ProgrammingError as error:
            if not isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
                raise
            raise DatabaseUnavailableError(
                "this user of the database may not read the tables that are there: grant it what the runbook names (Upgrade)"
            ) from error
        else:
            return


def _upgrade(connection: sa.Connection, config: Config, to: str) -> None:
    newest = ScriptDirectory.from_config(config).get_current_head() or ""
    found = MigrationContext.configure(connection).get_current_revision() or ""
    if found > newest:
        log.warning("a newer version has made the tables: they stay as they are", revision=found, ours=newest)
    if found >= newest:
        return
    # What waits for a lock has everybody else wait behind it; nobody waits as long as a webhook's sender listens.
    connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT_S}s'"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except sa.exc.ProgrammingError as error:
        if not isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise
        raise DatabaseUnavailableError(
            f"the tables are of revision {found or 'none'}, this version needs {newest}, and this user of the database may not"
            " change them: run `deskpilot migrate` with one who may"
        ) from error
