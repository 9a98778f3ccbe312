"""Where things lie: the data directory and the database with its tables."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from connectors.setup import Check
from service import migrations
from service.database import Database, open_database, said_by
from service.errors import DatabaseUnavailableError
from service.settings import Settings

_LITTLE_BYTES = 1024**3
_TOO_LITTLE_BYTES = 100 * 1024**2
_OLDEST = 14  # of PostgreSQL's versions
_SERVE = "Start `deskpilot serve`"
_MIGRATE = f"{_SERVE}, or run `deskpilot migrate` as the owner of the tables"


async def data_directory(settings: Settings) -> Sequence[Check]:
    """Whether it is there, may be written to, and has room. In a thread: a disk may hang."""
    return [await asyncio.to_thread(_directory, settings.data_dir.absolute())]


def _directory(directory: Path) -> Check:
    what = "data directory"
    there = next(one for one in (directory, *directory.parents) if one.exists())
    if not there.is_dir():
        return Check(what, "wrong", f"{there} is no directory.", "Set DESKPILOT_DATA_DIR to a directory.")
    if not os.access(there, os.W_OK | os.X_OK):
        remedy = "Give the user of deskpilot the right to write there, or set DESKPILOT_DATA_DIR."
        return Check(what, "wrong", f"{there} cannot be written to.", remedy)
    free = shutil.disk_usage(there).free
    room = f"{free / 1024**3:,.1f} GB are free"
    remedy = "Make room, or set DESKPILOT_DATA_DIR to another disk."
    if free < _LITTLE_BYTES:
        return Check(what, "wrong" if free < _TOO_LITTLE_BYTES else "doubtful", f"Only {room} at {there}.", remedy)
    made = "" if there == directory else "; it is made at the first start"
    return Check(what, "fine", f"{directory} can be written to, {room}{made}.")


def _unmade(settings: Settings) -> bool:
    """Whether the embedded PostgreSQL was never started: to look is no reason to make it."""
    return not settings.database_url.get_secret_value() and not (settings.data_dir / "postgres" / "PG_VERSION").exists()


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[tuple[Database | None, list[Check]]]:
    """The database as it is, and what is to be said of it; None where nobody can ask it anything."""
    if await asyncio.to_thread(_unmade, settings):
        remedy = f"{_SERVE}, or set DESKPILOT_DATABASE_URL."
        yield None, [Check("database", "doubtful", "The embedded PostgreSQL is made at the first start.", remedy)]
        return
    try:
        async with open_database(settings, migrating=False) as database:
            checks = await _looked_at(database, settings)
            whole = all(check.state != "wrong" for check in checks)
            yield (database if whole else None), checks
    except DatabaseUnavailableError as error:
        yield None, [_away(settings, error)]


def _away(settings: Settings, error: DatabaseUnavailableError) -> Check:
    url = settings.database_url.get_secret_value()
    if not url:
        return Check("database", "wrong", f"{error}.", "Set DESKPILOT_DATABASE_URL, or mend what it says.")
    cause = error.__cause__
    reason = said_by(cause) if isinstance(cause, sa.exc.DBAPIError) else " ".join(str(cause).split())
    where = make_url(url).render_as_string()  # without the password
    return Check(
        "database",
        "wrong",
        f"PostgreSQL does not answer at {where}: {reason}.",
        "Start it, let this machine in, or correct DESKPILOT_DATABASE_URL.",
    )


async def _looked_at(database: Database, settings: Settings) -> list[Check]:
    try:
        return await _read(database, settings)
    except sa.exc.ProgrammingError as error:
        if not isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise
        remedy = "Grant it what the runbook names (deploy/README.md, Upgrade), or use the owner of the tables."
        return [Check("database", "wrong", "It answers, and its user may not read our tables.", remedy)]


async def _read(database: Database, settings: Settings) -> list[Check]:
    async with database.engine.connect() as connection:
        version = int(await connection.scalar(sa.text("SHOW server_version_num"))) // 10_000
        there = await connection.scalar(sa.text("SELECT to_regclass('alembic_version')"))
        here = await connection.scalar(sa.text("SELECT version_num FROM alembic_version")) if there else None
    kind = "server" if settings.database_url.get_secret_value() else "embedded PostgreSQL"
    if version < _OLDEST:
        said = f"The {kind} is PostgreSQL {version}."
        return [Check("database", "wrong", said, f"Use PostgreSQL {_OLDEST} or newer.")]
    return [Check("database", "fine", f"The {kind} answers (PostgreSQL {version})."), _tables(here)]


def _tables(here: str | None) -> Check:
    """Where the tables stand, seen from the migrations that this program knows."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]  # the newest first
    if here is None:
        return Check(
            "migrations", "wrong", "The database has no tables of ours yet.", f"{_MIGRATE}: either makes them."
        )
    if here not in known:
        said = f"The tables are of a newer version ({here}) than this program, which knows {known[0]}."
        return Check(
            "migrations",
            "doubtful",
            said,
            "It works on them, since a revision only adds: go back to the newer deskpilot when you can.",
        )
    if behind := known.index(here):
        said = f"The tables are {behind} behind ({here}; this program needs {known[0]})."
        return Check("migrations", "wrong", said, f"{_MIGRATE}: either brings them up to date.")
    return Check("migrations", "fine", f"The tables are at {here}, the newest.")
