"""What follows for one customer message: the tier, why, and who answers until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.policy.document import Priority, Tier


@dataclass(frozen=True, slots=True)
class Decision:
    """As the policy says it. Names are those of the policy file; texts are in the team's language.

    reasons: keys of `Phrases.reasons`, or words of the team's language. rules: names of those that fired, in the file's order,
    and "escalation" or "category NAME". lowered: an agent lowered the tier by hand.
    """

    tier: Tier = 1
    reasons: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    version: str = ""  # of the policy
    category: str = ""
    group: str = ""
    priority: Priority | None = None
    due: datetime | None = None  # when the first answer is due
    tags: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    answer: str = ""
    playbook: str = ""
    checks: tuple[str, ...] = ()
    dont_promise: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    may_ask: bool = True  # a clarifying question may still be asked in this ticket
    lowered: bool = False
    tagged: Tier | None = None  # what a tag of the ticket says
