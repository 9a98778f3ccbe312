"""The demo company's macros, and putting them into its helpdesks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from service.demo.stage import Stage


@dataclass(frozen=True, slots=True)
class DemoMacro:
    """A text that agents answer with. `title`: folders before "::". `group`: for its agents alone; empty: for all."""

    title: str
    html: str
    group: str = ""


def load_macros(file: Path) -> list[DemoMacro]:
    """Read the file; the same keys as DemoMacro."""
    return [DemoMacro(**one) for one in yaml.safe_load(file.read_text(encoding="utf-8"))]


def store_macros(stage: Stage, file: Path) -> None:
    """Both helpdesks get all of them."""
    for macro in load_macros(file):
        for simulator in (stage.zendesk, stage.freshdesk):
            simulator.add_macro(macro.title, macro.html, group=macro.group)
