"""The embeddings client against a real server on loopback: what it sends, and what each failure becomes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Route

from service.embeddings import (
    Embeddings,
    EmbeddingsMisconfiguredError,
    EmbeddingsRejectedError,
    EmbeddingsUnavailableError,
)
from service.groups import EmbeddingsSettings
from service.web.server import serving
from tests.fake_embeddings import FakeEmbeddings, fake_embeddings


@pytest.fixture(scope="module")
def running() -> Iterator[FakeEmbeddings]:
    """One server for the file."""
    with fake_embeddings() as fake:
        yield fake


@pytest.fixture
def server(running: FakeEmbeddings) -> FakeEmbeddings:
    """The server as new."""
    fresh = FakeEmbeddings(url=running.url)
    running.__dict__.update(fresh.__dict__)
    return running


@pytest.fixture
async def embeddings(server: FakeEmbeddings) -> AsyncIterator[Embeddings]:
    """A client for batches of three."""
    async with Embeddings.opened(server.settings(batch=3, api_key="k-1")) as opened:
        assert opened
        yield opened


async def test_without_an_endpoint_there_are_no_embeddings() -> None:
    """Empty settings are a choice: words alone."""
    async with Embeddings.opened(EmbeddingsSettings()) as opened:
        assert opened is None


async def test_texts_go_out_in_batches_and_come_back_in_order(server: FakeEmbeddings, embeddings: Embeddings) -> None:
    """The index in the answer decides, not the order of the answer."""
    server.reverse = True
    texts = [f"word{number}" for number in range(7)]

    vectors = await embeddings.embed(texts)

    assert [len(request.body["input"]) for request in server.requests] == [3, 3, 1]
    for vector, text in zip(vectors, texts, strict=True):
        assert vector == pytest.approx(server.vector(text))
    assert embeddings.dimension == server.dimension


async def test_a_request_says_what_every_server_understands(server: FakeEmbeddings, embeddings: Embeddings) -> None:
    """Numbers, not base64; the key as a bearer token; no parameter beside."""
    await embeddings.embed(["hello"])

    assert server.requests[0].body == {"model": "fake-small", "input": ["hello"], "encoding_format": "float"}
    assert server.requests[0].authorization == "Bearer k-1"


async def test_a_server_without_indices_is_taken_by_order(server: FakeEmbeddings, embeddings: Embeddings) -> None:
    """Some servers leave `index` out."""
    server.indices = False

    vectors = await embeddings.embed(["a", "b"])

    assert vectors[1] == pytest.approx(server.vector("b"))


async def test_no_texts_cost_no_call(server: FakeEmbeddings, embeddings: Embeddings) -> None:
    """Nothing to embed, nobody to ask."""
    assert await embeddings.embed([]) == []
    assert server.requests == []


async def test_an_endless_text_is_cut(server: FakeEmbeddings, embeddings: Embeddings) -> None:
    """A text over the model's limit would be refused whole."""
    await embeddings.embed(["x" * 100_000])

    assert len(server.texts[0]) == 6_000


@pytest.mark.parametrize(
    ("status", "becomes"),
    [
        (401, EmbeddingsMisconfiguredError),
        (403, EmbeddingsMisconfiguredError),
        (404, EmbeddingsMisconfiguredError),
        (400, EmbeddingsRejectedError),
        (413, EmbeddingsRejectedError),
        (422, EmbeddingsRejectedError),
        (429, EmbeddingsUnavailableError),
        (500, EmbeddingsUnavailableError),
    ],
)
async def test_a_status_becomes_the_class_that_says_what_to_do(
    server: FakeEmbeddings, embeddings: Embeddings, status: int, becomes: type[EmbeddingsUnavailableError]
) -> None:
    """One call per attempt: who asks decides about trying again."""
    server.statuses = [status]

    with pytest.raises(EmbeddingsUnavailableError) as raised:
        await embeddings.embed(["hello"])

    assert type(raised.value) is becomes
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"<html>proxy error</html>",
        b"",
        b"{}",
        b'{"data": []}',
        b'{"data": [{"index": 0, "embedding": []}]}',
        b'{"data": [{"index": 1, "embedding": [1.0]}]}',
        b'{"data": [{"index": 0, "embedding": ["x"]}]}',
        b'{"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0]}]}',
    ],
)
async def test_an_answer_that_is_no_embedding_is_unavailable(
    server: FakeEmbeddings, embeddings: Embeddings, body: bytes
) -> None:
    """200 with anything else than one vector per text."""
    server.bodies = [body]

    with pytest.raises(EmbeddingsUnavailableError, match="embeddings endpoint"):
        await embeddings.embed(["hello"])


async def test_vectors_of_another_size_than_before_are_refused(server: FakeEmbeddings, embeddings: Embeddings) -> None:
    """A server whose model was swapped under the same name."""
    await embeddings.embed(["hello"])
    server.bodies = [b'{"data": [{"index": 0, "embedding": [1.0, 2.0]}]}']

    with pytest.raises(EmbeddingsUnavailableError, match=r"sizes \[2, 64\]"):
        await embeddings.embed(["hello"])


async def test_nobody_there_is_unavailable() -> None:
    """Connection refused."""
    settings = EmbeddingsSettings(base_url="http://127.0.0.1:9/v1", model="m", timeout_s=2)
    async with Embeddings.opened(settings) as opened:
        assert opened
        with pytest.raises(EmbeddingsUnavailableError, match="no answer"):
            await opened.embed(["hello"])


async def test_a_redirect_is_not_followed(server: FakeEmbeddings) -> None:
    """It would carry the texts, and with the same host the key, to wherever an answer says."""
    elsewhere = Starlette(
        routes=[Route("/v1/embeddings", lambda _: RedirectResponse(f"{server.url}/embeddings", 307), methods=["POST"])]
    )
    async with (
        serving(elsewhere, host="127.0.0.1", port=0) as url,
        Embeddings.opened(EmbeddingsSettings(base_url=f"{url}/v1", model="m")) as opened,
    ):
        assert opened
        with pytest.raises(EmbeddingsUnavailableError, match="307"):
            await opened.embed(["hello"])

    assert server.requests == []
