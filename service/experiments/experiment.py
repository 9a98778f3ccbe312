"""What is compared, on which tickets, and when it must stop. Pure; deploy/experiments.md has the rules."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Final, Literal

from service.errors import ServiceError
from service.ledger import TicketKey
from service.worth.intervals import LEAST

State = Literal["running", "stopped", "rolled_back", "promoted"]

STANDING: Final = "a"
"""The variant of whoever gets what the settings say."""

LONGEST_TONE: Final = 300
LONGEST_GUIDANCE: Final = 600

_SALT = "deskpilot experiment"  # never changed: whose ticket is in a variant stays there
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_MODEL = re.compile(r"[\w./:@+-]{1,100}")
_NO_TONE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff<>{}\[\]=`]")
"""Line breaks, and what marks placeholders, passages and JSON in a prompt."""


class ExperimentError(ServiceError):
    """It cannot be started, ended or promoted; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to draft. Empty model, tone, guidance (both of the prompt): as the settings say. share: of tickets, in per cent. Prices: of a million tokens."""

    name: str
    share: int = 50
    model: str = ""
    tone: str = ""
    price_in: float | None = None
    price_out: float | None = None
    guidance: str = ""

    @property
    def in_words(self) -> str:
        """One line for people."""
        changed = [
            f"{what} {text}"
            for what, text in (
                ("model", self.model),
                ("tone", _quoted(self.tone)),
                ("guidance", _quoted(self.guidance)),
            )
            if text
        ]
        return f"{self.name} ({self.share} %): {', '.join(changed) or 'as the settings say'}"


@dataclass(frozen=True, slots=True)
class Rules:
    """When a variant is rolled back: worse than `a` for certain by more than these.

    least: tickets in each arm before anything is judged. wrong, reopened, quoted: shares, 0 to 1. cost: a share of what `a` costs.
    """

    least: int = 100
    wrong: float = 0.02
    reopened: float = 0.03
    quoted: float = 0.05
    cost: float = 0.25


@dataclass(frozen=True, slots=True)
class Experiment:
    """Variants and rules never change while it runs: another comparison is another experiment."""

    name: str
    variants: tuple[Variant, ...]
    rules: Rules = Rules()
    state: State = "running"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    by: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    def variant(self, name: str) -> Variant:
        """The one of this name. ExperimentError where there is none."""
        for one in self.variants:
            if one.name == name:
                return one
        known = ", ".join(one.name for one in self.variants)
        raise ExperimentError(f"the experiment {self.name} has no variant {name!r}: it has {known}")

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self) | {
            "started_at": self.started_at.isoformat() if self.started_at else None,
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
        }


@dataclass(frozen=True, slots=True)
class Assigned:
    """The variant of one ticket."""

    experiment: str
    variant: Variant

    @property
    def label(self) -> str:
        """As the ledger and the outcomes keep it."""
        return f"{self.experiment}:{self.variant.name}"


def assigned(experiment: Experiment, key: TicketKey) -> Assigned:
    """A ticket's variant: the same as long as the experiment runs, and drawn anew for another one."""
    named = f"{_SALT}\n{experiment.name}\n{key.helpdesk}\n{key.account}\n{key.ticket_id}"
    place = int.from_bytes(hashlib.sha256(named.encode()).digest()[:8], "big") / 2**64 * 100
    for one in experiment.variants:
        if place < one.share:
            return Assigned(experiment.name, one)
        place -= one.share
    return Assigned(experiment.name, experiment.variants[0])  # rounding, and shares from before they were checked


def checked(experiment: Experiment) -> Experiment:
    """The same, or ExperimentError with all that is wrong."""
    names, problems = [one.name for one in experiment.variants], []
    if not _NAME.fullmatch(experiment.name):
        problems.append("a name is at most 40 small letters, digits and hyphens")
    if len(names) < 2 or names[0] != STANDING or len(set(names)) < len(names):
        problems.append(f"there are at least two variants of different names, and the first is {STANDING!r}")
    if sum(one.share for one in experiment.variants) != 100 or any(
        not 1 <= one.share <= 99 for one in experiment.variants
    ):
        problems.append("shares are whole per cents from 1 to 99 and add up to 100")
    for one in experiment.variants:
        problems += _wrong(one)
    rules = experiment.rules
    if rules.least < LEAST:
        problems.append(f"the least sample is {LEAST} tickets in each arm: fewer say nothing")
    if not all(0 <= margin <= 1 for margin in (rules.wrong, rules.reopened, rules.quoted, rules.cost)):
        problems.append("margins are from 0 to 100 per cent")
    if problems:
        raise ExperimentError("; ".join(problems))
    return experiment


def _wrong(one: Variant) -> list[str]:
    problems, changed = [], bool(one.model or one.tone or one.guidance)
    if changed is (one.name == STANDING):
        problems.append(
            f"{STANDING!r} is what the settings say, and every other variant names a model, a tone or a guidance"
        )
    if one.model and not _MODEL.fullmatch(one.model):
        problems.append("a model is named as your endpoint names it, without spaces")
    for what, text, longest in (("tone", one.tone, LONGEST_TONE), ("guidance", one.guidance, LONGEST_GUIDANCE)):
        if len(text) > longest or _NO_TONE.search(text):
            problems.append(f"a {what} is one line of at most {longest} characters, without brackets, braces, = and `")
    return problems


def _quoted(text: str) -> str:
    return f"“{text}”" if text else ""


def variants_in(rows: Sequence[Mapping[str, Any]]) -> tuple[Variant, ...]:
    """As the database keeps them; what a later version added is left out."""
    return tuple(Variant(**_known(Variant, {"share": 100 // len(rows)} | dict(row))) for row in rows)


def rules_in(row: Mapping[str, Any]) -> Rules:
    """Likewise."""
    return Rules(**_known(Rules, row))


def _known(of: type[Variant | Rules], row: Mapping[str, Any]) -> dict[str, Any]:
    names = {one.name for one in fields(of)}
    return {name: value for name, value in row.items() if name in names}
