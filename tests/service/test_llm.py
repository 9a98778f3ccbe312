"""The door to the model, against a real server on loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from service.errors import LLMMisconfiguredError, LLMRefusedError, LLMUnavailableError
from service.groups import LLMSettings
from service.llm import LLM, Completion
from tests.fake_llm import FakeLLM, serving

ASK = [{"role": "system", "content": "Answer in JSON."}, {"role": "user", "content": "Where is order 12?"}]
SCHEMA = {"title": "reply", "type": "object", "properties": {"reply": {"type": "string"}}}


@pytest.fixture
def server() -> Iterator[FakeLLM]:
    """A chat server that must be asked."""
    with serving() as fake:
        yield fake


@asynccontextmanager
async def opened(settings: LLMSettings) -> AsyncIterator[LLM]:
    """The door, as the composition root opens it."""
    async with LLM.opened(settings) as llm:
        assert llm is not None
        yield llm


async def ask(server: FakeLLM, **settings: object) -> Completion:
    """One call."""
    async with opened(server.settings(**settings)) as llm:
        return await llm.complete(ASK, model=llm.model, schema=SCHEMA, max_tokens=300)


async def test_an_answer_comes_with_its_cost(server: FakeLLM) -> None:
    """Text, the model that wrote it, and what it cost."""
    server.reply({"reply": "Tomorrow"})

    assert await ask(server) == Completion(text='{"reply": "Tomorrow"}', model="main", tokens_in=100, tokens_out=20)
    assert server.requests[0].headers["authorization"] == "Bearer test-key"


async def test_a_plain_server_is_asked_for_nothing_special(server: FakeLLM) -> None:
    """By default only what every chat server knows is sent."""
    server.reply("{}")

    await ask(server)

    assert server.requests[0].body == {"model": "main", "messages": ASK, "max_tokens": 300}


@pytest.mark.parametrize(("mode", "kind"), [("object", "json_object"), ("schema", "json_schema")])
async def test_a_json_mode_is_used_where_it_is_set(server: FakeLLM, mode: str, kind: str) -> None:
    """Only a person knows whether the server has one."""
    server.reply("{}")

    await ask(server, json_mode=mode)

    assert server.requests[0].body["response_format"]["type"] == kind


@pytest.mark.parametrize("base_url", ["", "https://eu.api.openai.com/v1", "https://acme.openai.azure.com/openai/v1"])
async def test_openai_itself_gets_its_own_name_for_the_limit(base_url: str) -> None:
    """Its newer models refuse max_tokens, and count hidden reasoning against the limit."""
    async with opened(LLMSettings(base_url=base_url, api_key="k", model="m")) as llm:  # type: ignore[arg-type]
        assert llm._options(SCHEMA, 300) == {"max_completion_tokens": 4_300}


async def test_without_settings_there_is_no_model() -> None:
    """The extractive writer writes then."""
    async with LLM.opened(LLMSettings()) as llm:
        assert llm is None


async def test_a_server_without_a_key_is_asked_without_the_environments(
    server: FakeLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key, address or organisation that lies about in the environment goes nowhere."""
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    server.reply("{}")

    await ask(server, api_key="")

    assert "canary" not in str(server.requests[0].headers)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<think>The {customer} asks</think>\n{}", "{}"),
        ("so the customer asks…</think>{}", "{}"),
        ("<think>cut off while thinking", ""),
        ("<|channel|>analysis<|message|>hm<|end|><|channel|>final<|message|>{}<|return|>", "{}"),
        ('{"reply": "write </think> here"}', '{"reply": "write </think> here"}'),
        (None, ""),
    ],
)
async def test_reasoning_is_not_part_of_the_answer(server: FakeLLM, content: str | None, text: str) -> None:
    """Whatever a server leaves in front of it, also when nothing follows."""
    server.reply(content)

    assert (await ask(server)).text == text


async def test_content_in_parts_is_joined(server: FakeLLM) -> None:
    """Some gateways answer with a list of parts."""
    parts = [{"type": "text", "text": "{"}, {"type": "image"}, {"type": "text", "text": "}"}]
    server.send(json.dumps({"choices": [{"message": {"content": parts}}]}))

    assert (await ask(server)).text == "{}"


async def test_an_answer_that_hit_the_limit_says_so(server: FakeLLM) -> None:
    """A cut draft must not pass for a whole one."""
    server.reply('{"reply": "Half a sen', finish="length", usage=False)

    assert await ask(server) == Completion(text='{"reply": "Half a sen', model="main", cut=True)


