"""The error tree: what a failed call means for the job that made it.

ConnectorError
  RetryableError       later may work: time-out, 409, 429, 5xx. The job sleeps at least `after_s`.
    ConflictError      the ticket changed since it was read: read it again before writing.
    UnsureError        a write whose answer was lost: look whether it stands there before writing again.
    SpentError         our own share of the account's rate limit is used up: nothing was sent.
  RejectedError        this job never works: 403 on one ticket, 404, 422, unreadable answer. It ends and says why.
    GoneError          the ticket does not exist (any more).
    ForbiddenError     403: our rights, or the account's plan, do not include it.
  MisconfiguredError   no job of this helpdesk works until a person acts: 401 after one refresh, wrong host, no rights.
  LeakError            a note of ours came back as public: stop everything and tell a person.
DeliveryError
  ForgedError          the webhook is not signed with one of our secrets: answer 401, store nothing.
  UnreadableError      the webhook is genuine but is not what the vendor documents: answer 400.
"""

from __future__ import annotations


class ConnectorError(Exception):
    """A call to a helpdesk did not do what it should."""


class RetryableError(ConnectorError):
    """Later may work. `after_s`: seconds the vendor asked us to wait; None: it did not say."""

    def __init__(self, message: str, *, after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


class ConflictError(RetryableError):
    """The ticket changed since it was read."""


class UnsureError(RetryableError):
    """A write went out, and no answer came back: it may stand there, or arrive yet. Look before writing again."""


class SpentError(RetryableError):
    """Our own share of the account's rate limit is used up, or the vendor wants to be left alone: nothing was sent."""


class RejectedError(ConnectorError):
    """The call never works, however often it is made."""


class GoneError(RejectedError):
    """What was asked for does not exist (any more)."""


class ForbiddenError(RejectedError):
    """Our rights, or the account's plan, do not include what was asked for."""


class MisconfiguredError(ConnectorError):
    """No call to this helpdesk works until a person changes something."""


class LeakError(ConnectorError):
    """A note of ours is visible to the customer."""


class DeliveryError(Exception):
    """A webhook request that is not accepted."""


class ForgedError(DeliveryError):
    """Signature, timestamp or secret is wrong or missing."""


class UnreadableError(DeliveryError):
    """Genuine, but not a body that the vendor documents."""
