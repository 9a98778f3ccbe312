"""What the benches share: processes of their own, a PostgreSQL of their own, how big a process is, how figures are told."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import make_url

from service import embedded_postgres
from service.database import migrate

ROOT = Path(__file__).parent.parent.parent
HOST = "127.0.0.1"
DESKPILOT = ("-c", "from service.cli import main; main()")
_READY_S = 60.0


@asynccontextmanager
async def running(*arguments: str, environment: Mapping[str, str] | None = None) -> AsyncIterator[Process]:
    """Python with these arguments, as its own process until the block ends; of our settings it sees only these."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DESKPILOT_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, env={**clean, **(environment or {})}
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def answering(url: str, process: Process) -> None:
    """Wait until this address answers anything at all. Raises RuntimeError where its process ends instead."""
    async with asyncio.timeout(_READY_S), httpx.AsyncClient(timeout=1) as http:
        while True:
            if process.returncode is not None:
                raise RuntimeError(f"what should answer at {url} ended with {process.returncode}")
            try:
                await http.get(url)
            except httpx.HTTPError:
                await asyncio.sleep(0.02)
            else:
                return


@asynccontextmanager
async def postgres(folder: Path) -> AsyncIterator[str]:
    """The address of a PostgreSQL with its default settings and a migrated database."""
    async with embedded_postgres.running(folder / "postgres") as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE bench")
        address = make_url(url).set(database="bench")
        await asyncio.to_thread(migrate, address.set(drivername="postgresql+psycopg"))
        yield address.render_as_string(hide_password=False)


def rss_mb(pid: int) -> float:
    """Resident memory of a process, without its children."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not tell the resident memory of a process")


def descriptors(pid: int) -> int:
    """How many files and sockets a process holds open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def told(figures: Mapping[str, float], *, at_most: Mapping[str, float], as_json: bool) -> int:
    """Print the figures, as a table or as one JSON object; 1 where one misses its bar, for the exit code."""
    if as_json:
        print(json.dumps(figures))
    else:
        table = Table("figure", "measured", "bar", box=None)
        for name, value in figures.items():
            table.add_row(name, f"{value:g}", f"at most {at_most[name]:g}" if name in at_most else "")
        Console().print(table)
    return 1 if any(figures[name] > bar for name, bar in at_most.items()) else 0
