"""From a look at a ticket to the queue, and from a person's decision to what tickets find: at once, and nothing else ever."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa

from connectors.base import GoneError, Helpdesk, Ticket
from service.database import Database
from service.embeddings import Embeddings
from service.forgetting import forget
from service.knowledge.report import knowledge_report
from service.knowledge.sources import Library, sync_all
from service.learning.contradicting import to_compare
from service.learning.lesson import Candidate, Lesson
from service.learning.publishing import vouched
from service.learning.teaching import LessonError, Teaching
from service.ledger import Ledger
from service.passages import Retrieval, find_passages
from service.settings import Settings
from service.vectors import EmbeddedVectors, Entry, Fence, Mark, Passage, VectorsUnavailableError, passage_id
from service.vectors.base import LESSONS
from tests.fake_embeddings import fake_embeddings
from tests.service.learning.lessons import ACCOUNT, QUESTION, REPLY, added, answered, candidate, outcome, written_down
from tests.service.tickets import START


class Switched(EmbeddedVectors):
    """An index that fails while it is told to."""

    down = False

    async def marks(self, **given: Any) -> dict[str, Mark]:
        """As the index says."""
        if self.down:
            raise VectorsUnavailableError("away")
        return await super().marks(**given)


@dataclass
class Desk:
    """A helpdesk with a ticket."""

    stands: Ticket = field(default_factory=answered)
    name: str = "zendesk"
    account: str = ACCOUNT
    reads: int = 0
    gone: bool = False

    async def ticket(self, ticket_id: str) -> Ticket:
        """As it stands."""
        self.reads += 1
        if self.gone:
            raise GoneError(f"ticket {ticket_id} does not exist")
        return replace(self.stands, id=ticket_id)


class Place:
    """The queue, the index, and whoever searches."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder, self.desk = database, folder, Desk()
        self.open_index()

    def open_index(self) -> None:
        """An empty one."""
        self.vectors = Switched(self.folder)
        desks = {"zendesk": cast("Helpdesk", self.desk)}
        self.library = Library(Settings(), desks, self.vectors, None)
        self.teaching = Teaching(self.database, self.library)
        self.store = self.teaching.store

    async def found(self, *, store: Any = True, **who: Any) -> list[Passage]:
        """What a ticket finds that asks the very same: of everybody's, unless it is said whose it is."""
        fence = Fence(**{"account": ACCOUNT, "languages": ("en",), **who})
        retrieval = await find_passages(QUESTION, fence=fence, vectors=self.vectors, embeddings=None)
        kept = await vouched(retrieval, fence, self.store if store else None)
        return [one.passage for one in kept.beside]

    async def approved(self, one: Candidate | None = None, *, everyone: bool = True) -> Lesson:
        """By Kim."""
        lesson = await added(self.store, one or candidate())
        return (await self.teaching.approve(lesson, everyone=everyone, owner="Kim", days=180, by="Kim")).lesson

    async def run(self, statement: str) -> None:
        """As somebody else would."""
        async with self.database.engine.connect() as connection:
            await connection.execute(sa.text(statement))


@pytest.fixture
async def place(database: Database, tmp_path: Path) -> AsyncIterator[Place]:
    """Empty."""
    made = Place(database, tmp_path / "qdrant")
    yield made
    await made.vectors.close()


ANYBODY = {"organization": "o9", "requester": "99"}
COLLEAGUE = {"organization": "o1", "requester": "5"}


async def test_a_look_puts_what_a_ticket_teaches_into_the_queue_once(place: Place) -> None:
    """And nothing of it is found by anybody."""
    await written_down(place.database, outcome())
    assert [await place.teaching.offer(answered()) for _ in range(3)] == [1, 0, 0]

    (lesson,) = await place.store.listed("waiting")
    assert (lesson.question, lesson.url) == (QUESTION, "https://acme.zendesk.test/agent/tickets/7")
    await place.teaching.go()
    assert await place.found(**COLLEAGUE) == []


async def test_a_ticket_that_is_kept_out_teaches_nothing(place: Place) -> None:
    """Shared with another account, or where nothing is to be learnt of tickets."""
    await written_down(place.database, outcome())
    assert await place.teaching.offer(replace(answered(), shared=True)) == 0
    off = place.library.settings.knowledge.model_copy(update={"solved": False})
    settings = place.library.settings.model_copy(update={"knowledge": off})
    teaching = Teaching(place.database, replace(place.library, settings=settings))
    assert await teaching.offer(answered()) == 0


