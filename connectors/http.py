"""The one door out to a helpdesk: time-outs, statuses, Retry-After and rate headers are known only here."""

from __future__ import annotations

import asyncio
import json as jsonlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from connectors.base import (
    ConflictError,
    ConnectorError,
    ForbiddenError,
    GoneError,
    MisconfiguredError,
    RejectedError,
    RetryableError,
)
from connectors.budget import Bucket, Budget
from connectors.credentials import without_credentials

JSON = dict[str, Any]

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
"""Seconds. Ten is twice the slowest answer we expect of a ticket with a long conversation."""

DEADLINE_S = 30.0
"""For a whole call: TIMEOUT counts anew with every byte that drips in."""

_LONGEST_WAIT_S = 3600.0
"""A Retry-After beyond an hour is read as an hour: the job looks again then."""

_ERROR_TEXT_CHARS = 200

_TOO_MANY = 429

_LARGE_BYTES = 256 * 1024
"""Parsed in 2 to 3 ms (measured); a thread gets its turn only after 5, so below this size it would win nothing."""

_SURROGATE = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")
_HALF_A_PAIR = re.compile(
    r"\\(?:\\|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u(?:[dD][89a-fA-F][0-9a-fA-F]{2}|0000)))"
)
"""A backslash that stands for itself, a whole pair of escaped UTF-16 surrogates (an emoji), or, as group 1, half of one:
what a vendor that cuts texts leaves behind; or a NUL, which no database takes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer. `body` is the parsed JSON, None where there was none (204)."""

    body: Any
    headers: Mapping[str, str]


class Limits(Protocol):
    """What a vendor allows; a module satisfies it. Header names are lower case."""

    def buckets_of(self, method: str, path: str, params: Mapping[str, str | int]) -> Sequence[Bucket]:
        """What a call counts against, the account's own bucket first; none where it must never wait."""
        ...

    def told(self, headers: Mapping[str, str], buckets: Sequence[Bucket]) -> Mapping[str, int]:
        """True limits of these buckets, by name, as far as an answer says; a 429 is not asked, it may speak of another."""
        ...

    def spent(self, headers: Mapping[str, str], buckets: Sequence[Bucket], *, known: Mapping[str, int]) -> Bucket:
        """Which of these buckets a 429 is about; the account's own where it does not say. `known`: true limits."""
        ...


class Door:
    """The way out to one helpdesk account. Borrows `http`: never opens or closes it.

    budget: asked before every call, told of every 429 and of the account's true limits; None: nobody counts.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        base_url: str,
        auth: httpx.Auth,
        limits: Limits | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._http = http
        self.base_url = base_url.rstrip("/")
        self.host = urlsplit(self.base_url).netloc
        self._auth = auth
        self._limits, self._budget = limits, budget
        self._known: dict[str, int] = {}  # true limits, by bucket

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        json: JSON | None = None,
    ) -> Answer:
        """Make one call below `base_url`; every failure leaves as a ConnectorError. SpentError: it was not made.

        Redirects are not followed: credentials must not travel to a host that an answer names.
        """
        what = f"{method} {path}"
        buckets = await self._paid(method, path, params or {})
        try:
            async with asyncio.timeout(DEADLINE_S):
                response = await self._http.request(
                    method,
                    f"{self.base_url}{path}",
                    params=params,
                    json=json,
                    auth=self._auth,
                    timeout=TIMEOUT,
                    follow_redirects=False,
                )
        except ConnectorError:  # raised by an auth flow that could not get a token
            raise
        except (httpx.TimeoutException, TimeoutError) as error:
            raise RetryableError(f"{self.host} did not answer {what} in time") from error
        except httpx.RequestError as error:
            said = f"{type(error).__name__} {error}".strip()  # many have no text of their own
            raise RetryableError(f"{self.host} cannot be reached for {what}: {said}") from error
        except (httpx.InvalidURL, UnicodeEncodeError) as error:  # never left this machine
            raise RejectedError(f"{what} cannot be sent to {self.host}: {error}") from error
        await self._heed(response, buckets)
        if not response.is_success:
            raise error_for(response, what=f"{self.host} answered {what}")
        return Answer(body=await _parsed(response, what=f"{self.host} answered {what}"), headers=response.headers)

    async def _paid(self, method: str, path: str, params: Mapping[str, str | int]) -> Sequence[Bucket]:
        """Take what the call costs out of every bucket that it counts against, the account's own first."""
        if self._budget is None or self._limits is None:
            return ()
        buckets = self._limits.buckets_of(method, path, params)
        for bucket in buckets:
            await self._budget.take(bucket)
        return buckets

    async def _heed(self, response: httpx.Response, buckets: Sequence[Bucket]) -> None:
        """Tell the budget what the answer says about limits."""
        if self._budget is None or self._limits is None or not buckets:
            return
        if response.status_code == _TOO_MANY:
            after_s = retry_after_s(response.headers, now=datetime.now(UTC))
            if after_s is not None:
                about = self._limits.spent(response.headers, buckets, known=self._known)
                await self._budget.blocked(about, after_s=after_s)
        else:
            for name, limit in self._limits.told(response.headers, buckets).items():
                if self._known.get(name) != limit:
                    await self._budget.learned(name, limit)
                    self._known[name] = limit

    def rebase(self, link: str) -> dict[str, str]:
        """Query of a vendor's `next` link, to be asked again below our own host.

        A link is never followed: an answer that names another host would carry our credentials there.
        """
        try:
            return dict(httpx.URL(link).params.items())
        except (httpx.InvalidURL, TypeError) as error:  # TypeError: not text
            raise RejectedError(f"{self.host} named a next page that is not an address") from error


