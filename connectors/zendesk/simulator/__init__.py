"""A twin of a Zendesk account, for tests and the demo. Written from the vendor's documents, never from our connector."""

from connectors.zendesk.simulator.account import ZendeskSimulator
from connectors.zendesk.simulator.options import Faults, Options
from connectors.zendesk.simulator.records import StoredNote

__all__ = ["Faults", "Options", "StoredNote", "ZendeskSimulator"]
