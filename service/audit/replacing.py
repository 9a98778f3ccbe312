"""The proposed policy's file: one that somebody has written, or changed, is not replaced unasked."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from service.errors import ServiceError


def refuse_replacing(file: Path | None, opening: str, *, force: bool) -> None:
    """Before the long reading: raise ServiceError for a file that cannot be what this audit proposes. Blocks.

    opening: the first line that the proposal will have. What begins with it may still differ: see `keep`.
    """
    if file is None or force or not file.is_file():
        return
    with file.open("rb") as there:
        first = there.read(len(opening.encode()))
    if first != opening.encode():
        raise ServiceError(
            f"{file} is there already, and is not what this audit proposes: name another file, or replace it with --force. "
            "Nothing was read, and nothing written"
        )


def keep(file: Path, text: str, *, force: bool, at: datetime) -> Path:
    """Write the proposal, and say where it stands: beside the file where that differs by now, for reading took long. Blocks."""
    if not force and file.is_file():
        if file.read_bytes() == text.encode():
            return file
        file = file.with_name(f"{file.stem}-{at:%Y%m%d-%H%M%S}{file.suffix}")
    file.write_bytes(text.encode())
    return file
