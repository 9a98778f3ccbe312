"""Agents at work in other ways than by typing a reply: canned responses, calls, a colleague, and what they take back later."""

from __future__ import annotations

from connectors.freshdesk.simulator.records import Conversation, StoredTicket
from connectors.freshdesk.simulator.state import State
from connectors.freshdesk.simulator.tickets import NOTE, PHONE, html_of


class Agents:
    """Ids are text; KeyError for a ticket, message or canned response that does not exist."""

    state: State

    async def agent_applies(self, ticket_id: str, macro_id: str) -> str:
        """An agent inserts a canned response and sends it: a reply like any other. Returns the conversation's id."""
        html = self.state.canned.responses[int(macro_id)].html
        agent_id = self.state.people.agent.id
        return str(self.state.tickets.agent_replies(self._ticket(ticket_id), user_id=agent_id, html=html).id)

    async def agent_calls(self, ticket_id: str, *, said: str = "", public: bool = True) -> str:
        """An agent calls the requester. said: as the vendor has written it down. Returns the conversation's id."""
        html = html_of(f"Outgoing call, 3 minutes.\n{said}".strip())
        agent_id = self.state.people.agent.id
        entry = self.state.tickets.add_note(
            self._ticket(ticket_id), user_id=agent_id, html=html, private=not public, source=PHONE
        )
        return str(entry.id)

    async def another_agent_replies(self, ticket_id: str, *, name: str, text: str) -> str:
        """A colleague, made when new, answers in public. Returns the conversation's id."""
        by = self.state.people.colleague(name)
        entry = self.state.tickets.agent_replies(self._ticket(ticket_id), user_id=by.id, html=html_of(text))
        return str(entry.id)

    async def public_note(self, ticket_id: str, *, text: str) -> str:
        """An agent leaves a note that the requester is shown and mailed. Returns the conversation's id."""
        agent_id = self.state.people.agent.id
        ticket, html = self._ticket(ticket_id), html_of(text)
        return str(self.state.tickets.add_note(ticket, user_id=agent_id, html=html, private=False).id)

    async def agent_redacts(self, ticket_id: str, message_id: str, *, words: str) -> None:
        """An agent edits a note so that these words are gone. Raises ValueError for a reply: only notes can be edited."""
        entry = self._conversation(message_id)
        if entry.source != NOTE:
            raise ValueError(f"{message_id} is no note: Freshdesk edits nothing else")
        entry.html, entry.updated_at = entry.html.replace(words, ""), self.state.tickets.now()
        self.state.tickets.touch(self._ticket(ticket_id))

    async def agent_takes_back(self, ticket_id: str, message_id: str) -> None:
        """An agent deletes a reply or a note: nothing remains of it."""
        self.state.tickets.remove(self._conversation(message_id))
        self.state.tickets.touch(self._ticket(ticket_id))

    async def merge(self, source: str, target: str) -> None:
        """An agent merges `source` into `target`: a private note in each, `source` closed and tagged."""
        self.state.tickets.merge(self._ticket(source), self._ticket(target), by=self.state.people.agent.id)

    def _conversation(self, message_id: str) -> Conversation:
        return self.state.tickets.conversations[int(message_id)]

    def _ticket(self, ticket_id: str) -> StoredTicket:
        if not (ticket_id.isascii() and ticket_id.isdecimal()):
            raise KeyError(ticket_id)
        return self.state.tickets.all[int(ticket_id)]
