"""The model as one attempt at a message may use it: so many calls, each paid for before it is made, and watched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from service.errors import LLMMisconfiguredError, LLMRefusedError, LLMUnavailableError, OutageError
from service.llm import LLM, Completion
from service.metrics import CALLS, COST, TOKENS
from service.outages import MODEL, Outages, Standing
from service.spending import Payer, Spending
from service.steps import call, told

MOST_CALLS = 2
"""To analyse and to draft."""

_FAILURES = (LLMUnavailableError, LLMMisconfiguredError)


class Calls:
    """A `service.llm.Chat` for one attempt."""

    def __init__(self, llm: LLM, *, outages: Outages, standing: Standing, spending: Spending, payer: Payer) -> None:
        self._llm = llm
        self.settings, self.model, self.fast_model = llm.settings, llm.model, llm.fast_model
        self._outages, self._standing = outages, standing
        self._spending, self._payer = spending, payer
        self._left = MOST_CALLS

    @property
    def made(self) -> int:
        """Calls so far, those that a budget or a breaker refused included."""
        return MOST_CALLS - self._left

    async def complete(
        self, messages: Sequence[Mapping[str, str]], *, model: str, schema: Mapping[str, Any], max_tokens: int
    ) -> Completion:
        """Ask once, if there is money for it. Raises OverspentError, OutageError, LLMRefusedError."""
        if not self._left:
            raise LLMRefusedError(f"a message gets at most {MOST_CALLS} calls")
        self._left -= 1
        most_in, most_out = self._llm.most(messages, max_tokens=max_tokens)
        taken = await self._spending.take(self._payer, tokens_in=most_in, tokens_out=most_out)
        try:
            async with self._watching(model):
                completion = await self._asked(messages, model=model, schema=schema, max_tokens=max_tokens)
        except OutageError as error:
            if _is_unpaid(error):
                await self._spending.settle(taken, tokens_in=0, tokens_out=0)
            raise  # what timed out may be on the bill, and so may a refusal: the most it can have cost stays taken
        TOKENS.labels("in", model).inc(completion.tokens_in)
        TOKENS.labels("out", model).inc(completion.tokens_out)
        # a server that does not count is taken to have used the most
        used_in, used_out = completion.tokens_in or most_in, completion.tokens_out or most_out
        COST.labels(model).inc(self._spending.cost(used_in, used_out))
        await self._spending.settle(taken, tokens_in=used_in, tokens_out=used_out)
        return completion

    @asynccontextmanager
    async def _watching(self, model: str) -> AsyncIterator[None]:
        """A model that is only tried stands behind no breaker: when it fails, nobody else goes without theirs."""
        if model in (self.model, self.fast_model):
            async with self._outages.watching(MODEL, self._standing, failures=_FAILURES):
                yield
            return
        try:
            yield
        except _FAILURES as error:
            raise OutageError(MODEL, str(error), since=datetime.now(UTC), open_=False) from error

    async def _asked(
        self, messages: Sequence[Mapping[str, str]], *, model: str, schema: Mapping[str, Any], max_tokens: int
    ) -> Completion:
        """Make the call, measured. model: of our settings; what a server calls itself is no label."""
        result = "no answer"
        try:
            with call("model", to="llm") as span:
                span.tell({"gen_ai.request.model": model})
                try:
                    completion = await self._llm.complete(messages, model=model, schema=schema, max_tokens=max_tokens)
                except (LLMRefusedError, LLMMisconfiguredError):
                    result = "refused"
                    told(span, result)
                    raise
                result = "ok"
                used = {
                    "gen_ai.usage.input_tokens": completion.tokens_in,
                    "gen_ai.usage.output_tokens": completion.tokens_out,
                }
                span.tell(used)
            return completion
        finally:
            CALLS.labels(model, result).inc()


def _is_unpaid(error: OutageError) -> bool:
    """Whether nothing was asked, or nothing done."""
    failure = error.__cause__
    return failure is None or isinstance(failure, LLMMisconfiguredError) or getattr(failure, "unpaid", False)
