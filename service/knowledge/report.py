"""What an admin should write or mend: gaps, contradictions, old, doubled and unused articles. For `deskpilot knowledge report`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from service.errors import DatabaseUnavailableError
from service.knowledge.comparison import Alike, Disagreement, disagreements, near_duplicates
from service.knowledge.findings import (
    ENOUGH_NOTES,
    STALE_DAYS,
    Contradiction,
    Contradictions,
    Duplicates,
    Gap,
    Gaps,
    KnowledgeReport,
    Listed,
    Misleading,
    Misled,
    NearDuplicates,
    NeverCited,
    Stale,
    counted,
)
from service.knowledge.gaps import Topic, topics
from service.knowledge.inventory import Holding, Key, take_inventory
from service.ledger import Drafted, Ledger, Unanswered
from service.merits import Merit, Merits
from service.plaintext import one_line
from service.queue import AWAY
from service.vectors import Vectors
from service.vectors.base import ANY

LISTED = 100
"""Rows of each list; `count` beside it says how many there are."""

MOST_QUESTIONS = 3_000
_MOST_MISLEADING = 1_000
FIRST = 5
_FIRST_CONTRADICTIONS, _FIRST_MISLEADING, _FIRST_GAPS = 2, 1, 3
_TITLE_CHARS = 150
_LANGUAGE_CHARS = 12


async def knowledge_report(
    vectors: Vectors,
    ledger: Ledger,
    *,
    days: int,
    kept_days: int,
    now: datetime,
    lessons: Sequence[Holding] = (),
    merits: Merits | None = None,
) -> KnowledgeReport:
    """Read index and ledger and compare. For admins: of every account and audience.

    kept_days: how long the ledger keeps questions. lessons: those of the queue, which may contradict an article. merits: to
    tell what misleads. Takes a core for some 2 s per 1,000 passages, in threads. Raises VectorsUnavailableError, DatabaseUnavailableError.
    """
    since = now - timedelta(days=days)
    try:
        drafted = await ledger.drafted(since=since)
        citations = await ledger.citations(since=since)
        asked_since = max(since, now - timedelta(days=kept_days))
        questions = await ledger.unanswered(since=asked_since, limit=MOST_QUESTIONS + 1)
        misleading = await merits.misleading(_MOST_MISLEADING) if merits else []
    except AWAY as error:
        raise DatabaseUnavailableError(
            "PostgreSQL stopped answering: look at it, then ask for the report again"
        ) from error
    holdings = await take_inventory(vectors)
    read = _Read(now, days, kept_days, since, drafted, citations, questions, holdings, lessons, misleading)
    return await asyncio.to_thread(_composed, read)


@dataclass(frozen=True, slots=True)
class _Read:
    """What the report is made of."""

    now: datetime
    days: int
    kept_days: int
    since: datetime
    drafted: Sequence[Drafted]
    citations: Mapping[Key, int]
    questions: Sequence[Unanswered]
    holdings: Sequence[Holding]
    lessons: Sequence[Holding] = ()
    misleading: Sequence[Merit] = ()

    @property
    def recorded(self) -> datetime:
        """Since when notes say what they cite."""
        return max(self.since, min((one.first for one in self.drafted), default=self.since))

    def listed(self, holding: Holding) -> Listed:
        return Listed(
            account=holding.account,
            article=holding.article,
            title=one_line(holding.title, limit=_TITLE_CHARS) or holding.article,
            url=_web_address(holding.url),
            language=holding.language[:_LANGUAGE_CHARS],
            internal=holding.audience != "public",
            updated_at=holding.updated_at,
            cited=self.citations.get(holding.key, 0),
        )

    def notes_for(self, holding: Holding) -> int:
        """Notes that could have cited the article."""
        return sum(
            one.count
            for one in self.drafted
            if holding.account in (ANY, one.account)
            and (holding.language == one.language or not (holding.language and one.language))
        )


def _composed(read: _Read) -> KnowledgeReport:
    notes = sum(one.count for one in read.drafted)
    gaps = _gaps(read)
    contradictions = _contradictions(read, _disagreements(read))
    stale = _stale(read)
    duplicates = _duplicates(read, near_duplicates(read.holdings))
    misleading = _misleading(read)
    return KnowledgeReport(
        at=read.now.astimezone(UTC),
        days=read.days,
        kept_days=read.kept_days,
        since=read.recorded.astimezone(UTC),
        notes=notes,
        uncovered=sum(one.count for one in read.drafted if one.verdict == "uncovered"),
        articles=len(read.holdings),
        cited_articles=sum(1 for holding in read.holdings if holding.key in read.citations),
        enough_notes=notes >= ENOUGH_NOTES,
        first=_first(gaps, contradictions, misleading, stale, duplicates),
        gaps=gaps,
        contradictions=contradictions,
        stale=stale,
        near_duplicates=duplicates,
        never_cited=_never_cited(read),
        misleading=misleading,
    )


def _never_cited(read: _Read) -> NeverCited:
    """Only of articles that stood as they are while notes were written that could have cited them."""
    found: list[Holding] = []
    too_new = unheard = 0
    for holding in read.holdings:
        if holding.key in read.citations:
            continue
        if read.notes_for(holding) < ENOUGH_NOTES:
            unheard += 1
        elif holding.updated_at and holding.updated_at > read.recorded:
            too_new += 1
        else:
            found.append(holding)
    found.sort(key=_age)
    return NeverCited(len(found), too_new, unheard, tuple(map(read.listed, found[:LISTED])))


def _misleading(read: _Read) -> Misleading:
    """Of the account and article that notes cite; what is no article, or gone, is named by its id."""
    by_key = {holding.key: holding for holding in (*read.holdings, *read.lessons)}
    told = []
    for merit in read.misleading[:LISTED]:
        account, article = merit.article
        holding = by_key.get(merit.article)
        listed = (
            read.listed(holding)
            if holding
            else Listed(
                account=account,
                article=article,
                title=one_line(article, limit=_TITLE_CHARS),
                url="",
                language="",
                internal=False,
                updated_at=None,
                cited=read.citations.get(merit.article, 0),
            )
        )
        told.append(Misled(listed, merit.cited, merit.right, merit.wrong, merit.fidelity, merit.factor))
    return Misleading(len(read.misleading), tuple(told))


def _stale(read: _Read) -> Stale:
    before = read.now - timedelta(days=STALE_DAYS)
    old = [holding for holding in read.holdings if holding.updated_at and holding.updated_at < before]
    old.sort(key=lambda holding: (-read.citations.get(holding.key, 0), _age(holding)))
    return Stale(
        count=len(old),
        cited=sum(1 for holding in old if holding.key in read.citations),
        unknown=sum(1 for holding in read.holdings if holding.updated_at is None),
        articles=tuple(map(read.listed, old[:LISTED])),
    )


def _duplicates(read: _Read, found: Sequence[Alike]) -> NearDuplicates:
    groups = (Duplicates(round(one.share, 2), tuple(map(read.listed, one.holdings[:LISTED]))) for one in found[:LISTED])
    return NearDuplicates(len(found), tuple(groups))


def _contradictions(read: _Read, found: Sequence[Disagreement]) -> Contradictions:
    pairs = [Contradiction(read.listed(one.one), one.said, read.listed(one.other), one.other_said) for one in found]
    pairs.sort(key=lambda pair: -(pair.one.cited + pair.other.cited))
    return Contradictions(len(pairs), tuple(pairs[:LISTED]))


def _disagreements(read: _Read) -> list[Disagreement]:
    """Between articles, and between one and a lesson; of two lessons, a person approves one or none."""
    lessons = {holding.key for holding in read.lessons}
    found = disagreements([*read.holdings, *read.lessons])
    return [one for one in found if not lessons.issuperset((one.one.key, one.other.key))]


def _gaps(read: _Read) -> Gaps:
    by_key = {holding.key: holding for holding in read.holdings}
    questions = read.questions[:MOST_QUESTIONS]
    found = topics(questions)
    return Gaps(
        count=len(found),
        questions=len(questions),
        all=len(read.questions) <= MOST_QUESTIONS,
        topics=tuple(_gap(read, topic, by_key) for topic in found[:LISTED]),
    )


def _gap(read: _Read, topic: Topic, by_key: Mapping[Key, Holding]) -> Gap:
    nearest = by_key.get(topic.nearest) if topic.nearest else None
    return Gap(
        question=topic.question,
        words=topic.words,
        count=topic.count,
        last=topic.last.astimezone(UTC),
        languages=topic.languages,
        tickets=topic.tickets,
        nearest=read.listed(nearest) if nearest else None,
        changed=bool(nearest and nearest.updated_at and nearest.updated_at > topic.last),
    )


def _first(
    gaps: Gaps, contradictions: Contradictions, misleading: Misleading, stale: Stale, duplicates: NearDuplicates
) -> tuple[str, ...]:
    """What may make a draft wrong comes before what is missing, that before what is old or doubled."""
    settle = [
        f"Settle: “{pair.one.title}” and “{pair.other.title}” state different amounts for the same thing."
        for pair in contradictions.pairs
    ]
    mend = [
        f"Mend: “{one.article.title}” misleads: {counted(one.judged, 'note')} with it were judged, {one.wrong:,} called wrong."
        for one in misleading.articles
    ]
    write = [
        f"Write: {gap.count} tickets ask “{gap.question}”, and no article answers."
        for gap in gaps.topics
        if gap.count > 1 and not gap.changed
    ]
    review = [
        f"Review: “{old.title}” is from {old.updated_at:%B %Y}, and cited in {counted(old.cited, 'note')}."
        for old in stale.articles
        if old.cited
    ]
    merge = [
        f"Merge: “{group.articles[0].title}” and {_others(group.articles[1:])} say the same."
        for group in duplicates.groups
    ]
    best = [*settle[:_FIRST_CONTRADICTIONS], *mend[:_FIRST_MISLEADING], *write[:_FIRST_GAPS]]
    more = [*review, *mend[_FIRST_MISLEADING:], *write[_FIRST_GAPS:], *settle[_FIRST_CONTRADICTIONS:], *merge]
    return tuple([*best, *more][:FIRST])


def _others(articles: Sequence[Listed]) -> str:
    return f"“{articles[0].title}”" if len(articles) == 1 else f"{len(articles)} others"


def _age(holding: Holding) -> datetime:
    return holding.updated_at or datetime.max.replace(tzinfo=UTC)


def _web_address(url: str) -> str:
    """The address where it is a plain one of the web, else nothing: it was written by whoever writes articles."""
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and parts.hostname and not parts.username and url.isprintable()
    except ValueError:
        return ""
    return url if plain and " " not in url else ""
