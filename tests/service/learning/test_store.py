"""The queue: what is in it once, what a person decides, and what is in force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from service.changes import newest_changes
from service.database import Database
from service.learning.lesson import Lesson
from service.learning.likeness import Sketch, sketch
from service.learning.store import LessonStore
from service.pilot import change_in_words
from service.retention import Retention
from tests import dump
from tests.service.learning.lessons import QUESTION, REPLY, added, candidate

SOON = datetime.now(UTC) + timedelta(days=180)


@pytest.fixture
def store(database: Database) -> LessonStore:
    """An empty queue."""
    return LessonStore(database)


async def approved(store: LessonStore, lesson: Lesson, *, everyone: bool = True) -> Lesson:
    """By Kim."""
    done = await store.approve(lesson, everyone=everyone, owner="billing", until=SOON, by="Kim")
    assert done is not None
    return done


async def run(database: Database, statement: str) -> None:
    """As somebody else would."""
    async with database.engine.connect() as connection:
        await connection.execute(sa.text(statement))


async def test_a_message_teaches_once(store: LessonStore) -> None:
    """However often its ticket is looked at."""
    first = await added(store)
    again = await added(store)

    assert (first.id, again.seen) == (again.id, 1)


async def test_the_same_question_with_the_same_reply_is_counted(store: LessonStore) -> None:
    """Its own row stays, so that it can be forgotten with its ticket."""
    first = await added(store)
    second = await added(store, candidate(8, organization="o2"))

    assert (second.state, (await store.listed("waiting"))[0].seen) == ("merged", 2)
    assert (await store.counts())["merged"] == 1
    assert await approved(store, first)
    assert (await added(store, candidate(9))).state == "merged"  # into an approved one as well
    (lesson,) = await store.listed("approved")
    assert lesson.seen == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"language": "de"},
        {"kind": "hand_over"},
        {"brand": "b2"},
        {"reply": "send it back to us within thirty days please."},
    ],
    ids=["language", "kind", "brand", "reply"],
)
async def test_what_differs_in_more_than_words_is_another(store: LessonStore, changes: dict[str, str]) -> None:
    """Language, kind, brand, or what is answered."""
    await added(store)

    assert (await added(store, candidate(8, **changes))).state == "waiting"


async def test_what_was_merged_stands_by_itself_when_the_other_is_forgotten(
    store: LessonStore, database: Database
) -> None:
    """Its ticket still teaches it."""
    first = await added(store)
    await added(store, candidate(8))
    await run(database, f"DELETE FROM lessons WHERE id = {first.id}")  # noqa: S608 - a number of ours

    assert (await store.tidy())["apart"] == 1
    assert [one.key.ticket_id for one in await store.listed("waiting")] == ["8"]


async def test_a_vote_takes_the_place_of_what_waits_and_of_nothing_that_is_decided(store: LessonStore) -> None:
    """It is the agent's own word."""
    await added(store)
    right = candidate(origin="corrected", reply="switch it off at the wall first, then descale it with vinegar.")
    assert (await added(store, right)).reply == right.reply

    await approved(store, (await store.listed("waiting"))[0])
    assert await store.add(candidate(origin="corrected"), sketch(QUESTION, REPLY, language="en")) is None
    assert (await store.listed("approved"))[0].reply == right.reply


async def test_who_decided_is_recorded(store: LessonStore, database: Database) -> None:
    """With for whom and until when."""
    lesson = await approved(store, await added(store))
    assert await store.revoke(lesson, by="Lou")

    told = [f"{one.by} {change_in_words(one)}" for one in await newest_changes(database, of=("lesson",))]
    assert told == [
        f"Lou revoked lesson {lesson.id}",
        f"Kim approved lesson {lesson.id} for everyone until {SOON:%Y-%m-%d}",
    ]
    (row,) = await store.listed("revoked")
    assert (row.by, row.owner) == ("Lou", "billing")


async def test_nobody_approves_what_they_have_not_read(store: LessonStore) -> None:
    """Somebody rewrote it in between."""
    read = await added(store)
    drawn = sketch(QUESTION, "nothing", language="en")
    assert await store.rewrite(
        read, question=QUESTION, reply="It is broken, send it back.", sketch=drawn, language="en", by="Lou"
    )

    assert await store.approve(read, everyone=True, owner="Kim", until=SOON, by="Kim") is None
    assert await store.in_force() == []


