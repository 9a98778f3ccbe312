"""Embeddings from any OpenAI-compatible endpoint.

ServiceError
  EmbeddingsUnavailableError       no usable answer: later may work. Words alone decide meanwhile.
    EmbeddingsRejectedError        the endpoint works but not with these texts: 400, 413, 422.
    EmbeddingsMisconfiguredError   key refused, unknown model or address: no call works until a person acts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import openai
from pydantic import BaseModel, ValidationError

from service.errors import ServiceError
from service.groups import EmbeddingsSettings
from service.steps import answered, call

OPENAI_URL = "https://api.openai.com/v1"

Vector = tuple[float, ...]

_TEXT_CHARS = 6_000
"""The start of a text is embedded: below 8,192 tokens, the shortest limit that refuses, in any script but a few."""

_REJECTED = (400, 413, 422)
_MISCONFIGURED = (401, 403, 404)


class EmbeddingsUnavailableError(ServiceError):
    """The embeddings endpoint gave no usable answer."""


class EmbeddingsRejectedError(EmbeddingsUnavailableError):
    """The endpoint refuses these texts."""


class EmbeddingsMisconfiguredError(EmbeddingsUnavailableError):
    """The endpoint refuses us."""


class _Item(BaseModel):
    embedding: Vector
    index: int | None = None


class _Answer(BaseModel):
    data: list[_Item]


class Embeddings:
    """One model at one endpoint. Borrows `client`: never opens or closes it.

    https://platform.openai.com/docs/api-reference/embeddings
    """

    def __init__(self, client: openai.AsyncOpenAI, *, model: str, batch: int = 64) -> None:
        self._client = client
        self._batch = batch
        self.model = model
        self.dimension = 0  # of the vectors; learnt from the first answer, 0 until then

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: EmbeddingsSettings) -> AsyncIterator[Embeddings | None]:
        """The endpoint that the settings name, or None where they name none (words alone)."""
        if not settings.on:
            yield None
            return
        client = openai.AsyncOpenAI(
            base_url=settings.base_url or OPENAI_URL,  # always given: the SDK would read the environment
            api_key=settings.api_key.get_secret_value() or "none",  # local servers want none, the client wants one
            max_retries=0,  # the caller decides what a failure means
            timeout=settings.timeout_s,
            # a redirect would carry the texts to a host that nobody set
            http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False),
        )
        client.organization = client.project = None  # set from the environment of whoever started us
        async with client:
            yield cls(client, model=settings.model, batch=settings.batch)

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector per text, in their order; all of `dimension` numbers. texts: none empty; long ones are cut.

        Raises EmbeddingsUnavailableError. No texts: no call.
        """
        vectors: list[Vector] = []
        for start in range(0, len(texts), self._batch):
            vectors += await self._call([text[:_TEXT_CHARS] for text in texts[start : start + self._batch]])
        return vectors

    async def _call(self, texts: list[str]) -> list[Vector]:
        try:
            with call("embeddings", to="embeddings") as span:
                span.tell({"gen_ai.request.model": self.model})
                try:
                    # float: many servers know no base64, which is the client's own choice
                    raw = await self._client.embeddings.with_raw_response.create(
                        model=self.model, input=texts, encoding_format="float"
                    )
                except openai.APIStatusError as error:
                    answered(span, error.status_code)
                    raise
        except openai.APIStatusError as error:
            # `from None`: the SDK's error repeats the server's answer, and some servers repeat the key in it
            raise _error_for(error.status_code, str(error).replace(self._client.api_key, "***")) from None
        except openai.OpenAIError as error:
            raise EmbeddingsUnavailableError(f"no answer from the embeddings endpoint: {error}") from error
        content = raw.content.replace(self._client.api_key.encode(), b"***")
        return self._checked(await asyncio.to_thread(_read, content), count=len(texts))

    def _checked(self, items: list[_Item], *, count: int) -> list[Vector]:
        """The vectors in the order of the texts. A server that keeps no index keeps the order."""
        if all(item.index is not None for item in items):
            items = sorted(items, key=lambda item: item.index or 0)
            places = [item.index for item in items]
        else:
            places = list(range(len(items)))
        sizes = {len(item.embedding) for item in items} | ({self.dimension} if self.dimension else set())
        if places != list(range(count)) or len(sizes) != 1 or 0 in sizes:
            raise EmbeddingsUnavailableError(
                f"the embeddings endpoint answered {count} texts with {len(items)} vectors of sizes {sorted(sizes)}: "
                "check DESKPILOT_EMBEDDINGS__MODEL"
            )
        self.dimension = sizes.pop()
        return [item.embedding for item in items]


def _read(body: bytes) -> list[_Item]:
    try:
        return _Answer.model_validate_json(body).data
    except ValidationError as error:
        said = body[:100].decode(errors="replace")
        raise EmbeddingsUnavailableError(
            f"the embeddings endpoint does not answer with embeddings: {said!r}"
        ) from error


def _error_for(status: int, said: str) -> EmbeddingsUnavailableError:
    """Name what a failed status means."""
    if status in _MISCONFIGURED:
        return EmbeddingsMisconfiguredError(
            f"the embeddings endpoint answered {status}: check DESKPILOT_EMBEDDINGS__BASE_URL, __API_KEY and __MODEL ({said})"
        )
    if status in _REJECTED:
        return EmbeddingsRejectedError(f"the embeddings endpoint refuses a text ({status}): {said}")
    return EmbeddingsUnavailableError(f"the embeddings endpoint answered {status}: {said}")
