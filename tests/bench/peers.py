"""Other people's hybrid search over given passages and vectors: `python peers.py TASK.json RESULT.json`.

langchain-qdrant, llama-index and haystack, each as its own pages show it, in the client's memory mode (several times quicker
than its mode on disk). Runs in an environment of its own, so it imports nothing of ours.

TASK: {"passages": [{"document", "text"}], "vectors": [[...]], "queries": [text], "query_vectors": [[...]]}.
RESULT: {peer: {"ingest_s", "took_ms": [...], "found": [[[document, score], ...]]}}; passages best first.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202, ANN204
# nothing of what is imported here is there when this is checked

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ |= {"HF_HUB_OFFLINE": "1", "HAYSTACK_TELEMETRY_ENABLED": "False"}

import llama_index.core
from fastembed import SparseTextEmbedding
from haystack import Document
from haystack.dataclasses import SparseEmbedding
from haystack_integrations.components.retrievers.qdrant import QdrantHybridRetriever
from haystack_integrations.document_stores.qdrant import QdrantDocumentStore
from langchain_core.embeddings import Embeddings
from langchain_qdrant import FastEmbedSparse, QdrantVectorStore, RetrievalMode
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores import VectorStoreQuery
from llama_index.core.vector_stores.types import VectorStoreQueryMode
from llama_index.vector_stores.qdrant import QdrantVectorStore as LlamaVectorStore
from qdrant_client import QdrantClient

BM25 = "Qdrant/bm25"
PASSAGES = 30  # asked for: enough for ten documents
_TOLD_EVERY = 100


class Langchain:
    """https://docs.langchain.com/oss/python/integrations/vectorstores/qdrant ."""

    def __init__(self, task, stopwords):
        self._task = task
        known = [passage["text"] for passage in task["passages"]] + task["queries"]
        vectors = dict(zip(known, task["vectors"] + task["query_vectors"], strict=True))
        any_vector = task["vectors"][0]  # it embeds a word of its own to learn the dimension

        class Known(Embeddings):
            def embed_documents(self, texts):
                return [vectors.get(text, any_vector) for text in texts]

            def embed_query(self, text):
                return vectors.get(text, any_vector)

        self._dense = Known()
        self._sparse = FastEmbedSparse(BM25, specific_model_path=stopwords)

    def ingest(self):
        passages = self._task["passages"]
        self._store = QdrantVectorStore.from_texts(
            [passage["text"] for passage in passages],
            embedding=self._dense,
            metadatas=[{"document": passage["document"]} for passage in passages],
            sparse_embedding=self._sparse,
            retrieval_mode=RetrievalMode.HYBRID,
            location=":memory:",
            collection_name="peer",
        )

    def ask(self, number):
        found = self._store.similarity_search_with_score(self._task["queries"][number], k=PASSAGES)
        return [(one.metadata["document"], score) for one, score in found]


class LlamaIndex:
    """https://docs.llamaindex.ai/en/stable/examples/vector_stores/qdrant_hybrid/ ."""

    def __init__(self, task, stopwords):
        self._task = task
        self._model = SparseTextEmbedding(BM25, specific_model_path=stopwords)

    def ingest(self):
        self._store = LlamaVectorStore(
            "peer",
            client=QdrantClient(":memory:"),
            enable_hybrid=True,
            fastembed_sparse_model=BM25,
            sparse_doc_fn=self._sparse,  # what it does by itself, which would ask the network for stop words
            sparse_query_fn=self._sparse,
        )
        pairs = zip(self._task["passages"], self._task["vectors"], strict=True)
        self._store.add(
            [
                TextNode(text=passage["text"], metadata={"document": passage["document"]}, embedding=vector,
                         excluded_embed_metadata_keys=["document"])
                for passage, vector in pairs
            ]
        )  # fmt: skip

    def ask(self, number):
        asked = VectorStoreQuery(
            query_embedding=self._task["query_vectors"][number],
            query_str=self._task["queries"][number],
            similarity_top_k=PASSAGES,
            mode=VectorStoreQueryMode.HYBRID,
        )
        found = self._store.query(asked)
        return [
            (node.metadata["document"], score)
            for node, score in zip(found.nodes or [], found.similarities or [], strict=True)
        ]

    def _sparse(self, texts):
        made = list(self._model.embed(texts, batch_size=256))
        return [one.indices.tolist() for one in made], [one.values.tolist() for one in made]


class Haystack:
    """https://docs.haystack.deepset.ai/docs/qdranthybridretriever ."""

    def __init__(self, task, stopwords):
        self._task = task
        self._model = SparseTextEmbedding(BM25, specific_model_path=stopwords)

    def ingest(self):
        store = QdrantDocumentStore(
            ":memory:", embedding_dim=len(self._task["vectors"][0]), use_sparse_embeddings=True, progress_bar=False
        )
        passages = self._task["passages"]
        sparse = self._model.embed([passage["text"] for passage in passages])
        rows = enumerate(zip(passages, self._task["vectors"], sparse, strict=True))
        store.write_documents(
            [
                Document(
                    id=str(number),
                    content=passage["text"],
                    meta={"document": passage["document"]},
                    embedding=vector,
                    sparse_embedding=SparseEmbedding(one.indices.tolist(), one.values.tolist()),
                )
                for number, (passage, vector, one) in rows
            ]
        )
        self._retriever = QdrantHybridRetriever(store, top_k=PASSAGES)

    def ask(self, number):
        one = next(iter(self._model.query_embed(self._task["queries"][number])))
        found = self._retriever.run(
            query_embedding=self._task["query_vectors"][number],
            query_sparse_embedding=SparseEmbedding(one.indices.tolist(), one.values.tolist()),
        )
        return [(document.meta["document"], document.score) for document in found["documents"]]


PEERS = {"langchain-qdrant": Langchain, "llama-index": LlamaIndex, "qdrant-haystack": Haystack}


def stop_words(folder):
    """The folder that fastembed reads its English stop words from: the list of NLTK, which llama-index carries."""
    held = Path(llama_index.core.__file__).parent / "_static" / "nltk_cache" / "corpora" / "stopwords" / "english"
    (folder / "english.txt").write_text(held.read_text())
    return str(folder)


def measured(peer, queries):
    """One peer's answers and times."""
    began = time.perf_counter()
    peer.ingest()
    ingest_s = time.perf_counter() - began
    took_ms, found = [], []
    for number in range(queries):
        began = time.perf_counter()
        found.append(peer.ask(number))
        took_ms.append((time.perf_counter() - began) * 1000)
        if (number + 1) % _TOLD_EVERY == 0:
            print(f"  {number + 1} of {queries} questions", file=sys.stderr)
    return {"ingest_s": ingest_s, "took_ms": took_ms, "found": found}


def main():
    """Every peer, one after the other."""
    given, wanted = map(Path, sys.argv[1:])
    task = json.loads(given.read_text())
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        stopwords = stop_words(Path(folder))
        for name, kind in PEERS.items():
            print(f"{name} ...", file=sys.stderr)
            results[name] = measured(kind(task, stopwords), len(task["queries"]))
    wanted.write_text(json.dumps(results))


if __name__ == "__main__":
    main()
