"""How long the worst texts keep a worker busy: `python -m tests.bench.text [--json]`.

Processor time, the best of three, so that a busy machine is not taken for slow code. The texts are those of
`tests/hostile.py` and, where the shared security material is there, its mails, payloads and labelled texts.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from connectors.base import Article, Message, Organization, Person
from connectors.folder import folder_articles
from connectors.mail import message_text
from service.analysis import Summary
from service.drafting import Citation, Draft
from service.guard import clean_summary, nearest, resolve
from service.knowledge.chunks import split
from service.markup import draft_html, sanitise
from service.masking import Masker
from service.notes import MAX_DRAFT, NoteContent, compose
from service.vectors import Found, Passage
from tests.hostile import (
    DRAFTS,
    MAIL_HTML,
    MAIL_TEXT,
    MASKING,
    PAGE_SIZE,
    PAGES,
    SHARED,
    SIZE,
    shared_mails,
    shared_rows,
)

BARS = {
    "mail_200kb_worst_ms": 250.0,
    "mail_shared_worst_ms": 250.0,
    "masking_ms_per_1000_chars": 6.0,
    "sanitise_worst_ms": 50.0,
}
"""What figures may be at most; the others are told only."""

Figures = dict[str, float | str | None]

PEOPLE = (
    Person("1", "Ana Roca", "ana.roca@shop.example", "+49 170 1234567"),
    Person("2", "Will Hunter", "will@shop.example"),
    Person("3", "Customer Support", "support@acme.example", role="agent"),
)
PASSAGE = Passage(
    id="1",
    article="folder:delivery.md",
    source="folder",
    title="Delivery",
    breadcrumb="",
    text="Parcels to Spain usually take three to five working days from the day they leave our warehouse.",
    url="https://help.kettlewick.example/delivery",
    language="en",
    audience="public",
    account="*",
    brand="*",
    organization="*",
)
FOUND = (
    Found(passage=PASSAGE, score=1.0),
    Found(passage=replace(PASSAGE, id="2", article="folder:goodwill.md", audience="internal"), score=0.5),
)


def took_ms(work: Callable[[Any], object], given: object) -> float:
    """Milliseconds of processor time that the work takes with what it is given, the best of three."""
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        work(given)
        best = min(best, 1000 * (time.process_time() - begun))
    return best


def worst(times: Iterable[tuple[float, str]]) -> tuple[float, str]:
    """The longest time, and of what."""
    return max(times)


def mail(*, html: str = "", text: str = "") -> float:
    """Milliseconds to read one message."""
    message = Message(
        id="1", kind="requester message", author=Person("7"), at=datetime(2026, 9, 6, tzinfo=UTC), html=html, text=text
    )
    return took_ms(message_text, message)


def mails() -> Figures:
    """Bodies of 200 kB; and the shared mails, of which one has 767 kB."""
    own = [(mail(html=bomb.html()), f"html: {name}") for name, bomb in MAIL_HTML.items()]
    own += [(mail(text=bomb.text()), f"text: {name}") for name, bomb in MAIL_TEXT.items()]
    time_ms, case = worst(own)
    shared = [(mail(text=text), name) for name, text in shared_mails().items()]
    return {
        "mail_200kb_worst_ms": time_ms,
        "mail_worst_case": case,
        "mail_shared_worst_ms": worst(shared)[0] if shared else None,
    }


def masked(text: str) -> float:
    """Milliseconds to mask a text as the first of its ticket."""
    return took_ms(lambda given: Masker(PEOPLE, Organization("9", "Acme Parts GmbH")).mask(given), text)


def masking() -> Figures:
    """Texts of 200,000 characters; `masking_growth`: how much longer one takes than its first quarter (4 is linear)."""
    texts = {repr(piece): piece * (SIZE // len(piece)) for piece in MASKING}
    labelled = SHARED / "pii/presidio_synth_dataset_v2.json"
    if labelled.is_file():
        texts["shared texts"] = "\n".join(row["full_text"] for row in json.loads(labelled.read_text()))
    times = {name: (masked(text), len(text)) for name, text in texts.items()}
    per_1000, case = worst((1000 * ms / length, name) for name, (ms, length) in times.items())
    return {
        "masking_ms_per_1000_chars": per_1000,
        "masking_worst_case": case,
        "masking_growth": times[case][0] / masked(texts[case][: times[case][1] // 4]),
    }


def sanitising() -> Figures:
    """What reaches the sanitiser: HTML of the longest drafts, made by us; and payloads, which could only by a defect."""
    pages = [(repr(piece), str(draft_html((piece * MAX_DRAFT)[:MAX_DRAFT]))) for piece in DRAFTS]
    for name, key in (("malicious_outputs", "output"), ("dompurify_payloads", "payload"), ("attacks", "text")):
        pages += [(name, text) for text in shared_rows(f"{name}.jsonl", key)]
    time_ms, case = worst((took_ms(sanitise, page), name) for name, page in pages)
    return {"sanitise_worst_ms": time_ms, "sanitise_worst_case": case}


def note_of(text: str) -> str:
    """From a model's answer to the note: everything it may write is this text."""
    draft, sources = resolve(
        Draft(
            text=text,
            language="en",
            covered=True,
            citations=(Citation(number=1, supports=text),),
            checks=(text,) * 6,
            reason=text,
            gloss=text,
            writer="model",
        ),
        FOUND,
    )
    content = NoteContent(
        verdict="ready",
        reference="DP-7K2",
        draft_text=draft.text,
        gloss=draft.gloss,
        checks=draft.checks,
        reason=draft.reason,
        sources=sources,
        nearest=nearest(FOUND),
        summary=clean_summary(Summary(problem=text, tried=(text,) * 8, open=(text,) * 8)),
    )
    return compose(content, language="en")


