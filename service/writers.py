"""Who writes: the model, or rules and quotations where there is none, none that answers, or none that may be paid for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog

from connectors.base import Ticket
from service.analysis import Analysis, analyse, analyse_by_rules
from service.calls import Calls
from service.certainty import certainty
from service.conversation import Conversation
from service.drafting import Draft, write_draft
from service.errors import Budget, OutageError, OverspentError
from service.experiments.experiment import Assigned
from service.extractive import ask_instead, quote_passages
from service.llm import LLM
from service.outages import Outages, Standing
from service.passages import Retrieval
from service.policy.document import Policy
from service.policy.values import said
from service.settings import Settings
from service.spending import Spending, payer_of
from service.steps import stage

log = structlog.get_logger()


class Writers:
    """The two steps that a model does best."""

    def __init__(self, llm: LLM | None, outages: Outages, spending: Spending, *, settings: Settings) -> None:
        self._llm = llm
        self._outages, self._spending, self._settings = outages, spending, settings

    def attempt(self, ticket: Ticket, standing: Standing, *, patient: bool) -> Attempt:
        """One attempt at a message of this ticket. patient: rather raise OutageError, and wait, than go without a model."""
        if self._llm is None:
            return Attempt(None, settings=self._settings, patient=patient)
        payer, spending = payer_of(ticket), self._spending
        calls = Calls(self._llm, outages=self._outages, standing=standing, spending=spending, payer=payer)
        return Attempt(calls, settings=self._settings, patient=patient)


class Attempt:
    """At most one call in each step, and none once the model has failed or a budget is used up; it remembers which.

    down_since: the model does not answer. spent: the budget that is used up. no_key: no model is set. seconds: by stage.
    variant: of an experiment, once a draft was asked for by it.
    """

    def __init__(self, calls: Calls | None, *, settings: Settings, patient: bool) -> None:
        self._calls, self._all, self._patient = calls, calls, patient
        self.seconds: dict[str, float] = {}
        self._brand, self._team_language = settings.brand, settings.team.language
        self._sure = settings.confidence
        self.no_key = calls is None
        self.down_since: datetime | None = None
        self.spent: Budget | None = None
        self.variant = ""
        self._assigned: Assigned | None = None

    def vary(self, assigned: Assigned | None) -> None:
        """Draft as this variant of an experiment does."""
        self._assigned = assigned

    @property
    def calls(self) -> int:
        """How often the model was asked."""
        return self._all.made if self._all else 0

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Around a stage of this attempt."""
        with stage(name) as span:
            yield
        self.seconds[name] = span.seconds

    async def analyse(self, conversation: Conversation, policy: Policy) -> Analysis:
        """Say what the ticket is about, and of which of the policy's categories."""
        categories = {name: said(one.title, self._team_language) for name, one in policy.categories.items()}
        with self.timed("analyse"):
            if self._calls is not None:
                try:
                    return await analyse(
                        conversation, llm=self._calls, team_language=self._team_language, categories=categories
                    )
                except (OutageError, OverspentError) as error:
                    self._give_up(error)
            return await asyncio.to_thread(analyse_by_rules, conversation)

    async def draft(self, conversation: Conversation, analysis: Analysis, passages: Retrieval) -> Draft:
        """Write the reply."""
        brand, team, model = self._brand, self._team_language, ""
        with self.timed("draft"):
            if self._calls is not None:
                if self._assigned:
                    # also where its model then fails: else whoever fails most would look best
                    self.variant, tried = self._assigned.label, self._assigned.variant
                    said = {"tone": tried.tone, "guidance": tried.guidance}
                    brand, model = (
                        brand.model_copy(update={name: text for name, text in said.items() if text}),
                        tried.model,
                    )
                try:
                    draft = await write_draft(
                        conversation, analysis, passages.given, llm=self._calls, brand=brand, team_language=team,
                        model=model,
                    )  # fmt: skip
                    return self._sure_enough(draft, conversation, analysis, passages)
                except (OutageError, OverspentError) as error:
                    self._patient = self._patient and not model  # nobody waits for one that is only tried
                    self._give_up(error)
            quoted = partial(quote_passages, team_language=team, abstain_below=self._sure.abstain_below)
            return await asyncio.to_thread(quoted, conversation, analysis, passages)

    def _give_up(self, error: OutageError | OverspentError) -> None:
        """Go on without a model, and keep why, for the note; raised again where the ticket can wait for one that is down."""
        if isinstance(error, OverspentError):
            log.warning("the note quotes passages instead", reason=str(error))
            self.spent = error.budget
        elif self._patient:
            raise error
        else:
            log.warning("the model does not answer: the note quotes passages instead", reason=error.reason)
            self.down_since = error.since
        self._calls = None

    def _sure_enough(self, draft: Draft, conversation: Conversation, analysis: Analysis, passages: Retrieval) -> Draft:
        """The draft with its certainty; a question to the customer in its place where that is too low."""
        prior = passages.prior(citation.number for citation in draft.citations)
        draft = replace(draft, certainty=certainty(prior, draft, cited=self._sure.cited))
        if not draft.covered or draft.certainty >= self._sure.abstain_below:
            return draft
        return ask_instead(draft, conversation, analysis, team_language=self._team_language)
