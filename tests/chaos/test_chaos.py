"""The chaos test in small: a minute instead of ten. How long things take is for `make chaos`, which has the machine for itself."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.__main__ import run
from tests.chaos.crew import ROOT
from tests.chaos.driver import Plan
from tests.chaos.judge import Demands
from tests.chaos.older import VERSIONS, NoHistoryError, unpacked

pytestmark = [pytest.mark.timeout(300), pytest.mark.long]  # on a machine that is busy with other tests

PATIENT = Demands(resumed_within_s=60.0, exit_within_s=60.0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the logs and the evidence are; kept where the test fails, which says where."""
    made = Path(tempfile.mkdtemp(prefix="deskpilot-chaos-"))
    made.chmod(0o755)  # as root, PostgreSQL runs as another user
    yield made
    shutil.rmtree(made / "data", ignore_errors=True)
    if not (made / "failed").exists():
        shutil.rmtree(made)


async def breaches(plan: Plan, demands: Demands, folder: Path) -> list[str]:
    """What the judge finds, and where to look."""
    (folder / "failed").touch()
    found = (await run(plan, demands, folder)).breaches
    if not found:
        (folder / "failed").unlink()
    return [*found, f"logs and evidence: {folder}"] if found else []


async def test_nothing_is_lost_doubled_or_public_while_workers_and_web_are_killed(folder: Path) -> None:
    """Two workers and a web process; each chosen point once."""
    plan = Plan(
        messages=60,
        kills=6,
        points=1,
        web_kills=1,
        gap_s=(1.0, 4.0),
        rolling=0,
        reconcile_every_s=5,
        quiet_s=3,
        seed="7",
    )
    demands = Demands(60.0, 60.0, kills=6, kills_of_running_jobs=3, kills_at_each_point=1)

    assert await breaches(plan, demands, folder) == []


async def test_the_same_holds_for_one_process_on_the_embedded_engines(folder: Path) -> None:
    """Killed with its database running, it comes back and goes on."""
    plan = Plan(
        messages=20,
        kills=4,
        points=1,
        gap_s=(2.0, 5.0),
        rolling=0,
        reconcile_every_s=5,
        quiet_s=3,
        embedded=True,
        seed="7",
    )
    demands = Demands(60.0, 60.0, kills=4, kills_of_running_jobs=3, kills_at_each_point=1)

    assert await breaches(plan, demands, folder) == []


async def test_a_rolling_update_under_load_loses_and_doubles_nothing(folder: Path) -> None:
    """SIGTERM to each process in turn; the version before the newest migration goes, this one comes, the web first."""
    older, missing = None, ""
    try:
        older = unpacked(folder / "older")
    except NoHistoryError as error:
        missing = f"a restart of this version was tried, and no update of an older one: {error}"
    plan = Plan(
        messages=10,
        kills=0,
        points=0,
        web_kills=0,
        rolling=40,
        rolling_s=15,
        lost=0,
        reconcile_every_s=0,
        quiet_s=3,
        older=older,
        seed="7",
    )

    assert older is None or not (older / VERSIONS.relative_to(ROOT) / newest_revision()).exists()
    assert await breaches(plan, PATIENT, folder) == []
    assert [line for line in said_by_all(folder) if '"level": "error"' in line] == []
    if missing:
        pytest.skip(missing)


def newest_revision() -> str:
    """The name of its file."""
    return max(file.name for file in VERSIONS.glob("r*.py"))


def said_by_all(folder: Path) -> list[str]:
    """Every line of every log."""
    return [line for log in folder.glob("*.log") for line in log.read_text().splitlines()]
