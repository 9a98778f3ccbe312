"""What the queue asks of the story; the pipeline is one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol


class Story(Protocol):
    """What the jobs call."""

    async def look(self, helpdesk: str, ticket_id: str, *, patient: bool, routed: bool) -> str:
        """Do for this ticket what is missing; returns what was done, for the log. patient: rather wait for a model than go without.

        routed: it has waited for its group and brand already.
        """
        ...

    async def reconcile(self, helpdesk: str, *, since: datetime | None = None) -> int:
        """Put what changed since the last time (or since then) into the inbox; how many tickets."""
        ...

    async def give_up(self, helpdesk: str, ticket_id: str, *, reason: str, attempts: int = 0) -> None:
        """Record why a ticket gets nothing; with `attempts`, park it."""
        ...

    async def are_notes(self, helpdesk: str, message_ids: Collection[str]) -> bool:
        """Whether all of these messages are notes of ours."""
        ...

    async def halt(self, helpdesk: str, *, reason: str) -> None:
        """Write nothing more there until a person allows it again."""
        ...

    async def first_sync(self) -> None:
        """Read the knowledge where the index is empty."""
        ...

    async def forget_old(self) -> None:
        """Forget what nobody will ask about any more."""
        ...

    async def sync(self) -> str:
        """Bring the knowledge up to date; returns what was done, for the log."""
        ...

    async def read_articles(self, helpdesk: str, ids: Collection[str]) -> bool:
        """Bring these articles up to date. False: not all could be, ask again later. Raises RejectedError, ServiceError."""
        ...
