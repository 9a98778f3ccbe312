"""The test box beside a working service: the story's own steps, and nothing left behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import sqlalchemy as sa

from tests.fake_llm import FakeLLM
from tests.story.articles import HELP
from tests.story.conftest import Play

ADMIN = "admin-token-of-this-test"
QUESTION = (
    "Hello, I am Ana Lind (ana.lind@customer.example, +49 30 901820). The tracking of my parcel has not moved for nine days. "
    "Is it lost? Do I get a new kettle?"
)


async def tried(play: Play, **given: Any) -> httpx.Response:
    """An administrator's program asks."""
    async with httpx.AsyncClient() as http:
        return await http.post(
            f"{play.stage.url}/api/try",
            json={"question": QUESTION, **given},
            headers={"Authorization": f"Bearer {ADMIN}"},
            timeout=60,
        )


def below_the_greeting(note: str) -> str:
    """A draft without its first paragraph."""
    return note.split("<hr>")[1].partition("</p>")[2].strip()


async def rows(play: Play) -> dict[str, int]:
    """How many rows each table has, but those of what a model costs."""
    async with play.stage.service.database.engine.connect() as connection:
        tables = await connection.scalars(
            sa.text(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'procrastinate_w%'"
            )
        )
        return {
            name: await connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0  # noqa: S608 - its own names
            for name in tables.all()
            if name != "spending"
        }


async def test_a_question_is_tried_and_nothing_is_written_anywhere(
    open_play: Callable[..., Any], model: FakeLLM
) -> None:
    """The same calls, masked, from the same budgets; no helpdesk, ledger, gap or vote sees any of it."""
    async with open_play(llm=model.settings(), admin_token=ADMIN, public_url="https://desk.example") as play:
        for helpdesk in ("zendesk", "freshdesk"):  # so that there is something to write to
            ticket_id = await play.ask(helpdesk)
            note = await play.note(helpdesk, ticket_id)
            await play.settled(helpdesk, ticket_id)
        before, asked = await rows(play), [len(play.zendesk.requests), len(play.freshdesk.requests)]
        index = await play.stage.service.tools.library.vectors.status()
        model.requests.clear()

        answer = await tried(play, helpdesk="freshdesk")
        told = answer.json()

        assert (answer.status_code, told["verdict"], told["writer"], told["helpdesk"]) == (
            200,
            "ready",
            "model",
            "freshdesk",
        )
        assert (told["calls"], told["tokens_in"], told["tokens_out"]) == (2, 200, 40)
        assert set(told["seconds"]) == {"mask", "analyse", "triage", "passages", "draft", "note"}
        assert [one["cited"] for one in told["passages"]].count(True) == 1
        assert told["passages"][0]["score"] >= told["passages"][-1]["score"] > 0
        assert 0 < told["confidence"] <= 1
        assert told["silence"] == ""
        # a note as the ticket got it, but for its reference, its links for votes, and the name that nobody told
        assert below_the_greeting(told["note"]) == below_the_greeting(note)
        assert "DP-TRY00" in told["note"]
        assert "/feedback/" not in told["note"]
        for request in model.requests:
            assert "ana.lind@" not in request.text
            assert "901820" not in request.text
        assert len(model.requests) == 2
        assert [len(play.zendesk.requests), len(play.freshdesk.requests)] == asked
        assert await rows(play) == before
        assert await play.stage.service.tools.library.vectors.status() == index
        spent = await play.stage.service.tools.spending.today()
        assert {one.account.partition(":")[0]: one.tokens_in for one in spent} == {"zendesk": 200, "freshdesk": 400}


async def test_without_a_model_it_quotes_and_says_what_it_found(open_play: Callable[..., Any]) -> None:
    """The same note as a ticket's; and what would be met with silence says so beside its draft."""
    async with open_play(admin_token=ADMIN) as play:
        told = (await tried(play)).json()
        assert (told["verdict"], told["calls"], told["helpdesk"]) == ("no_model", 0, "zendesk")
        assert f'href="{HELP}/parcels"' in told["note"]
        assert any(one["cited"] and one["url"] == f"{HELP}/parcels" for one in told["passages"])

        thanks = (await tried(play, question="Thank you so much, that solved it!")).json()
        assert "thanks" in thanks["silence"]

        german = (await tried(play, question="Kettle descaling vinegar", language="de")).json()
        assert german["language"] == "de"

        angry = (await tried(play, question="Cancel my subscription NOW!!! I want to speak to a manager!")).json()
        assert angry["verdict"] == "person"

        assert (await tried(play, question="\0 " + "a" * 500)).status_code == 200


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"question": "  "}, "question"),
    ({"question": 7}, "question"),
    ({"question": "a" * 20_001}, "question"),
    ({"helpdesk": "jira"}, "helpdesk"),
    ({"brand": "a\0b"}, "brand"),
    ({"language": "klingon"}, "language"),
    ({"extra": "x"}, "extra"),
]


async def test_what_cannot_be_tried_is_refused_by_key(open_play: Callable[..., Any]) -> None:
    """And nobody gets in without the token, nor with a book."""
    async with open_play(admin_token=ADMIN) as play:
        for given, key in WRONG:
            answer = await tried(play, **given)
            assert (answer.status_code, [one["key"] for one in answer.json()["detail"]]) == (422, [key])
        assert (await tried(play, question="a" * 200_000)).status_code == 413
        async with httpx.AsyncClient() as http:
            assert (await http.post(f"{play.stage.url}/api/try", json={"question": QUESTION})).status_code == 401
