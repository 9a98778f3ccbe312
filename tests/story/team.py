"""A team with a policy file of its own and a model, around one simulated account of either kind."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi.responses import Response

from service.database import Database
from service.groups import KnowledgeSettings
from service.knowledge.sources import sync_all
from service.ledger import SavedDraft, TicketKey
from tests import fake_llm
from tests.fake_llm import FakeLLM
from tests.story.articles import write_articles
from tests.story.model import ANALYSIS, DRAFT, answering
from tests.story.one_desk import OneDesk

POLICY: dict[str, Any] = {
    "version": 1,
    "extends": "builtin",
    "languages": ["en", "de"],
    "groups": {"warehouse": {"title": {"en": "Warehouse"}}, "care": {"title": {"en": "Care team"}}},
    "escalation": {"group": "care"},
    # by a tag alone: to an account that was made a moment ago, everybody is new
    "segments": {"new_customer": {"when": {"any_of": [{"tag": "new_customer"}]}}},
    "rules": [
        {
            "name": "samovars need care",
            "when": {"words": "samovar"},
            "then": {"tier": 2, "why": "A samovar is not a kettle", "checks": ["Is it the copper one?"]},
        },
        {
            "name": "descaler is for the laboratory",
            "when": {"words": "citric acid"},
            "then": {
                "tier": 3,
                "why": "Chemicals are for the laboratory",
                "group": "warehouse",
                "dont_promise": ["that it is harmless"],
            },
        },
    ],
}
"""Of a shop for kettles. What it does not say, the built-in policy says."""


@dataclass
class Team:
    """The account, the model and the policy file. heard: what the model's analysis says otherwise, where a ticket holds the word."""

    desk: OneDesk[Any]
    model: FakeLLM
    file: Path
    heard: dict[str, dict[str, Any]] = field(default_factory=dict)
    counted: int = 0  # calls of the model that were looked at

    async def ask(self, text: str, *, who: str = "ana", **more: Any) -> str:
        """Somebody asks; returns the ticket's id."""
        given = {"name": f"{who.title()} Lind", "email": f"{who}@customer.example", "subject": "My order"}
        return await self.desk.ask(text, **{**given, **more})

    async def told(self, text: str, **more: Any) -> SavedDraft:
        """Somebody asks and the ticket is looked at; its draft."""
        return await self.looked(await self.ask(text, **more))

    async def again(self, ticket_id: str, text: str) -> SavedDraft:
        """The customer writes once more and the ticket is looked at; the draft for that."""
        await self.desk.simulator.customer_message(ticket_id, text=text)
        return await self.looked(ticket_id)

    async def looked(self, ticket_id: str) -> SavedDraft:
        """Look at the ticket; its newest draft, which stands in the ticket as one internal note."""
        await self.desk.look(ticket_id)
        draft = (await self.drafts(ticket_id))[-1]
        assert draft.posted_at
        notes = self.desk.simulator.notes(ticket_id)
        assert [note.public for note in notes] == [False] * len(await self.drafts(ticket_id))
        return draft

    async def drafts(self, ticket_id: str) -> list[SavedDraft]:
        """All of a ticket in the ledger, oldest first."""
        account = self.desk.library.helpdesks[self.desk.name].account
        return await self.desk.ledger.drafts(TicketKey(self.desk.name, account, ticket_id))

    async def rewrite(self, **changes: Any) -> None:
        """The team writes its policy file anew, with changes; until the service has seen it, good or bad."""
        policies = self.desk.policies
        before = policies.current().version, policies.problems
        self.file.write_text(json.dumps({**POLICY, **changes}), encoding="utf-8")
        while (policies.current().version, policies.problems) == before:
            await policies.look()

    def calls(self) -> list[str]:
        """The models that were asked since the last time, in order: "fast" analyses, "main" drafts."""
        made = [one.body["model"] for one in self.model.requests[self.counted :]]
        self.counted += len(made)
        return made

    def answer(self, body: dict[str, Any]) -> Response:
        """As the model answers."""
        text = str(body["messages"][-1]["content"])
        said = [change for word, change in self.heard.items() if word in text]
        changed: dict[str, Any] = {key: value for one in said for key, value in one.items()}
        draft = DRAFT | changed.pop("draft", {})
        return answering(ANALYSIS | changed, draft)(body)


@asynccontextmanager
async def team(
    opened: Callable[..., Any],
    database: Database,
    folder: Path,
    *,
    policy: Callable[[Any], Mapping[str, Any]] = lambda _: {},
    **settings: Any,
) -> AsyncIterator[Team]:
    """opened: zendesk or freshdesk of tests/story/one_desk.py. policy: what the file says otherwise, given the account."""
    file, articles = folder / "policy.yaml", write_articles(folder / "articles")
    knowledge = KnowledgeSettings(folder=articles, sync_every_s=0, solved=False)

    def changes(simulator: Any) -> dict[str, Any]:
        file.write_text(json.dumps({**POLICY, **policy(simulator)}), encoding="utf-8")
        return {"llm": model.settings(), "policy_file": file, "knowledge": knowledge, **settings}

    with fake_llm.serving() as model:
        async with opened(database, folder, settings=changes) as desk:
            await sync_all(desk.library, progress=lambda *_: None)
            here = Team(desk, model, file)
            model.otherwise = here.answer
            yield here
