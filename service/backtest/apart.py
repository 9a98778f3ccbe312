"""What the story asks of the running service, kept apart from it: nothing of a backtest is counted, kept or seen there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.base import Ticket
from service.context.customers import Customers
from service.errors import OverspentError
from service.groups import LLMSettings
from service.incidents.running import Running
from service.incidents.store import Incidents
from service.ledger import TicketKey
from service.merits import Article, Merits
from service.outages import Outage, Outages, Standing
from service.policy.deciding import Past
from service.policy.document import Policy
from service.policy.matching import Facts
from service.spending import Payer, Spending, Taken
from service.triage.judged import NOBODY, Customer
from service.triage.store import Triages


class Breakerless(Outages):
    """A model or an index that fails here opens no breaker of the service; whoever asks gets the failure."""

    def __init__(self) -> None:
        """Without a database."""

    async def standing(self) -> Standing:
        """Nothing is out."""
        return {}

    async def failed(self, name: str, reason: str, *, after_s: float = 0.0) -> Outage:  # noqa: ARG002 - as there
        """It did not answer; only the caller hears of it."""
        return Outage(name, datetime.now(UTC), 1, reason, probe_due=False)

    async def probes(self, outage: Outage) -> bool:  # noqa: ARG002 - as there
        """Everybody may try."""
        return True

    async def over(self, name: str) -> None:
        """Nothing was out."""


@dataclass(slots=True)
class Cap:
    """What all configurations of one backtest may cost together, whatever run paid for it. most: in the currency of the prices; None: no limit."""

    most: float | None = None
    spent: float = 0.0
    empty: bool = False  # from the first call on that was too dear, whatever others give back

    def fits(self, cost: float) -> bool:
        """Whether so much may still be spent."""
        self.empty = self.empty or (self.most is not None and self.spent + cost > self.most)
        return not self.empty


class Purse(Spending):
    """The money of one configuration: of its own, so that tickets of today are not kept waiting for it. Of one process."""

    def __init__(self, llm: LLMSettings, cap: Cap) -> None:
        """Each configuration has its own prices; the cap is one."""
        self._prices = (llm.price_in or 0.0, llm.price_out or 0.0)
        self._shared = cap

    async def take(self, payer: Payer, *, tokens_in: int, tokens_out: int) -> Taken:
        """Pay for a call at its most. Raises OverspentError."""
        cost = self.cost(tokens_in, tokens_out)
        if not self._shared.fits(cost):
            raise OverspentError("account")
        self._shared.spent += cost
        return Taken(payer.account, (), tokens_in, tokens_out)

    async def settle(self, taken: Taken, *, tokens_in: int, tokens_out: int) -> None:
        """Give back what was not used."""
        self._shared.spent += self.cost(tokens_in, tokens_out) - self.cost(taken.tokens_in, taken.tokens_out)


class NobodyKnown(Customers):
    """What look-ups say of a customer today was not known then."""

    def __init__(self) -> None:
        """Asks nobody."""

    async def of(self, ticket: Ticket, policy: Policy) -> Customer:  # noqa: ARG002 - as there
        """Nothing."""
        return NOBODY


class NoIncidents(Incidents):
    """An incident of today is none of then."""

    def __init__(self) -> None:
        """Without a database."""

    async def matching(self, ticket: Ticket, facts: Facts) -> Running | None:  # noqa: ARG002 - as there
        """None runs."""
        return None


class NoPast(Triages):
    """What was judged of a ticket later must not judge its beginning."""

    def __init__(self) -> None:
        """Without a database."""

    async def known(self, key: TicketKey, message_id: str, *, requester: str, since: datetime) -> Past:  # noqa: ARG002
        """Nothing."""
        return Past()

    async def contacts(self, key: TicketKey, requester: str, *, since: datetime, category: str = "") -> int:  # noqa: ARG002
        """Itself alone."""
        return 1


class NoMerits(Merits):
    """Which articles mislead was learnt later, from these tickets among others."""

    def __init__(self) -> None:
        """Without a database."""

    async def lowered(self) -> Mapping[Article, float]:
        """None."""
        return {}
