"""Copies a shard and optimises the copy, in a process of its own: `python optimising.py SHARD COPY`.

The engine holds Python's lock in every call, so a minute of `optimize()` in the serving process is a minute in which nothing
is answered. Imports nothing of ours. Exit code: 0 the copy is better, 3 there was nothing to do (and no copy is left).
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import qdrant_edge as edge

NOTHING_TO_DO = 3

_MARK = "whole"  # see shards.py: the copy is not yet
_NICE = 10
_BLOCK = 1 << 16


def copy(source: Path, target: Path) -> None:
    """Copy a directory; zeros stay holes: most of a shard's files is room that was set aside."""
    shutil.copytree(source, target, copy_function=_copy_file, ignore=shutil.ignore_patterns(_MARK))


def _copy_file(source: str, target: str) -> None:
    zeros = bytes(_BLOCK)
    with Path(source).open("rb") as reader, Path(target).open("wb") as writer:
        while block := reader.read(_BLOCK):
            if block == zeros[: len(block)]:
                writer.seek(len(block), os.SEEK_CUR)
            else:
                writer.write(block)
        writer.truncate()


def main() -> int:
    """Copy, optimise, write down."""
    source, target = map(Path, sys.argv[1:])
    if hasattr(os, "nice"):
        os.nice(_NICE)  # who searches meanwhile comes first
    copy(source, target)
    shard = edge.EdgeShard.load(str(target))
    better = shard.optimize()
    shard.flush()
    shard.close()
    if better:
        return 0
    shutil.rmtree(target)
    return NOTHING_TO_DO


if __name__ == "__main__":
    sys.exit(main())
