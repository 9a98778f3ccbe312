"""The locks hold what pyproject.toml asks for: pip installs them without looking at dependencies, and would miss none."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def _plain(requirement: str) -> str:
    """The name of a requirement, as indexes write it."""
    found = _NAME.match(requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def _asked_for() -> dict[str, list[str]]:
    """What each lock has to hold."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, groups = told["project"], told["dependency-groups"]
    runtime = project["dependencies"]
    embedded = [*runtime, *project["optional-dependencies"]["embedded"]]
    return {"runtime": runtime, "embedded": embedded, **groups}


@pytest.mark.parametrize("lock", ["runtime", "embedded", "build", "dev", "deploy"])
def test_a_lock_holds_all_that_is_asked_for(lock: str) -> None:
    """Who adds a dependency runs `make lock`, too: without it the image starts and ends where the missing one is wanted first."""
    lines = (ROOT / f"requirements/{lock}.txt").read_text().splitlines()
    held = {_plain(line) for line in lines if "==" in line and not line.startswith(("#", " "))}

    assert held
    assert {_plain(one) for one in _asked_for()[lock]} <= held