async def test_a_busy_server_says_when_to_come_back(server: FakeLLM) -> None:
    """The wait it asks for reaches the job."""
    server.fail(429, body="rate limit", headers={"retry-after": "17"})

    with pytest.raises(LLMUnavailableError, match="429") as caught:
        await ask(server)

    assert caught.value.after_s == 17
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504, 529])
async def test_a_failing_server_is_asked_once(server: FakeLLM, status: int) -> None:
    """Whether to ask again is the job's decision, and each call costs money."""
    server.fail(status, body="upstream")

    with pytest.raises(LLMUnavailableError):
        await ask(server)

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "said", "hint"),
    [
        (401, "Incorrect API key provided: test-key", "API_KEY"),
        (403, "no access", "API_KEY"),
        (402, "Insufficient Balance", "credit"),
        (404, "The model `main` does not exist", "MODEL"),
        (405, "method", "BASE_URL"),
        (400, "Unsupported parameter: 'max_tokens'", "MODEL"),
        (400, "'response_format.type' must be 'json_schema' or 'text'", "JSON_MODE"),
        (422, "Extra inputs are not permitted", "JSON_MODE"),
    ],
)
async def test_what_a_person_must_mend_is_told_apart(server: FakeLLM, status: int, said: str, hint: str) -> None:
    """No later call works either; the message says which setting to look at, and never repeats the key."""
    server.fail(status, body=said)

    with pytest.raises(LLMMisconfiguredError, match=hint) as caught:
        await ask(server)

    assert "test-key" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_an_empty_account_is_not_a_busy_one(server: FakeLLM) -> None:
    """OpenAI answers 429 for both."""
    server.fail(429, body={"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}})

    with pytest.raises(LLMMisconfiguredError, match="credit"):
        await ask(server)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "This model's maximum context length is 8192 tokens"),
        (400, "The response was filtered due to the prompt triggering content management policy"),
        (413, ""),
        (400, "could not parse your prompt"),
    ],
)
async def test_a_prompt_that_is_refused_condemns_no_other(server: FakeLLM, status: int, said: str) -> None:
    """Neither waiting nor a person helps; the next ticket may well work."""
    server.fail(status, body=said)

    with pytest.raises(LLMRefusedError):
        await ask(server)


async def test_a_filtered_or_declined_answer_is_a_refusal(server: FakeLLM) -> None:
    """Both come with status 200."""
    server.reply("", finish="content_filter")
    server.reply(None, refusal="I can't help with that")

    for _ in range(2):
        with pytest.raises(LLMRefusedError):
            await ask(server)


@pytest.mark.parametrize(
    "content",
    [
        "<html>Down for maintenance</html>",
        '{"choices": []}',
        "{}",
        "[]",
        "null",
        "",
        b"\xff\xfe",
        "[" * 100_000,
        '{"error": {"message": "upstream timed out", "code": 504}}',
    ],
)
async def test_an_answer_that_is_no_completion_is_an_outage(server: FakeLLM, content: str | bytes) -> None:
    """A proxy's page, an upstream's error with status 200, an empty list."""
    server.send(content)

    with pytest.raises(LLMUnavailableError):
        await ask(server)


@pytest.mark.parametrize("content", ['{"choices": [null]}', '{"choices": [{"message": {"content": {"a": 1}}}]}'])
async def test_a_choice_without_text_is_an_empty_answer(server: FakeLLM, content: str) -> None:
    """The step that asked decides what to do with nothing."""
    server.send(content)

    assert (await ask(server)).text == ""


async def test_a_connection_that_breaks_is_an_outage(server: FakeLLM) -> None:
    """Half an answer is none."""
    server.cut()

    with pytest.raises(LLMUnavailableError):
        await ask(server)


@pytest.mark.timeout(5)  # without the deadline it never ends
async def test_an_answer_that_drips_ends_at_the_deadline(server: FakeLLM) -> None:
    """A time-out per read would wait for ever."""
    server.drip()

    with pytest.raises(LLMUnavailableError, match="within"):
        await ask(server, timeout_s=0.3)


async def test_nobody_at_the_address_is_an_outage(server: FakeLLM) -> None:
    """Connection refused, as when the server restarts."""
    server.reply("{}")
    await ask(server)

    with pytest.raises(LLMUnavailableError, match="reached"):
        await ask(server, base_url="http://127.0.0.1:9/v1")


async def test_a_redirect_is_not_followed(server: FakeLLM) -> None:
    """It would carry the ticket to a host that nobody set."""
    server.send("", status=307, headers={"location": f"{server.url}/v1/chat/completions"})

    with pytest.raises(LLMMisconfiguredError, match="BASE_URL"):
        await ask(server)

    assert len(server.requests) == 1


async def test_half_a_character_in_a_ticket_does_not_stop_it(server: FakeLLM) -> None:
    """A lone surrogate has no UTF-8."""
    server.reply("{}")

    async with opened(server.settings()) as llm:
        await llm.complete(
            [{"role": "user", "content": "a\ud800b"}], model=llm.fast_model, schema=SCHEMA, max_tokens=300
        )

    assert server.requests[0].text == "a?b"
    assert server.requests[0].body["model"] == "fast"


async def test_a_key_with_odd_characters_is_named(server: FakeLLM) -> None:
    """A copied quotation mark is the usual one."""
    server.reply("{}")
    await ask(server)

    with pytest.raises(LLMMisconfiguredError, match="API_KEY"):
        await ask(server, api_key="“key”")
