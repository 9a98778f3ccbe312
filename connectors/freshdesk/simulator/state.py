"""Everything one simulated account is made of; the API's routes and the webhooks share it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from connectors.freshdesk.simulator.canned import Canned
from connectors.freshdesk.simulator.clock import MovableClock
from connectors.freshdesk.simulator.library import Library
from connectors.freshdesk.simulator.options import Faults, Options
from connectors.freshdesk.simulator.people import People
from connectors.freshdesk.simulator.records import Change, CustomField
from connectors.freshdesk.simulator.tickets import Tickets


@dataclass(frozen=True, slots=True)
class State:
    """One account. `url`: its public address, without a slash at the end."""

    url: str
    clock: MovableClock
    options: Options
    faults: Faults
    people: People
    tickets: Tickets
    library: Library
    canned: Canned
    groups: dict[int, str] = field(default_factory=dict)
    fields: dict[str, CustomField] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """Host (and port) of the account."""
        return urlsplit(self.url).netloc


def new_state(
    *, url: str, clock: MovableClock, options: Options, faults: Faults, changed: Callable[[Change], None]
) -> State:
    """An empty account; `changed` hears of everything that automation rules look at."""
    people = People(clock=clock, options=options)
    return State(
        url=url.rstrip("/"),
        clock=clock,
        options=options,
        faults=faults,
        people=people,
        tickets=Tickets(clock=clock, changed=changed),
        library=Library(clock=clock, language=options.language),
        canned=Canned(clock=clock),
    )
