"""The index follows what a look finds: kept, replaced, taken out; nobody's note waits for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from connectors.base import GoneError, Organization, Satisfaction, Ticket
from service.database import Database
from service.embeddings import Embeddings
from service.errors import OutageError
from service.groups import KnowledgeSettings
from service.knowledge.sources import Library, sync_all
from service.lessons import Lessons
from service.outages import INDEX, Outages
from service.settings import Settings
from service.solved import passage_of
from service.vectors import (
    Dense,
    EmbeddedVectors,
    Entry,
    Fence,
    Mark,
    Passage,
    Question,
    VectorsUnavailableError,
)
from tests.fake_embeddings import FakeEmbeddings, fake_embeddings
from tests.service.tickets import agent, customer, ticket

SOLVED = ticket(
    customer("my kettle does not switch off any more."),
    agent("please descale it with vinegar and boil it once."),
    status="solved",
    organization=Organization("o1", "Lindholm Ltd"),
)
FENCE = Fence(account=SOLVED.account, organization="o1", requester="1", pools=("ticket",))


@dataclass
class Desk:
    """A helpdesk with one ticket."""

    stands: Ticket | None = SOLVED
    satisfaction: Satisfaction = ""
    name: str = "zendesk"
    account: str = SOLVED.account
    asked: list[str] = field(default_factory=list)

    async def ticket(self, ticket_id: str) -> Ticket:
        """As it stands."""
        if self.stands is None:
            raise GoneError(f"ticket {ticket_id} does not exist")
        return self.stands

    async def rated(self, ticket: Ticket) -> Ticket:
        """With its rating."""
        self.asked.append(ticket.id)
        return replace(ticket, satisfaction=self.satisfaction)


class Counted(EmbeddedVectors):
    """An index that counts what is written, and fails while it is told to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.writes, self.down = 0, False

    async def marks(self, *, source: str, account: str, articles: object = ()) -> dict[str, Mark]:
        """As the index says."""
        if self.down:
            raise VectorsUnavailableError("away")
        return await super().marks(source=source, account=account, articles=articles)  # type: ignore[arg-type]

    async def put(self, entries: object, *, source: str, account: str) -> None:
        """Counted."""
        self.writes += 1
        await super().put(entries, source=source, account=account)  # type: ignore[arg-type]

    async def remove(self, articles: object, *, source: str, account: str) -> None:
        """Counted."""
        self.writes += 1
        await super().remove(articles, source=source, account=account)  # type: ignore[arg-type]

    async def kept(self, fence: Fence = FENCE) -> list[Passage]:
        """What a ticket of the organization finds."""
        return [one.passage for one in await self.search(Question("kettle"), fence=fence, limit=9)]


class Looking:
    """Lessons around one desk and one index."""

    def __init__(
        self, desk: Desk, vectors: Counted, outages: Outages, embeddings: Embeddings | None, *, on: bool = True
    ) -> None:
        self.desk, self.vectors, self.outages = desk, vectors, outages
        settings = Settings(knowledge=KnowledgeSettings(solved=on))
        self.library = Library(settings=settings, helpdesks={}, vectors=vectors, embeddings=embeddings)
        self.lessons = Lessons(self.library, outages)

    async def look(self, stands: Ticket | None = SOLVED) -> str:
        """Look at the ticket; the id of the one that somebody works on meanwhile."""
        self.desk.stands = stands
        async with self.lessons.reading(self.desk, "7", await self.outages.standing()) as (read, _):  # type: ignore[arg-type]
            self.worked_on = read.id
        return read.id


@pytest.fixture
async def looking(database: Database, tmp_path: Path) -> AsyncIterator[Looking]:
    """Words alone."""
    vectors = Counted(tmp_path / "qdrant")
    yield Looking(Desk(), vectors, Outages(database), None)
    await vectors.close()


@pytest.fixture
def server() -> Iterator[FakeEmbeddings]:
    """An embeddings endpoint."""
    with fake_embeddings() as serving:
        yield serving


@pytest.fixture
async def embedding(looking: Looking, server: FakeEmbeddings) -> AsyncIterator[Looking]:
    """The same with embeddings."""
    async with Embeddings.opened(server.settings()) as embeddings:
        yield Looking(looking.desk, looking.vectors, looking.outages, embeddings)


async def test_a_solved_ticket_is_kept_once_however_often_it_is_looked_at(looking: Looking) -> None:
    """A look at an unchanged one writes nothing."""
    for _ in range(3):
        assert await looking.look() == "7"

    assert await looking.vectors.kept() == [passage_of(SOLVED)]
    assert looking.vectors.writes == 1


@pytest.mark.parametrize(
    "stands",
    [
        replace(SOLVED, status="open"),
        replace(SOLVED, status="deleted"),
        replace(SOLVED, spam=True),
        replace(SOLVED, shared=True),
        replace(SOLVED, tags=("deskpilot_off",)),
        replace(SOLVED, messages=SOLVED.messages[:1]),
    ],
    ids=["reopened", "deleted", "spam", "shared", "off", "answer deleted"],
)
async def test_what_it_taught_goes_when_it_ends_otherwise_after_all(looking: Looking, stands: Ticket) -> None:
    """Level-triggered: the ticket as it stands decides, not what happened to it."""
    await looking.look()
    await looking.look(stands)
    await looking.look(stands)

    assert await looking.vectors.kept() == []
    assert looking.vectors.writes == 2


