"""Who writes: the model, or rules and quotations where there is none, or none that answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog

from service.analysis import Analysis, analyse, analyse_by_rules
from service.certainty import certainty
from service.conversation import Conversation
from service.drafting import Draft, write_draft
from service.errors import LLMMisconfiguredError, LLMUnavailableError, OutageError
from service.extractive import ask_instead, quote_passages
from service.llm import LLM
from service.metrics import STAGE_SECONDS
from service.outages import MODEL, Outages, Standing
from service.passages import Retrieval
from service.settings import Settings

log = structlog.get_logger()

_FAILURES = (LLMUnavailableError, LLMMisconfiguredError)


class Writers:
    """The two steps that a model does best. At most one call each, and no second one to a model that is down."""

    def __init__(self, llm: LLM | None, outages: Outages, *, settings: Settings) -> None:
        self.llm = llm
        self._outages = outages
        self._brand, self._team_language = settings.brand, settings.team.language
        self._sure = settings.confidence

    async def analyse(
        self, conversation: Conversation, standing: Standing, *, patient: bool
    ) -> tuple[Analysis, datetime | None]:
        """The analysis; and since when the model is down, if it is. patient: raise OutageError then, and wait."""
        with STAGE_SECONDS.labels("analyse").time():
            if self.llm is None:
                return await asyncio.to_thread(analyse_by_rules, conversation), None
            try:
                async with self._outages.watching(MODEL, standing, failures=_FAILURES):
                    return await analyse(conversation, llm=self.llm, team_language=self._team_language), None
            except OutageError as error:
                down = _impatient(error, patient=patient)
                return await asyncio.to_thread(analyse_by_rules, conversation), down

    async def draft(
        self,
        conversation: Conversation,
        analysis: Analysis,
        passages: Retrieval,
        *,
        standing: Standing,
        patient: bool,
        down: datetime | None,
    ) -> tuple[Draft, datetime | None]:
        """The draft; and since when the model is down, if it is. patient: raise OutageError then, and wait."""
        team = self._team_language
        with STAGE_SECONDS.labels("draft").time():
            if self.llm is not None and down is None:
                try:
                    async with self._outages.watching(MODEL, standing, failures=_FAILURES):
                        draft = await write_draft(
                            conversation, analysis, passages.given, llm=self.llm, brand=self._brand, team_language=team
                        )
                    return self._sure_enough(draft, conversation, analysis, passages), None
                except OutageError as error:
                    down = _impatient(error, patient=patient)
            quoted = partial(quote_passages, team_language=team, abstain_below=self._sure.abstain_below)
            return await asyncio.to_thread(quoted, conversation, analysis, passages), down

    def _sure_enough(self, draft: Draft, conversation: Conversation, analysis: Analysis, passages: Retrieval) -> Draft:
        """The draft with its certainty; a question to the customer in its place where that is too low."""
        prior = passages.prior(citation.number for citation in draft.citations)
        draft = replace(draft, certainty=certainty(prior, draft, cited=self._sure.cited))
        if not draft.covered or draft.certainty >= self._sure.abstain_below:
            return draft
        return ask_instead(draft, conversation, analysis, team_language=self._team_language)


def _impatient(error: OutageError, *, patient: bool) -> datetime:
    """Since when the model is down, for a note that says so; raised again where the ticket can wait."""
    if patient:
        raise error
    log.warning("the model does not answer: the note quotes passages instead", reason=error.reason)
    return error.since
