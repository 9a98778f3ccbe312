"""Disk, database and tables: each way to be wrong has its sentence, and looking changes nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from connectors.setup import Check
from service.doctor import stores
from service.settings import Settings

HOST = "127.0.0.1"


async def directory(data_dir: Path) -> Check:
    """The check of a data directory."""
    (check,) = await stores.data_directory(Settings(data_dir=data_dir))
    return check


async def looked(url: str, data_dir: Path) -> tuple[bool, Mapping[str, Check]]:
    """Whether the database can be asked more, and what was said of it."""
    async with stores.opened(Settings(database_url=SecretStr(url), data_dir=data_dir)) as (database, checks):
        return database is not None, {check.what: check for check in checks}


def revised(url: str, statement: str) -> None:
    """Change the database behind our back."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


async def test_a_directory_that_can_be_written_to_is_fine(tmp_path: Path) -> None:
    """One that is not there yet is made later, not by looking."""
    assert (await directory(tmp_path)).state == "fine"
    assert (await directory(tmp_path / "a" / "b")).said.endswith("it is made at the first start.")
    assert not (tmp_path / "a").exists()


async def test_a_directory_that_is_a_file_is_wrong(tmp_path: Path) -> None:
    """Somebody set the path of a database file."""
    (tmp_path / "x").touch()

    assert (await directory(tmp_path / "x" / "y")).state == "wrong"


async def test_a_directory_that_cannot_be_written_to_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A volume of another user, or mounted to be read."""
    monkeypatch.setattr(os, "access", lambda *_: False)  # the tests may run as root, who may write anywhere
    check = await directory(tmp_path)

    assert (check.state, check.said) == ("wrong", f"{tmp_path} cannot be written to.")
    assert "DESKPILOT_DATA_DIR" in check.remedy


@pytest.mark.parametrize(
    ("free", "state"), [(50 * 1024**2, "wrong"), (500 * 1024**2, "doubtful"), (5 * 1024**3, "fine")]
)
async def test_little_room_is_said_before_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:
    """PostgreSQL stops where a disk is full."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))

    assert (await directory(tmp_path)).state == state


async def test_a_database_at_the_newest_revision_is_fine(database_url: str, data_dir: Path) -> None:
    """It can be asked more."""
    whole, checks = await looked(database_url, data_dir)

    assert whole
    assert {check.state for check in checks.values()} == {"fine"}
    assert "the newest" in checks["migrations"].said


async def test_tables_that_are_behind_are_wrong_and_stay_so(database_url: str, data_dir: Path) -> None:
    """Looking does not migrate: other processes may still be of the older version."""
    revised(database_url, "UPDATE alembic_version SET version_num = '0005'")
    for _ in range(2):
        whole, checks = await looked(database_url, data_dir)

    assert not whole
    assert checks["migrations"].state == "wrong"
    assert "behind (0005; this program needs " in checks["migrations"].said
    assert "deskpilot serve" in checks["migrations"].remedy


async def test_tables_of_a_newer_version_are_doubtful(database_url: str, data_dir: Path) -> None:
    """An update rolls, or somebody went back to an older program."""
    revised(database_url, "UPDATE alembic_version SET version_num = '9999'")
    _, checks = await looked(database_url, data_dir)

    assert checks["migrations"].state == "doubtful"
    assert "newer version (9999) than this program" in checks["migrations"].said
    assert "newer deskpilot" in checks["migrations"].remedy


async def test_a_database_without_tables_is_wrong_and_none_are_made(database_url: str, data_dir: Path) -> None:
    """The first start makes them."""
    revised(database_url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    for _ in range(2):
        whole, checks = await looked(database_url, data_dir)

    assert not whole
    assert checks["migrations"].said == "The database has no tables of ours yet."


async def test_a_user_who_may_not_read_is_told_which_rights_are_missing(database_url: str, data_dir: Path) -> None:
    """Not a defect of ours."""
    stranger = f"stranger_{uuid4().hex}"
    revised(database_url, f"CREATE ROLE {stranger} LOGIN")
    whole, checks = await looked(make_url(database_url).set(username=stranger).render_as_string(), data_dir)
    revised(database_url, f"DROP ROLE {stranger}")

    assert not whole
    assert (checks["database"].state, "runbook" in checks["database"].remedy) == ("wrong", True)


async def test_a_server_that_is_not_there_is_wrong_without_its_password(data_dir: Path) -> None:
    """Who, where and why."""
    whole, checks = await looked(f"postgresql://desk:hunter2@{HOST}:1/desk", data_dir)

    assert not whole
    assert checks["database"].state == "wrong"
    assert f"postgresql://desk:***@{HOST}:1/desk" in checks["database"].said
    assert "refused" in checks["database"].said
    assert "hunter2" not in checks["database"].said
    assert "DESKPILOT_DATABASE_URL" in checks["database"].remedy


async def test_an_embedded_database_is_not_made_by_looking(data_dir: Path) -> None:
    """The first start makes it."""
    whole, checks = await looked("", data_dir)

    assert (whole, checks["database"].state) == (False, "doubtful")
    assert os.listdir(data_dir) == []  # noqa: PTH208