def notes() -> Figures:
    """Answers in which every text has 200,000 characters, and the shared ones."""
    texts = {repr(piece): piece * (SIZE // len(piece)) for piece in DRAFTS}
    cases = [
        *texts.items(),
        *(("malicious_outputs", text) for text in shared_rows("malicious_outputs.jsonl", "output")),
    ]
    time_ms, case = worst((took_ms(note_of, text), name) for name, text in cases)
    return {"guard_compose_worst_ms": time_ms, "guard_compose_worst_case": case}


def read_page(folder: Path) -> list[Article]:
    """The articles of the folder, cut into passages on the way."""
    articles = list(folder_articles(folder))
    for article in articles:
        split(article)
    return articles


def pages() -> Figures:
    """Articles of nearly 5 MB from a folder, read and cut into passages."""
    times = []
    with tempfile.TemporaryDirectory(prefix="deskpilot-bench-") as name:
        for case, bomb in PAGES.items():
            Path(name, "page.html").write_text(bomb.body("<h1>Kettles</h1><p>Hi</p>", PAGE_SIZE))
            times.append((took_ms(read_page, Path(name)), case))
    time_ms, case = worst(times)
    return {"page_5mb_worst_ms": time_ms, "page_worst_case": case}


def measure() -> Figures:
    """All figures, in one run."""
    figures = {**mails(), **masking(), **sanitising(), **notes(), **pages()}
    return {name: round(value, 2) if isinstance(value, float) else value for name, value in figures.items()}


def missed(figures: Mapping[str, float | str | None]) -> list[str]:
    """Names of the figures beyond their bars."""
    return [name for name, bar in BARS.items() if isinstance(value := figures[name], float) and value > bar]


def table(figures: Mapping[str, float | str | None]) -> Table:
    """The figures for a person."""
    shown = Table("figure", "measured", "at most", box=None)
    for name, value in figures.items():
        bar = f"{BARS[name]:g}" if name in BARS else ""
        shown.add_row(name, "not there: set DESKPILOT_SHARED" if value is None else str(value), bar)
    return shown


def main() -> int:
    """Print the figures; exit 1 where one misses its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    arguments = parser.parse_args()
    figures = measure()
    if arguments.json:
        print(json.dumps(figures))
    else:
        Console().print(table(figures))
    return 1 if missed(figures) else 0


if __name__ == "__main__":
    sys.exit(main())
