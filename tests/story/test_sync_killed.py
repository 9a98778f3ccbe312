"""A sync that is killed: what is in the index is not paid for again."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path

import pytest
from starlette.responses import Response

from connectors.base import Article
from connectors.zendesk.simulator import Options, ZendeskSimulator
from service.web.server import free_port, serving
from tests.bench.processes import DESKPILOT, HOST, ROOT, running
from tests.fake_embeddings import fake_embeddings

ARTICLES = 300
IN_A_BATCH = 50
TEXTS = 2  # of each: its body, its title


@pytest.mark.long
async def test_a_killed_sync_goes_on_where_it_was(
    database_url: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL in the middle of the third batch: the next run embeds that batch again, what is missing, and nothing else."""
    port = free_port(HOST, 0)
    simulator = ZendeskSimulator(url=f"http://{HOST}:{port}", options=Options(per_minute=100_000))
    for number in range(ARTICLES):
        simulator.add_article(
            Article(source="", id=str(number), title=f"Title {number}", html=f"<p>Text of {number}.</p>", language="en")
        )
    with fake_embeddings() as fake:
        given = simulator.token_settings
        environment = {
            "DESKPILOT_DATA_DIR": str(data_dir),
            "DESKPILOT_DATABASE_URL": database_url,
            "DESKPILOT_ZENDESK__URL": given["url"],
            "DESKPILOT_ZENDESK__TOKEN": given["token"],
            "DESKPILOT_ZENDESK__WEBHOOK_SECRETS": "a-secret-of-this-test-alone",
            "DESKPILOT_EMBEDDINGS__BASE_URL": fake.url,
            "DESKPILOT_EMBEDDINGS__MODEL": "fake-small",
        }
        async with serving(simulator.app, host=HOST, port=port):
            answer = fake.answer
            async with running(*DESKPILOT, "sync", environment=environment) as process:

                def killing(body: dict[str, list[str]], authorization: str) -> Response:
                    if len(set(fake.texts)) >= 2 * IN_A_BATCH * TEXTS:
                        process.kill()
                    return answer(body, authorization)

                monkeypatch.setattr(fake, "answer", killing)
                assert await process.wait() != 0
            monkeypatch.setattr(fake, "answer", answer)
            first = Counter(fake.texts)
            report = await _synced(environment)

    again = Counter(fake.texts)
    assert first.total() < ARTICLES * TEXTS
    assert len(again) == ARTICLES * TEXTS
    assert (report["unchanged"], report["added"]) == (2 * IN_A_BATCH, ARTICLES - 2 * IN_A_BATCH)
    assert 0 < again.total() - ARTICLES * TEXTS <= IN_A_BATCH * TEXTS


async def _synced(environment: dict[str, str]) -> dict[str, object]:
    """A run that nobody kills; its report."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *DESKPILOT, "sync", "--json", cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    (report,) = json.loads(said)
    return dict(report)
