"""One solved ticket, drafted again as if it had just come, and compared with what an agent really sent."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from connectors.base import Ticket
from connectors.mail import message_text
from prompts import catalog
from service.author import Author, Circumstances
from service.backtest.apart import Breakerless, Cap, NobodyKnown, NoIncidents, NoMerits, NoPast, Purse
from service.backtest.results import Result
from service.backtest.then import Then, moments_of, own_article
from service.content import Written
from service.judge import Judge
from service.knowledge.chunks import SPLITTING
from service.knowledge.sources import Library
from service.llm import LLM
from service.masking import Masker, everybody, neutral
from service.occasions import Occasion
from service.outcomes.fidelity import compared
from service.outcomes.sent import Turn, draft_in
from service.plaintext import clip
from service.policy.reading import Read
from service.policy.standing import InForce, Policies, required
from service.settings import Settings
from service.triage.categories import Categories
from service.triage.triaging import Triager
from service.vectors import EmbeddedVectors
from service.vectors.shelf import ShelvedVectors
from service.writers import Writers

_TEXT_CHARS = 2_000  # of a text that is kept for the report
_REFERENCE = "DP-TRY00"


@dataclass(frozen=True, slots=True)
class Replayer:
    """Whatever it takes to draft, and nothing that writes."""

    settings: Settings
    library: Library
    judge: Judge
    writers: Writers
    purse: Purse

    async def replay(self, ticket: Ticket, *, each: bool) -> list[Result]:
        """All its moments. Raises ServiceError: what could not be drafted is no result."""
        return [await self._moment(ticket, turn, cut) for turn, cut in moments_of(ticket, each=each)]

    async def _moment(self, ticket: Ticket, turn: Turn, cut: Ticket) -> Result:
        began = time.perf_counter()
        message = turn.asked[-1]
        then = Then(self.library.vectors, moment=message.at, without=own_article(ticket))
        library = replace(self.library, vectors=cast("ShelvedVectors", then))
        outages = Breakerless()
        author = Author(library, outages, self.writers, self.judge, merits=NoMerits(), lessons=None)
        occasion = Occasion(message, key=message.id, asked=True)  # whether a note was due is not asked here
        now = Circumstances({}, patient=True)  # a model that is down is no result
        attempt = author.attempt(cut, now)
        conversation, masker = await author.read(cut, (), occasion, attempt)
        written = await author.write(cut, conversation, occasion, attempt, now)
        assert isinstance(written, Written)  # noqa: S101 - it was asked for
        reviewed, html = await asyncio.to_thread(author.note, written, masker, reference=_REFERENCE)
        seconds = time.perf_counter() - began
        made = await asyncio.to_thread(self._result, ticket, turn, reviewed, html)
        return replace(made, left_out=then.left_out, seconds=round(seconds, 3))

    def _result(self, ticket: Ticket, turn: Turn, written: Written, html: str) -> Result:
        masker = Masker(everybody(ticket), ticket.organization, self.library.entities)
        drafted = draft_in(html) if written.verdict != "person" else ""
        sent = "\n\n".join(message_text(reply) for reply in turn.replies[:1])
        asked = "\n\n".join(message_text(message) for message in turn.asked)
        covered = written.verdict in ("ready", "no_model") and bool(drafted) and written.draft.covered
        made = compared(drafted, sent) if covered else None
        tokens_in = written.analysis.tokens_in + written.draft.tokens_in
        tokens_out = written.analysis.tokens_out + written.draft.tokens_out
        llm = self.settings.llm
        priced = llm.price_in is not None and llm.price_out is not None
        return Result(
            helpdesk=ticket.helpdesk,
            ticket_id=ticket.id,
            message_id=turn.asked[0].id,
            at=turn.asked[-1].at.isoformat(),
            verdict=written.verdict if covered or written.verdict == "person" else "uncovered",
            category=written.decision.category,
            tier=written.decision.tier,
            language=written.analysis.language,
            use=made.use if made else "",
            fidelity=made.fidelity if made else None,
            sources=tuple(source.title for source in written.sources),
            left_out=0,
            seconds=0.0,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cost=round(self.purse.cost(tokens_in, tokens_out), 6) if priced else None,
            writer=written.draft.writer,
            model=written.draft.model,
            asked=_kept(asked, masker),
            drafted=_kept(drafted, masker),
            sent=_kept(sent, masker),
            reason=_kept(written.draft.reason or "; ".join(written.decision.reasons), masker),
        )


def _kept(text: str, masker: Masker) -> str:
    return clip(neutral(masker.mask(text)), limit=_TEXT_CHARS)


@asynccontextmanager
async def opened(settings: Settings, library: Library, cap: Cap) -> AsyncIterator[Replayer]:
    """With these settings; library: the knowledge, as it is read now. Raises SettingsProblem."""
    found = await asyncio.to_thread(required, settings.policy_file, secrets=settings.lookup.by_name)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="deskpilot-"))
        examples = EmbeddedVectors(Path(folder))
        stack.push_async_callback(examples.close)
        triager = Triager(Categories(examples, library.embeddings))
        llm = await stack.enter_async_context(LLM.opened(settings.llm))
        purse = Purse(settings.llm, cap)
        writers = Writers(llm, Breakerless(), purse, settings=settings)
        judge = Judge(_Fixed(found), triager, NobodyKnown(), NoIncidents(), NoPast())
        await judge.learn()
        yield Replayer(settings, library, judge, writers, purse)


class _Fixed(Policies):
    """A policy that nobody follows or keeps."""

    def __init__(self, found: Read) -> None:
        """As it was read."""
        self._found = InForce(found.policy, found.version, found.source, datetime.now(UTC))

    def current(self) -> InForce:
        """The same all the time."""
        return self._found


def configuration_of(settings: Settings) -> dict[str, Any]:
    """What a result depends on beside the ticket and the knowledge; no secret is in it. Raises SettingsProblem. Blocks."""
    policy = required(settings.policy_file, secrets=settings.lookup.by_name).version
    llm, sure = settings.llm, settings.confidence
    prompts = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        for file in sorted(Path(catalog.__file__).parent.glob("*.j2"))
    }
    return {
        "model": llm.model if llm.on else "",
        "fast_model": llm.fast_model or (llm.model if llm.on else ""),
        "prices": [llm.price_in, llm.price_out],
        "prompts": prompts,
        "embeddings": settings.embeddings.model if settings.embeddings.on else "",
        "splitting": SPLITTING,
        "index": _index(settings),
        "policy": policy,
        "confidence": [sure.lead, sure.coverage, sure.base, sure.cited, sure.abstain_below],
        "brand": [settings.brand.name, settings.brand.tone, settings.brand.guidance],
    }


def _index(settings: Settings) -> str:
    """Which one is searched, as a digest: addresses and folders have no place in a report."""
    where = settings.qdrant
    place = f"{where.url} {where.collection}" if where.url else str(settings.data_dir.absolute())
    return hashlib.sha256(place.encode()).hexdigest()[:12]
