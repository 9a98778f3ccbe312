"""Renders the prompts. A template's first line is its version, `{# draft 1 #}`; its blocks are the two messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as it is sent. `version`: name and number of the template, kept with what came of it."""

    version: str
    system: str
    user: str

    @property
    def messages(self) -> list[dict[str, str]]:
        """As a chat endpoint takes them."""
        return [{"role": "system", "content": self.system}, {"role": "user", "content": self.user}]


def render(name: str, **values: object) -> Prompt:
    """Fill the template `name`. Raises jinja2.UndefinedError where a value is missing."""
    source, template = _template(name)
    version = source.partition("#}")[0].removeprefix("{#").strip()
    parts = {
        block: "".join(template.blocks[block](template.new_context(dict(values)))).strip()
        for block in ("system", "user")
    }
    return Prompt(version=version, system=parts["system"], user=parts["user"])


def names() -> list[str]:
    """Every prompt there is."""
    return sorted(path.stem for path in _FOLDER.glob("*.j2"))


@cache
def wordings() -> tuple[str, ...]:
    """The words of every prompt as they stand in its template, cut where something is filled in."""
    sources = (path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.j2")))
    return tuple(part for source in sources for part in re.split(r"\{[{%#].*?[}%#]\}", source, flags=re.DOTALL))


@cache
def _template(name: str) -> tuple[str, Template]:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - a prompt is plain text; what comes of it is escaped where it becomes HTML
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return (_FOLDER / f"{name}.j2").read_text(encoding="utf-8"), environment.get_template(f"{name}.j2")
