"""Commands that stand in files of their own beside what they do. One more group is a line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import typer

from service import baselining, experimenting, responding, reviewing, steering
from service.audit import command as audit
from service.backtest import command as backtest
from service.learning import commands as learning
from service.outreach import command as outreach
from service.worth import command as worth

Run = Callable[..., None]
"""Runs a coroutine function with the settings in front of what is given, and ends the process as a command does."""

_GROUPS: Final[tuple[Any, ...]] = (  # modules, each with `add_commands`
    *(steering, responding, outreach, reviewing),
    *(audit, baselining, backtest, learning, worth, experimenting),
)


def add_groups(app: typer.Typer, run: Run) -> None:
    """Put all of them into the command line."""
    for group in _GROUPS:
        group.add_commands(app, run)
