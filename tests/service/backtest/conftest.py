"""What tests of the backtest share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.freshdesk.simulator import FreshdeskSimulator, Options
from service.assembly import opened_library
from service.groups import FreshdeskSettings, KnowledgeSettings
from service.knowledge.sources import sync_all
from service.settings import Settings
from service.web.server import serving
from tests import fake_llm
from tests.service.backtest.account import Account, changed
from tests.story.articles import write_articles
from tests.story.model import ANALYSIS, DRAFT, answering


@pytest.fixture
async def account(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Account]:
    """Knowledge is read before the tickets come."""
    simulator = FreshdeskSimulator(options=Options())
    with fake_llm.serving() as model:
        model.otherwise = answering(ANALYSIS, DRAFT)
        async with serving(simulator.app, host="127.0.0.1", port=0) as url:
            settings = Settings(
                database_url=SecretStr(database_url),
                data_dir=tmp_path / "data",
                freshdesk=FreshdeskSettings(url=url, api_key=SecretStr(simulator.settings["api_key"])),
                knowledge=KnowledgeSettings(folder=write_articles(tmp_path / "articles"), sync_every_s=0),
                llm=model.settings(price_in=1.0, price_out=4.0),
            )
            monkeypatch.setattr("service.backtest.command.load", lambda **changes: changed(settings, changes))
            async with opened_library(settings) as library:
                await sync_all(library, progress=lambda *_: None)
            yield Account(simulator, model, settings, tmp_path / "out")
