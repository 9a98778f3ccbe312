"""The policy in force follows its file; a bad file never comes into force."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from service.database import Database
from service.policy.reading import builtin, read
from service.policy.standing import Policies
from service.policy.store import PolicyTexts
from service.settings import SettingsProblem
from service.tables import policies as table

NEVER_S = 3600.0


def written(file: Path, name: str) -> Path:
    """A good file."""
    file.write_text(f"version: 1\nname: {name}\n")
    return file


async def looked(policies: Policies) -> None:
    """The two looks that a change takes."""
    await policies.look()
    await policies.look()


async def kept(database: Database) -> Mapping[str, str]:
    """Text by version."""
    async with database.engine.connect() as connection:
        return {row.version: row.text for row in await connection.execute(sa.select(table))}


async def test_without_a_file_the_built_in_policy_is_in_force(database: Database) -> None:
    """Its text is kept by its version, once, whoever starts."""
    for _ in range(2):
        async with Policies.opened(None, database) as policies:
            await looked(policies)
            now = policies.current()

    assert (now.policy, now.version, now.source) == (builtin().policy, builtin().version, "built-in")
    assert await kept(database) == {builtin().version: builtin().text}


async def test_a_bad_file_refuses_the_start_with_all_problems(database: Database, tmp_path: Path) -> None:
    """Of a service that would otherwise follow another policy than the team's."""
    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\nnmae: x\nlanguages: 7\n")

    with pytest.raises(SettingsProblem) as refused:
        async with Policies.opened(file, database):
            pass

    assert refused.value.problems == [
        f"{file}:2: nmae is no key that is known here: did you mean name?",
        f"{file}:3: languages is '7': write a list, whose entries begin with -.",
    ]
    assert await kept(database) == {}


async def test_a_process_says_which_version_is_in_force_and_no_other(database: Database, tmp_path: Path) -> None:
    """Two replicas with different policies are seen by it."""
    file = written(tmp_path / "policy.yaml", "one")
    async with Policies.opened(file, database, every_s=NEVER_S) as policies:
        first = policies.current().version
        assert REGISTRY.get_sample_value("deskpilot_policy_info", {"version": first}) == 1

        written(file, "two")
        await looked(policies)

        second = policies.current().version
        assert REGISTRY.get_sample_value("deskpilot_policy_info", {"version": first}) is None
        assert REGISTRY.get_sample_value("deskpilot_policy_info", {"version": second}) == 1


async def test_a_changed_file_comes_into_force_at_the_second_look(database: Database, tmp_path: Path) -> None:
    """At the first one it may be half written. The texts of both are kept."""
    file = written(tmp_path / "policy.yaml", "one")
    async with Policies.opened(file, database, every_s=NEVER_S) as policies:
        first = policies.current()
        written(file, "two")
        await policies.look()
        assert policies.current() is first
        await policies.look()
        second = policies.current()

    assert (first.policy.name, second.policy.name) == ("one", "two")
    assert first.version != second.version
    assert set(await kept(database)) == {first.version, second.version}


async def test_half_a_file_never_comes_into_force(database: Database, tmp_path: Path) -> None:
    """Whoever writes slowly is waited for."""
    file = written(tmp_path / "policy.yaml", "one")
    async with Policies.opened(file, database, every_s=NEVER_S) as policies:
        for text in ("version: 1\n", "version: 1\nname: t", "version: 1\nname: two\n"):
            file.write_text(text)
            await policies.look()
            assert policies.current().policy.name == "one"
        await policies.look()
        assert policies.current().policy.name == "two"


@pytest.mark.parametrize("bad", ["version: 1\nnmae: x\n", "version: [", None])
async def test_after_a_bad_change_the_last_good_policy_stays(
    database: Database, tmp_path: Path, bad: str | None
) -> None:
    """It is said once in the log, in a figure and in `problems`; the next good file comes into force."""
    file = written(tmp_path / "policy.yaml", "one")
    async with Policies.opened(file, database, every_s=NEVER_S) as policies:
        if bad is None:
            file.unlink()
        else:
            file.write_text(bad)
        with capture_logs() as logs:
            await looked(policies)
            await looked(policies)

        assert policies.current().policy.name == "one"
        assert [one.file for one in policies.problems] == [str(file)]
        assert [one["log_level"] for one in logs] == ["error"]
        assert logs[0]["problems"] == [str(policies.problems[0])]
        assert REGISTRY.get_sample_value("deskpilot_policy_problems") == 1

        written(file, "two")
        await looked(policies)
        assert (policies.current().policy.name, policies.problems) == ("two", ())
        assert REGISTRY.get_sample_value("deskpilot_policy_problems") == 0


async def test_a_bad_change_that_is_taken_back_leaves_no_trace(database: Database, tmp_path: Path) -> None:
    """The same policy stays in force, since when it was."""
    file = written(tmp_path / "policy.yaml", "one")
    async with Policies.opened(file, database, every_s=NEVER_S) as policies:
        before = policies.current()
        file.write_text("[")
        await looked(policies)
        written(file, "one")
        await looked(policies)

        assert policies.current() is before
        assert policies.problems == ()


async def test_a_link_that_leads_elsewhere_is_a_change(database: Database, tmp_path: Path) -> None:
    """As a ConfigMap is replaced: the file's own name stays a link to a link to a folder."""
    for number in ("1", "2"):
        (tmp_path / number).mkdir()
        written(tmp_path / number / "policy.yaml", f"map {number}")
    data, file = tmp_path / "..data", tmp_path / "policy.yaml"
    data.symlink_to("1")
    file.symlink_to("..data/policy.yaml")
    async with Policies.opened(file, database, every_s=NEVER_S) as policies:
        assert policies.current().policy.name == "map 1"
        (tmp_path / "new").symlink_to("2")
        (tmp_path / "new").rename(data)
        await looked(policies)

        assert policies.current().policy.name == "map 2"


async def test_the_file_is_followed_without_anybody_asking(database: Database, tmp_path: Path) -> None:
    """Every few seconds, while it is open."""
    file = written(tmp_path / "policy.yaml", "one")
    async with Policies.opened(file, database, every_s=0.01) as policies:
        written(file, "two")
        while policies.current().policy.name != "two":
            await asyncio.sleep(0.01)


async def test_a_database_that_is_away_keeps_no_policy_back(tmp_path: Path) -> None:
    """The new one is in force at once; its text is kept as soon as it can be."""

    class Away:
        """Answers at the second time."""

        def __init__(self) -> None:
            self.kept: list[str] = []
            self.asked = 0

        async def keep(self, version: str, _: str) -> None:
            self.asked += 1
            if self.asked == 1:
                raise ConnectionRefusedError
            self.kept.append(version)

    file, away = written(tmp_path / "policy.yaml", "one"), Away()
    policies = Policies(read(file), file=file, texts=cast("PolicyTexts", away), secrets=None)
    policies._kept = True
    written(file, "two")
    await looked(policies)
    assert (policies.current().policy.name, away.kept) == ("two", [])
    await looked(policies)
    assert away.kept == [policies.current().version]
