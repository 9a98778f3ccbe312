"""Reading long lists of an account: a helpdesk that asks to wait is waited for, in the middle of its list."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from connectors.base import RetryableError
from connectors.http import Answer, Door

LONGEST_S: Final = 600.0
"""Who asks for more is asked again in another run: nobody looks at a command that stands still for an hour."""

TRIES: Final = 6
"""Of one page. Limits are those of a minute, and others use them too."""

pause = asyncio.sleep


async def patiently(door: Door, path: str, *, params: Mapping[str, str | int]) -> Answer:
    """One page. Raises ConnectorError: RetryableError where it did not say how long to wait, or too long, or too often.

    A list that is given up in its middle is read from its beginning the next time, and would stop there again.
    """
    for _ in range(TRIES - 1):
        try:
            return await door.call("GET", path, params=params)
        except RetryableError as error:
            if error.after_s is None or error.after_s > LONGEST_S:
                raise
            await pause(error.after_s)
    return await door.call("GET", path, params=params)
