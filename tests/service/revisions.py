"""A database led through all revisions, filled at each with rows of its time: what stood in it before and after every step."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from service import database
from service.database import migrate

VERSIONS = Path(database.__file__).parent / "migrations"
ROWS = Path(__file__).parent / "rows"
"""A file for each revision that makes tables or columns, named after it: what a service of that time leaves there."""

REVISIONS = [script.revision for script in ScriptDirectory(str(VERSIONS)).walk_revisions()][::-1]
"""Oldest first."""

STEPS = list(pairwise(REVISIONS))

Catalog = Mapping[tuple[str, ...], str]
"""What a database is made of: ("column", table, name) and its like, and how each is declared."""

Row = Mapping[str, Any]

_CATALOG = """
    SELECT ARRAY['column', table_name, column_name],
        concat_ws(' ', udt_name, CASE is_nullable WHEN 'NO' THEN 'NOT NULL' END,
            CASE WHEN is_identity = 'YES' THEN 'IDENTITY' WHEN column_default IS NOT NULL THEN 'DEFAULT ' || column_default END)
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT ARRAY['constraint', conrelid::regclass::text, conname], pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION ALL SELECT ARRAY['index', tablename, indexname], indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT ARRAY['trigger', tgrelid::regclass::text, tgname], pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT ARRAY['function', proname, pg_get_function_identity_arguments(oid)], pg_get_function_result(oid)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT ARRAY['value', enumtypid::regtype::text, enumlabel], '' FROM pg_enum
"""


@dataclass(slots=True)
class Walk:
    """By revision: of what the database was made, what stood in it when it got there, and after its own rows were added."""

    address: str
    catalogs: dict[str, Catalog] = field(default_factory=dict)
    arrived: dict[str, Mapping[str, list[Row]]] = field(default_factory=dict)
    filled: dict[str, Mapping[str, list[Row]]] = field(default_factory=dict)


def walked(server: str, name: str) -> Walk:
    """Make a database, and lead it from nothing to the newest revision."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    address = make_url(server).set(database=name)
    walk = Walk(address.render_as_string(hide_password=False))
    for revision in REVISIONS:
        migrate(_ours(address), to=revision)
        rows = ROWS / f"{revision}.sql"
        with psycopg.connect(walk.address) as connection:
            walk.catalogs[revision], walk.arrived[revision] = catalog(connection), content(connection)
            if rows.exists():
                connection.execute(rows.read_bytes())
            walk.filled[revision] = content(connection)
    return walk


def _ours(address: URL) -> URL:
    return address.set(drivername="postgresql+psycopg")


def catalog(connection: psycopg.Connection) -> Catalog:
    """Of what this database is made."""
    return {tuple(name): declared for name, declared in connection.execute(_CATALOG)}


def content(connection: psycopg.Connection) -> Mapping[str, list[Row]]:
    """Every row by table, without the mark of the revision."""
    tables = [name[1] for name in catalog(connection) if name[0] == "column" and name[1] != "alembic_version"]
    statement = "SELECT row_to_json(it)::text FROM {} AS it"
    return {
        table: [json.loads(row) for (row,) in connection.execute(sql.SQL(statement).format(sql.Identifier(table)))]
        for table in dict.fromkeys(tables)
    }


def narrowed(before: Catalog, after: Catalog) -> Iterator[str]:
    """What a service written for `before` would miss, or fail at, in `after`: one sentence each."""
    tables = {name[1] for name in before if name[0] == "column"}
    for name, declared in before.items():
        if after.get(name) != declared:
            yield f"{' '.join(name)} was {declared!r} and is {after.get(name, 'gone')!r}"
    for name, declared in after.items():
        if name in before or name[1] not in tables:
            continue
        if name[0] == "column" and "NOT NULL" in declared and not ("DEFAULT" in declared or "IDENTITY" in declared):
            yield f"{' '.join(name)} must be given, which an older version does not know"
        if name[0] in ("constraint", "trigger") or (name[0] == "index" and "UNIQUE" in declared):
            yield f"{' '.join(name)} may refuse what an older version writes"


def lost(before: list[Row], after: list[Row], *, but: frozenset[str] = frozenset()) -> list[Row]:
    """The rows that are not found again with all the values that they had, those in the columns `but` aside."""
    left, gone = list(after), []
    for row in before:
        kept = {column: value for column, value in row.items() if column not in but}
        found = next((other for other in left if all(other.get(column) == kept[column] for column in kept)), None)
        if found is None:
            gone.append(row)
        else:
            left.remove(found)
    return gone
