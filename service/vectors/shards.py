"""Where an embedded index keeps its shard: in a folder of its directory, with a better copy beside it while that is made.

A folder counts from the moment in which it is marked as whole; of two that are, as a crash may leave them, the newer one.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

CONFIG = "edge_config.json"

_LOOSE = (CONFIG, "segments", "wal")
"""What a shard consists of: an older index has it in its directory itself."""

_FOLDER = "shard-"
_WHOLE = "whole"


def shard_in(directory: Path) -> Path:
    """The folder of the shard that counts; where there is none, the one for the first."""
    whole = [folder for folder in directory.glob(f"{_FOLDER}*") if (folder / _WHOLE).exists()]
    if whole:
        return max(whole, key=_number)
    return directory if (directory / CONFIG).exists() else directory / f"{_FOLDER}1"


def has_shard(directory: Path) -> bool:
    """Whether there is one that was ever whole."""
    return (shard_in(directory) / CONFIG).exists()


def next_to(folder: Path, directory: Path) -> Path:
    """Where a better copy of this shard goes; what an earlier attempt left there goes."""
    beside = directory / f"{_FOLDER}{_number(folder) + 1}"
    shutil.rmtree(beside, ignore_errors=True)
    return beside


def mark_whole(folder: Path) -> None:
    """From now on this shard counts, also after a crash."""
    with (folder / _WHOLE).open("w") as file:
        os.fsync(file.fileno())
    if os.name == "posix":  # elsewhere a directory cannot be opened, and needs no fsync
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def delete_all_but(kept: Path, directory: Path) -> None:
    """Delete what was left beside the shard that counts."""
    for folder in directory.glob(f"{_FOLDER}*"):
        if folder != kept:
            shutil.rmtree(folder, ignore_errors=True)
    if kept != directory:
        _delete_loose(directory)


def delete(directory: Path) -> None:
    """Delete the shard of a directory, and leave what stands beside it."""
    for folder in directory.glob(f"{_FOLDER}*"):
        shutil.rmtree(folder)
    _delete_loose(directory)


def _delete_loose(directory: Path) -> None:
    for name in _LOOSE:
        one = directory / name
        if one.is_dir():
            shutil.rmtree(one)
        else:
            one.unlink(missing_ok=True)


def _number(folder: Path) -> int:
    name = folder.name.removeprefix(_FOLDER)
    return int(name) if name.isdecimal() else 0