def error_for(response: httpx.Response, *, what: str) -> ConnectorError:
    """Name what a failed status means for the job that made the call."""
    status = response.status_code
    message = f"{what} with {status}{_reason(response)}"
    if status == 401:  # the auth class has refreshed once by now
        return MisconfiguredError(f"{message}: check the credentials and their role")
    if status in (404, 410):
        return GoneError(message)
    if status == 409:
        return ConflictError(message, after_s=retry_after_s(response.headers, now=datetime.now(UTC)))
    if status in (408, 425, 429) or status >= 500:
        return RetryableError(message, after_s=retry_after_s(response.headers, now=datetime.now(UTC)))
    if response.is_redirect:
        return MisconfiguredError(f"{message}: the address set for this helpdesk is not its API's")
    return ForbiddenError(message) if status == 403 else RejectedError(message)


def retry_after_s(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds the vendor asks us to wait, 0..3600; None where it does not say.

    Retry-After (seconds or an HTTP date) first; else the reset of an exhausted bucket in either of Zendesk's spellings.
    Source: https://developer.zendesk.com/api-reference/introduction/rate-limits
    """
    folded = {name.lower(): value for name, value in headers.items()}
    given = folded.get("retry-after", "").strip()
    waits = [_seconds(given, now=now)] if given else []
    waits += [
        _number(folded.get(f"{prefix}-reset"))
        for prefix in ("ratelimit", "rate-limit", "x-rate-limit", "x-ratelimit")
        if _number(folded.get(f"{prefix}-remaining")) == 0
    ]
    return next((bounded for wait in waits if (bounded := _bounded(wait)) is not None), None)


def _seconds(value: str, *, now: datetime) -> float | None:
    number = _number(value)
    if number is not None:
        return number
    try:
        return (parsedate_to_datetime(value) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):  # TypeError: a date without a zone; OverflowError: year 10^20
        return None


def _number(value: str | None) -> float | None:
    try:
        return float(value) if value else None
    except ValueError:
        return None


def _bounded(seconds: float | None) -> float | None:
    # NaN is a legal float and an illegal wait
    return None if seconds is None or math.isnan(seconds) else min(max(seconds, 0.0), _LONGEST_WAIT_S)


async def _parsed(response: httpx.Response, *, what: str) -> object:
    """The body as JSON; a long conversation is read in a thread, while other tickets go on."""
    if not response.content:
        return None
    try:
        if len(response.content) > _LARGE_BYTES:
            return await asyncio.to_thread(_json, response.content)
        return _json(response.content)
    except (ValueError, RecursionError) as error:
        # A maintenance page arrives as HTML with 200: later it is JSON again.
        raise RetryableError(f"{what} with something that is not JSON") from error


def _json(content: bytes) -> object:
    """Parse JSON. Raises ValueError (also: a number of 5,000 digits) or RecursionError (10,000 brackets).

    Half a character becomes the replacement character: Python would carry half a surrogate pair along and then fail to
    write it into a database or a request.
    """
    text = content.decode("utf-8-sig", "replace")
    if _SURROGATE.search(text):
        text = _HALF_A_PAIR.sub(lambda found: r"\ufffd" if found[1] else found[0], text)
    return jsonlib.loads(text, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, object]]) -> JSON:
    """A `dict` made in Python: between two objects other threads get their turn, which C code alone does not grant."""
    return dict(pairs)


def _reason(response: httpx.Response) -> str:
    """What the vendor says went wrong, short: "" where the body is HTML or empty.

    Zendesk: `error` is text or an object, beside `description`, and `details` tells by field what the matter is.
    Freshdesk: `code` and `message`, or `description` and a list `errors` of {field, message, code}. The first is named.
    """
    if len(response.content) > _LARGE_BYTES:  # no reason is that long
        return ""
    try:
        body = _json(response.content)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(body, dict):
        return ""
    error = body.get("error") or body.get("code") or ""
    if isinstance(error, dict):
        error = error.get("title", "")
    text = " ".join(
        str(part)
        for part in (
            error,
            body.get("description") or body.get("message") or "",
            _first_error(body.get("errors")) or _first_detail(body.get("details")),
        )
        if part
    )
    text = without_credentials(text, response.request)[:_ERROR_TEXT_CHARS]  # before it is cut: half a key is one, too
    return f" ({text})" if text else ""


def _first_error(errors: object) -> str:
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return ""
    return ": ".join(str(first[key]) for key in ("field", "title", "code", "message", "detail") if first.get(key))


def _first_detail(details: object) -> str:
    """{"status": [{"description": "Status: closed prevents ticket update"}]} -> that description."""
    of_fields = list(details.values()) if isinstance(details, dict) else []
    first = of_fields[0][0] if of_fields and isinstance(of_fields[0], list) and of_fields[0] else None
    return str(first.get("description") or "") if isinstance(first, dict) else ""
