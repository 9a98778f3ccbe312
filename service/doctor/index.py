"""The index of passages: whether it answers, fits the settings, and is fresh. The running `serve` is asked where it owns it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from connectors.setup import Check
from service.assembly import opened_library
from service.control import Control, asked, find
from service.doctor.durations import ago, span
from service.knowledge.chunks import SPLITTING
from service.knowledge.rebuild import MACROS
from service.knowledge.standing import Standing, standing
from service.settings import Settings
from service.vectors import IndexInUseError, ServerVectors

_SYNC = "`deskpilot sync` reads all articles, and says what it cannot read."
_LATE = 2.0  # times the pause between two syncs
_SLACK_S = 600.0  # that a sync may take


async def look(settings: Settings) -> Sequence[Check]:
    """Raises VectorsUnavailableError, SettingsProblem where the plug-in for names cannot be had."""
    running = None if settings.qdrant.url else await asyncio.to_thread(find, settings.data_dir)
    stands = await _told_by(running) if running else None
    if stands is None:
        if not settings.qdrant.url and not await asyncio.to_thread((settings.data_dir / "qdrant").exists):
            return [_none()]
        try:
            async with opened_library(settings) as library:
                if isinstance(library.vectors, ServerVectors) and not await library.vectors.stands():
                    return [_none()]
                stands = await standing(library)
        except IndexInUseError:
            said = f"The one in {settings.data_dir} is open in another process, which tells nothing of it."
            remedy = (
                "A `deskpilot work` of its own is such a process. If there is none, stop `serve` and start it again."
            )
            return [Check("index", "doubtful", said, remedy)]
    return [_filled(stands), _fits(stands, settings), *_fresh(stands, settings)]


async def _told_by(control: Control) -> Standing | None:
    """What the running `serve` says of its index. None where nobody answers any more. Raises ServiceError."""
    answer = await asked(control, "GET", "/api/knowledge", cannot="look into the index")
    return Standing(**answer.json()) if answer is not None else None


def _none() -> Check:
    return Check("index", "doubtful", "There is no index yet; the first sync makes it.", _SYNC)


def _filled(stands: Standing) -> Check:
    count = sum(stands.passages.values())
    if not count:
        return Check("index", "doubtful", "It answers and holds no passages: no note can quote anything.", _SYNC)
    sources = ", ".join(f"{source} {number:,}" for source, number in sorted(stands.passages.items()))
    return Check("index", "fine", f"It answers; {count:,} passages: {sources}.")


def _fits(stands: Standing, settings: Settings) -> Check:
    """Whether it was made as one is made now. A model that is switched off is no difference."""
    what, model = "index and settings", settings.embeddings.model if settings.embeddings.on else ""
    differs = [
        *([f"embeddings of {stands.model or 'no model'}, not {model}"] if model not in ("", stands.model) else []),
        *(["another way of cutting articles"] if stands.outdated or stands.splitting != SPLITTING else []),
    ]
    if not differs or not any(stands.passages.values()):
        made = f"embeddings of {stands.model}" if stands.model and model else "words alone"
        return Check(what, "fine", f"They fit: {made}.")
    said = f"The index was made with {' and '.join(differs)}."
    if stands.building:
        said = f"{said} A new one is being built beside it, {stands.building:,} passages so far."
    return Check(what, "doubtful", said, "`deskpilot sync` builds a new one beside it, or goes on with it.")


def _fresh(stands: Standing, settings: Settings) -> Iterator[Check]:
    """When each source was last read to its end, against the pause that is set."""
    every_s = settings.knowledge.sync_every_s
    for source, read in stands.read.items():
        what = source if source.endswith(MACROS) else f"{source} articles"
        if not read:
            yield Check(what, "doubtful", "They were not read to their end yet.", _SYNC)
            continue
        at = datetime.fromisoformat(read)
        said = f"They were last read to their end {ago(at)}"
        if every_s and (datetime.now(UTC) - at).total_seconds() > _LATE * every_s + _SLACK_S:
            late = f"{said}; every {span(every_s)} is set."
            yield Check(what, "doubtful", late, f"See that `deskpilot serve` runs. {_SYNC}")
        else:
            yield Check(what, "fine", f"{said}.")
