"""The reply a model writes, and what code makes sure of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from service.analysis import Analysis, Summary
from service.conversation import Conversation, Turn
from service.drafting import Citation, Draft, write_draft
from service.errors import LLMMisconfiguredError, LLMUnavailableError
from service.groups import BrandSettings
from service.llm import LLM
from service.vectors import Found, Passage
from tests.fake_llm import FakeLLM, serving

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
ASK = Conversation(
    subject="Delivery", turns=(Turn("requester", AT, "How long does a parcel to Spain take?"),), author="<NAME_1>"
)
ANALYSIS = Analysis(
    summary=Summary("Asks for the delivery time."), intent="delivery time", sentiment="neutral", urgency="normal",
    language="en", query="parcel Spain delivery time",
)  # fmt: skip
GOOD: dict[str, Any] = {
    "reply": "Hi <NAME_1>,\n\nParcels to Spain take 3 to 5 working days.",
    "covered": True,
    "citations": [{"number": 1, "supports": "the days"}],
    "checks": ["the tracking status"],
    "reason": "The article names the days.",
    "gloss": "",
}


def passage(number: int, title: str, text: str, **values: Any) -> Found:
    """A passage found at this rank."""
    known = {"id": str(number), "article": f"folder:{number}", "source": "folder", "breadcrumb": "", "language": "en"}
    whole = known | {"url": f"https://help.acme.example/{number}", "audience": "public", "title": title, "text": text}
    return Found(Passage(**(whole | values)), 1.0 / number)


PASSAGES = (
    passage(1, "Delivery times", "Parcels to Spain usually take 3 to 5 working days."),
    passage(2, "Returns", "You can return an item within 30 days."),
    passage(3, "Late parcels", "Offer a voucher of 10 EUR.", audience="internal"),
)


@asynccontextmanager
async def model(**settings: object) -> AsyncIterator[tuple[FakeLLM, LLM]]:
    """A model that must be asked."""
    with serving() as server:
        async with LLM.opened(server.settings(**settings)) as llm:
            assert llm is not None
            yield server, llm


async def drafted(answer: object, *, conversation: Conversation = ASK, language: str = "en", **values: Any) -> Draft:
    """The draft that comes of this answer; it took one call."""
    async with model() as (server, llm):
        server.reply(answer, **values)
        draft = await write(llm, conversation=conversation, language=language)
    assert len(server.requests) == 1
    return draft


async def write(
    llm: LLM, *, conversation: Conversation = ASK, language: str = "en", passages: Sequence[Found] = PASSAGES
) -> Draft:
    """One draft for an English team."""
    return await write_draft(
        conversation,
        Analysis(ANALYSIS.summary, "delivery", "neutral", "normal", language, "parcel"),
        passages,
        llm=llm,
        brand=BrandSettings(name="Acme", tone="warm"),
        team_language="en",
    )


async def test_a_draft_comes_from_the_main_model() -> None:
    """With all that is kept of how it came about."""
    draft = await drafted(GOOD)

    assert draft == Draft(
        text="Hi <NAME_1>,\n\nParcels to Spain take 3 to 5 working days.",
        language="en",
        covered=True,
        citations=(Citation(1, "the days"),),
        checks=("the tracking status",),
        reason="The article names the days.",
        model="main",
        prompt_version=draft.prompt_version,
        tokens_in=100,
        tokens_out=20,
        mark=draft.mark,
    )
    assert draft.prompt_version.startswith("draft ")


async def test_the_prompt_holds_what_the_model_needs() -> None:
    """Numbered passages without addresses, internal ones marked, brand and tone, the ticket between fences."""
    async with model() as (server, llm):
        server.reply(GOOD)
        await write(llm)

    (request,) = server.requests
    assert request.body["model"] == "main"
    assert request.body["max_tokens"] == 1_200
    for part in ("of Acme", "Tone: warm", "(1) Delivery times", "(3) INTERNAL Late parcels", "How long does a parcel"):
        assert part in request.text
    assert "https://" not in request.text


async def test_a_long_ticket_keeps_the_models_limit() -> None:
    """Its newest message, and the numbers of the passages, survive."""
    turns = tuple(Turn("requester", AT, f"Message {number}. " + "More about it. " * 400) for number in range(30))
    async with model(context_tokens=4_000) as (server, llm):
        server.reply(GOOD)
        await write(llm, conversation=Conversation("Delivery", turns, author="<NAME_1>"))

    text = server.requests[0].text
    assert len(text) < 4_000 * 6
    assert "Message 0." in text
    assert "Message 29." in text
    assert "messages left out" in text


async def test_a_draft_keeps_the_mark_that_fenced_its_prompt() -> None:
    """By it the guard knows a prompt that comes back."""
    async with model() as (server, llm):
        server.reply(GOOD)
        draft = await write(llm)

    assert len(draft.mark) == 16
    assert draft.mark in server.requests[-1].text


@pytest.mark.parametrize(
    "citations", [[1], ["[1]"], "1", "[1]", {"1": "the days"}, [{"number": "1"}], [{"source": "[1]"}], 1, [1, 1]]
)
async def test_citations_are_read_in_any_form(citations: object) -> None:
    """Small models have their own ideas."""
    draft = await drafted(GOOD | {"citations": citations})

    assert [citation.number for citation in draft.citations] == [1]
    assert draft.dropped_citations == 0


async def test_citations_that_were_not_given_are_dropped_and_counted() -> None:
    """A number beyond the passages, or zero."""
    draft = await drafted(GOOD | {"citations": [{"number": 0}, {"number": 1, "supports": "the days"}, {"number": 9}]})

    assert draft.citations == (Citation(1, "the days"),)
    assert draft.dropped_citations == 2


async def test_marks_in_the_text_become_citations() -> None:
    """Where the model gave no list; the marks go."""
    draft = await drafted(GOOD | {"reply": "Hi <NAME_1>,\n\nParcels take 3 to 5 days [1].", "citations": []})

    assert draft.text.endswith("3 to 5 days.")
    assert [citation.number for citation in draft.citations] == [1]


async def test_a_draft_without_any_source_is_matched_by_its_words() -> None:
    """A right answer is not thrown away for a missing number; a person is told."""
    draft = await drafted(GOOD | {"citations": [7]})

    assert [citation.number for citation in draft.citations] == [1]
    assert any("named no source" in check for check in draft.checks)


async def test_a_draft_that_no_passage_supports_cites_nothing() -> None:
    """The guard then drops it."""
    draft = await drafted(GOOD | {"reply": "We refund everything twice, always.", "citations": []})

    assert draft.covered
    assert draft.citations == ()


async def test_the_letter_is_put_right() -> None:
    """Greeting, sign-off, Markdown, claims to have looked."""
    said = "**Hello there!**\n\nI have looked at your screenshot. Parcels take [1] 3 to 5 days.\n\nBest regards,\n[Your name]\nAcme Team"
    draft = await drafted(GOOD | {"reply": said})

    assert draft.text == "Hi <NAME_1>,\n\nParcels take 3 to 5 days."
    assert any("attachment" in check for check in draft.checks)


async def test_numbers_from_nowhere_are_checks() -> None:
    """Neither a passage nor the ticket holds them."""
    draft = await drafted(
        GOOD | {"reply": "Hi <NAME_1>,\n\nIt takes 3 to 5 days and costs 4.90 EUR for order [order number]."}
    )

    assert "In no source and not in the ticket: 4.90" in draft.checks
    assert "Fill in: [order number]" in draft.checks


async def test_a_draft_in_the_wrong_language_is_a_check() -> None:
    """The greeting follows the text, the team is told."""
    draft = await drafted(
        GOOD | {"reply": "Pakete nach Spanien brauchen 3 bis 5 Werktage, das steht in unseren Artikeln."}
    )

    assert draft.language == "de"
    assert draft.text.startswith("Hallo <NAME_1>,")
    assert "The draft seems to be in German, the customer writes in English." in draft.checks


async def test_a_draft_in_another_language_has_a_gloss() -> None:
    """One in the team's own has none, whatever the model says."""
    spanish = "Hola <NAME_1>,\n\nLos paquetes a España tardan de 3 a 5 días laborables."

    assert (
        await drafted(GOOD | {"reply": spanish, "gloss": "It names the days."}, language="es")
    ).gloss == "It names the days."
    assert (await drafted(GOOD | {"gloss": "It names the days."})).gloss == ""


