"""The bars of what is served, in their short form."""

from __future__ import annotations

from pathlib import Path

from tests.security.web import Size, judged


async def test_the_bars_of_what_is_served_are_met(database_url: str, data_dir: Path) -> None:
    """`python -m tests.security --only web` measures them in full. Their cases are of this repository."""
    bars = await judged(database_url, data_dir, size=Size(forged=10_000, posted=200, examples=5))

    assert [bar for bar in bars if not bar.met] == []
    assert {bar.name for bar in bars} == {"S8", "S9", "headers", "limits"}
