"""The same ranking on both engines, and what only one of them can do."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from qdrant_client import AsyncQdrantClient

from service.groups import QdrantSettings
from service.settings import Settings
from service.vectors import (
    Dense,
    EmbeddedVectors,
    Fence,
    IndexInUseError,
    Passage,
    Question,
    ServerVectors,
    VectorsUnavailableError,
    embedded,
    open_vectors,
    optimising,
)
from service.vectors.payload import INDEXED, META_ID, SCHEME
from service.vectors.ranking import HYBRID
from tests.service.vectors.samples import (
    FENCE,
    TEXTS,
    ask,
    embedding,
    entry,
    hybrid,
    marks,
    passage,
    put,
    put_with_embeddings,
    titles,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore:Payload indexes have no effect"  # the memory mode says so; a server has them
)

ROOT = Path(__file__).parents[3]


class TestBothEngines:
    """The same ranking on both."""

    @pytest.mark.parametrize("dense", [True, False], ids=["four signals", "words alone"])
    async def test_the_ranking_is_the_same(self, tmp_path: Path, *, dense: bool) -> None:
        """Every score of every passage, for questions of several kinds and languages."""
        embedded = EmbeddedVectors(tmp_path / "qdrant")
        server = ServerVectors(AsyncQdrantClient(":memory:"))
        results = []
        for index in (embedded, server):
            await put_with_embeddings(index)
            german = passage(7, title="Rückgabe", text="Geld für Bestellungen kommt in fünf Tagen.", language="de")
            await put(index, entry(german, model="small", dense=[Dense(embedding("de"), embedding("a"))]))
            await index.refit()
            await index.optimise()
            rankings = []
            for text in ("refund order", "error 504 csv", "working days", "Geld zurück für Bestellung"):
                for language in ("en", "de", ""):
                    asked = hybrid(text) if dense else Question(text)
                    fence = replace(FENCE, languages=(language,))
                    found = await index.search(replace(asked, language=language), fence=fence, limit=8)
                    rankings.append([(one.passage.article, one.score) for one in found])
            results.append(rankings)
            await index.close()

        for ours, theirs in zip(*results, strict=True):
            assert [article for article, _ in ours] == [article for article, _ in theirs]
            assert [score for _, score in ours] == pytest.approx([score for _, score in theirs], rel=1e-4)

    @pytest.mark.parametrize("dense", [True, False], ids=["four signals", "words alone"])
    async def test_the_ranking_of_many_is_the_same_within_every_fence(self, tmp_path: Path, *, dense: bool) -> None:
        """Two hundred passages of two brands, two audiences and three languages, with vectors of thirty topics."""
        passages = [made_up(number) for number in range(200)]
        entries = [
            entry(one, model="small", dense=[Dense(direction(number % 30, number), direction(number % 30, 0))])
            for number, one in enumerate(passages)
        ]
        fences = [
            replace(FENCE, languages=("en",)),
            replace(FENCE, brand="one", audiences=("public",)),
            replace(FENCE, brand="two", languages=("de", "en")),
        ]
        results = []
        for index in (EmbeddedVectors(tmp_path / "qdrant"), ServerVectors(AsyncQdrantClient(":memory:"))):
            await index.begin(model="small", dimension=DIMENSIONS)
            for start in range(0, len(entries), 50):
                await put(index, *entries[start : start + 50])
            await index.refit()
            await index.optimise()
            results.append([
                [
                    (one.passage.id, one.score)
                    for one in await index.search(
                        Question(f"{passages[7 * number].text}. kettle {number}", "", "small" if dense else "", direction(number, 3) if dense else ()),
                        fence=fence, limit=40,
                    )
                ]
                for fence in fences for number in range(12)
            ])  # fmt: skip
            await index.close()

        for ours, theirs in zip(*results, strict=True):
            assert len(ours) >= 20
            assert dict(ours) == pytest.approx(dict(theirs), rel=1e-4, abs=1e-6)
            for (mine, score), (other, _) in zip(ours, theirs, strict=True):
                assert mine == other or dict(theirs)[mine] == pytest.approx(dict(theirs)[other], rel=1e-5), score
        assert all(ours for ours in results[0])


class TestEmbedded:
    """What only a directory can do."""

    async def test_searches_go_on_while_it_is_optimised(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A copy is made better in another process, and searched from then on; nothing else is left in the directory."""
        monkeypatch.setattr(embedded, "_SMALL", 0)
        monkeypatch.setattr(optimising, "__file__", str(tmp_path / "optimising.py"))
        (tmp_path / "optimising.py").write_text(_COPY)
        vectors = EmbeddedVectors(tmp_path / "qdrant")
        await put_with_embeddings(vectors)
        before = titles(await vectors.search(hybrid("refund"), fence=FENCE, limit=10))

        running = asyncio.ensure_future(vectors.optimise())
        while not (tmp_path / "copied").exists():
            await asyncio.sleep(0.01)
        meanwhile = titles(await vectors.search(hybrid("refund"), fence=FENCE, limit=10))
        writing = asyncio.ensure_future(put(vectors, entry(passage(9, text="a late refund"))))
        assert not running.done()
        (tmp_path / "go").touch()
        await asyncio.gather(running, writing)

        assert before == meanwhile
        assert [folder.name for folder in (tmp_path / "qdrant").glob("shard-*")] == ["shard-2"]
        assert len(await vectors.search(hybrid("refund"), fence=FENCE, limit=10)) == len(before) + 1
        await vectors.close()

    async def test_the_real_rebuilding_keeps_every_passage(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also where it finds nothing to do: then the index stays where it is."""
        monkeypatch.setattr(embedded, "_SMALL", 0)
        vectors = EmbeddedVectors(tmp_path / "qdrant")
        await put_with_embeddings(vectors)
        await vectors.optimise()

        assert len(await marks(vectors)) == len(TEXTS)
        assert len(list((tmp_path / "qdrant").glob("shard-*"))) == 1
        await vectors.close()

    async def test_a_rebuilding_that_fails_leaves_the_index_as_it_is(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The reason is told, and searching goes on in the old one."""
        monkeypatch.setattr(embedded, "_SMALL", 0)
        monkeypatch.setattr(optimising, "__file__", str(tmp_path / "optimising.py"))
        (tmp_path / "optimising.py").write_text("raise SystemExit('no space left on device')")
        vectors = EmbeddedVectors(tmp_path / "qdrant")
        await put_with_embeddings(vectors)

        with pytest.raises(VectorsUnavailableError, match="no space left"):
            await vectors.optimise()

        assert titles(await vectors.search(hybrid("refund"), fence=FENCE, limit=10))
        await vectors.close()

    async def test_what_a_crash_left_half_done_is_not_searched(self, tmp_path: Path) -> None:
        """A copy that was not finished goes; of two that were, the newer one counts."""
        vectors = EmbeddedVectors(tmp_path / "qdrant")
        await put_with_embeddings(vectors)
        await vectors.close()
        shutil.copytree(tmp_path / "qdrant" / "shard-1", tmp_path / "qdrant" / "shard-2")
        (tmp_path / "qdrant" / "shard-3").mkdir()

        again = EmbeddedVectors(tmp_path / "qdrant")

        assert len(await marks(again)) == len(TEXTS)
        assert [folder.name for folder in (tmp_path / "qdrant").glob("shard-*")] == ["shard-2"]
        await again.close()

    async def test_the_index_is_still_there_after_a_restart(self, tmp_path: Path) -> None:
        """Passages, marks and lengths lie in the directory."""
        first = EmbeddedVectors(tmp_path / "qdrant")
        await put_with_embeddings(first)
        meta = await first.meta()
        await first.close()

        second = EmbeddedVectors(tmp_path / "qdrant")

        assert await second.meta() == meta
        assert len(await marks(second)) == len(TEXTS)
        assert titles(await second.search(hybrid("refund"), fence=FENCE, limit=10))
        await second.close()

    async def test_a_second_process_is_told_what_to_do(self, tmp_path: Path) -> None:
        """One process per directory; the message names the directory and both ways out."""
        holder = await asyncio.to_thread(
            subprocess.Popen,
            [sys.executable, "-c", _HOLD, str(tmp_path / "qdrant")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert holder.stdin
        assert holder.stdout
        try:
            assert await asyncio.to_thread(holder.stdout.readline) == b"open\n"

            with pytest.raises(IndexInUseError, match=r"another process.*DESKPILOT_QDRANT__URL"):
                await EmbeddedVectors(tmp_path / "qdrant").open()
        finally:
            await asyncio.to_thread(holder.communicate)
        after = EmbeddedVectors(tmp_path / "qdrant")
        await after.open()
        await after.close()

    async def test_a_closed_index_says_so(self, tmp_path: Path) -> None:
        """A search that comes too late fails as any other unavailable index does."""
        vectors = EmbeddedVectors(tmp_path / "qdrant")
        await put(vectors, entry(passage(0)))
        await vectors.close()

        with pytest.raises(VectorsUnavailableError):
            await ask(vectors, "refund")


class TestServer:
    """What only a server can do."""

    async def test_a_server_that_is_down_is_unavailable(self) -> None:
        """One class for whatever keeps a server from answering, with what to check."""
        vectors = ServerVectors(AsyncQdrantClient(url="http://127.0.0.1:9", check_compatibility=False, timeout=1))

        with pytest.raises(VectorsUnavailableError, match="DESKPILOT_QDRANT__URL"):
            await vectors.status()

        await vectors.close()

    async def test_what_is_sent_to_a_server_is_what_it_documents(self) -> None:
        """The memory mode reads objects, a server JSON: fence in every prefetch, one formula over their scores.

        Two processes that start together may both make the collection: the second one's 409 is no failure.
        https://qdrant.tech/documentation/concepts/hybrid-queries/#score-boosting
        """
        door = RestDoor()
        client = AsyncQdrantClient(
            url="http://qdrant.test:6333", check_compatibility=False, transport=httpx.MockTransport(door)
        )
        vectors = ServerVectors(client)

        fence = Fence(account="a", brand="b", requester="r", languages=("en", "de"), audiences=("public",))
        await vectors.search(Question("refund", "en", "m", (1.0, 0.0)), fence=fence, limit=5)
        await vectors.close()

        sent = door.requests["POST /collections/deskpilot-index-1/points/query"]
        may_see = [
            json.dumps(["article", "public", account, brand, "*", requester], separators=(",", ":"))
            for account in ("a", "*") for brand in ("b", "*") for requester in ("r", "*")
        ]  # fmt: skip
        must = [{"key": "reach", "match": {"any": may_see}}]
        assert [one["using"] for one in sent["prefetch"]] == ["dense_body", "dense_title", "bm25_body", "bm25_title"]
        assert all(one["filter"]["must"] == must for one in sent["prefetch"])
        assert [one["limit"] for one in sent["prefetch"]] == [300, 100, 300, 300]
        score, gain = sent["query"]["formula"]["mult"]
        assert [term["mult"] for term in score["sum"]] == [
            [weight, f"$score[{number}]"] for number, weight in enumerate(HYBRID.values())
        ]
        assert [term["mult"][1]["match"]["any"] for term in gain["sum"][1:]] == [["en", ""], ["de"]]
        assert sent["query"]["defaults"] == {f"$score[{number}]": 0.0 for number in range(4)}
        assert door.indexed == set(INDEXED)
        assert door.requests["POST /collections/aliases"]["actions"] == [
            {"delete_alias": {"alias_name": "deskpilot"}},
            {"create_alias": {"alias_name": "deskpilot", "collection_name": "deskpilot-index-1"}},
        ]

    async def test_settings_choose_the_engine(self, tmp_path: Path) -> None:
        """No url: the directory. A url: the server, to which nothing is said yet."""
        async with open_vectors(Settings(data_dir=tmp_path)) as embedded:
            assert isinstance(embedded, EmbeddedVectors)
            assert (tmp_path / "qdrant").is_dir()
        settings = Settings(data_dir=tmp_path, qdrant=QdrantSettings(url="http://127.0.0.1:9"))
        async with open_vectors(settings) as server:
            assert isinstance(server, ServerVectors)

    def test_the_embedded_index_does_not_load_the_servers_client(self) -> None:
        """It costs tens of megabytes that most processes never need."""
        code = "import sys, service.vectors; sys.exit('qdrant_client' in sys.modules)"

        assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0  # noqa: S603 - our own


DIMENSIONS = 24


def direction(topic: int, nuance: int) -> tuple[float, ...]:
    """A vector near its topic's."""
    of_topic, of_nuance = random.Random(topic), random.Random(1_000 + nuance)
    return tuple(of_topic.gauss(0, 1) + 0.3 * of_nuance.gauss(0, 1) for _ in range(DIMENSIONS))


def made_up(number: int) -> Passage:
    """A passage of words that others have as well, in one of three languages, for one of three circles."""
    dice = random.Random(number)
    text = " ".join(
        dice.choices(("kettle", "order", "export", "refund", "invoice", "Rechnung", "pedido", "label", "lid"), k=30)
    )
    return replace(
        passage(number, title=f"{dice.choice(('Kettles', 'Orders', 'Exports'))} {number % 50}", text=text),
        language=("en", "de", "")[number % 3],
        brand=("*", "one", "two")[number % 3],
        audience="internal" if number % 5 == 0 else "public",
    )


class RestDoor:
    """Answers as a server does whose collection another process is just making; keeps the last body of each call."""

    def __init__(self) -> None:
        self.requests: dict[str, dict[str, Any]] = {}
        self.indexed: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        call = f"{request.method} {request.url.path}"
        self.requests[call] = body = json.loads(request.content or b"{}")
        if call.endswith("/index"):
            self.indexed.add(body["field_name"])
        if call == "PUT /collections/deskpilot-index-1":
            return httpx.Response(409, json={"status": {"error": "already exists"}, "time": 0})
        lengths = {"body_len": 3, "title_len": 1, "languages": ["en"]}
        meta = {"kind": "meta", "model": "m", "dimension": 2, "number": 1, "scheme": SCHEME, **lengths}
        named = {"alias_name": "deskpilot", "collection_name": "deskpilot-index-1"}
        results: dict[str, Any] = {
            "GET /aliases": {"aliases": [named] if "POST /collections/aliases" in self.requests else []},
            "GET /collections": {"collections": []},
            "POST /collections/aliases": True,
            "POST /collections/deskpilot/points": [{"id": META_ID, "payload": meta}],
            "POST /collections/deskpilot-index-1/points": [{"id": META_ID, "payload": meta}],
            "POST /collections/deskpilot-index-1/points/query": {"points": []},
        }
        done = {"operation_id": 1, "status": "completed"}
        return httpx.Response(200, json={"result": results.get(call, done), "status": "ok", "time": 0})


_COPY = """
import shutil, sys, time
from pathlib import Path
shutil.copytree(sys.argv[1], sys.argv[2], ignore=shutil.ignore_patterns("whole"))
here = Path(__file__).parent
(here / "copied").touch()
while not (here / "go").exists():
    time.sleep(0.01)
"""

_HOLD = """
import asyncio, sys
from pathlib import Path
from service.vectors import EmbeddedVectors
vectors = EmbeddedVectors(Path(sys.argv[1]))
asyncio.run(vectors.open())
print("open", flush=True)
sys.stdin.read()
"""
