"""Sending webhooks the way Zendesk does: signed, retried by its own table, throttled, and sometimes lost.

Retries: 409 three times; 429 and 503 three times when Retry-After is short; a time-out five times; anything else is lost.
Sources: https://developer.zendesk.com/documentation/webhooks/verifying/ ,
https://developer.zendesk.com/documentation/webhooks/anatomy-of-a-webhook-request/ and recorded attempts.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import httpx

from connectors.zendesk.simulator.records import Webhook
from connectors.zendesk.simulator.state import ACCOUNT_ID, State

Word = Literal["accepted", "success", "terminated", "failed", "timeout", "throttled", "circuit broken", "lost"]

_SHORT_RETRY_AFTER_S = 60
_MOST_RETRIES = {"conflict": 3, "busy": 3, "timeout": 5}
_BREAKER_WINDOW = timedelta(minutes=5)
_BREAKER_SHARE, _BREAKER_ERRORS = 0.7, 1_000
_REMEMBERED = 2_000
_A_MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Attempt:
    """One try. `status_code`: None when nothing was sent or nothing came back."""

    id: str
    status: Word
    status_code: int | None
    completed_at: datetime
    headers: dict[str, str] = field(default_factory=dict)
    answer: str = ""


@dataclass(slots=True)
class Invocation:
    """One event on its way to one webhook; all its tries share the id."""

    id: str
    webhook: Webhook
    event: str
    body: bytes
    due_at: datetime
    status: Word = "accepted"
    attempts: list[Attempt] = field(default_factory=list)
    retries: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def signature(secret: str, *, timestamp: str, body: bytes) -> str:
    """Base64 of HMAC-SHA256 over timestamp and raw body, nothing between them; the secret is used as text."""
    return base64.b64encode(hmac.digest(secret.encode(), timestamp.encode() + body, "sha256")).decode()


class Deliveries:
    """What leaves the account. Borrows `http`; without it everything stays `pending`."""

    def __init__(self, state: State, http: httpx.AsyncClient | None) -> None:
        self._state = state
        self._http = http
        self.pending: list[Invocation] = []
        self.invocations: deque[Invocation] = deque(maxlen=_REMEMBERED)
        self._held: Invocation | None = None
        self._lock = asyncio.Lock()
        self._pump: asyncio.Task[None] | None = None
        self._answers: dict[str, deque[tuple[datetime, bool]]] = defaultdict(deque)
        self._open_until: dict[str, datetime] = {}

    def post(self, webhook: Webhook, body: bytes, *, event: str) -> None:
        """Put one event on its way to one webhook, as the switches allow."""
        faults, now = self._state.faults, self._state.clock()
        invocation = Invocation(id=self._state.new_ulid(), webhook=webhook, event=event, body=body, due_at=now)
        self.invocations.append(invocation)
        if faults.lose:
            faults.lose -= 1
            invocation.status = "lost"
            return
        if faults.throttle_s:
            invocation.attempts.append(Attempt(self._state.new_ulid(), "throttled", None, self._state.now()))
            invocation.status = "throttled"
            invocation.due_at = now + timedelta(seconds=faults.throttle_s)
        elif self._beyond_the_plan(now):
            invocation.attempts.append(Attempt(self._state.new_ulid(), "throttled", None, self._state.now()))
            invocation.status = "throttled"
            invocation.due_at = now + _A_MINUTE
        if faults.out_of_order and self._held is None:
            self._held = invocation
            return
        self.pending.append(invocation)
        if faults.duplicate:
            faults.duplicate -= 1
            self.pending.append(invocation)
        self._release()
        self._wake()

    async def settle(self) -> None:
        """Send whatever is due, held-back events and due retries included. Later ones stay `pending`."""
        self._release()
        if self._http:
            await self._send_due(self._http)

    async def send_once(self, webhook: Webhook, body: bytes) -> Attempt:
        """Try one request now, outside the queue and without retries ("test webhook")."""
        now = self._state.clock()
        invocation = Invocation(id=self._state.new_ulid(), webhook=webhook, event="test", body=body, due_at=now)
        if self._http is None:
            return Attempt(self._state.new_ulid(), "failed", None, self._state.now())
        await self._try(self._http, invocation)
        self.pending = [one for one in self.pending if one is not invocation]
        return invocation.attempts[-1]

    async def close(self) -> None:
        """Stop sending; what is pending stays."""
        if self._pump:
            self._pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pump

    def _beyond_the_plan(self, now: datetime) -> bool:
        most = self._state.options.deliveries_per_minute
        sent = (one for one in self.invocations if one.due_at > now - _A_MINUTE and one.status != "throttled")
        return bool(most) and sum(1 for _ in sent) > most

    def _release(self) -> None:
        if self._held:
            self.pending.append(self._held)
            self._held = None

    def _wake(self) -> None:
        """Begin to send in the background, unless something already does."""
        if self._http and (self._pump is None or self._pump.done()):
            self._pump = asyncio.get_running_loop().create_task(self._send_in_background(self._http))

    async def _send_in_background(self, http: httpx.AsyncClient) -> None:
        while self.pending:
            await self._send_due(http)
            if self.pending:
                wait = min(invocation.due_at for invocation in self.pending) - self._state.clock()
                # At most a second: the clock may be one that a test moves.
                await asyncio.sleep(min(max(wait.total_seconds(), 0.01), 1.0))

    async def _send_due(self, http: httpx.AsyncClient) -> None:
        async with self._lock:
            while due := next((one for one in self.pending if one.due_at <= self._state.clock()), None):
                self.pending.remove(due)
                await self._try(http, due)

    async def _try(self, http: httpx.AsyncClient, invocation: Invocation) -> None:
        if self._broken(invocation.webhook.id):
            self._finish(invocation, "circuit broken", None)
            return
        headers = self._headers(invocation)
        timeout_s = self._state.options.delivery_timeout_s
        try:
            async with asyncio.timeout(timeout_s):  # the whole exchange, not each read
                response = await http.request(
                    invocation.webhook.http_method,
                    invocation.webhook.endpoint,
                    content=invocation.body,
                    headers=headers,
                    timeout=timeout_s,
                    follow_redirects=False,
                )
        except (TimeoutError, httpx.TimeoutException):
            self._failed(invocation, "timeout", "timeout", headers=headers)
            return
        except httpx.RequestError as error:  # refused, reset: nobody says that these are tried again
            self._finish(invocation, "terminated", None, headers=headers, answer=str(error))
            return
        self._read(invocation, response, headers=headers)

    def _read(self, invocation: Invocation, response: httpx.Response, *, headers: dict[str, str]) -> None:
        code = response.status_code
        if response.is_success:
            self._finish(invocation, "success", code, headers=headers, answer=response.text)
        elif code == 409:
            self._failed(invocation, "conflict", "terminated", code=code, headers=headers, answer=response.text)
        elif code in (429, 503) and (wait := _short(response.headers.get("retry-after"))) is not None:
            self._failed(
                invocation, "busy", "terminated", code=code, headers=headers, answer=response.text, wait_s=wait
            )
        else:
            self._finish(invocation, "terminated", code, headers=headers, answer=response.text)

    def _failed(
        self,
        invocation: Invocation,
        why: str,
        word: Word,
        *,
        headers: dict[str, str],
        code: int | None = None,
        answer: str = "",
        wait_s: float | None = None,
    ) -> None:
        """Note a failure that is worth another try, and plan the try when one is left."""
        self._finish(invocation, word, code, headers=headers, answer=answer)
        if invocation.retries[why] >= _MOST_RETRIES[why]:
            invocation.status = "failed"
            return
        invocation.retries[why] += 1
        wait = self._state.options.retry_wait_s if wait_s is None else wait_s
        invocation.due_at = self._state.clock() + timedelta(seconds=wait)
        self.pending.append(invocation)
        self._wake()

    def _finish(
        self,
        invocation: Invocation,
        word: Word,
        code: int | None,
        *,
        headers: dict[str, str] | None = None,
        answer: str = "",
    ) -> None:
        done = Attempt(self._state.new_ulid(), word, code, self._state.now(), headers or {}, answer[:4_000])
        invocation.attempts.append(done)
        invocation.status = word
        if word != "circuit broken":
            self._count(invocation.webhook.id, good=word == "success")

    def _headers(self, invocation: Invocation) -> dict[str, str]:
        """The five headers of every delivery; the timestamp is this attempt's, not the event's."""
        webhook = invocation.webhook
        timestamp = f"{self._state.now():%Y-%m-%dT%H:%M:%SZ}"
        kinds = {
            "json": "application/json; charset=utf-8",
            "xml": "application/xml",
            "form_encoded": "application/x-www-form-urlencoded",
        }
        return {
            "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
            "X-Zendesk-Webhook-Signature": signature(webhook.secret, timestamp=timestamp, body=invocation.body),
            "Content-Type": kinds[webhook.request_format],
            "User-Agent": "Zendesk Webhook",
            "X-Zendesk-Account-Id": str(ACCOUNT_ID),
            "X-Zendesk-Webhook-Id": webhook.id,
            "X-Zendesk-Webhook-Invocation-Id": invocation.id,
            **_credentials(webhook),
            **webhook.custom_headers,
        }

    def _broken(self, webhook_id: str) -> bool:
        return self._open_until.get(webhook_id, self._state.clock()) > self._state.clock()

    def _count(self, webhook_id: str, *, good: bool) -> None:
        """Open the breaker at 70 % failures, or more than 1000 of them, within five minutes."""
        now, answers = self._state.clock(), self._answers[webhook_id]
        answers.append((now, good))
        while answers[0][0] < now - _BREAKER_WINDOW:
            answers.popleft()
        bad = sum(not was_good for _, was_good in answers)
        enough = len(answers) >= self._state.options.breaker_fewest
        if not good and (bad > _BREAKER_ERRORS or (enough and bad >= _BREAKER_SHARE * len(answers))):
            self._open_until[webhook_id] = now + timedelta(seconds=self._state.options.breaker_pause_s)


def _short(retry_after: str | None) -> float | None:
    """Seconds of a Retry-After that is short enough to be waited for; else None."""
    value = float(retry_after) if retry_after and retry_after.isdecimal() else None
    return value if value is not None and value < _SHORT_RETRY_AFTER_S else None


def _credentials(webhook: Webhook) -> dict[str, str]:
    kind = (webhook.authentication or {}).get("type")
    data = (webhook.authentication or {}).get("data", {})
    if kind == "bearer_token":
        return {"Authorization": f"Bearer {data['token']}"}
    if kind == "basic_auth":
        pair = base64.b64encode(f"{data['username']}:{data['password']}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {data["name"]: data["value"]} if kind == "api_key" else {}