async def test_an_uncovered_question_is_answered_by_a_question() -> None:
    """Nothing is cited for it."""
    draft = await drafted(
        GOOD | {"covered": False, "reply": "Which carrier do you use?", "reason": "No article names carriers."}
    )

    assert not draft.covered
    assert draft.text == "Hi <NAME_1>,\n\nWhich carrier do you use?"
    assert draft.citations == ()
    assert draft.reason == "No article names carriers."


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Sure, here is a reply: it takes 3 days.",
        '{"covered": true}',
        '{"reply": "", "covered": true}',
        "<html>",
        None,
    ],
)
async def test_an_unreadable_answer_says_so(answer: str | None) -> None:
    """No second call, and no invented draft."""
    draft = await drafted(answer)

    assert (draft.text, draft.covered, draft.citations) == ("", False, ())
    assert "could not be read" in draft.reason
    assert draft.tokens_in == 100


async def test_a_cut_answer_is_used_with_a_warning() -> None:
    """The limit of tokens ended it."""
    draft = await drafted('{"covered": true, "citations": [1], "reply": "Parcels take 3 to 5 working', finish="length")

    assert draft.text == "Hi <NAME_1>,\n\nParcels take 3 to 5 working"
    assert any("ends early" in check for check in draft.checks)


async def test_a_refused_text_gives_no_draft() -> None:
    """And says who refused."""
    draft = await drafted(None, refusal="I can't")

    assert draft.text == ""
    assert "refused" in draft.reason


