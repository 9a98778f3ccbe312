"""The backtest as one page: nothing to load, nothing that runs, to read on a phone and to print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from service.backtest.results import Comparison, Result, Summary, worst_first
from service.backtest.terminal import Said, cost, cost_moved, moved, number, seconds, seconds_moved, share
from service.settings import Settings
from service.standalone import standalone

VERDICTS = {
    "ready": "a draft",
    "no_model": "a draft, quoted",
    "uncovered": "no answer in the articles",
    "person": "a person's",
}

_TEMPLATE = Path(__file__).with_name("backtest.html.j2")


@dataclass(frozen=True, slots=True)
class About:
    """What the page is of. sides: the settings of each configuration. stopped: why it is unfinished; empty: it is not.

    versions: of the policy of each, where they are known.
    """

    made_at: datetime
    sides: Sequence[Settings]
    helpdesks: Sequence[str]
    stopped: str = ""
    versions: Sequence[str] = ()

    @property
    def made(self) -> str:
        """When, by the team's clock."""
        at = self.made_at.astimezone(ZoneInfo(self.sides[0].team.timezone))
        return f"{at.day} {at:%B %Y, %H:%M}"

    def models(self) -> list[str]:
        """Of each configuration."""
        return [_models(side) for side in self.sides]

    def policies(self) -> list[Said]:
        """Likewise: the file's name; two of one name are told apart by their version."""
        versions = self.versions or [""] * len(self.sides)
        return [_policy(side, version) for side, version in zip(self.sides, versions, strict=True)]

    def prices(self) -> list[str]:
        """Likewise, of a million tokens."""
        return [_prices(side) for side in self.sides]


def backtest_page(
    about: About, results: Sequence[Sequence[Result]], made: Sequence[Summary], against: Comparison | None
) -> str:
    """HTML of one or two configurations. Everything in it is escaped."""
    last = 1 if len(results) > 1 and results[1] else 0  # it may have stopped before the other
    return standalone(_TEMPLATE).render(
        about=about,
        made=made,
        last=last,
        against=against,
        examples=worst_first(results[last]),
        before={(one.helpdesk, one.ticket_id, one.message_id): one for one in results[0]} if last else {},
        verdicts=VERDICTS,
        rows=_rows(about, made, against),
    )


def _rows(about: About, made: Sequence[Summary], against: Comparison | None) -> list[tuple[str, Sequence[Said], Said]]:
    """(what, a figure of each configuration, the difference)."""
    none = ("", "")
    return [
        ("A draft that answers", [share(one.coverage) for one in made], moved(against.coverage) if against else none),
        ("Sent as it is", [share(one.as_is, "drafts") for one in made], none),
        ("Edited", [share(one.edited, "drafts") for one in made], none),
        ("Unused", [share(one.unused, "drafts") for one in made], none),
        ("Fidelity", [number(one.fidelity) for one in made], moved(against.fidelity) if against else none),
        ("No answer in the articles", [share(one.abstained) for one in made], none),
        ("A person's", [share(one.person) for one in made], none),
        ("Seconds each", [seconds(one) for one in made], seconds_moved(against)),
        ("Cost each", [cost(one) for one in made], cost_moved(against)),
        ("Something younger was left out", [(f"{one.younger_left_out:,}", "messages") for one in made], none),
        ("Model", [(said, "") for said in about.models()], none),
        ("Policy", about.policies(), none),
        ("Prices of a million tokens", [(said, "") for said in about.prices()], none),
    ]


def _models(side: Settings) -> str:
    llm = side.llm
    if not llm.on:
        return "none: passages are quoted"
    return f"{llm.model}, analysis by {llm.fast_model}" if llm.fast_model else llm.model


def _policy(side: Settings, version: str) -> Said:
    name = side.policy_file.name if side.policy_file else "the built-in one"
    return name, f"version {version}" if version else ""


def _prices(side: Settings) -> str:
    llm = side.llm
    if not llm.on:
        return "nothing is paid"
    if llm.price_in is None or llm.price_out is None:
        return "none are set"
    return f"{llm.price_in:g} in, {llm.price_out:g} out"
