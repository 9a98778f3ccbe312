"""Language model and embeddings: what can be seen without spending a token, and one tiny call each only when asked to."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.setup import Check
from service.doctor.examination import failed
from service.doctor.listing import host_of, listing
from service.embeddings import Embeddings, EmbeddingsUnavailableError
from service.errors import LLMMisconfiguredError, LLMRefusedError, LLMUnavailableError
from service.groups import EmbeddingsSettings, LLMSettings
from service.llm import LLM

_ASKED = "Say OK."
_ANSWER_TOKENS = 16  # the least that all servers take
_ELSEWHERE = "See what the endpoint itself says of it, or set another one."


async def language_model(settings: LLMSettings, *, live: bool) -> Sequence[Check]:
    """The chat endpoint. live: the main model is called; of the fast one the list of models tells."""
    what = "language model"
    if not settings.on:
        return [Check(what, "fine", "None is set: notes quote the articles.")]
    fast = settings.fast_model or settings.model
    listed = await listing(what, "LLM", settings, (settings.model, fast))
    if not live or listed.check.state == "wrong":
        return [listed.check]
    try:
        async with LLM.opened(settings) as llm:
            if llm:
                asked = [{"role": "user", "content": _ASKED}]
                await llm.complete(asked, model=settings.model, schema={}, max_tokens=_ANSWER_TOKENS)
    except (LLMUnavailableError, LLMMisconfiguredError, LLMRefusedError) as error:
        return [failed(what, str(error), _ELSEWHERE)]
    if fast in listed.lacking and fast != settings.model:
        said = f"{settings.model} answers; the list of models lacks {fast}."
        return [Check(what, "doubtful", said, "Correct DESKPILOT_LLM__FAST_MODEL.")]
    return [Check(what, "fine", f"{settings.model} at {host_of(settings)} answers (one call was made).")]


async def embeddings(settings: EmbeddingsSettings, *, live: bool) -> Sequence[Check]:
    """The embeddings endpoint."""
    what, numbers = "embeddings", 0
    if not settings.on:
        return [Check(what, "fine", "None are set: words alone decide.")]
    listed = await listing(what, "EMBEDDINGS", settings, (settings.model,))
    if not live or listed.check.state == "wrong":
        return [listed.check]
    try:
        async with Embeddings.opened(settings) as encoder:
            if encoder:
                numbers = len((await encoder.embed([_ASKED]))[0])
    except EmbeddingsUnavailableError as error:
        return [failed(what, str(error), _ELSEWHERE)]
    said = f"{settings.model} at {host_of(settings)} answers with {numbers} numbers (one call was made)."
    return [Check(what, "fine", said)]
