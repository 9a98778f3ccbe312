"""The bars of the webhooks, in their short form."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.security import webhooks
from tests.security.webhooks import Size, judged


async def test_the_bars_of_the_webhooks_are_met(
    database_url: str, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`python -m tests.security --only webhooks` measures them in full."""
    if own := not webhooks.VECTORS.is_file():
        with capsys.disabled():
            print(f"\nNO CORPORA at {webhooks.VECTORS}: webhooks are judged on cases of this repository alone")

    bars = await judged(database_url, data_dir, own=own, size=Size(forged=1_500, uploads=50, upload_mb=3))

    assert [bar for bar in bars if not bar.met] == []
    assert {bar.name for bar in bars} >= {"W1", "W2", "W3", "W4", "W5", "W6", "W7", "W9"}
