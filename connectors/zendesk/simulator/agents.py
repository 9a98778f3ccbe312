"""Agents at work in other ways than by typing a reply: macros, calls, a colleague, and what they take back later."""

from __future__ import annotations

from connectors.zendesk.simulator.changes import Change, NewComment
from connectors.zendesk.simulator.comment_text import from_text, to_plain, wrapped
from connectors.zendesk.simulator.people import People
from connectors.zendesk.simulator.records import JSON, Comment, User, Via

_CUT_OUT = "\u2587"
"""What Zendesk puts in the place of every character that was redacted."""


class Agents(People):
    """Ids are text; KeyError for a ticket, message or macro that does not exist."""

    async def agent_applies(self, ticket_id: str, macro_id: str) -> str:
        """An agent applies a macro and submits: its comment and what else it changes. Returns the message's id.

        To the API that is a comment of the agent like any other; only the audit names the macro.
        """
        state, ticket = self._people_state, self._people_state.ticket(ticket_id)
        macro = state.macros[int(macro_id)]
        values: JSON = {one["field"]: one["value"] for one in macro.actions}
        html = values.get("comment_value_html") or from_text(values["comment_value"][1])
        public = values.get("comment_mode_is_public") != "false"
        comment = NewComment(html=wrapped(html), public=public, author_id=state.agent.id)
        change = Change(state.agent.id, Via("web"), comment=comment, fields={"status": values["status"]})
        audit = self._people_changes.update(ticket, change)
        audit.events.append(
            {"id": state.new_id(), "type": "AgentMacroReference", "macro_id": macro_id, "macro_title": macro.title}
        )
        return str(ticket.comments[-1].id)

    async def agent_calls(self, ticket_id: str, *, said: str = "", public: bool = True) -> str:
        """An agent calls the requester. said: as the vendor has written it down. Returns the id of the call's entry."""
        state, ticket = self._people_state, self._people_state.ticket(ticket_id)
        agent = state.agent
        text = (
            f"Call to: {state.name_of(ticket.requester_id)}\nAnswered by: {agent.name}\nLength of phone call: 3 minutes"
        )
        comment = NewComment(html=wrapped(from_text(text)), public=public, author_id=agent.id)
        self._people_changes.update(ticket, Change(agent.id, Via("voice", rel="outbound"), comment=comment))
        entry = ticket.comments[-1]
        entry.call = {
            "answered_by_id": agent.id,
            "answered_by_name": agent.name,
            "call_duration": 180,
            "transcription_text": said or None,
        }
        return str(entry.id)

    async def another_agent_replies(self, ticket_id: str, *, name: str, text: str) -> str:
        """A colleague, made when new, answers in public. Returns the message's id."""
        ticket, by = self._people_state.ticket(ticket_id), self._colleague(name)
        comment = NewComment(html=wrapped(from_text(text)), public=True, author_id=by.id)
        self._people_changes.update(ticket, Change(by.id, Via("web"), comment=comment))
        return str(ticket.comments[-1].id)

    async def agent_redacts(self, ticket_id: str, message_id: str, *, words: str) -> None:
        """An agent cuts words out of what was said, for good. Nobody can edit a comment in another way."""
        ticket, comment = self._people_state.ticket(ticket_id), self._comment(ticket_id, message_id)
        comment.html_body = comment.html_body.replace(words, _CUT_OUT * len(words))
        comment.plain_body = to_plain(comment.html_body)
        ticket.updated_at = ticket.generated_at = self._people_state.now()

    async def agent_takes_back(self, ticket_id: str, message_id: str) -> None:
        """An agent makes a public comment internal: Zendesk deletes none."""
        ticket, agent = self._people_state.ticket(ticket_id), self._people_state.agent
        self._people_changes.make_private(ticket, self._comment(ticket_id, message_id), actor=agent)

    def _comment(self, ticket_id: str, message_id: str) -> Comment:
        for comment in self._people_state.ticket(ticket_id).comments:
            if str(comment.id) == message_id:
                return comment
        raise KeyError(message_id)

    def _colleague(self, name: str) -> User:
        address = f"{name.lower().replace(' ', '.')}@acme.example"
        return self._people_state.user_by_email(address) or self._people_state.add_user(name, address, role="agent")
