"""What became of a ticket, as a tag in it: where the policy allows it, once it is solved, and never over a person's choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog

from connectors.base import ConnectorError, Helpdesk, Ticket
from service.outcomes.outcome import Label, Resolution
from service.outcomes.store import Outcomes
from service.policy.document import Policy

log = structlog.get_logger()

TAGS: Final[Mapping[Label, str]] = {"ai_as_is": "ai_as_is", "ai_assisted": "ai_assisted", "human_only": "human_only"}
"""As views and reports of the helpdesk can ask for them."""

_COVERED = ("note", "holdout")


class Labelling:
    """Holds nothing but its tools."""

    def __init__(self, outcomes: Outcomes) -> None:
        self._outcomes = outcomes

    async def write(self, desk: Helpdesk, ticket: Ticket, resolution: Resolution | None, policy: Policy) -> None:
        """Set the tag that the ticket should have and has not; another label than before replaces the tag that we set.

        One that a person took away does not come back. Never raises: the ledger has the label, and the next look tries again.
        """
        if resolution is None or not policy.write.label or not _is_due(ticket, resolution):
            return
        tag, ours = TAGS[resolution.label], str(resolution.details.get("tagged", ""))
        if ours == tag or tag in ticket.tags:
            return
        if ours and ours not in ticket.tags:  # somebody wants none
            return
        try:
            await desk.tag(ticket, tag, instead_of=ours)
        except ConnectorError as error:
            log.info("a ticket's label could not be set as a tag", error=type(error).__name__)
            return
        await self._outcomes.tagged(resolution.key, tag)


def _is_due(ticket: Ticket, resolution: Resolution) -> bool:
    return bool(
        ticket.status == "solved" and resolution.label and resolution.arm in _COVERED and not resolution.excluded
    )
