"""What is done beside the tickets: the knowledge synced, what changed looked for, old things forgotten, spikes watched for."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from functools import partial

import structlog

from connectors.base import ConnectorError, MisconfiguredError, RejectedError, RetryableError
from service.errors import ServiceError
from service.inbox import Inbox
from service.incidents.alarms import Alarms
from service.queue import AWAY, Queue, insist
from service.rounds import Rounds
from service.settings import Settings
from service.story import Story

log = structlog.get_logger()

_KEPT_DAYS = 14  # deliveries and failed jobs at most, for those who ask why one led to nothing
_TIDY_S = 3600.0
_POLLED_BEFORE = timedelta(minutes=15)  # the webhook that cannot be read may have been late
_POLLS_S = (0.0, 70.0, 240.0)  # the export withholds its newest minute, a search may be behind by some
_AGAIN = "again"
_MISCONFIGURED_S = 300.0
_PUT_OFF_S = (60.0, 75.0)  # a poll that got no answer
_READ_S = 1.0
_SPIKES_S = 60.0
_ROUNDS_S = 30.0
_TOLD_HOURS = 1  # what came before a process started is the first sync's
_TRIES = 10  # of an article that a webhook told of; after ten minutes it is the next sync's


class Chores:
    """Asks for the chores, and does them when the queue says so: each of them one at a time over all replicas."""

    def __init__(
        self,
        queue: Queue,
        *,
        inbox: Inbox,
        story: Story,
        settings: Settings,
        helpdesks: Collection[str],
        alarms: Alarms | None = None,
        rounds: Rounds | None = None,
    ) -> None:
        self._queue, self._inbox, self._story, self._alarms = queue, inbox, story, alarms
        self._rounds = rounds
        self._settings, self._helpdesks = settings, helpdesks
        queue.app.task(name="reconcile")(self._reconcile)
        queue.app.task(name="sync")(self._sync)
        queue.app.task(name="article")(self._article)
        self._read: dict[tuple[str, str], datetime] = {}  # of the told articles, by when they were told
        self._not_before = 0.0  # of the next look for told articles, where one of them could not be read

    def steps(self) -> list[Callable[[], Awaitable[None]]]:
        """What the worker does again and again, as its settings want it."""
        steps: list[Callable[[], Awaitable[None]]] = [self.tidy, self.watch_for_spikes, self.go_rounds]
        if self._settings.knowledge.sync_every_s:
            steps.append(self.keep_synced)
        if not self._settings.qdrant.url:
            steps.append(self.read_articles)
        if self._settings.reconcile_every_s:
            steps.append(self.ask_to_reconcile)
        return steps

    async def go_rounds(self) -> None:
        """Every half minute: whatever is due, by whichever replica is first."""
        if self._rounds:
            await self._rounds.go()
        await asyncio.sleep(_ROUNDS_S)

    async def tidy(self) -> None:
        """Forget what nobody will ask about any more."""
        days = min(_KEPT_DAYS, self._settings.retention_days)
        await self._inbox.prune(days=days)
        await self._queue.forget_old(days=days)
        await self._story.forget_old()
        await asyncio.sleep(_TIDY_S)

    async def watch_for_spikes(self) -> None:
        """Every minute, by whichever replica is first."""
        if self._alarms:
            await self._alarms.watch()
        await asyncio.sleep(_SPIKES_S)

    async def ask_to_reconcile(self) -> None:
        """At start-up and every few minutes: what a lost webhook did not tell."""
        for helpdesk in self._helpdesks:
            await self._put_reconcile(helpdesk)
        await asyncio.sleep(self._settings.reconcile_every_s)

    async def keep_synced(self) -> None:
        """At start-up and every hour: an index that all share by one of them, an embedded one by its own process."""
        if self._settings.qdrant.url:
            await self._queue.put_chore("sync", lock="sync", queueing_lock="sync")
        else:
            await self._sync()
        await asyncio.sleep(self._settings.knowledge.sync_every_s)

    async def article_told(self, helpdesk: str, article_id: str) -> None:
        """A webhook named an article: one of all reads it into an index that all share; see `read_articles` for the other."""
        if self._settings.qdrant.url:
            await self._put_article(helpdesk, article_id)

    async def read_articles(self) -> None:
        """Every second, for an index that is this process's own: read what webhooks told of, whoever received them."""
        await asyncio.sleep(_READ_S)
        if time.monotonic() < self._not_before:
            return
        told = await self._inbox.articles(hours=_TOLD_HOURS)
        for helpdesk in {helpdesk for helpdesk, _ in told}:
            new = {key: at for key, at in told.items() if key[0] == helpdesk and self._read.get(key) != at}
            if new and await self._refreshed(helpdesk, [article_id for _, article_id in new]):
                self._read |= new
            elif new:
                self._not_before = time.monotonic() + _PUT_OFF_S[0]
        self._read = {key: at for key, at in self._read.items() if key in told}

    async def _put_article(self, helpdesk: str, article_id: str, *, tries: int = 0, after_s: float = 0.0) -> None:
        """Under the lock of the syncs: what one of them has read earlier must not be written later."""
        await self._queue.put_chore(
            "article",
            lock="sync",
            queueing_lock=f"article:{helpdesk}:{article_id}",
            after_s=after_s,
            given={"helpdesk": helpdesk, "article_id": article_id, "tries": tries},
        )

    async def _article(self, helpdesk: str, article_id: str, tries: int) -> None:
        again = partial(self._put_article, helpdesk, article_id, tries=tries + 1)
        try:
            done = await self._refreshed(helpdesk, [article_id])
        except asyncio.CancelledError:  # the drain's time is up: somebody else goes on
            await insist(again)
            raise
        if not done and tries + 1 < _TRIES:
            await insist(partial(again, after_s=random.uniform(*_PUT_OFF_S)))  # noqa: S311 - jitter, no secret

    async def _refreshed(self, helpdesk: str, ids: list[str]) -> bool:
        """Whether these articles are up to date, or cannot be: then nobody asks again."""
        try:
            done = await self._story.read_articles(helpdesk, ids)
        except RejectedError as error:
            log.warning("an article cannot be read", helpdesk=helpdesk, articles=ids, reason=str(error))
            return True
        except (ServiceError, *AWAY) as error:
            log.warning("an article is read later", helpdesk=helpdesk, articles=ids, reason=str(error))
            return False
        log.info("read what webhooks told of", helpdesk=helpdesk, articles=ids, done=done)
        return done

    async def unreadable(self, helpdesk: str, *, at: datetime) -> None:
        """A webhook tells no ticket: look at what changed since shortly before it, and again when the helpdesk knows."""
        for after_s in _POLLS_S:
            await self._put_reconcile(helpdesk, since=at - _POLLED_BEFORE, after_s=after_s, turn=f"{after_s:.0f}")

    async def _put_reconcile(
        self, helpdesk: str, *, since: datetime | None = None, after_s: float = 0.0, turn: str = "0"
    ) -> None:
        """One runs per helpdesk, and one of each kind and turn waits: one that goes further back is not taken for another."""
        kind = f"asked:{since.isoformat()}" if since and turn == _AGAIN else "asked" if since else "regular"
        await self._queue.put_chore(
            "reconcile",
            lock=f"reconcile:{helpdesk}",
            queueing_lock=f"reconcile:{helpdesk}:{kind}:{turn}",
            after_s=after_s,
            given={"helpdesk": helpdesk, "since": since.isoformat() if since else "", "after_s": after_s},
        )

    async def _reconcile(self, helpdesk: str, since: str, after_s: float) -> None:  # noqa: ARG002 - for the queue
        asked = datetime.fromisoformat(since) if since else None
        try:
            found = await self._story.reconcile(helpdesk, since=asked)
        except asyncio.CancelledError:  # the drain's time is up: somebody else goes on
            await insist(partial(self._put_reconcile, helpdesk, since=asked))
            raise
        except RejectedError as error:
            log.error("an account cannot be polled", helpdesk=helpdesk, reason=str(error))  # noqa: TRY400 - the sentence says it all
        except (ConnectorError, ServiceError, *AWAY) as error:
            asked_s = error.after_s if isinstance(error, RetryableError) else None
            if isinstance(error, MisconfiguredError):  # until a person acts
                asked_s = _MISCONFIGURED_S
            wait_s = max(random.uniform(*_PUT_OFF_S), asked_s or 0.0)  # noqa: S311 - jitter, no secret
            log.warning("a poll is put off", helpdesk=helpdesk, reason=str(error), wait_s=round(wait_s, 1))
            await insist(partial(self._put_reconcile, helpdesk, since=asked, after_s=wait_s, turn=_AGAIN))
        else:
            log.info("looked for what changed", helpdesk=helpdesk, tickets=found)

    async def _sync(self) -> None:
        try:
            log.info("synced the knowledge", done=await self._story.sync())
        except ServiceError as error:
            log.warning("the knowledge could not be synced: it stays as it was", reason=str(error))