async def test_only_what_stands_so_can_be_decided_so(store: LessonStore) -> None:
    """A second click changes nothing, nor does a page that was opened before somebody else decided."""
    lesson = await added(store)
    assert await store.revoke(lesson, by="Kim") is None
    rejected = await store.reject(lesson, by="Kim")
    assert rejected
    assert await store.reject(rejected, by="Kim") is None
    assert await store.approve(lesson, everyone=True, owner="Kim", until=SOON, by="Kim") is None
    in_force = await approved(store, rejected)  # after all
    assert in_force.state == "approved"
    assert await store.revoke(in_force, by="Robin")
    assert await store.approve(in_force, everyone=True, owner="Kim", until=SOON, by="Kim") is None
    await approved(store, (await store.of([lesson.id]))[lesson.id])
    merged = await added(store, candidate(8))
    assert await store.approve(merged, everyone=True, owner="Kim", until=SOON, by="Kim") is None


async def test_what_is_approved_for_somebody_else_alone_takes_no_lesson_with_it(store: LessonStore) -> None:
    """Merged into it, the other organization would get nothing, and nobody would read it."""
    first = await added(store)
    assert await store.add(candidate(8, organization="o2"), drawn()) == "merged"
    assert await store.add(candidate(9), drawn()) == "merged"
    in_force = await store.approve(first, everyone=False, owner="Kim", until=SOON, by="Kim")
    assert in_force

    waiting = await store.listed("waiting")
    assert [(one.key.ticket_id, one.organization) for one in waiting] == [("8", "o2")]
    assert await store.add(candidate(10, organization="o3"), drawn()) == "merged"  # with the one that waits
    assert (await store.counts())["merged"] == 2


def drawn() -> Sketch:
    """Of the texts of every candidate."""
    return sketch(QUESTION, REPLY, language="en")


async def test_a_name_that_a_person_takes_out_is_gone(store: LessonStore, database: Database) -> None:
    """Also from what the agent had changed."""
    lesson = await added(store, candidate(changed="[-we-] {+Marlene Dietz+} refund it"))
    await store.rewrite(lesson, question=QUESTION, reply="We refund it.", sketch=drawn(), language="en", by="Kim")
    assert "Dietz" not in await dump.tables(database.conninfo)


async def test_what_expired_can_be_approved_again_for_as_long_as_anything_is_kept(
    store: LessonStore, database: Database
) -> None:
    """Counted from when it was over, not from when it was learnt."""
    lesson = await approved(store, await added(store))
    await run(
        database,
        "UPDATE lessons SET created_at = now() - interval '200 days', decided_at = now() - interval '180 days', expires_at = now() - interval '1 day'",
    )
    await store.tidy()
    await Retention(database, days=30).forget_old()
    assert (await store.counts())["expired"] == 1

    await run(database, "UPDATE lessons SET expires_at = now() - interval '31 days'")
    await Retention(database, days=30).forget_old()
    assert await store.of([lesson.id]) == {}


async def test_what_only_its_requester_finds_is_over_when_they_are_forgotten(
    store: LessonStore, database: Database
) -> None:
    """The page says so: it does not stand as approved, and is found by nobody."""
    own = await approved(store, await added(store, candidate(organization="")), everyone=False)
    shared = await approved(
        store,
        await added(store, candidate(8, organization="o2", question="where is the lid of my pan?")),
        everyone=False,
    )
    await run(
        database, "UPDATE lessons SET created_at = now() - interval '31 days', decided_at = now() - interval '31 days'"
    )
    await Retention(database, days=30).forget_old()
    found = await store.of([own.id, shared.id])
    assert {found[own.id].state, found[own.id].requester} == {"expired", ""}
    assert (found[shared.id].state, found[shared.id].requester) == ("approved", "")


async def test_what_is_over_is_in_force_no_more_at_once(store: LessonStore, database: Database) -> None:
    """The round only writes it down."""
    lesson = await approved(store, await added(store))
    assert list(await store.of([lesson.id], in_force=True)) == [lesson.id]
    await run(database, "UPDATE lessons SET expires_at = now() - interval '1 second'")

    assert await store.of([lesson.id], in_force=True) == {}
    assert await store.in_force() == []
    assert (await store.tidy())["expired"] == 1
    assert (await store.counts())["expired"] == 1


@pytest.mark.parametrize(
    ("origin", "ended", "left"),
    [
        ("solved", "csat = -1", 0),
        ("solved", "reopened_at = now()", 0),
        ("edited", "csat = -1", 0),
        ("edited", "reopened_at = now()", 1),
        ("corrected", "csat = -1", 1),
    ],
)
async def test_what_ended_badly_after_all_is_not_learnt(
    store: LessonStore, database: Database, origin: str, ended: str, left: int
) -> None:
    """Known only days later. What a vote says is right whatever became of the ticket."""
    await added(store, candidate(origin=origin))
    await run(
        database,
        "INSERT INTO resolutions (helpdesk, account, ticket_id, arm, opened_at) VALUES ('zendesk', 'acme.zendesk.test', '7', 'note', now())",
    )
    await run(database, f"UPDATE resolutions SET {ended}")  # noqa: S608 - of this file
    await store.tidy()

    assert len(await store.listed("waiting")) == left
