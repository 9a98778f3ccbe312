"""One configuration over all tickets, a few at a time, until it is through or something stops it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from connectors.base import ConnectorError, GoneError, Helpdesk
from service.backtest.apart import Cap
from service.backtest.choosing import patiently
from service.backtest.replay import Replayer
from service.backtest.results import Key, Result, Results
from service.backtest.terminal import money
from service.errors import ServiceError

_AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Series:
    """each: every message of a customer, not the first alone."""

    replayer: Replayer
    desks: Mapping[str, Helpdesk]
    results: Results
    cap: Cap
    each: bool
    console: Console

    async def go(self, chosen: Sequence[Key]) -> str:
        """Replay whatever is not there yet, and keep each ticket at once. Returns why it stopped before its end; empty: it did not."""
        await asyncio.to_thread(self.results.begin)
        spent, known = self.cap.spent, self.results.cost
        try:
            return await self._through(self.results.left(chosen))
        finally:  # calls of tickets that were cut short are on the bill, too
            lost = self.cap.spent - spent - (self.results.cost - known)
            await asyncio.to_thread(self.results.add_lost, lost)

    async def _through(self, keys: Sequence[Key]) -> str:
        left = iter(keys)
        why: list[str] = []
        with self._progress() as progress:
            bar = progress.add_task("Replaying", total=len(keys))

            async def work() -> None:
                for key in left:
                    if why:
                        return
                    try:
                        made = await self._replayed(key)
                    except (ConnectorError, ServiceError) as error:
                        why.append(self._spent() or str(error))
                        return
                    if said := self._spent():  # this one was cut short, too
                        why.append(said)
                        return
                    try:
                        await asyncio.to_thread(self.results.add, key, made)
                    except OSError as error:
                        why.append(f"{error.filename or 'the file of results'} cannot be written: {error.strerror}")
                        return
                    progress.advance(bar)

            # Each call is reserved at its most: several at once would reach the cap long before they have cost so much.
            at_once = _AT_ONCE if self.cap.most is None else 1
            await asyncio.gather(*(work() for _ in range(at_once)))
        return why[0] if why else ""

    async def _replayed(self, key: Key) -> list[Result]:
        """One ticket. Raises ConnectorError, ServiceError."""
        name, ticket_id = key
        try:
            ticket = await patiently(partial(self.desks[name].ticket, ticket_id))
        except GoneError:
            return []
        return await self.replayer.replay(ticket, each=self.each)

    def _spent(self) -> str:
        """That the money is used up; empty: it is not."""
        if not self.cap.empty:
            return ""
        return (
            f"the next call might cost more than the cap of {money(self.cap.most or 0)} leaves "
            f"({money(self.cap.spent)} is spent)"
        )

    def _progress(self) -> Progress:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        return Progress(*columns, console=self.console, disable=not self.console.is_terminal)
