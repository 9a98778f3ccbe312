"""What the model may cost: money by account and day, tokens by requester or organisation and hour; in PostgreSQL for all replicas.

Before a call, the most it can cost is taken out of every budget it counts against; after it, what it did not use goes back.
So no call begins that could lead beyond a budget, however many begin at once, and a process that dies in a call leaves too
little rather than too much. Days and hours are UTC's, as on a provider's bill: they begin anew, all of them, at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from connectors.base import Ticket
from service.database import Database
from service.errors import Budget, OverspentError
from service.groups import LLMSettings
from service.metrics import OVERSPENT, SPENT, SPENT_LEFT, SPENT_TOKENS

_UNITS: dict[Budget, str] = {"account": "day", "organization": "hour", "requester": "hour"}
"""How often each begins anew; in the order in which a refusal is told."""

_MOST_TOKENS = 10_000_000  # that a server is believed to have used in a call

_KEPT_DAYS = 2

_FITS = """CASE {budget}
    WHEN 'account' THEN {cost} <= CAST(:account_cost AS float8)
    WHEN 'requester' THEN {tokens} <= CAST(:requester_tokens AS float8)
    ELSE {tokens} <= CAST(:organization_tokens AS float8) END"""

_GIVEN = """FROM set_config('synchronous_commit', 'off', true),
        unnest(CAST(:budgets AS text[]), CAST(:subjects AS text[]), CAST(:{third} AS {kind}[])) AS w (budget, subject, {name})"""

_SUMS = """tokens_in = s.tokens_in + excluded.tokens_in, tokens_out = s.tokens_out + excluded.tokens_out,
        cost = s.cost + excluded.cost"""

_AMOUNTS = "CAST(:tokens_in AS bigint), CAST(:tokens_out AS bigint), CAST(:cost AS float8)"

# Rows are locked in one order, whoever writes them: no two statements wait for each other. The loss of a few calls in a
# crash of the database is no harm; waiting for its disk with an account's row locked would be.
_TAKE = sa.text(f"""
    INSERT INTO spending AS s (account, budget, subject, slot, tokens_in, tokens_out, cost)
    SELECT :account, w.budget, w.subject, date_trunc(w.unit, clock_timestamp(), 'UTC'), {_AMOUNTS}
    {_GIVEN.format(third="units", kind="text", name="unit")}
    WHERE {_FITS.format(budget="w.budget", cost="CAST(:cost AS float8)", tokens="CAST(:tokens AS bigint)")}
    ORDER BY w.budget
    ON CONFLICT (account, budget, subject, slot) DO UPDATE SET {_SUMS}
    WHERE {
    _FITS.format(
        budget="s.budget",
        cost="s.cost + excluded.cost",
        tokens="s.tokens_in + s.tokens_out + excluded.tokens_in + excluded.tokens_out",
    )
}
    RETURNING budget, subject, slot
""")

_ADD = sa.text(f"""
    INSERT INTO spending AS s (account, budget, subject, slot, tokens_in, tokens_out, cost)
    SELECT :account, w.budget, w.subject, w.slot, {_AMOUNTS}
    {_GIVEN.format(third="slots", kind="timestamptz", name="slot")}
    ORDER BY w.budget
    ON CONFLICT (account, budget, subject, slot) DO UPDATE SET {_SUMS}
""")

_TODAY = sa.text("""
    SELECT account, tokens_in, tokens_out, cost FROM spending
    WHERE budget = 'account' AND slot = date_trunc('day', clock_timestamp(), 'UTC')
""")

_FORGET = sa.text(f"DELETE FROM spending WHERE slot < clock_timestamp() - interval '{_KEPT_DAYS} days'")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose budgets a call counts against, by the helpdesk's ids. organization: empty where the requester has none."""

    account: str  # "zendesk:acme.zendesk.com"
    requester: str
    organization: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken out for one call. rows: (budget, subject, start of its day or hour)."""

    account: str
    rows: tuple[tuple[str, str, datetime], ...]
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class Today:
    """What an account has used since midnight (UTC), calls under way at their most. left: of its cap; None without one."""

    account: str
    tokens_in: int
    tokens_out: int
    cost: float
    left: float | None


def payer_of(ticket: Ticket) -> Payer:
    """Who is asked to pay for a ticket's calls."""
    organization = ticket.organization.id if ticket.organization else ""
    return Payer(f"{ticket.helpdesk}:{ticket.account}", requester=ticket.requester.id, organization=organization)


