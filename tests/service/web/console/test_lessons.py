"""The queue of lessons: what a person reads before deciding, and what each form does. No script runs here."""

from __future__ import annotations

import html
import re

import httpx
import pytest

from service.assembly import Service
from service.changes import newest_changes
from service.learning.lesson import Lesson
from service.learning.store import LessonStore
from service.pilot import change_in_words
from service.vectors.base import LESSONS
from tests.service.learning.lessons import ACCOUNT, added, candidate
from tests.service.web.console.conftest import Opened
from tests.service.web.console.visitor import Browser

PATH = "/admin/lessons"
FOR_ALL = {"for": "everyone", "owner": "Billing team", "days": "90"}


@pytest.fixture
async def store(service: Service) -> LessonStore:
    """The queue."""
    return service.tools.teaching.store


@pytest.fixture
async def lesson(store: LessonStore) -> Lesson:
    """One that waits, with a change, in somebody's own words."""
    return await added(
        store,
        candidate(changed="boil it [-thrice-] {+<b>once</b>+} more", url="https://acme.zendesk.test/agent/tickets/7"),
    )


@pytest.fixture
async def browser(browse: Opened, lesson: Lesson) -> Browser:
    """Signed in."""
    assert lesson
    opened = await browse()
    await opened.sign_in()
    return opened


def words(page: httpx.Response) -> str:
    """What is read of a page."""
    return " ".join(html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page.text, flags=re.DOTALL)).split())


async def send(browser: Browser, deed: str, lesson: Lesson, **fields: str) -> httpx.Response:
    """A form of the card."""
    return await browser.send(f"{PATH}/{deed}", {"id": str(lesson.id), "stamp": lesson.stamp, **fields}, form_on=PATH)


async def in_index(service: Service) -> list[str]:
    """What the index holds of lessons."""
    return sorted(await service.tools.library.vectors.marks(source=LESSONS, account=ACCOUNT))


async def test_a_person_reads_all_of_it_before_deciding(browser: Browser, lesson: Lesson) -> None:
    """Question, reply, what changed, from which ticket; somebody's words are text, whatever they are."""
    page = await browser.get(PATH)

    said = words(page)
    for told in (
        lesson.question,
        lesson.reply,
        "an agent changed the draft",
        "Waiting 1 Approved 0 Rejected 0 Revoked 0 Expired 0",
    ):
        assert told in said, told
    assert "<del>thrice</del> <ins>&lt;b&gt;once&lt;/b&gt;</ins>" in page.text
    assert 'href="https://acme.zendesk.test/agent/tickets/7"' in page.text
    assert words(await browser.get(f"{PATH}/{lesson.id}")).count(lesson.reply) == 2  # to read, and to rewrite


async def test_approved_for_everyone_it_is_in_the_index_and_the_record(
    browser: Browser, lesson: Lesson, service: Service
) -> None:
    """And revoked, it is gone before the page answers."""
    done = await send(browser, "approve", lesson, **FOR_ALL)
    assert (done.status_code, done.headers["location"]) == (303, f"{PATH}?said=approve")
    assert await in_index(service) == [f"lesson:{lesson.id}"]
    assert "for everyone" in words(await browser.get(f"{PATH}/approved"))

    approved = (await service.tools.teaching.store.of([lesson.id]))[lesson.id]
    done = await send(browser, "revoke", approved)
    assert done.headers["location"] == f"{PATH}/revoked?said=revoke"
    assert await in_index(service) == []
    told = [change_in_words(one) for one in await newest_changes(service.database, of=("lesson",))]
    assert [one.split(" until")[0] for one in told] == [
        f"revoked lesson {lesson.id}",
        f"approved lesson {lesson.id} for everyone",
    ]
    assert "Lately" in words(await browser.get(PATH))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"for": ""}, "for whom"),
        ({"for": "both"}, "for whom"),
        ({"owner": " "}, "who answers"),
        ({"days": "0"}, "days from 1"),
        ({"days": "1e3"}, "days from 1"),
        ({"stamp": "0"}, "rewritten it since"),
    ],
)
async def test_a_form_that_lacks_something_changes_nothing_and_says_what(
    browser: Browser, lesson: Lesson, store: LessonStore, changes: dict[str, str], said: str
) -> None:
    """What was typed stands there again."""
    page = await send(browser, "approve", lesson, **{**FOR_ALL, **changes})

    assert page.status_code == 422
    assert said in words(page)
    assert "stamp" in changes or f'value="{changes.get("days", "90")}"' in page.text
    assert (await store.counts())["approved"] == 0


