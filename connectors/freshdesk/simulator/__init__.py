"""A twin of Freshdesk: same API, same limits, same unsigned webhooks and the same traps, in this process."""

from connectors.freshdesk.simulator.options import Faults, Options
from connectors.freshdesk.simulator.payloads import ADVANCED, CHATTY, SIMPLE
from connectors.freshdesk.simulator.records import StoredNote
from connectors.freshdesk.simulator.twin import FreshdeskSimulator

__all__ = ["ADVANCED", "CHATTY", "SIMPLE", "Faults", "FreshdeskSimulator", "Options", "StoredNote"]
