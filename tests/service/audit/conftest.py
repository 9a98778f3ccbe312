"""What tests of the audit share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from service.audit.command import _opened
from service.audit.reading import Bench
from service.settings import Settings


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """The built-in policy and its examples, as the command opens them."""
    async with _opened(Settings()) as opened:
        yield opened
