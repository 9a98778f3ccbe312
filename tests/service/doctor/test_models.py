"""Model and embeddings: not a token without --live, one tiny call each with it, and each way to be wrong has its sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import SecretStr

from connectors.setup import Check
from service.doctor import models
from service.groups import EmbeddingsSettings, LLMSettings
from service.web.server import serving
from tests import fake_llm
from tests.fake_embeddings import fake_embeddings

Listed = Callable[[Request], Response]
LIST = {"data": [{"id": "main"}, {"id": "fast"}]}


async def looked(listed: Listed, *, key: str = "test-key", live: bool = False) -> tuple[Check, Check, list[str]]:
    """Both checks against a server with this list of models, and which paths were asked."""
    app, asked = FastAPI(), list[str]()

    async def answer(request: Request) -> Response:
        asked.append(request.url.path)
        return listed(request)

    app.add_api_route("/v1/{path:path}", answer, methods=["GET", "POST"])
    async with serving(app, host="127.0.0.1", port=0) as url:
        given: dict[str, Any] = {"base_url": f"{url}/v1", "api_key": SecretStr(key), "model": "main"}
        (llm,) = await models.language_model(LLMSettings(**given, fast_model="fast"), live=live)
        (encoder,) = await models.embeddings(EmbeddingsSettings(**given), live=live)
    return llm, encoder, asked


def private(request: Request) -> Response:
    """A list for whoever has the key."""
    return JSONResponse(LIST, 200 if request.headers.get("authorization") == "Bearer test-key" else 401)


async def test_no_token_is_spent_without_live_and_one_call_each_with_it() -> None:
    """Looking at health is free, however often a monitor does it."""
    with fake_llm.serving() as model, fake_embeddings() as encoder:
        model.always("OK")
        one, two = model.settings(), encoder.settings()
        (unasked,), (uncertain,) = (
            await models.language_model(one, live=False),
            await models.embeddings(two, live=False),
        )
        assert (model.requests, encoder.requests) == ([], [])

        (llm,), (embedded,) = await models.language_model(one, live=True), await models.embeddings(two, live=True)

        assert (len(model.requests), len(encoder.requests)) == (1, 1)
        assert model.requests[0].body["max_tokens"] <= 16
        assert len(model.requests[0].text) < 20
    assert [check.state for check in (unasked, uncertain, llm, embedded)] == ["fine"] * 4
    assert "takes the key and has main and fast" in unasked.said
    assert "64 numbers" in embedded.said


async def test_nothing_set_is_fine() -> None:
    """The extractive writer and words alone are choices."""
    assert [check.state for check in await models.language_model(LLMSettings(), live=True)] == ["fine"]
    assert [check.state for check in await models.embeddings(EmbeddingsSettings(), live=True)] == ["fine"]


async def test_a_key_that_is_refused_is_wrong_and_no_call_is_made() -> None:
    """Also with --live: there is nothing more to learn."""
    llm, encoder, asked = await looked(private, key="another-key", live=True)

    assert (llm.state, llm.remedy) == ("wrong", "Correct DESKPILOT_LLM__API_KEY.")
    assert (encoder.state, encoder.remedy) == ("wrong", "Correct DESKPILOT_EMBEDDINGS__API_KEY.")
    assert asked == ["/v1/models"] * 2
    assert "another-key" not in llm.said


@pytest.mark.parametrize(
    ("answer", "state", "says"),
    [
        (JSONResponse({"error": "x"}, 404), "doubtful", "cannot be checked without --live"),
        (Response("<html>welcome</html>"), "doubtful", "has no list of models"),
        (JSONResponse(LIST), "doubtful", "the key cannot be checked without --live"),
        (JSONResponse({"data": [{"id": "other"}]}), "doubtful", "lacks main"),
        (JSONResponse({"error": "x"}, 503), "wrong", "answers with an error (503)"),
        (RedirectResponse("http://elsewhere.example/"), "wrong", "sends us elsewhere"),
    ],
    ids=["no list", "no API", "a list for everybody", "without ours", "down", "moved"],
)
async def test_each_answer_has_its_sentence_and_a_remedy(answer: Response, state: str, says: str) -> None:
    """What cannot be known without a call is told from what is wrong."""
    for check in (await looked(lambda _: answer))[:2]:
        assert check.state == state
        assert says in check.said
        assert check.remedy


async def test_nobody_there_is_wrong() -> None:
    """With the setting that names the address."""
    (check,) = await models.language_model(LLMSettings(base_url="http://127.0.0.1:1/v1", model="m"), live=True)

    assert (check.state, check.said) == ("wrong", "127.0.0.1:1 does not answer (ConnectError).")
    assert "DESKPILOT_LLM__BASE_URL" in check.remedy


async def test_a_key_that_no_header_can_carry_is_wrong() -> None:
    """Somebody copied a dash of a word processor."""
    llm, _, asked = await looked(private, key="sk–1234")

    assert (llm.state, llm.remedy, asked) == ("wrong", "Copy DESKPILOT_LLM__API_KEY again.", [])


async def test_what_only_a_call_shows_is_shown_by_it() -> None:
    """A list for everybody, and a key that is refused when it counts."""

    def listed_but_refused(request: Request) -> Response:
        return JSONResponse(LIST if request.method == "GET" else {"error": {"message": "test-key is blocked"}}, 200 if request.method == "GET" else 401)  # fmt: skip

    found: Sequence[Check] = (await looked(listed_but_refused, live=True))[:2]

    assert [check.state for check in found] == ["wrong", "wrong"]
    assert ["API_KEY" in check.remedy for check in found] == [True, True]
    assert "test-key" not in " ".join(f"{check.said} {check.remedy}" for check in found)


async def test_a_fast_model_that_the_list_lacks_is_doubtful_though_the_main_one_answers() -> None:
    """It is not called: one call is enough."""
    with fake_llm.serving() as model:
        model.always("OK")
        model.models = ("main",)
        (check,) = await models.language_model(model.settings(), live=True)

    assert (check.state, check.remedy) == ("doubtful", "Correct DESKPILOT_LLM__FAST_MODEL.")


async def test_names_that_a_list_puts_something_around_are_found() -> None:
    """Gemini's "models/…" and Ollama's ":latest"."""
    names = {"data": [{"id": "models/main"}, {"id": "fast:latest"}]}
    llm, _, _ = await looked(lambda request: JSONResponse(names, 200 if "authorization" in request.headers else 401))

    assert llm.state == "fine"
