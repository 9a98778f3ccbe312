"""The embeddings of passages on their way into the index."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from service.embeddings import (
    Embeddings,
    EmbeddingsMisconfiguredError,
    EmbeddingsRejectedError,
    EmbeddingsUnavailableError,
)
from service.knowledge.chunks import SPLITTING
from service.vectors import Dense, Passage, Vectors
from service.vectors.payload import body_of, title_of

log = structlog.get_logger()

_GIVE_UP_AFTER = 3
"""Batches in a row without an answer: the endpoint is down, and each further try costs a time-out."""


class Encoder:
    """Asks the endpoint, during one sync."""

    def __init__(self) -> None:
        self._misses = 0  # batches in a row that the endpoint did not answer
        self._down = ""  # why nobody asks the endpoint any more

    def give_up(self, reason: str) -> None:
        """Ask no more, as if the endpoint had been silent too often."""
        self._down = reason

    async def encode(self, embeddings: Embeddings, passages: Sequence[Passage]) -> list[Dense]:
        """Embeddings of these passages, in order; of each title once.

        Raises EmbeddingsRejectedError, EmbeddingsUnavailableError; after some of these, without asking.
        """
        if self._down:
            raise EmbeddingsUnavailableError(self._down)
        titles = list(dict.fromkeys(title_of(passage) for passage in passages))
        bodies = [body_of(passage) for passage in passages]
        try:
            vectors = await embeddings.embed(bodies + titles)
        except EmbeddingsRejectedError:
            raise
        except EmbeddingsUnavailableError as error:
            self._misses += 1
            if self._misses == _GIVE_UP_AFTER or isinstance(error, EmbeddingsMisconfiguredError):
                self._down = str(error)
            raise
        self._misses = 0
        by_title = dict(zip(titles, vectors[len(bodies) :], strict=True))
        return [
            Dense(body, by_title[title_of(passage)])
            for passage, body in zip(passages, vectors, strict=False)  # the titles' vectors come after the bodies'
        ]


async def single(passage: Passage, *, vectors: Vectors, embeddings: Embeddings | None) -> tuple[Dense, ...]:
    """The embeddings of an article of one passage that stands in no sync: a solved ticket, a lesson.

    None where words alone have to do: no model, no answer, or an index of another model. Raises VectorsUnavailableError.
    """
    if embeddings is None:
        return ()
    model = (await vectors.meta()).model
    empty = not model and not (await vectors.status()).passages
    if model != embeddings.model and not empty:  # the next sync builds an index for the new one
        return ()
    try:
        body, title = await embeddings.embed([body_of(passage), title_of(passage)])
    except EmbeddingsUnavailableError as error:
        log.warning("found by its words alone", article=passage.article, reason=str(error))
        return ()
    if empty:
        await vectors.begin(model=embeddings.model, dimension=embeddings.dimension, splitting=SPLITTING)
    return (Dense(body, title),)
