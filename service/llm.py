"""The one door to a language model: any OpenAI-compatible chat endpoint. Nothing else knows openai or httpx2.

Only what the widest range of servers accepts is sent: model, messages, a limit of tokens; no temperature, which reasoning
models refuse (https://platform.openai.com/docs/guides/reasoning). The limit is `max_tokens`, except at OpenAI and Azure:
those refuse it for newer models, while Ollama, LM Studio and TGI know nothing else and Mistral refuses unknown fields.
One call is one request: no retries, no redirects (a redirect would carry the ticket to a host that nobody set).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx2
import openai
from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from connectors.http import retry_after_s
from service import tokens
from service.errors import LLMMisconfiguredError, LLMRefusedError, LLMUnavailableError
from service.groups import LLMSettings

OPENAI_URL = "https://api.openai.com/v1"

_CONNECT_S = 5.0
_NO_KEY = "none"  # local servers want some key, and any will do
_REASONING_TOKENS = 4_000  # OpenAI counts hidden reasoning against the limit; unused ones cost nothing
_ROLE_TOKENS = 16  # around each message, whatever the template
_ERROR_CHARS = 200
_LONGEST_ANSWER = 200_000  # characters; a thousand times the longest useful answer

_THINKING = re.compile(r"\A\s*<(think|thinking|reasoning|thought)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_THINKING_END = re.compile(r"\A[^{`]*?</(?:think|thinking|reasoning|thought)>", re.DOTALL | re.IGNORECASE)
_FINAL_CHANNEL = "<|channel|>final<|message|>"  # gpt-oss behind servers that do not read its channels

_TOO_LONG = re.compile(
    r"context.{0,20}(length|window|size)|maximum context|too (long|many tokens)|exceeds? the (model|available|max)",
    re.IGNORECASE,
)
_FILTERED = re.compile(r"content.?(filter|policy|management)|safety|moderation", re.IGNORECASE)
_OUR_PARAMETERS = re.compile(
    r"response_format|json_schema|json_object|max_tokens|max_completion_tokens|unsupported|unrecognized|unknown field"
    r"|extra.?(inputs|forbidden)|does not exist|not found|invalid model|system role",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote. `text` is free of reasoning and may be empty; 0 tokens: the server does not count."""

    text: str
    model: str
    tokens_in: int = 0
    tokens_out: int = 0
    cut: bool = False  # the limit of tokens ended it


class Chat(Protocol):
    """A chat endpoint as the steps see it: the LLM itself, or one ticket's share of it."""

    settings: LLMSettings
    model: str
    fast_model: str

    async def complete(
        self, messages: Sequence[Mapping[str, str]], *, model: str, schema: Mapping[str, Any], max_tokens: int
    ) -> Completion:
        """Ask once."""
        ...


