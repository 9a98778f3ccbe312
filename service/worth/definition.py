"""What there is to say of a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["share", "number", "minutes", "hours", "score", "money", "seconds"]


@dataclass(frozen=True, slots=True)
class Definition:
    """`name`: its anchor, and what exports call it. `formula`: in words. `over`: the denominator. `without`: what is left out.

    `better`: which way is good, where there is one.
    """

    name: str
    title: str
    formula: str
    counted: str
    over: str
    without: str
    unit: Unit
    better: Literal["", "higher", "lower"] = ""
