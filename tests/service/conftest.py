"""What tests of the service share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from service.database import Database
from service.groups import KnowledgeSettings
from service.settings import Settings
from tests.service.scripted import Desk, opened


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """A queue with nothing in it."""
    settings = Settings(
        database_url=SecretStr("postgresql://shared"),  # other processes may work, too
        debounce_s=0,
        debounce_max_s=0,
        reconcile_every_s=0,
        jobs_at_once=5,
        knowledge=KnowledgeSettings(sync_every_s=0),
    )
    async with opened(database, settings) as made:
        yield made
