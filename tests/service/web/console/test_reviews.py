"""Reviews: what a reviewer sees of a sample and what not, and the drift that a person lowers. No script runs here."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from service.assembly import Service
from service.groups import ProxySettings
from service.quality.store import Samples
from service.quality.watching import Drifts
from tests.service.quality.answers import TEXT, answered, drawn
from tests.service.web.console.conftest import Opened
from tests.service.web.console.visitor import Browser

PATH = "/admin/reviews"
GOOD = {"intent": "2", "policy": "2", "tone": "1", "timing": ""}
DAY = timedelta(days=1)


@pytest.fixture
async def browser(browse: Opened) -> Browser:
    """Signed in by the token."""
    opened = await browse()
    await opened.sign_in()
    return opened


def words(page: httpx.Response) -> str:
    """What is read of a page."""
    return " ".join(html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page.text, flags=re.DOTALL)).split())


async def begun(browser: Browser, name: str) -> str:
    """The address of the next sample for somebody; of the overview where there is none."""
    answer = await browser.send(f"{PATH}/next", {"as": name}, form_on=PATH)
    assert answer.status_code == 303
    return answer.headers["location"]


async def give(browser: Browser, at: str, name: str, **scores: str) -> httpx.Response:
    """Send the form of a sample."""
    number = at.partition("?")[0].rpartition("/")[2]
    return await browser.send(f"{PATH}/give", {"id": number, "as": name, **scores}, form_on=at)


async def test_a_reviewer_reads_the_answer_and_nothing_of_who_wrote_it(browser: Browser, service: Service) -> None:
    """Neither ticket nor category nor organization; a name is asked for, since all have one token."""
    await drawn(Samples(service.database), 4711)
    overview = await browser.get(PATH)
    assert "Your name" in words(overview)
    assert "16 Nov 2026 1 0 0" in words(overview)

    at = await begun(browser, "Ana")
    page = await browser.get(at)
    said = words(page)
    for told in (TEXT["asked"], TEXT["answer"], "after 2 hours", "Answers all that was asked", "Hello?"):
        assert str(told) in said, told
    for hidden in ("4711", "billing", "zendesk", "900"):
        assert hidden not in said.lower(), hidden


async def test_two_reviewers_go_through_all_and_then_see_what_both_gave(browser: Browser, service: Service) -> None:
    """The first sees nothing of the second before."""
    await drawn(Samples(service.database), 1, 2)
    for name in ("Ana Lind", "Bea"):
        at, seen = await begun(browser, name), 0
        while not at.startswith(f"{PATH}?"):
            seen += 1
            assert "Both reviews" not in words(await browser.get(at))
            last, answer = at, await give(browser, at, name, **GOOD, remark="ask ana@customer.example")
            at = answer.headers["location"]
        assert seen == 2
        assert "You have reviewed all there is for now." in words(await browser.get(at))

    both = words(await browser.get(last))
    assert "Two people have judged it." in both
    assert "Tone 1 1" in both
    assert "A person in time left open left open" in both
    assert "ana@" not in both
    assert "Tone 2 – –" in words(await browser.get(PATH))  # under the fewest, no figure


async def test_a_third_is_told_that_two_have_reviewed_it(browser: Browser, service: Service) -> None:
    """Whoever had it open the longest."""
    await drawn(Samples(service.database), 1)
    at = await begun(browser, "Ana")
    for name in ("Ana", "Bea"):
        await give(browser, at, name, **GOOD)
    late = await browser.send(
        f"{PATH}/give", {"id": at.partition("?")[0].rpartition("/")[2], "as": "Cem", **GOOD}, form_on=PATH
    )
    assert late.status_code == 422
    assert "Two people have reviewed this sample already." in words(late)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"intent": "", "tone": ""}, "one criterion at least"),
        ({"intent": "7"}, "0, 1 or 2"),
        ({"intent": "2", "as": " "}, "Say who reviews"),
    ],
)
async def test_a_review_that_lacks_something_is_not_kept_and_what_was_said_stands_there(
    browser: Browser, service: Service, given: dict[str, str], said: str
) -> None:
    """With a sentence that says what."""
    await drawn(Samples(service.database), 1)
    at = await begun(browser, "Ana")
    number = at.partition("?")[0].rpartition("/")[2]
    page = await browser.send(f"{PATH}/give", {"id": number, "as": "Ana", "remark": "as told", **given}, form_on=at)

    assert page.status_code == 422
    assert said in words(page)
    assert "as told" in page.text
    assert await Samples(service.database).pairs() == {"intent": [], "policy": [], "tone": [], "timing": []}
    assert [week.once for week in await Samples(service.database).weeks()] == [0]


async def test_whom_a_proxy_names_is_the_reviewer(browse: Opened, service: Service) -> None:
    """Nobody is asked, and nobody can be somebody else."""
    await drawn(Samples(service.database), 1)
    proxy = ProxySettings(identity_header="X-User", networks=["192.0.2.0/24"])
    browser = await browse(proxy=proxy)
    ana = {"X-User": "ana"}
    assert "Your name" not in words(await browser.get(PATH, **ana))
    at = (await browser.send(f"{PATH}/next", {"as": "bea"}, form_on=PATH, **ana)).headers["location"]
    number = at.rpartition("/")[2]
    await browser.send(f"{PATH}/give", {"id": number, "as": "bea", **GOOD}, form_on=at, **ana)

    assert await Samples(service.database).next_for("ana") is None
    assert await Samples(service.database).next_for("bea")


async def test_nobody_has_to_review_what_is_not_there(browser: Browser) -> None:
    """The first week, and paths that somebody types."""
    assert "The first sample is drawn when a week with answers is over" in words(await browser.get(PATH))
    for path in (f"{PATH}/1", f"{PATH}/next", f"{PATH}/{'9' * 30}"):
        assert (await browser.get(path)).status_code == 404, path
    for number in ("", "x", "1"):
        answer = await browser.send(f"{PATH}/give", {"id": number, "as": "Ana", **GOOD}, form_on=PATH)
        assert answer.status_code == 404, number


async def test_a_drift_stands_on_the_page_and_the_overview_until_a_person_lowers_it(
    browser: Browser, service: Service
) -> None:
    """With what it was before."""
    now = datetime.now(UTC)
    await answered(service.database, range(200), at=now - 14 * DAY, category="parcel")
    await answered(service.database, range(400, 450), at=now - DAY, category="parcel", use="unused")
    await Drifts(service.database).watch()

    for path in ("/admin", PATH):
        said = words(await browser.get(path))
        assert "Parcel" in said, path
        assert "0 %, before 100 %" in said, path
    done = await browser.send(f"{PATH}/lower", {"category": "parcel"}, form_on=PATH)
    assert done.headers["location"] == f"{PATH}?said=lowered"
    said = words(await browser.get(PATH))
    assert "lowered parcel to where the policy has it" in said
    assert "before 100 %" not in words(await browser.get("/admin"))
    again = await browser.send(f"{PATH}/lower", {"category": "parcel"}, form_on=PATH)
    assert again.status_code == 422
    assert "No drift stands for 'parcel'" in words(again)