class Spending:
    """Every account's budgets, shared by whoever opens the same database; each statement stands alone."""

    def __init__(self, database: Database, llm: LLMSettings) -> None:
        self._engine = database.engine
        self._cap = math.inf if llm.daily_cap is None else llm.daily_cap
        self._prices = (llm.price_in or 0.0, llm.price_out or 0.0)
        self._most = {"requester": llm.tokens_per_requester_hour, "organization": llm.tokens_per_organization_hour}
        for budget in _UNITS:  # a counter that begins at one has never increased: the first refusal would alarm nobody
            OVERSPENT.labels(budget)

    async def take(self, payer: Payer, *, tokens_in: int, tokens_out: int) -> Taken:
        """Pay for a call that uses so many tokens at most. Raises OverspentError, with nothing taken."""
        wanted = self._counted(payer)
        given = self._amounts(tokens_in, tokens_out) | {
            "account": payer.account,
            "budgets": list(wanted),
            "subjects": list(wanted.values()),
            "units": [_UNITS[budget] for budget in wanted],
            "tokens": tokens_in + tokens_out,
            "account_cost": self._cap,
            "requester_tokens": self._most["requester"],
            "organization_tokens": self._most["organization"],
        }
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_TAKE, given)).all()
        taken = Taken(payer.account, tuple((row.budget, row.subject, row.slot) for row in rows), tokens_in, tokens_out)
        there = {row.budget for row in rows}
        short = next((budget for budget in wanted if budget not in there), None)
        if short:
            if rows:
                await self.settle(taken, tokens_in=0, tokens_out=0)
            OVERSPENT.labels(short).inc()
            raise OverspentError(short)
        return taken

    async def settle(self, taken: Taken, *, tokens_in: int, tokens_out: int) -> None:
        """Give back what was not used (or take what was used beyond it, by the server's own count)."""
        used_in, used_out = min(tokens_in, _MOST_TOKENS), min(tokens_out, _MOST_TOKENS)
        budgets, subjects, slots = (list(column) for column in zip(*taken.rows, strict=True))
        given = self._amounts(used_in - taken.tokens_in, used_out - taken.tokens_out) | {
            "account": taken.account,
            "budgets": budgets,
            "subjects": subjects,
            "slots": slots,
        }
        async with self._engine.connect() as connection:
            await connection.execute(_ADD, given)

    async def today(self) -> list[Today]:
        """Every account that had a call today."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_TODAY)).all()
        spent = [Today(row.account, row.tokens_in, row.tokens_out, row.cost, left=None) for row in rows]
        if math.isinf(self._cap):
            return spent
        return [replace(one, left=max(self._cap - one.cost, 0.0)) for one in spent]

    async def tell(self) -> None:
        """Set the figures that the operator reads."""
        today = await self.today()
        for gauge in (SPENT, SPENT_TOKENS, SPENT_LEFT):  # an account without a call today has none
            gauge.clear()
        for one in today:
            SPENT.labels(one.account).set(one.cost)
            SPENT_TOKENS.labels(one.account, "in").set(one.tokens_in)
            SPENT_TOKENS.labels(one.account, "out").set(one.tokens_out)
            if one.left is not None:
                SPENT_LEFT.labels(one.account).set(one.left)

    async def forget_old(self) -> None:
        """Drop what no budget asks about any more: the requesters' ids stand here."""
        async with self._engine.connect() as connection:
            await connection.execute(_FORGET)

    def _counted(self, payer: Payer) -> dict[Budget, str]:
        """The budgets that are limited, or told to the operator, and whose they are."""
        counted: dict[Budget, str] = {"account": ""}
        if payer.organization and self._most["organization"]:
            counted["organization"] = payer.organization
        if self._most["requester"]:
            counted["requester"] = payer.requester
        return counted

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """Of so many tokens, in the operator's currency; 0 where no prices are set."""
        return (tokens_in * self._prices[0] + tokens_out * self._prices[1]) / 1e6

    def _amounts(self, tokens_in: int, tokens_out: int) -> dict[str, object]:
        return {"tokens_in": tokens_in, "tokens_out": tokens_out, "cost": self.cost(tokens_in, tokens_out)}