@pytest.mark.parametrize(
    "changes", [{"use": "as_is"}, {"reply_id": ""}, {"excluded": "merged"}], ids=["as it was", "no reply", "merged"]
)
async def test_what_teaches_nothing_is_left_alone(place: Place, changes: dict[str, Any]) -> None:
    """As its outcome says."""
    await written_down(place.database, outcome(**changes))
    assert await place.teaching.offer(answered(status="solved")) == 0


async def test_a_reply_that_goes_on_teaches_anew_while_nobody_has_decided(place: Place) -> None:
    """Split over two messages, the second mends the first."""
    await written_down(place.database, outcome())
    await place.teaching.offer(answered())
    both = answered()
    both = replace(
        both, messages=(*both.messages, replace(both.messages[-1], id="m4", text="Hi Ana,\n\nit has to be cold first."))
    )
    await written_down(place.database, outcome(details={"parts": 2}))
    assert [await place.teaching.offer(both) for _ in range(2)] == [1, 0]

    (lesson,) = await place.store.listed("waiting")
    assert lesson.reply == f"{REPLY}\nit has to be cold first."
    assert await place.teaching.approve(lesson, everyone=True, owner="Kim", days=9, by="Kim")
    await written_down(place.database, outcome(details={"parts": 3}))
    assert await place.teaching.offer(both) == 0


@pytest.mark.parametrize("state", ["waiting", "rejected", "revoked", "expired", "merged"])
async def test_unapproved_retrieved_is_0(place: Place, state: str) -> None:
    """Two organizations with the very same question; a third one asks it, in every state but the approved one.

    The passages lie in the index all the same, open to everybody, as if a round had died or somebody had written them there.
    """
    for number, origin in ((1, "edited"), (2, "solved"), (3, "corrected")):
        given = {"organization": f"o{number % 2}", "requester": str(number), "origin": origin}
        await place.approved(candidate(number, **given, reply=f"{REPLY} Part {number}."))
    assert len(await place.found(**ANYBODY)) == 2  # of a pool, the best two are given to a writer
    await place.run(f"UPDATE lessons SET state = '{state}'")  # noqa: S608 - of this file

    unapproved_retrieved = sum([len(await place.found(organization=one)) for one in ("o0", "o1", "o9", "")])
    assert unapproved_retrieved == 0
    assert len(await place.vectors.marks(source=LESSONS, account=ACCOUNT)) == 3
    await place.teaching.go()
    assert await place.vectors.marks(source=LESSONS, account=ACCOUNT) == {}


async def test_approved_for_its_organization_it_is_its_organizations_alone(place: Place) -> None:
    """The account and the brand keep it as well."""
    await place.approved(candidate(brand="b1"), everyone=False)

    assert len(await place.found(**COLLEAGUE, brand="b1")) == 1
    assert await place.found(**ANYBODY, brand="b1") == []
    assert await place.found(**COLLEAGUE, brand="b2") == []
    assert await place.found(**COLLEAGUE, brand="b1", account="other.zendesk.test") == []


async def test_without_an_organization_its_own_is_its_requester(place: Place) -> None:
    """Two customers without one are no organization."""
    await place.approved(candidate(organization=""), everyone=False)

    assert len(await place.found(requester="1")) == 1
    assert await place.found(requester="2") == []


async def test_approved_for_everyone_it_is_found_by_all_of_its_account(place: Place) -> None:
    """As the number of a lesson, and no ticket's."""
    lesson = await place.approved()

    (found,) = await place.found(**ANYBODY)
    assert (found.lesson, found.ticket, found.pool) == (str(lesson.id), "", "ticket")
    assert (found.url, found.article) == ("", f"lesson:{lesson.id}")
    assert await place.found(**ANYBODY, account="other.zendesk.test") == []
    assert await place.found(**ANYBODY, store=False) == []  # nobody vouches for it


async def test_revoked_it_is_gone_from_the_index_before_anybody_is_answered(place: Place) -> None:
    """And from what tickets find."""
    lesson = await place.approved()
    done = await place.teaching.revoke(lesson, by="Kim")

    assert not done.late
    assert await place.vectors.marks(source=LESSONS, account=ACCOUNT) == {}


