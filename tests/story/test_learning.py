"""From a draft that an agent mended to the next customer's note, through both helpdesks: approved, cited, revoked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.responses import Response

from service.learning.lesson import Lesson
from service.outcomes.outcome import Outcome
from tests.fake_llm import FakeLLM, completion
from tests.service.learning.lessons import written_down
from tests.story.conftest import Play
from tests.story.model import ANALYSIS, DRAFT
from tests.story.test_solved import ASKED, STRANGER

CANARY = "wombat"  # of the reply alone
MENDED = (
    f"Hi Cana,\n\nthe quokka parcels wait in the {CANARY} depot, which is on strike until Monday. "
    "We send you a new kettle free of charge.\n\nBest regards\nRobin"
)
QUERY = "quokka parcel tracking has not moved"


def answering(body: dict[str, Any]) -> Response:
    """A model that drafts from the lesson where it is given one, and from the first passage where not."""
    if body["model"] == "fast":
        return completion({**ANALYSIS, "query": QUERY})(body)
    given = re.split(r"^.*?\((\d+)\) ", body["messages"][-1]["content"], flags=re.MULTILINE)
    numbers = [number for number, text in zip(given[1::2], given[2::2], strict=True) if CANARY in text]
    reply = "Hi,\n\nthe depot is on strike until Monday." if numbers else DRAFT["reply"]
    return completion(
        {**DRAFT, "reply": reply, "citations": [{"number": (numbers or ["1"])[0], "supports": "the strike"}]}
    )(body)


async def mended(play: Play, helpdesk: str) -> Lesson:
    """Cana asks, an agent mends our draft and sends it, and the ticket is looked at; what waits in the queue then."""
    teaching, desk = play.stage.service.tools.teaching, play.stage.service.tools.library.helpdesks[helpdesk]
    ticket_id = await play.ask(helpdesk, **ASKED)
    await play.note(helpdesk, ticket_id)
    draft = await play.draft(helpdesk, ticket_id)
    await play.stage.simulator(helpdesk).agent_message(ticket_id, text=MENDED, public=True)
    await play.settled(helpdesk, ticket_id)
    ticket = await desk.ticket(ticket_id)
    reply = next(one for one in reversed(ticket.messages) if one.kind == "public reply")
    outcome = Outcome(
        draft.key, draft.message_id, "note", asked_at=ticket.messages[0].at, reference=draft.reference, reply_id=reply.id,
        use="edited", fidelity=0.5,
    )  # fmt: skip
    await written_down(play.stage.service.database, outcome)
    await teaching.offer(ticket)
    (lesson,) = await teaching.store.listed("waiting")
    return lesson


async def read_for(play: Play, helpdesk: str, model: FakeLLM) -> tuple[str, str]:
    """The note that a customer of another organization gets, and all that a model read for it."""
    before = len(model.requests)
    note = await play.note(
        helpdesk,
        await play.ask(
            helpdesk, **STRANGER, subject="Parcel", text="Hello, the tracking of my quokka parcel has not moved?"
        ),
    )
    return note, "\n".join(request.text for request in model.requests[before:])


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
async def test_a_mended_draft_helps_the_next_customer_once_it_is_approved(
    open_play: Callable[..., Any], model: FakeLLM, helpdesk: str
) -> None:
    """Not before, and not after it is revoked."""
    model.otherwise = answering
    async with open_play(llm=model.settings()) as play:
        teaching = play.stage.service.tools.teaching
        lesson = await mended(play, helpdesk)
        assert (lesson.origin, CANARY in lesson.reply, "{+" in lesson.changed) == ("edited", True, True)
        assert not [
            name
            for name in ("Cana", "Ryman", "Robin", "@", "Lindholm")
            if name in f"{lesson.question} {lesson.reply} {lesson.changed}"
        ]
        await teaching.go()
        note, read = await read_for(play, helpdesk, model)
        assert "Lesson" not in note
        assert CANARY not in read

        lesson = (await teaching.approve(lesson, everyone=True, owner="Kim", days=180, by="Kim")).lesson
        note, read = await read_for(play, helpdesk, model)
        assert f"Lesson {lesson.id} (approved):" in note
        assert "strike" in note.partition("<hr")[2].partition("<hr")[0]
        assert CANARY in read
        assert "Solved ticket" not in note

        await teaching.revoke(lesson, by="Kim")
        note, read = await read_for(play, helpdesk, model)
        assert "Lesson" not in note
        assert CANARY not in read
