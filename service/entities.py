"""The door for a plug-in that finds names and street addresses in a text, which no form gives away.

A package offers one as an entry point of the group `deskpilot.entities` (a class, or a function that makes one);
DESKPILOT_MASKING__ENTITIES names it. It fails closed: while it fails, nothing is masked, so nothing is sent.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from typing import Literal, Protocol

from service.errors import EntitiesError
from service.identifiers import Kind, Span

GROUP = "deskpilot.entities"

_KINDS: dict[str, Kind] = {"PERSON": "NAME", "ADDRESS": "ADDRESS"}


class EntityFinder(Protocol):
    """What a plug-in is. It is made once, without arguments, and then asked from several threads at once."""

    def find(self, text: str) -> Iterable[tuple[int, int, Literal["PERSON", "ADDRESS"]]]:
        """Start, end and kind of each name or postal address, in characters of the text; they may overlap.

        text: raw, up to some hundred thousand characters: keep to linear time. An error means that nothing is sent.
        """


class Entities:
    """A plug-in, as the masker asks it."""

    def __init__(self, name: str, finder: EntityFinder) -> None:
        self._name, self._finder = name, finder

    @classmethod
    async def opened(cls, name: str) -> Entities | None:
        """The plug-in of this name; "": None. Its making may take long (it loads a model). Raises EntitiesError."""
        return await asyncio.to_thread(cls._made, name) if name else None

    @classmethod
    def _made(cls, name: str) -> Entities:
        offered = {point.name: point for point in entry_points(group=GROUP)}
        if name not in offered:
            others = f"installed: {', '.join(sorted(offered))}" if offered else "none is installed"
            raise EntitiesError(
                f"DESKPILOT_MASKING__ENTITIES names {name!r}, which no package offers as an entry point of {GROUP} ({others}): "
                "install it beside deskpilot, or leave the setting empty"
            )
        with _blamed(name, "cannot be made"):
            finder = offered[name].load()()
        if not callable(getattr(finder, "find", None)):
            raise EntitiesError(
                f"the plug-in {name!r} of DESKPILOT_MASKING__ENTITIES has no method `find`: see service/entities.py"
            )
        return cls(name, finder)

    def find(self, text: str) -> list[Span]:
        """What it finds, first to last. CPU-bound: call it in a thread. Raises EntitiesError."""
        with _blamed(self._name, "failed"):
            return sorted(_span(one, length=len(text)) for one in self._finder.find(text))


def _span(found: tuple[int, int, str], *, length: int) -> Span:
    """Raises ValueError for what is no place in the text, or of no kind: then nobody knows what it left out."""
    start, end, kind = found
    if not (type(start) is type(end) is int and 0 <= start < end <= length):
        raise ValueError("a span lies outside of the text")
    if kind not in _KINDS:
        raise ValueError(f"a kind is none of {', '.join(_KINDS)}")
    return Span(start, end, _KINDS[kind])


@contextmanager
def _blamed(name: str, what: str) -> Iterator[None]:
    """Name the plug-in and the place in it, and not what its error says: that may quote the ticket."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - somebody else's code raises what it likes
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise EntitiesError(
            f"the plug-in {name!r} of DESKPILOT_MASKING__ENTITIES {what}: {type(error).__name__} in {place.name}, line "
            f"{place.lineno} of {place.filename}; no text leaves until it works: mend it, or empty the setting and restart"
        ) from None
