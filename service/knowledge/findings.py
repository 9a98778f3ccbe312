"""What a knowledge report finds: its shape, as JSON and back, and the sentences that table and page share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

ENOUGH_NOTES = 50
"""Notes in an article's account and language from which on not to be cited says something of the article."""

STALE_DAYS = 365

ADVICE = {
    "gaps": ("Questions without an answer", "Write an article, or let the nearest one answer it."),
    "contradictions": (
        "Articles that may contradict each other",
        "Read both and correct one; a draft may quote either. A lesson is corrected or revoked in the queue.",
    ),
    "misleading": (
        "What misleads",
        "Read it beside the notes that cite it and mend it; a lesson is edited or revoked in the queue. Until then it stands lower in the search.",
    ),
    "stale": (f"Not touched for {STALE_DAYS} days", "The most cited first: read it again, correct or confirm it."),
    "near_duplicates": ("Articles that say the same", "Keep one and point the others to it."),
    "never_cited": ("Never cited", "Say in its title what customers ask, join it with another, or take it down."),
}
"""Title of each part of the report, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An article as the report names it. url: http(s) or empty. cited: notes in the window that cite it."""

    account: str
    article: str
    title: str
    url: str
    language: str
    internal: bool
    updated_at: datetime | None
    cited: int


@dataclass(frozen=True, slots=True)
class NeverCited:
    """Articles that no note cites. too_new: changed in the window; unheard: too few notes in their account and language."""

    count: int
    too_new: int
    unheard: int
    articles: tuple[Listed, ...]  # oldest first


@dataclass(frozen=True, slots=True)
class Stale:
    """Articles that were not touched for STALE_DAYS; the most cited first, then the oldest."""

    count: int
    cited: int  # of them, by a note in the window
    unknown: int  # articles without a date
    articles: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Articles that say the same. share: of the shorter article's word triples that the longer has, 0 to 1."""

    share: float
    articles: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """Groups of them, most alike first."""

    count: int
    groups: tuple[Duplicates, ...]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two articles, and the sentence of each."""

    one: Listed
    said: str
    other: Listed
    other_said: str


@dataclass(frozen=True, slots=True)
class Contradictions:
    """Pairs that may contradict each other, those in cited articles first."""

    count: int
    pairs: tuple[Contradiction, ...]


@dataclass(frozen=True, slots=True)
class Misled:
    """One that stands lower. judged: notes that cite it and were voted on or answered; of these right and wrong by vote.

    fidelity: mean of the replies, 0 to 1; None: no reply could be compared. factor: what its score is multiplied by, 0.6 to 1.
    """

    article: Listed
    judged: int
    right: int
    wrong: int
    fidelity: float | None
    factor: float


@dataclass(frozen=True, slots=True)
class Misleading:
    """Articles, lessons, macros and solved tickets that stand lower (service/merits.py), the worst first."""

    count: int
    articles: tuple[Misled, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A topic without an answer. nearest: the article found most often; changed: since the newest of these questions."""

    question: str
    words: tuple[str, ...]
    count: int  # tickets
    last: datetime
    languages: tuple[str, ...]
    tickets: tuple[str, ...]
    nearest: Listed | None
    changed: bool


@dataclass(frozen=True, slots=True)
class Gaps:
    """The gap list. questions: how many are grouped; all: not only the newest MOST_QUESTIONS."""

    count: int
    questions: int
    all: bool
    topics: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class KnowledgeReport:
    """Everything, each list with its count. A program may rely on the names; README.md lists them.

    notes: those in the window that say what they cite (a person's tickets ask no article). since: the window, or the first
    such note where that is later.
    """

    at: datetime
    days: int
    kept_days: int  # of questions without an answer
    since: datetime
    notes: int
    uncovered: int  # of these notes
    articles: int
    cited_articles: int
    enough_notes: bool
    first: tuple[str, ...]  # what to do first, in sentences
    gaps: Gaps
    contradictions: Contradictions
    stale: Stale
    near_duplicates: NearDuplicates
    never_cited: NeverCited
    misleading: Misleading = Misleading(0, ())

    def as_json(self) -> str:
        """One object."""
        return TypeAdapter(KnowledgeReport).dump_json(self, indent=2).decode()

    @property
    def window(self) -> str:
        """What the report looked at."""
        if not self.notes:
            return f"no note of the last {self.days} days says what it cites"
        if self.cited_articles:
            return f"{counted(self.notes, 'note')} since {self.since.day} {self.since:%B %Y} cite {self.cited_articles:,} of them"
        return f"{counted(self.notes, 'note')} since {self.since.day} {self.since:%B %Y}, none cites one of them"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader must know before believing the lists."""
        return tuple(self._remarks())

    def _remarks(self) -> Iterator[str]:
        if not self.articles:
            yield "The index holds no articles: deskpilot sync reads them."
        if not self.notes:
            yield "Nothing can be said of citations and gaps until notes are written."
        elif not self.enough_notes:
            yield f"{counted(self.notes, 'note')}: fewer than {ENOUGH_NOTES} say nothing about what is never cited."
        if self.days > self.kept_days:
            yield f"Questions are kept for {counted(self.kept_days, 'day')} (DESKPILOT_RETENTION_DAYS): older gaps are not seen."
        if not self.gaps.all:
            yield f"Only the newest {self.gaps.questions:,} questions without an answer are grouped."

    @property
    def nothing(self) -> dict[str, str]:
        """What an empty list means."""
        no_article = "" if self.articles else "No article to look at."
        return {
            "gaps": "Every question of these notes had an answer." if self.notes else "No note yet.",
            "contradictions": no_article or "None was found.",
            "misleading": "Nothing misleads, as far as votes and replies tell.",
            "stale": no_article or "No dated article is that old.",
            "near_duplicates": no_article or "None was found.",
            "never_cited": no_article
            or ("Every article that could be judged is cited." if self.enough_notes else "Too few notes to judge."),
        }

    @property
    def beside(self) -> dict[str, str]:
        """What stands below each list: what it leaves out, and why."""
        never, stale = self.never_cited, self.stale
        left_out = [
            f"{counted(never.too_new, 'article')} changed in this time" if never.too_new else "",
            f"{counted(never.unheard, 'article')} in a language or account with fewer than {ENOUGH_NOTES} notes"
            if never.unheard
            else "",
        ]
        not_judged = " and ".join(part for part in left_out if part)
        return {
            "gaps": f"{counted(self.gaps.questions, 'question')} of {counted(self.uncovered, 'note')} “not covered”, grouped by the words they share."
            if self.gaps.questions
            else "",
            "contradictions": "Found by numbers in sentences that say nearly the same; there may be others."
            if self.contradictions.count
            else "",
            "misleading": "Judged: notes of the last 180 days that cite it and were voted on, or answered by an agent; fidelity: how much of the draft was sent."
            if self.misleading.count
            else "",
            "stale": f"{counted(stale.unknown, 'article')} without a date." if stale.unknown else "",
            "near_duplicates": "Alike: the share of the shorter article’s runs of three words that the longer one has, too."
            if self.near_duplicates.count
            else "",
            "never_cited": f"Not judged: {not_judged}." if not_judged and self.articles else "",
        }


def read_report(text: str | bytes) -> KnowledgeReport:
    """The report that `as_json` wrote. Raises ValueError."""
    return TypeAdapter(KnowledgeReport).validate_json(text)


def counted(number: int, what: str) -> str:
    """As in "1 note" and "412 notes"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
