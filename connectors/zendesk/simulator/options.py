"""How a simulated account is set up, and the switches that make it misbehave as real accounts sometimes do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Options:
    """The account. Limits are those of an Enterprise plan.

    Source: https://developer.zendesk.com/api-reference/introduction/rate-limits
    """

    company: str = "Acme"
    csat: Literal["rating", "survey", "none"] = "rating"  # an account has the old kind, the new one, or neither
    api_role: Literal["admin", "agent"] = "admin"  # of our API user; incremental exports and webhooks want an admin
    api_name: str = "deskpilot"  # of our API user; a person's name where it is a person's account
    private_only: bool = False  # our API user's role may comment privately only
    client_scope: str = (
        ""  # what every token of the OAuth client is good for, whatever is asked for; empty: what is asked for
    )
    ticket_events: bool = True  # webhooks may listen to tickets; else only triggers call them
    article_events: bool = True  # webhooks may listen to the help centre
    trigger_categories: bool = False  # a trigger needs one
    most_webhooks: int = 0  # ten on a trial; 0: no limit we know of
    deliveries_per_minute: int = 0  # sixty on a trial; 0: no limit we know of
    per_minute: int = 700  # whole account; the Help Center has a second bucket of the same size
    updates_per_minute: int = 100
    updates_per_ticket: int = 30  # per user and ticket in ten minutes
    incremental_per_minute: int = 10
    incremental_articles: int = 1_000  # on a page of the help centre's incremental list
    search_export_per_minute: int = 100
    most_comments: int = 5_000
    most_comment_bytes: int = 65_535
    token_lifetime_s: int = 172_800
    search_lag_s: float = 0.0  # how far the search index is behind; minutes on a busy account
    delivery_timeout_s: float = 12.0
    retry_wait_s: float = 1.0  # between tries of a webhook; the vendor does not say how long it waits
    breaker_fewest: int = 10  # answers within five minutes before a share of failures means anything (our guess)
    breaker_pause_s: float = 5.0  # "a few seconds"; the vendor does not say


@dataclass(slots=True)
class Faults:
    """Switches, all off. Numbers count down: `lose=2` loses the next two deliveries."""

    # deliveries
    lose: int = 0  # events that never leave
    duplicate: int = 0  # events delivered twice, under the same event and invocation id
    out_of_order: bool = False  # every first event of two is held back until the second has gone
    throttle_s: float = 0.0  # flood protection: deliveries go out this much later
    raw_quotes: bool = False  # placeholders of trigger bodies are inserted unescaped, so the body may be invalid JSON
    # answers
    unavailable: int = 0  # requests answered 503
    retry_after_s: int = 5  # beside those 503
    html_errors: bool = False  # error bodies are HTML pages
    dated_s: float | None = None  # answers carry a Date so far ahead of the clock; None: none but the server's own
    error_objects: bool = False  # `error` is {"title", "message"} where it is usually text
    answer_after_s: float = 0.0  # every API answer is this slow
    lost_answers: int = 0  # writes that are stored, after which the connection breaks without an answer
    database_conflicts: int = 0  # ticket writes answered 409 DatabaseConflict, nothing stored
    drop_values: bool = False  # a value that a custom field does not take is dropped without a word, not refused
    links_host: str = (
        ""  # foreign host in `links`, `next_page` and `after_url` (ours to guard against; not a vendor's habit)
    )
    macros_refused: int = 0  # status that lists of macros are answered with: 403, 404
    token_uses: int = 0  # an access token is dead after so many requests; 0: only when its time is over
    # business rules
    busy_triggers: bool = False  # a rule of the account runs a second after each of our writes and moves `updated_at`
