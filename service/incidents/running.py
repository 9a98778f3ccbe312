"""An incident as it stands, and what an author needs of one that runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from service.incidents.plan import Stage
from service.policy.document import Condition

State = Literal["running", "stopped", "expired"]

Texts = Mapping[str, Mapping[str, str]]
"""Stage → language → approved text."""


@dataclass(frozen=True, slots=True)
class Running:
    """An incident that a ticket belongs to. languages: the policy's, in its order."""

    id: int
    name: str
    title: str
    stage: Stage
    texts: Texts
    languages: tuple[str, ...] = ()

    def text(self, language: str) -> tuple[str, str]:
        """The approved text of the stage, and its language: the customer's where there is one, else the policy's first."""
        approved = self.texts.get(self.stage, {})
        for wanted in (language, *self.languages, *sorted(approved)):
            if approved.get(wanted):
                return approved[wanted], wanted
        return "", ""


@dataclass(frozen=True, slots=True)
class Incident:
    """One that runs or ran. match: None, a newer version wrote one that we cannot read. spike: the category whose spike started it.

    age_s: since it was started, until now or its end; by the database's clock, as `state` is.
    """

    id: int
    name: str
    title: str
    match: Condition | None
    texts: Texts
    stage: Stage
    state: State
    started_at: datetime
    expires_at: datetime
    stopped_at: datetime | None
    by: str
    age_s: float
    tickets: int = 0
    languages: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    spike: str | None = None
    stopped_by: str = ""
    stages: tuple[tuple[str, str], ...] = field(default=())  # (stage, when it began, ISO 8601)

    @property
    def ended_at(self) -> datetime | None:
        """When it ended: stopped, or expired."""
        return None if self.state == "running" else self.stopped_at or self.expires_at

    @property
    def approved(self) -> list[tuple[str, str]]:
        """(language, text) of the stage, in the policy's order."""
        texts = self.texts.get(self.stage, {})
        order = dict.fromkeys((*self.languages, *sorted(texts)))
        return [(language, texts[language]) for language in order if language in texts]

    @property
    def as_running(self) -> Running:
        """What an author needs of it."""
        return Running(self.id, self.name, self.title, self.stage, self.texts, self.languages)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "name": self.name,
            "title": self.title,
            "state": self.state,
            "stage": self.stage,
            "match": self.match.model_dump(mode="json", exclude_defaults=True) if self.match else None,
            "texts": {stage: dict(approved) for stage, approved in self.texts.items()},
            "started_at": self.started_at.isoformat(),
            "started_by": self.by,
            "spike": self.spike,
            "expires_at": self.expires_at.isoformat(),
            "stopped_at": self.stopped_at.isoformat() if self.stopped_at else None,
            "stopped_by": self.stopped_by,
            "order": list(self.order),
            "tickets": self.tickets,
        }