@pytest.mark.parametrize("deed", ["revoke", "narrow", "rewrite"])
async def test_an_index_that_is_away_gives_back_nothing_that_was_taken(place: Place, deed: str) -> None:
    """It still holds the old lesson, open to everybody: the row is believed, not the index."""
    lesson = await place.approved()
    place.vectors.down = True
    match deed:
        case "revoke":
            done = await place.teaching.revoke(lesson, by="Kim")
        case "narrow":
            done = await place.teaching.approve(lesson, everyone=False, owner="Kim", days=9, by="Kim")
        case _:
            done = await place.teaching.rewrite(
                lesson, question=QUESTION, reply="It is broken, so send it back.", by="Kim"
            )
    assert done.late

    found = await place.found(**ANYBODY)
    assert [REPLY in one.text for one in found] == ([False] if deed == "rewrite" else [])
    place.vectors.down = False
    await place.teaching.go()
    assert len(await place.vectors.marks(source=LESSONS, account=ACCOUNT)) == (deed != "revoke")
    assert len(await place.found(**COLLEAGUE)) == (deed != "revoke")


async def test_what_expires_goes_with_the_next_round(place: Place) -> None:
    """And is in no draft until then."""
    await place.approved()
    await place.run("UPDATE lessons SET expires_at = now()")
    assert await place.found(**ANYBODY) == []

    assert await place.teaching.go() == "1 expired, 1 removed"


async def test_an_index_that_was_lost_gets_its_lessons_back(place: Place) -> None:
    """With the next round, and a further one writes nothing."""
    await place.approved()
    await place.vectors.close()
    place.folder = place.folder / "new"
    place.open_index()
    assert await place.found(**ANYBODY) == []

    assert (await place.teaching.go()).startswith("1 put")
    assert len(await place.found(**ANYBODY)) == 1
    assert await place.teaching.go() == "nothing to do"


async def test_a_new_index_beside_the_old_one_carries_them(place: Place) -> None:
    """Built for another model, by a sync that reads none of them; the round finds nothing to mend."""
    await place.approved()
    with fake_embeddings() as server:
        async with Embeddings.opened(server.settings()) as embeddings:
            await sync_all(replace(place.library, helpdesks={}, embeddings=embeddings), progress=lambda *_: None)
            marks = await place.vectors.marks(source=LESSONS, account=ACCOUNT)
            assert [mark.model for mark in marks.values()] == ["fake-small"]
            place.teaching = Teaching(place.database, replace(place.library, embeddings=embeddings))
            assert "put" not in await place.teaching.go()

    assert len(await place.found(**ANYBODY)) == 1


async def test_what_proposes_to_hand_over_is_never_retrieved(place: Place) -> None:
    """It is no answer."""
    await place.approved(candidate(kind="hand_over", reply=""))

    assert await place.found(**ANYBODY) == []
    assert await place.vectors.marks(source=LESSONS, account=ACCOUNT) == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [({"owner": " "}, "who answers"), ({"days": 0}, "from 1 to"), ({"days": 731}, "from 1 to")],
)
async def test_an_approval_has_an_owner_and_an_end(place: Place, given: dict[str, Any], said: str) -> None:
    """Or it is none."""
    lesson = await added(place.store)
    with pytest.raises(LessonError, match=said):
        await place.teaching.approve(lesson, **{"everyone": True, "owner": "Kim", "days": 180, "by": "Kim", **given})

    assert await place.store.in_force() == []


async def test_a_lesson_whose_requester_is_forgotten_is_everybodys_or_nobodys(place: Place) -> None:
    """There is nobody left to bind it to."""
    lesson = await added(place.store, candidate(organization="", requester=""))
    with pytest.raises(LessonError, match="forgotten"):
        await place.teaching.approve(lesson, everyone=False, owner="Kim", days=180, by="Kim")


async def test_a_forgotten_requester_takes_what_they_taught_along(place: Place) -> None:
    """Row and passage; another requester's stays."""
    await place.approved()
    await place.approved(candidate(8, requester="2", question="where do I find the manual of my toaster, please?"))
    done = await forget("1", helpdesk="zendesk", database=place.database, vectors=place.vectors)

    assert done.lessons == 1
    assert await place.found(**ANYBODY) == []
    assert list(await place.vectors.marks(source=LESSONS, account=ACCOUNT)) == [
        f"lesson:{(await place.store.in_force())[0].id}"
    ]


