"""The round that looks after the experiment that runs: a variant that does harm is rolled back without waiting for anybody."""

from __future__ import annotations

import structlog

from service.experiments.experiment import STANDING, Experiment
from service.experiments.guardrails import Finding, findings
from service.experiments.store import Experiments

log = structlog.get_logger()

EVERY_S = 3600

BY_ITSELF = "deskpilot, by itself"


class Watch:
    """Judges guardrails; promotes nothing, for that is a person's."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments

    async def judge(self) -> str:
        """Once; a round of its own."""
        running = await self._experiments.running()
        if running is None:
            return "nothing is compared"
        judged = await judged_of(self._experiments, running)
        broken = {name: [one for one in found if one.broken] for name, found in judged.items()}
        why = "; ".join(f"{name}: {one.in_words}" for name, found in broken.items() for one in found)
        if not why:
            return f"{running.name} runs"
        said = {"why": why, "findings": {name: [one.as_json() for one in found] for name, found in judged.items()}}
        if await self._experiments.end(running.name, "rolled_back", by=BY_ITSELF, details=said):
            log.warning(
                "an experiment was rolled back: every ticket gets the standing drafts", experiment=running.name, why=why
            )
        return f"{running.name} rolled back"


async def judged_of(experiments: Experiments, experiment: Experiment) -> dict[str, tuple[Finding, ...]]:
    """All guardrails of all variants but the standing one."""
    counts = await experiments.counts(experiment)
    return {
        name: findings(experiment.rules, counts[STANDING], tried) for name, tried in counts.items() if name != STANDING
    }