class LLM:
    """One chat endpoint with a main and a fast model."""

    def __init__(self, client: AsyncOpenAI, settings: LLMSettings) -> None:
        self._client = client
        self.settings = settings
        self.model = settings.model
        self.fast_model = settings.fast_model or settings.model

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: LLMSettings) -> AsyncIterator[LLM | None]:
        """The model that the settings name, closed at the end; None where there is none. Makes no call."""
        if not settings.on:
            yield None
            return
        await asyncio.to_thread(tokens.prepare)
        client = AsyncOpenAI(
            base_url=settings.base_url or OPENAI_URL,  # always given: the SDK would read the environment
            api_key=settings.api_key.get_secret_value() or _NO_KEY,
            max_retries=0,
            timeout=openai.Timeout(settings.timeout_s, connect=min(_CONNECT_S, settings.timeout_s)),
            http_client=DefaultAsyncHttpxClient(follow_redirects=False),
        )
        client.organization = client.project = None  # set from the environment of whoever started us
        llm = cls(client, settings)
        try:
            yield llm
        finally:
            await llm.close()

    async def close(self) -> None:
        """Close the client's connections."""
        await self._client.close()

    async def complete(
        self, messages: Sequence[Mapping[str, str]], *, model: str, schema: Mapping[str, Any], max_tokens: int
    ) -> Completion:
        """Ask once. The whole call takes at most `timeout_s`, however slowly the answer drips in.

        messages: `role` and `content` each; they describe the JSON to answer with, `schema` repeats it for servers with a
        JSON mode. Raises LLMUnavailableError, LLMMisconfiguredError, LLMRefusedError.
        """
        try:
            async with asyncio.timeout(self.settings.timeout_s):
                # as it came: an answer that is not a chat completion must not fail inside the SDK, and checking it
                # against the SDK's types took a tenth of a ticket's own time
                raw = await self._client.post(
                    "/chat/completions",
                    cast_to=httpx2.Response,
                    body={
                        "model": model,
                        "messages": [_encodable(message) for message in messages],
                        **self._options(schema, max_tokens),
                    },
                )
        except (TimeoutError, openai.APITimeoutError) as error:
            raise LLMUnavailableError(f"{self._host} did not answer within {self.settings.timeout_s:g} s") from error
        except openai.APIStatusError as error:
            # `from None`: the SDK's error repeats the server's answer, and some servers repeat the key in it
            raise self._error_for(error.response.status_code, error.response.headers, error.response.content) from None
        except openai.APIConnectionError as error:
            raise LLMUnavailableError(
                f"{self._host} cannot be reached: {error.__cause__ or error}",
                unpaid=isinstance(error.__cause__, httpx2.ConnectError),
            ) from error
        except UnicodeEncodeError:
            raise LLMMisconfiguredError(
                "DESKPILOT_LLM__API_KEY holds characters that no header can carry: copy the key again"
            ) from None
        return self._read(raw.content, model=model)

    def most(self, messages: Sequence[Mapping[str, str]], *, max_tokens: int) -> tuple[int, int]:
        """Tokens in and out that `complete` can use at most: no token is shorter than a byte, no prompt longer than we cut it."""
        size = sum(len(message["content"].encode(errors="replace")) + _ROLE_TOKENS for message in messages)
        return min(size, self.settings.context_tokens), self._most_out(max_tokens)

    def _most_out(self, max_tokens: int) -> int:
        return max_tokens + (_REASONING_TOKENS if _is_openai(str(self._client.base_url)) else 0)

    @property
    def _host(self) -> str:
        return f"the model at {self._client.base_url.host}"

    def _options(self, schema: Mapping[str, Any], max_tokens: int) -> dict[str, Any]:
        options: dict[str, Any] = {}
        if _is_openai(str(self._client.base_url)):
            options["max_completion_tokens"] = self._most_out(max_tokens)
        else:
            options["max_tokens"] = self._most_out(max_tokens)
        if self.settings.json_mode == "object":
            options["response_format"] = {"type": "json_object"}
        elif self.settings.json_mode == "schema":
            named = {"name": str(schema.get("title", "answer")), "schema": dict(schema), "strict": True}
            options["response_format"] = {"type": "json_schema", "json_schema": named}
        return options

    def _read(self, body: bytes, *, model: str) -> Completion:
        """Take an answer apart that may be anything: HTML, an error with status 200, a completion without a choice."""
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            raise LLMUnavailableError(
                f"{self._host} answered with something that is not JSON: if this stays, DESKPILOT_LLM__BASE_URL is not an API"
            ) from None
        if not isinstance(answer, dict):
            answer = {}
        if answer.get("error"):  # gateways report an upstream's failure this way
            status = _at(answer, "error", "code")
            raise self._error_for(status if isinstance(status, int) else 502, {}, body)
        choices = answer.get("choices")
        if not isinstance(choices, list) or not choices:
            raise LLMUnavailableError(f"{self._host} answered without a choice")
        finish = _at(choices[0], "finish_reason")
        if finish == "content_filter" or _at(choices[0], "message", "refusal"):
            raise LLMRefusedError(f"{self._host} refused the text of this ticket")
        return Completion(
            text=_spoken(_content(_at(choices[0], "message", "content"))),
            model=str(answer.get("model") or model)[:100],
            tokens_in=_number(_at(answer, "usage", "prompt_tokens")),
            tokens_out=_number(_at(answer, "usage", "completion_tokens")),
            cut=finish == "length",
        )

    def _error_for(self, status: int, headers: Mapping[str, str], body: bytes) -> Exception:  # noqa: PLR0911 - a table
        """Name what a failed call means for the steps that need the model."""
        said = _said(body).replace(self._client.api_key, "***")
        message = f"{self._host} answered {status}{f' ({said})' if said else ''}"
        if status in (401, 403):
            return LLMMisconfiguredError(f"{message}: check DESKPILOT_LLM__API_KEY")
        if status == 402 or (status == 429 and "insufficient_quota" in body.decode(errors="replace")):
            return LLMMisconfiguredError(f"{message}: the account has no credit left")
        if status in (404, 405) or 300 <= status < 400:
            return LLMMisconfiguredError(f"{message}: check DESKPILOT_LLM__BASE_URL and DESKPILOT_LLM__MODEL")
        if status in (408, 409, 425, 429) or status >= 500:
            return LLMUnavailableError(message, after_s=retry_after_s(headers, now=datetime.now(UTC)), unpaid=True)
        if _TOO_LONG.search(said) or status == 413:
            return LLMRefusedError(f"{message}: lower DESKPILOT_LLM__CONTEXT_TOKENS to what the model takes")
        if _FILTERED.search(said):
            return LLMRefusedError(message)
        if _OUR_PARAMETERS.search(said):
            return LLMMisconfiguredError(f"{message}: check DESKPILOT_LLM__MODEL, __JSON_MODE and __MAX_OUTPUT_TOKENS")
        return LLMRefusedError(message)


def _is_openai(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == "api.openai.com" or host.endswith((".openai.azure.com", ".api.openai.com"))


def _encodable(message: Mapping[str, str]) -> dict[str, str]:
    """A lone surrogate in a ticket has no UTF-8."""
    return {key: value.encode(errors="replace").decode() for key, value in message.items()}


def _content(content: object) -> str:
    """Text of a message: a string, or parts of which some are text; null is empty."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    return content[:_LONGEST_ANSWER] if isinstance(content, str) else ""


def _spoken(text: str) -> str:
    """An answer without the reasoning that some servers leave in front of it."""
    if _FINAL_CHANNEL in text:
        return text.rpartition(_FINAL_CHANNEL)[2].removesuffix("<|return|>").strip()
    text = _THINKING.sub("", text, count=1)
    return _THINKING_END.sub("", text, count=1).strip()


def _at(value: object, *keys: str) -> Any:  # noqa: ANN401 - JSON
    """The value at a path of keys; None where the path ends early."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _said(body: bytes) -> str:
    """What the server says went wrong, on one short line; nothing of an HTML page."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if isinstance(answer, list):  # Google wraps its errors
        answer = answer[0] if answer else {}
    error = _at(answer, "error") or _at(answer, "message") or _at(answer, "detail")
    said = _at(error, "message") if isinstance(error, dict) else error
    return " ".join(str(said).split())[:_ERROR_CHARS] if said else ""
