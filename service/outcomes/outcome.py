"""What became of one customer message, and of one ticket: as the ledger keeps them. Agents are in neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from service.ledger import TicketKey

Arm = Literal["note", "holdout", "silent", "baseline"]
"""`note`: ours stood there. `holdout`: it would have got one, and was left out to compare. `silent`: no note for another reason,
which stands in `silences`. `baseline`: from before deskpilot was there."""

Use = Literal["", "as_is", "edited", "unused"]
"""What the reply made of our draft; empty: there is no draft, or no reply."""

Label = Literal["", "ai_as_is", "ai_assisted", "human_only"]
"""Of a ticket: the draft went out as it is, or edited, in one of its replies; or in none. Empty: no reply yet."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one customer message. Times are aware. `excluded`: one word of ours for why it is in no figure; empty: it counts."""

    key: TicketKey
    message_id: str
    arm: Arm
    asked_at: datetime
    reference: str = ""
    noted_at: datetime | None = None
    reply_id: str = ""
    replied_at: datetime | None = None
    use: Use = ""
    fidelity: float | None = None  # 0 to 1; see service/outcomes/fidelity.py
    excluded: str = ""
    tier: int = 0  # 0: not judged
    category: str = ""
    language: str = ""
    brand: str = ""
    group: str = ""  # the helpdesk's id
    channel: str = ""
    writer: str = ""
    model: str = ""
    prompt_version: str = ""
    variant: str = ""  # "experiment:variant"
    confidence: float | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None  # in the currency of the settings
    requester: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)  # numbers, and names of ours; never text of a ticket


@dataclass(frozen=True, slots=True)
class Resolution:
    """Of one ticket. `exchanges`: public replies of agents until it was first solved. `csat`: 1 good, 0 neutral, -1 bad."""

    key: TicketKey
    arm: Arm
    opened_at: datetime
    label: Label = ""
    first_reply_at: datetime | None = None
    solved_at: datetime | None = None  # the first time
    exchanges: int | None = None
    reopened_at: datetime | None = None  # the first time, within REOPENED of solved_at
    again_at: datetime | None = None  # the same requester asked the same again, within AGAIN of solved_at
    csat: int | None = None
    csat_at: datetime | None = None
    excluded: str = ""
    tier: int = 0  # the highest
    category: str = ""
    language: str = ""
    brand: str = ""
    group: str = ""
    channel: str = ""
    variant: str = ""
    requester: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
