"""The database opens, migrates and closes; embedded or not."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from service.database import metadata, open_database
from service.errors import DatabaseUnavailableError
from service.settings import Settings


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(database_url: str) -> None:
    """A column added to one and forgotten in the other is found here."""
    engine = sa.create_engine(make_url(database_url).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _ours})
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


async def test_a_database_that_does_not_answer_says_which_one_and_hides_the_password() -> None:
    """The operator reads what to set, and no secret."""
    settings = Settings(database_url=SecretStr("postgresql://desk:hunter2@127.0.0.1:1/desk"))

    with pytest.raises(DatabaseUnavailableError, match="DESKPILOT_DATABASE_URL") as raised:
        async with open_database(settings):
            pass
    assert "hunter2" not in str(raised.value)