async def test_what_it_taught_goes_with_it(looking: Looking) -> None:
    """Deleted for good: the look ends as it always did, and nothing of it is left."""
    await looking.look()
    with pytest.raises(GoneError):
        await looking.look(None)

    assert await looking.vectors.kept() == []


async def test_a_bad_rating_takes_it_back(looking: Looking) -> None:
    """A helpdesk that keeps ratings elsewhere is asked for those of fitting tickets alone."""
    await looking.look()
    looking.desk.satisfaction = "bad"
    await looking.look()
    assert await looking.vectors.kept() == []
    assert looking.desk.asked == ["7", "7"]

    await looking.look(replace(SOLVED, status="open"))
    assert looking.desk.asked == ["7", "7"]


async def test_another_answer_and_another_organization_replace_it(looking: Looking) -> None:
    """Whose it is follows the ticket, too."""
    await looking.look()
    await looking.look(replace(SOLVED, organization=Organization("o2")))

    assert await looking.vectors.kept() == []
    assert len(await looking.vectors.kept(replace(FENCE, organization="o2"))) == 1

    await looking.look(replace(SOLVED, organization=None))
    assert len(await looking.vectors.kept(replace(FENCE, organization=""))) == 1
    assert await looking.vectors.kept(replace(FENCE, organization="", requester="2")) == []


async def test_an_index_that_is_away_keeps_nobody_from_working(looking: Looking) -> None:
    """The work is done, and then the ticket waits for the index; later all is as it should be."""
    looking.vectors.down = True
    with pytest.raises(OutageError) as raised:
        await looking.look()
    assert (raised.value.name, looking.worked_on) == (INDEX, "7")

    looking.vectors.down = False
    await looking.look()
    assert len(await looking.vectors.kept()) == 1
    assert INDEX not in await looking.outages.standing()


async def test_a_ticket_that_is_gone_is_looked_at_again_while_the_index_is_away(looking: Looking) -> None:
    """Or what it taught would stay for ever."""
    await looking.look()
    looking.vectors.down = True
    with pytest.raises(OutageError):
        await looking.look(None)


async def test_switched_off_nothing_is_kept_and_what_was_goes_when_it_is_looked_at(looking: Looking) -> None:
    """DESKPILOT_KNOWLEDGE__SOLVED."""
    off = Looking(looking.desk, looking.vectors, looking.outages, None, on=False)
    await off.look()
    assert looking.vectors.writes == 0

    await looking.look()
    await off.look()
    assert await looking.vectors.kept() == []


async def test_its_embeddings_are_those_of_its_body_and_title(embedding: Looking, server: FakeEmbeddings) -> None:
    """Asked for once."""
    for _ in range(2):
        await embedding.look()

    assert [text.split("\n")[0] for text in server.texts] == ["My kettle", "My kettle"]
    question = Question("kettle", "en", "fake-small", tuple(server.vector("kettle")))
    (found,) = await embedding.vectors.search(question, fence=FENCE, limit=9)
    assert "dense_body" in found.signals


async def test_without_an_answer_from_the_endpoint_words_alone_find_it(
    embedding: Looking, server: FakeEmbeddings
) -> None:
    """And the next look that gets one adds the rest."""
    await embedding.vectors.begin(model="fake-small", dimension=64)
    server.statuses = [500, 400]
    for _ in range(2):
        await embedding.look()
    assert len(await embedding.vectors.kept()) == 1
    assert embedding.vectors.writes == 1

    await embedding.look()
    marks = await embedding.vectors.marks(source="zendesk tickets", account=SOLVED.account)
    assert [mark.model for mark in marks.values()] == ["fake-small"]


async def test_an_index_of_words_alone_is_left_to_the_sync(embedding: Looking, server: FakeEmbeddings) -> None:
    """A look pays for no embedding that the index has no place for; the next sync builds one that has."""
    await sync_all(embedding.library, progress=lambda *_: None)  # finds nothing
    server.statuses = [500]
    for _ in range(2):
        await embedding.look()
    assert len(server.requests) == 1

    await sync_all(embedding.library, progress=lambda *_: None)

    marks = await embedding.vectors.marks(source="zendesk tickets", account=SOLVED.account)
    assert [mark.model for mark in marks.values()] == ["fake-small"]
    assert embedding.vectors.writes == 1
    await embedding.look()
    assert embedding.vectors.writes == 1


async def test_an_index_of_another_model_is_left_to_the_sync(embedding: Looking, server: FakeEmbeddings) -> None:
    """A look does not throw away the embeddings of all articles."""
    await embedding.vectors.begin(model="older", dimension=2)
    older = replace(await _article(), id="00000000-0000-5000-8000-0000000000aa")
    entry = Entry(Mark(older.article, "1", "older"), [older], [Dense((1.0, 0.0), (1.0, 0.0))])
    await embedding.vectors.put([entry], source="folder", account="*")
    await embedding.look()

    assert server.requests == []
    assert (await embedding.vectors.meta()).model == "older"
    assert len(await embedding.vectors.kept()) == 1


async def _article() -> Passage:
    passage = passage_of(SOLVED)
    assert isinstance(passage, Passage)
    return replace(passage, article="folder:a.md", source="folder", account="*", pool="article")