async def test_rewritten_it_is_masked_anew(browser: Browser, lesson: Lesson, store: LessonStore) -> None:
    """And whoever had the page open does not approve what they have not read."""
    await send(
        browser, "edit", lesson, question="How do I descale it in the end?", reply="Write to ana@customer.example."
    )

    (now,) = await store.listed("waiting")
    assert (now.question, now.reply) == ("How do I descale it in the end?", "Write to [e-mail].")
    assert (await send(browser, "approve", lesson, **FOR_ALL)).status_code == 422


async def test_rejected_it_waits_no_longer_and_can_be_approved_after_all(
    browser: Browser, lesson: Lesson, store: LessonStore
) -> None:
    """A second click says that it was decided."""
    assert (await send(browser, "reject", lesson)).headers["location"] == f"{PATH}?said=reject"
    assert (await send(browser, "reject", lesson)).status_code == 422
    assert "Nothing waits." in words(await browser.get(PATH))

    assert (await send(browser, "approve", lesson, **FOR_ALL)).status_code == 422  # as it stood before
    assert (await store.counts())["approved"] == 0
    rejected = (await store.of([lesson.id]))[lesson.id]
    await send(browser, "approve", rejected, **FOR_ALL)
    assert (await store.counts())["approved"] == 1


async def test_a_lesson_to_hand_over_shows_a_rule_that_the_policy_reads(browser: Browser, store: LessonStore) -> None:
    """To copy: approving it changes no policy."""
    await added(store, candidate(9, kind="hand_over", reply="", category="fault"))
    page = await browser.get(PATH)

    assert "The policy's reader accepts it." in words(page)
    assert "category: fault" in html.unescape(page.text)


async def test_a_contradiction_warns(browser: Browser, lesson: Lesson, store: LessonStore) -> None:
    """With what the article says; an address that is none of the web is no link."""
    await store.checked(
        lesson.id, [{"title": "Kettles", "url": "javascript:x", "said": "in 9 days", "other": "in 14 days"}]
    )
    page = await browser.get(PATH)

    assert "It may contradict Kettles Here: in 9 days There: in 14 days" in words(page)
    assert "javascript:" not in page.text


async def test_a_long_queue_has_pages(browser: Browser, store: LessonStore) -> None:
    """Twenty to one."""
    for number in range(20, 41):
        await added(store, candidate(number, reply=f"This is part {number} of what we say."))

    assert "?page=2" in (await browser.get(PATH)).text
    assert words(await browser.get(f"{PATH}?page=2")).count("From ticket") == 2


@pytest.mark.parametrize(
    "path", [f"{PATH}/nowhere", f"{PATH}/999", f"{PATH}?page=x", f"{PATH}?page=0", f"{PATH}/merged"]
)
async def test_there_is_no_other_page(browser: Browser, path: str) -> None:
    """And no error of ours."""
    assert (await browser.get(path)).status_code == 404


@pytest.mark.parametrize("given", [{"id": "x"}, {"id": "-1"}, {}, {"id": "9" * 19}, {"id": "999"}])
async def test_a_form_that_names_none_changes_nothing(browser: Browser, given: dict[str, str]) -> None:
    """And is no error of ours."""
    assert (await browser.send(f"{PATH}/revoke", given, form_on=PATH)).status_code == 404
    assert (await browser.send(f"{PATH}/burn", given, form_on=PATH)).status_code == 404
