"""What a simulated Freshdesk account is like (fixed) and what is wrong with it just now (switches)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

PlanName = Literal["Free", "Trial", "Growth", "Pro", "Enterprise", "Old"]

RetryMode = Literal["three_times", "half_hourly", "next_hour"]
"""Three official texts disagree about failed webhooks; the twin can follow each.

`three_times`: again after 5, 30 and 60 minutes, then a mail to the admins.
`half_hourly`: 1,000 webhooks an hour; every 30 minutes, up to 48 times, until a 2xx.
`next_hour`: webhooks share the account's API budget; the surplus waits for the next hour and is dropped after 24 h.
    That text says nothing about failed ones: they are not tried again, which is the worst that may happen to us.
"""

OPEN, PENDING, RESOLVED, CLOSED = 2, 3, 4, 5

STATUS_NAMES: Mapping[int, str] = MappingProxyType(
    {OPEN: "Open", PENDING: "Pending", RESOLVED: "Resolved", CLOSED: "Closed"}
)
PRIORITY_NAMES: Mapping[int, str] = MappingProxyType({1: "Low", 2: "Medium", 3: "High", 4: "Urgent"})


@dataclass(frozen=True, slots=True)
class Plan:
    """Calls per window; None: no limit of its own (https://support.freshdesk.com/support/solutions/articles/225439)."""

    calls: int
    ticket_create: int | None = None
    ticket_update: int | None = None
    ticket_list: int | None = None
    contact_list: int | None = None
    window_s: float = 60.0


PLANS: Mapping[PlanName, Plan] = MappingProxyType(
    {
        "Free": Plan(0),
        "Trial": Plan(50),
        "Growth": Plan(200, ticket_create=80, ticket_update=80, ticket_list=20, contact_list=20),
        "Pro": Plan(400, ticket_create=160, ticket_update=160, ticket_list=100, contact_list=100),
        "Enterprise": Plan(700, ticket_create=280, ticket_update=280, ticket_list=200, contact_list=200),
        "Old": Plan(3000, window_s=3600.0),  # accounts from before the limits per minute
    }
)


@dataclass(frozen=True, slots=True)
class Options:
    """What the account is like. Times in seconds of the simulated clock unless said otherwise."""

    company: str = "Acme"
    api_key: str = "fd-demo-key-4Qm8Zt"
    agent: str = "Robin Vale"
    plan: PlanName = "Pro"
    retries: RetryMode = "three_times"
    time_scale: float = 1.0  # simulated seconds per real second
    webhooks_per_hour: int = 1_000  # counts in `half_hourly` only
    webhook_timeout_s: float = 10.0  # real seconds; the vendor's own is not published
    fire_on_agents: bool = (
        False  # rules connected by hand without "performed by: requester": agents and notes by API, too
    )
    api_user: str = "deskpilot"  # whose key we have
    administrator: bool = True  # whether that agent is one; others are refused automation rules (403)
    update_rules: Literal[3, 4] = 4  # number of the rules on updates; one text counts otherwise
    first_rule_only: bool = False  # on a new ticket only the first automation rule that fits runs
    notes_count_as_updates: bool = True  # against the limit for ticket updates; not documented
    search_lag_s: float = 120.0  # what changed less than this ago is not found by search yet
    sla_delay_s: float = 60.0  # how long `due_by` stays null after creation
    ticket_scope: Literal[1, 2, 3] = 1  # of our API user: all tickets, its groups' tickets, its own tickets
    statuses: Mapping[int, str] = field(  # beyond the four that every account has
        default_factory=lambda: {6: "Waiting on Customer", 7: "Waiting on Third Party"}
    )
    surveys: bool = True  # whether customers are asked what they think of an answer
    language: str = "en"  # primary language of the knowledge base

    @property
    def status_names(self) -> dict[int, str]:
        """Every status of this account."""
        return {**STATUS_NAMES, **self.statuses}


@dataclass(slots=True)
class Faults:
    """What goes wrong. Numbers count down: so many of the next ones. The rest holds until switched off."""

    html_errors: int = 0  # API requests answered 502 with an HTML page, nothing done
    server_errors: int = 0  # API requests answered 500 with JSON, nothing done
    refused: int = 0  # API requests answered 429 with Retry-After, whatever the budget
    lost_answers: int = 0  # writes that land, but whose answer is a gateway's 504
    duplicated_deliveries: int = 0  # webhooks sent twice
    lost_deliveries: int = 0  # webhooks never sent
    late_deliveries: int = 0  # webhooks sent a minute late, so behind newer ones
    unescaped_quotes: bool = False  # text goes into webhook bodies as it is: a quote in it breaks the JSON
    float_headers: bool = False  # rate headers as "399.0"
    folders_without_visibility: bool = False  # as in old recordings
    macros_refused: int = 0  # status that lists of canned responses are answered with: 403, 404
    automations_refused: int = 0  # status that automation rules are answered with: 404 where the account's API has none
    macros_with_visibility: bool = False  # canned responses say for whom they are; no recording shows that they do
    public_notes: bool = False  # notes become public whatever the request says (an app, a rule, a bug)
    foreign_link_host: str = ""  # host that `Link: rel="next"` names instead of the account's own

    def spend(
        self,
        name: Literal[
            "html_errors",
            "server_errors",
            "refused",
            "lost_answers",
            "duplicated_deliveries",
            "lost_deliveries",
            "late_deliveries",
        ],
    ) -> bool:
        """True where this one is hit; counts it."""
        left: int = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0