async def _voted(place: Place, *, reason: str = "outdated", answer: str = REPLY, ticket_id: str = "7") -> None:
    await place.run(f"""
        INSERT INTO drafts (helpdesk, account, ticket_id, message_id, reference, verdict, html, details)
        VALUES ('zendesk', '{ACCOUNT}', '{ticket_id}', 'm1', 'DP-7K2QX', 'ready', '', '{{"category": "fault"}}')
    """)  # noqa: S608 - of this file
    await place.run(f"""
        INSERT INTO feedback (helpdesk, account, ticket_id, reference, judgement, reason, answer, at)
        VALUES ('zendesk', '{ACCOUNT}', '{ticket_id}', 'DP-7K2QX', 'wrong', '{reason}', '{answer}', now() - interval '2 minutes')
    """)  # noqa: S608


async def test_a_vote_that_says_what_is_right_is_heard_once(place: Place) -> None:
    """Its ticket is read for it."""
    await _voted(place)
    assert "1 heard" in await place.teaching.go()
    await place.teaching.go()

    (lesson,) = await place.store.listed("waiting")
    assert (lesson.origin, lesson.category, lesson.reply) == ("corrected", "fault", REPLY)
    assert place.desk.reads == 1


async def test_votes_that_reach_us_late_or_in_one_second_are_heard_all_the_same(place: Place) -> None:
    """One in a note is dated by when it was written; the webhook that tells of it may be hours late."""
    await _voted(place)
    assert "1 heard" in await place.teaching.go()
    for number in ("8", "9"):
        await _voted(place, ticket_id=number, answer=f"{REPLY} See step {number} of the leaflet.")
    await place.run("UPDATE feedback SET at = now() - interval '3 hours' WHERE ticket_id <> '7'")
    await place.teaching.go()

    assert place.desk.reads == 3
    await place.run(
        "UPDATE feedback SET answer = 'Please send it to the workshop, they will mend it.', heard_at = NULL, at = now() WHERE ticket_id = '8'"
    )
    await place.teaching.go()  # changed, it is heard again
    assert place.desk.reads == 4


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "too short"])
async def test_a_vote_that_teaches_nothing_is_heard_once_as_well(place: Place, *, gone: bool) -> None:
    """Nobody asks for its ticket again."""
    place.desk.gone = gone
    await _voted(place, answer="no")
    for _ in range(2):
        await place.teaching.go()

    assert (await place.store.counts())["waiting"] == 0
    assert place.desk.reads == 1


def article(text: str) -> Passage:
    """Of the help centre."""
    name = "zendesk:1"
    return Passage(
        id=passage_id(account=ACCOUNT, source="zendesk", article=name, position=0), article=name, source="zendesk",
        title="Kettles under guarantee", breadcrumb="", text=text, url="https://help.example/1", language="en", audience="public", account=ACCOUNT,
    )  # fmt: skip


async def test_a_lesson_that_contradicts_an_article_says_so(place: Place) -> None:
    """In the queue, and in the knowledge report, which otherwise compares articles alone."""
    page = article("A kettle under guarantee is repaired by our workshop within 14 days.")
    await place.vectors.put([Entry(Mark(page.article, "1"), (page,))], source="zendesk", account=ACCOUNT)
    told = "A kettle under guarantee is repaired by our workshop within 30 days."
    lesson = await added(
        place.store, candidate(question="how long does a repair of my kettle under guarantee take?", reply=told)
    )
    assert "1 checked" in await place.teaching.go()

    (found,) = (await place.store.of([lesson.id]))[lesson.id].against
    assert (found["title"], found["said"], "14 days" in found["other"]) == (
        "Kettles under guarantee",
        told,
        True,
    )
    given: Any = {"days": 90, "kept_days": 90, "now": START}
    lessons = await to_compare(place.store)
    report = await knowledge_report(place.vectors, Ledger(place.database), **given, lessons=lessons)
    (pair,) = report.contradictions.pairs
    assert {pair.one.article, pair.other.article} == {"zendesk:1", f"lesson:{lesson.id}"}
    assert report.articles == 1
    assert (await knowledge_report(place.vectors, Ledger(place.database), **given)).contradictions.count == 0


async def test_without_lessons_nobody_asks_the_database() -> None:
    """A draft of articles alone costs no statement more."""
    assert await vouched(Retrieval(), Fence(account=ACCOUNT), None) == Retrieval()
