"""What went wrong in the service, and what that means for the job.

ServiceError
  DatabaseUnavailableError   PostgreSQL does not answer or cannot be started: nothing works until it does.
  LLMUnavailableError        the model is slow, busy or down: later may work. The note quotes passages meanwhile.
  LLMMisconfiguredError      key refused, unknown model: no call works until a person acts.
  OverspentError             a budget for the model is used up: nothing was asked. The note quotes passages instead.
  OutageError                an outside thing does not answer: the ticket waits for it.
    PausedError              a person has paused the writing of notes: the ticket waits until it goes on.
  UnroutedError              the pilot asks for a group or brand that the ticket has not got yet: look again in a minute.
  EntitiesError              the plug-in that finds names fails: nothing is masked, so nothing is sent, until a person acts.
  LLMRefusedError            this prompt never works, others do: content filter, too long. The step goes on without the model.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

Budget = Literal["account", "requester", "organization"]
"""Whose share of the model: an account's money of a day, a requester's or an organisation's tokens of an hour."""


class ServiceError(Exception):
    """Something of ours did not do what it should."""


class DatabaseUnavailableError(ServiceError):
    """PostgreSQL does not answer or cannot be started."""


class LLMUnavailableError(ServiceError):
    """The model cannot answer now.

    after_s: seconds it asked us to wait; None: it did not say. unpaid: it surely did no work that anybody pays for.
    """

    def __init__(self, message: str, *, after_s: float | None = None, unpaid: bool = False) -> None:
        super().__init__(message)
        self.after_s = after_s
        self.unpaid = unpaid


class LLMMisconfiguredError(ServiceError):
    """No call to the model works until a person changes something."""


class LLMRefusedError(ServiceError):
    """The model takes calls, but not this one: asking again with the same text is useless."""


class OverspentError(ServiceError):
    """A budget for the model is used up, and nothing was asked. budget: which one."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(f"the model's budget of this {budget} is used up: nothing was asked")
        self.budget: Budget = budget


class OutageError(ServiceError):
    """An outside thing does not answer; the ticket waits for it.

    name: of the outage. since: of its first failure. open_: nobody calls until a probe gets an answer. after_s: seconds it
    asked us to wait. needed_by: when the ticket should be answered; of several that wait, the nearest goes first.
    """

    def __init__(
        self,
        name: str,
        reason: str,
        *,
        since: datetime,
        open_: bool,
        after_s: float | None = None,
        needed_by: datetime | None = None,
    ) -> None:
        super().__init__(f"{name} does not answer: {reason}")
        self.name = name
        self.reason = reason
        self.since = since
        self.open = open_
        self.after_s = after_s
        self.needed_by = needed_by


class PausedError(OutageError):
    """A person has paused the writing of notes. reason: who, since when and why."""

    def __str__(self) -> str:
        return self.reason


class UnroutedError(ServiceError):
    """A ticket is in no group or brand yet, by which the pilot covers it or not."""


class EntitiesError(ServiceError):
    """The plug-in for names and addresses cannot be had, or fails at a text: what it would have found must not leave."""
