"""Experiments in PostgreSQL: who runs, whose ticket is in which variant, what came of it. Who starts or ends one does it for all replicas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from service.changes import change, named
from service.database import Database
from service.experiments.experiment import (
    Assigned,
    Experiment,
    ExperimentError,
    State,
    assigned,
    checked,
    rules_in,
    variants_in,
)
from service.experiments.guardrails import Counts
from service.ledger import TicketKey
from service.tables import experiments
from service.worth.intervals import Moments

_EVERYWHERE = "*"  # in place of a helpdesk


class Experiments:
    """Reads and writes them; at most one runs."""

    def __init__(self, database: Database) -> None:
        self._engine, self._transactions = database.engine, database.transactions

    async def running(self) -> Experiment | None:
        """The one that runs."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(_RUNNING)).first()
        return _experiment(row) if row else None

    async def assigned(self, key: TicketKey) -> Assigned | None:
        """The variant of a ticket; None where nothing is compared."""
        running = await self.running()
        return assigned(running, key) if running else None

    async def named(self, name: str) -> Experiment:
        """The one of this name. ExperimentError where there is none."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(sa.select(experiments).where(experiments.c.name == name))).first()
        if row is None:
            raise ExperimentError(f"there is no experiment {name!r}: see `deskpilot experiment show`")
        return _experiment(row)

    async def newest(self, limit: int = 20) -> list[Experiment]:
        """The newest first."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(sa.select(experiments).order_by(experiments.c.id.desc()).limit(limit))
            return [_experiment(row) for row in rows]

    async def start(self, experiment: Experiment, *, by: str) -> Experiment:
        """Begin. ExperimentError where it is wrong, its name was used, or another one runs."""
        checked(experiment)
        values = {
            "name": experiment.name,
            "variants": [asdict(one) for one in experiment.variants],
            "rules": asdict(experiment.rules),
            "by_whom": named(by),
        }
        try:
            async with self._transactions.begin() as connection:
                await connection.execute(sa.insert(experiments).values(**values))
                details = {"experiment": experiment.name, "deed": "start"}
                await connection.execute(change("experiment", _EVERYWHERE, by=by, details=details))
        except sa.exc.IntegrityError as error:
            running = await self.running()
            if running and running.name != experiment.name:
                raise ExperimentError(f"{running.name} is running: stop it first, two would blur each other") from error
            raise ExperimentError(
                f"there was an experiment {experiment.name} already: choose another name, its tickets would be mixed"
            ) from error
        return await self.named(experiment.name)

    async def end(
        self, name: str, state: State, *, by: str, details: Mapping[str, Any], of: tuple[State, ...] = ("running",)
    ) -> bool:
        """End it as this, with why in details. False: it was in none of the states `of`, and nothing was done."""
        async with self._transactions.begin() as connection:
            ended = await connection.execute(
                _END, {"name": name, "state": state, "details": json.dumps(dict(details)), "states": list(of)}
            )
            if ended.rowcount:
                recorded = {"experiment": name, "deed": state, **details}
                await connection.execute(change("experiment", _EVERYWHERE, by=by, details=recorded))
            return bool(ended.rowcount)

    async def counts(self, experiment: Experiment) -> dict[str, Counts]:
        """What came of each variant, in tickets that count in figures; a statement of its own over all outcomes."""
        prices = [
            {"label": Assigned(experiment.name, one).label, "tokens_in": one.price_in, "tokens_out": one.price_out}
            for one in experiment.variants
        ]
        async with self._engine.connect() as connection:
            rows = {row.label: row for row in await connection.execute(_COUNTS, {"prices": json.dumps(prices)})}
        found = {}
        for one in experiment.variants:
            row = rows.get(Assigned(experiment.name, one).label)
            found[one.name] = (
                Counts(
                    row.tickets,
                    row.wrong,
                    row.solved,
                    row.reopened,
                    row.quoted,
                    Moments(row.priced, row.cost or 0.0, row.spread or 0.0),
                )
                if row
                else Counts()
            )
        return found


def _experiment(row: Any) -> Experiment:  # noqa: ANN401 - a row
    return Experiment(
        name=row.name,
        variants=variants_in(row.variants),
        rules=rules_in(row.rules),
        state=row.state,
        started_at=row.started_at,
        ended_at=row.ended_at,
        by=row.by_whom,
        details=row.details,
    )


_RUNNING = sa.select(experiments).where(experiments.c.state == "running")
_END = sa.text("""
    UPDATE experiments SET state = :state, ended_at = coalesce(ended_at, now()), details = details || CAST(:details AS jsonb)
    WHERE name = :name AND state = ANY(:states)
""")
# A ticket is drawn as a whole, so it counts as a whole: two notes of one ticket are not two draws.
_COUNTS = sa.text("""
    WITH prices AS (
        SELECT * FROM jsonb_to_recordset(CAST(:prices AS jsonb)) AS p (label text, tokens_in float8, tokens_out float8)
    ), tickets AS (
        SELECT o.variant AS label, bool_or(coalesce(f.judgement = 'wrong', false)) AS wrong, bool_or(o.writer <> 'model') AS quoted,
               bool_or(r.solved_at IS NOT NULL) AS solved, bool_or(r.reopened_at IS NOT NULL) AS reopened,
               sum(o.tokens_in * p.tokens_in + o.tokens_out * p.tokens_out) / 1000000 AS cost
        FROM outcomes o
        JOIN prices p ON p.label = o.variant
        LEFT JOIN resolutions r USING (helpdesk, account, ticket_id)
        LEFT JOIN feedback f ON (f.helpdesk, f.account, f.ticket_id, f.reference) = (o.helpdesk, o.account, o.ticket_id, o.reference)
        WHERE coalesce(r.excluded, '') = ''
        GROUP BY o.variant, o.helpdesk, o.account, o.ticket_id
    )
    SELECT label, count(*) AS tickets, count(*) FILTER (WHERE wrong) AS wrong, count(*) FILTER (WHERE quoted) AS quoted,
           count(*) FILTER (WHERE solved) AS solved, count(*) FILTER (WHERE solved AND reopened) AS reopened,
           count(cost) AS priced, avg(cost) AS cost, var_samp(cost) AS spread
    FROM tickets GROUP BY label
""")
