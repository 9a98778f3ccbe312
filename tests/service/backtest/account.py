"""A Freshdesk with solved tickets, a model, and a backtest over both."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.freshdesk.simulator import FreshdeskSimulator
from service.backtest.command import Wish, replay_tickets
from service.settings import Settings
from tests import fake_llm

LOST = "The tracking of my parcel has not moved for nine days. Is it lost?"
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)


class Account:
    """A served Freshdesk with solved tickets, and a model."""

    def __init__(self, simulator: FreshdeskSimulator, model: fake_llm.FakeLLM, settings: Settings, out: Path) -> None:
        self.simulator, self.model, self.settings, self.out = simulator, model, settings, out

    async def solved(self, count: int) -> None:
        """So many tickets, each answered differently."""
        for number in range(count):
            with self.simulator.back_then(LATER + timedelta(minutes=number)):
                ticket_id = await self.simulator.open_ticket(
                    name="Ana Lind", email=f"ana{number}@customer.example", subject="My parcel", text=LOST
                )
                await self.simulator.agent_message(ticket_id, text=f"Answer {number}: the depot has it.", public=True)
                await self.simulator.set_status(ticket_id, "solved")

    async def run(self, **more: Any) -> tuple[int, dict[str, Any]]:
        """The exit code, and what the summary says."""
        code = await replay_tickets(self.settings, replace(Wish(self.out, sure=True), **more))
        return code, json.loads((self.out / "summary.json").read_text())


def changed(settings: Settings, changes: dict[str, Any]) -> Settings:
    """As the environment of this process would give them, with some that differ."""
    llm = settings.llm.model_copy(update=changes.get("llm", {}))
    return settings.model_copy(update={"llm": llm})