async def test_a_model_that_is_down_is_reported() -> None:
    """The pipeline quotes passages then."""
    async with model() as (server, llm):
        server.fail(503)
        with pytest.raises(LLMUnavailableError):
            await write(llm)
        server.fail(401)
        with pytest.raises(LLMMisconfiguredError):
            await write(llm)


async def test_an_obedient_model_cannot_flood_a_draft() -> None:
    """200,000 characters are read in time; the guard cuts them."""
    draft = await drafted(GOOD | {"reply": "It takes three days. " * 10_000})

    assert draft.text.startswith("Hi <NAME_1>,")


async def test_a_reply_under_another_name_is_found() -> None:
    """As a list of paragraphs, too."""
    draft = await drafted({"draft": ["Parcels take 3 days.", "That is all."], "covered": "yes", "citations": "1"})

    assert draft.text == "Hi <NAME_1>,\n\nParcels take 3 days.\n\nThat is all."
    assert draft.covered


BESIDE = (
    *PASSAGES,
    passage(4, "Delivery to Spain", "We send it by boat. … It is with you soon.", pool="macro", url=""),
    passage(5, "Goodwill", "Send a tea worth 9 EUR.", pool="macro", audience="internal", url=""),
    passage(6, "Parcel was late", "It came on 12 December, we gave back 40 EUR.", pool="ticket", article="tickets:377"),
)


async def test_the_prompt_says_which_passages_are_macros_and_which_solved_tickets() -> None:
    """And how each may be used; without them it says nothing of them."""
    async with model() as (server, llm):
        server.reply(GOOD)
        server.reply(GOOD)
        await write(llm, passages=BESIDE)
        await write(llm)

    asked, without = server.requests
    for part in ("(4) MACRO Delivery to Spain", "(5) INTERNAL MACRO Goodwill", "(6) SOLVED TICKET Parcel was late"):
        assert part in asked.text
    assert "replies the team has ready" in asked.text
    assert "its names, dates, amounts, orders and states are not facts of this ticket" in asked.text
    assert "MACRO" not in without.text
    assert "SOLVED" not in without.text


@pytest.mark.parametrize(
    ("said", "cited", "check"),
    [
        ("We look for the parcel at the carrier.", [6], "Solved ticket 377 was used: still true here?"),
        ("You get back 40 EUR in 3 to 5 days.", [1], "Solved ticket 377 says 40: true here as well?"),
        ("It came on 12 December.", [6, 1], "Solved ticket 377 says 12: true here as well?"),
        ("Parcels take 3 to 5 working days.", [1, 4], ""),
    ],
)
async def test_what_comes_from_a_solved_ticket_is_a_check(said: str, cited: list[int], check: str) -> None:
    """Whether it was cited, or only its numbers were taken: they are another customer's."""
    async with model() as (server, llm):
        server.reply(GOOD | {"reply": f"Hi <NAME_1>,\n\n{said}", "citations": cited, "checks": []})
        draft = await write(llm, passages=BESIDE)

    assert draft.checks == ((check,) if check else ())


async def test_an_approved_lesson_is_the_teams_own_word() -> None:
    """The model is told so, and its amounts are no check; a solved ticket beside it stays another customer's."""
    lesson = passage(7, "Parcel was late", "We gave back 70 EUR.", pool="ticket", article="lesson:12", source="lessons")
    async with model() as (server, llm):
        server.reply(GOOD | {"reply": "Hi <NAME_1>,\n\nyou get back 70 EUR.", "citations": [7], "checks": []})
        server.reply(GOOD)
        draft = await write(llm, passages=(*BESIDE, lesson))
        await write(llm, passages=(*PASSAGES, lesson))

    assert draft.checks == ()
    both, alone = server.requests
    assert "(7) APPROVED ANSWER Parcel was late" in both.text
    assert "Passages marked SOLVED TICKET" in both.text
    assert "SOLVED TICKET" not in alone.text


async def test_a_gap_copied_from_a_macro_is_to_be_filled_in() -> None:
    """Where no macro was given, an ellipsis is only an ellipsis."""
    said = GOOD | {"reply": "Hi <NAME_1>,\n\nyour parcel … is on its way.", "checks": []}
    async with model() as (server, llm):
        server.reply(said)
        server.reply(said)
        copied, own = await write(llm, passages=BESIDE), await write(llm)

    assert copied.checks == ("Fill in: …",)
    assert own.checks == ()


async def test_half_a_character_in_a_reply_fails_nobody() -> None:
    """Nor does NUL: a stranger can have a model write either, and no library reads them."""
    async with model() as (server, llm):
        server.reply(GOOD | {"reply": "Hi <NAME_1>,\n\nyour \ud83dparcel\x00 is on its way.", "checks": []})
        draft = await write(llm)

    assert "your parcel is on its way." in draft.text
