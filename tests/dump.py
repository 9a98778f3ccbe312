"""Everything that a database and an index hold, as text: what is not in it is not there."""

from __future__ import annotations

import json

import psycopg
from psycopg import sql

from service.vectors import Vectors

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


async def tables(conninfo: str) -> str:
    """Every row of every table, the queue's included, as JSON a line."""
    lines = []
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        for (name,) in await (await connection.execute(_TABLES)).fetchall():
            rows = await connection.execute(
                sql.SQL("SELECT row_to_json(it)::text FROM {} AS it").format(sql.Identifier(name))
            )
            lines += [f"{name} {row}" for (row,) in await rows.fetchall()]
    return "\n".join(lines)


async def passages(vectors: Vectors) -> str:
    """Every passage, of every pool."""
    found = [repr(passage) async for page in vectors.passages() for passage in page]
    return "\n".join(found)


def lines_with(dump: str, *texts: str) -> list[str]:
    """The lines in which one of these stands, however its characters were escaped."""
    wanted = {form for text in texts for form in (text, json.dumps(text)[1:-1])}
    return [line for line in dump.splitlines() if any(form in line for form in wanted)]
