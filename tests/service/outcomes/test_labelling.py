"""Which tickets get their label as a tag, and what a helpdesk that refuses it costs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from connectors.base import ConflictError, Helpdesk, Ticket
from service.database import Database
from service.outcomes.labelling import Labelling
from service.outcomes.outcome import Resolution
from service.outcomes.sent import Known
from service.outcomes.store import Outcomes
from service.policy.document import Policy
from tests.service.outcomes.test_sent import KEY
from tests.service.tickets import START, agent, customer, ticket

ALLOWED = Policy.model_validate({"version": 1, "write": {"label": True}})
SOLVED = ticket(customer("Where is it?"), agent("Here."), status="solved")
RESOLUTION = Resolution(KEY, "note", START, label="ai_as_is")


@dataclass
class Desk:
    """Notes what it is asked for; refuses where it is told to."""

    refuses: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def tag(self, ticket: Ticket, tag: str, *, instead_of: str = "") -> None:
        """As told."""
        assert ticket.id == KEY.ticket_id
        self.asked.append((tag, instead_of))
        if self.refuses:
            raise ConflictError("moved on")


async def written(
    database: Database,
    desk: Desk,
    *,
    of: Ticket = SOLVED,
    resolution: Resolution = RESOLUTION,
    policy: Policy = ALLOWED,
) -> str:
    """What the ledger has as our tag after a look."""
    outcomes = Outcomes(database)
    await outcomes.keep((), resolution, known=Known())
    await Labelling(outcomes).write(cast("Helpdesk", desk), of, resolution, policy)
    known = (await outcomes.known(KEY)).resolution
    assert known is not None
    return str(known.details.get("tagged", ""))


async def test_a_solved_ticket_gets_its_label(database: Database) -> None:
    """And the ledger says that it is ours."""
    desk = Desk()
    assert await written(database, desk) == "ai_as_is"
    assert desk.asked == [("ai_as_is", "")]


@pytest.mark.parametrize(
    ("of", "resolution", "policy"),
    [
        (SOLVED, RESOLUTION, Policy.model_validate({"version": 1})),
        (replace(SOLVED, status="open"), RESOLUTION, ALLOWED),
        (replace(SOLVED, status="closed"), RESOLUTION, ALLOWED),
        (SOLVED, replace(RESOLUTION, label=""), ALLOWED),
        (SOLVED, replace(RESOLUTION, excluded="merged"), ALLOWED),
        (SOLVED, replace(RESOLUTION, arm="silent"), ALLOWED),
        (replace(SOLVED, tags=("ai_as_is",)), RESOLUTION, ALLOWED),
        (SOLVED, replace(RESOLUTION, details={"tagged": "ai_as_is"}), ALLOWED),  # a person took it away
        (SOLVED, replace(RESOLUTION, label="human_only", details={"tagged": "ai_as_is"}), ALLOWED),  # likewise
    ],
)
async def test_nothing_is_set_where_nothing_is_due(
    database: Database, of: Ticket, resolution: Resolution, policy: Policy
) -> None:
    """Not allowed, not solved, not ours, there already, or not wanted."""
    desk = Desk()
    await written(database, desk, of=of, resolution=resolution, policy=policy)
    assert desk.asked == []


async def test_another_label_takes_the_place_of_ours(database: Database) -> None:
    """Late data corrects it."""
    desk, before = Desk(), replace(RESOLUTION, label="ai_assisted", details={"tagged": "ai_as_is"})
    assert (
        await written(database, desk, of=replace(SOLVED, tags=("vip", "ai_as_is")), resolution=before) == "ai_assisted"
    )
    assert desk.asked == [("ai_assisted", "ai_as_is")]


async def test_a_ticket_that_moved_on_is_tried_again_by_the_next_look(database: Database) -> None:
    """A tag costs nothing else."""
    desk = Desk(refuses=True)
    assert await written(database, desk) == ""
    desk.refuses = False
    assert await written(database, desk) == "ai_as_is"
