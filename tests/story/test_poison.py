"""Tickets that always fail: all others get their notes, the poison is parked, and a fix brings it back."""

from __future__ import annotations

import pytest

from service import jobs as jobs_module
from service.author import Author
from service.backlog import Backlog
from tests.story.conftest import Play


async def test_poison_is_parked_everything_else_is_served_and_a_retry_after_the_fix_succeeds(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five tries; then it waits for a person, who sees why."""
    monkeypatch.setattr(jobs_module, "_BACKOFF_S", (0.01,))
    service = play.stage.service
    backlog = Backlog(service.database, service.queue)
    poison = await play.ask(text="Hello, is my parcel lost? POISON")
    read = Author.read

    async def trips(self: Author, *given: object) -> object:
        if given[0].id == poison:  # type: ignore[attr-defined]  # the ticket
            raise ZeroDivisionError
        return await read(self, *given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Author, "read", trips)
        others = [await play.ask(email=f"customer{number}@customer.example") for number in range(5)]
        for ticket_id in others:
            await play.note("zendesk", ticket_id)
        await play.until(lambda: _is_parked(backlog, poison))

    (entry,) = await backlog.entries()
    assert (entry.attempts, entry.reason) == (jobs_module.ATTEMPTS, "ZeroDivisionError")
    assert play.notes("zendesk", poison) == []

    assert await backlog.retry(f"zendesk:{poison}")
    assert "seven working days" in await play.note("zendesk", poison)
    assert await backlog.entries() == []


async def _is_parked(backlog: Backlog, ticket_id: str) -> bool:
    return any(entry.ticket == f"zendesk:{ticket_id}" and entry.state == "parked" for entry in await backlog.entries())
