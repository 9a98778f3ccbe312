"""Files that people label by hand: their text, and where a mistake in them stands."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import yaml

from service.errors import ServiceError

LARGEST_BYTES: Final = 50_000_000

Place = tuple[str | int, ...]
"""Where in a file something stands: ("queries", 3, "text")."""


class LabelledError(ServiceError):
    """A labelled file is not what it should be. Says which line and key."""


def text_of(path: Path, *, largest: int | None = LARGEST_BYTES) -> str:
    """The text of a file, without a byte order mark. largest: in bytes. Blocking. Raises LabelledError."""
    try:
        if largest is not None and path.stat().st_size > largest:
            raise LabelledError(f"{path} is larger than {largest:,} bytes: split it")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise LabelledError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LabelledError(f"{path} is not UTF-8 text (byte {error.start}): save it as UTF-8") from error


def wrong(path: Path, text: str, place: Place, problem: str, *, more: int = 0) -> LabelledError:
    """What to raise for a mistake at a place. more: how many others there are."""
    named = ".".join(str(part) for part in place) or "the whole file"
    others = f" (and {more} more problems)" if more else ""
    return LabelledError(f"{path}, line {_line(text, place)}, {named}: {problem}{others}")


def _line(text: str, place: Place) -> int:
    """Where the value of a key begins, or the nearest that exists above it. Slow: for the one error that is shown."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    node = yaml.compose(text.replace("\t", " "), Loader=loader)  # JSON may be indented with tabs, YAML may not
    for part in place:
        children: dict[str | int, yaml.Node] = {}
        if isinstance(node, yaml.MappingNode):
            children = {name.value: value for name, value in node.value}
        elif isinstance(node, yaml.SequenceNode):
            children = dict(enumerate(node.value))
        if part not in children:
            break
        node = children[part]
    return node.start_mark.line + 1 if node else 1
