"""How a connector pays for its calls, where somebody counts them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Bucket:
    """One of a vendor's rate limits, and what one call takes of it. `name` is unique within the account."""

    name: str
    limit: int  # per window, as far as it is known without asking
    window_s: int = 60
    cost: int = 1


class Budget(Protocol):
    """Our share of an account's rate limits, the same for everybody who calls that account."""

    async def take(self, bucket: Bucket) -> None:
        """Pay for a call that is about to be made. Raises SpentError, or waits, where the share is used up."""
        ...

    async def learned(self, bucket: str, limit: int) -> None:
        """The vendor says that this bucket's limit is another one."""
        ...

    async def blocked(self, bucket: Bucket, *, after_s: float) -> None:
        """The vendor answered 429: no call that counts against this bucket before so many seconds are over."""
        ...
