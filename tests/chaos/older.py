"""The code as it was before the newest migration, out of this repository's own history."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

from tests.chaos.crew import ROOT

VERSIONS = ROOT / "service" / "migrations" / "versions"
_PARTS = ("connectors", "prompts", "service", "deploy/demo")


class NoHistoryError(Exception):
    """There is no git, or this is no clone, or it does not reach back far enough."""


def unpacked(folder: Path) -> Path:
    """Put what this branch was before its newest revision came into `folder`; returns where its packages are."""
    came = ("--first-parent", "-m", "--diff-filter=A")  # a merge counts as the one commit that it is for who deploys it
    newest = _git("log", "-1", "--format=%H", *came, "--", str(VERSIONS)).decode().strip()
    archive = _git("archive", f"{newest}^", *_PARTS)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def _git(*arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True)  # noqa: S603, S607 - our own
    except (OSError, subprocess.CalledProcessError) as error:
        said = error.stderr.decode().strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
        raise NoHistoryError(said) from error
    return done.stdout
