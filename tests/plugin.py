"""A package as an installer leaves it: a module, and beside it what it says of itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

MODULE = "gazetteer_plugin"


@contextmanager
def installed(folder: Path, source: str, names: Sequence[str]) -> Iterator[None]:
    """While this is open, its names are entry points of `deskpilot.entities`, in lower case."""
    folder.mkdir(exist_ok=True)
    (folder / f"{MODULE}.py").write_text(source)
    described = folder / f"{MODULE}-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {MODULE}\nVersion: 1.0\n")
    points = "\n".join(f"{name.lower()} = {MODULE}:{name}" for name in names)
    (described / "entry_points.txt").write_text(f"[deskpilot.entities]\n{points}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield
    sys.modules.pop(MODULE, None)
