"""The list of models of an OpenAI-compatible endpoint: what it says of our address, key and models without costing a token.

https://platform.openai.com/docs/api-reference/models/list: free everywhere, unknown to some servers, open to everybody at others.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from connectors.setup import Check
from service.groups import EmbeddingsSettings, LLMSettings
from service.llm import OPENAI_URL

_TIMEOUT_S = 8.0
_LIVE = "`deskpilot doctor --live` makes one tiny call."

Endpoint = LLMSettings | EmbeddingsSettings


@dataclass(frozen=True, slots=True)
class Listing:
    """What came of asking. lacking: models of ours that the list does not name."""

    check: Check
    lacking: tuple[str, ...] = ()


async def listing(what: str, group: str, settings: Endpoint, models: Sequence[str]) -> Listing:
    """Ask for the list with our key and, where that works, without. group: of the settings, "LLM" or "EMBEDDINGS"."""
    url, key = f"{settings.base_url or OPENAI_URL}/models", settings.api_key.get_secret_value()
    host, address = host_of(settings), f"DESKPILOT_{group}__BASE_URL"
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_S) as http:
            answer = await http.get(url, headers={"Authorization": f"Bearer {key}"} if key else {})
            public = bool(key) and answer.is_success and (await http.get(url)).is_success
    except UnicodeEncodeError:
        said = f"{host} was not asked: the key holds characters that no header can carry."
        return Listing(Check(what, "wrong", said, f"Copy DESKPILOT_{group}__API_KEY again."))
    except httpx.RequestError as error:
        said = f"{host} does not answer ({type(error).__name__})."
        return Listing(Check(what, "wrong", said, f"Start it, let this machine out, or correct {address}."))
    if refused := _refused(answer.status_code, group):
        return Listing(Check(what, "wrong", f"{host} {refused[0]} ({answer.status_code}).", refused[1]))
    return _read(what, group, settings, answer, tuple(dict.fromkeys(models)), public=public)


def host_of(settings: Endpoint) -> str:
    """As people know the endpoint."""
    return urlsplit(settings.base_url or OPENAI_URL).netloc


def _refused(status: int, group: str) -> tuple[str, str] | None:
    """What is wrong by this status alone, and the remedy."""
    if status in (401, 403):
        return "refuses the key", f"Correct DESKPILOT_{group}__API_KEY."
    if 300 <= status < 400:
        return "sends us elsewhere, where no ticket is carried", f"Set DESKPILOT_{group}__BASE_URL to where it leads."
    if status in (408, 429) or status >= 500:
        return "answers with an error", "Look again in a minute, and at what the endpoint itself says of it."
    return None


def _read(
    what: str, group: str, settings: Endpoint, answer: httpx.Response, models: tuple[str, ...], *, public: bool
) -> Listing:
    host, all_of = host_of(settings), " and ".join(models)
    named = _named(answer)
    if named is None:
        said = f"{host} answers ({answer.status_code}) and has no list of models: key and model cannot be checked without --live."
        remedy = f"{_LIVE} Most addresses end in /v1: see DESKPILOT_{group}__BASE_URL."
        return Listing(Check(what, "doubtful", said, remedy))
    if lacking := tuple(model for model in models if not _lists(named, model)):
        said = f"{host} answers; its list of models lacks {' and '.join(lacking)}."
        return Listing(Check(what, "doubtful", said, f"Correct DESKPILOT_{group}__MODEL. {_LIVE}"), lacking)
    if public:  # whoever asks gets the list
        said = f"{host} answers and has {all_of}; the key cannot be checked without --live."
        return Listing(Check(what, "doubtful", said, _LIVE))
    taken = ", takes the key" if settings.api_key.get_secret_value() else ""
    return Listing(Check(what, "fine", f"{host} answers{taken} and has {all_of}."))


def _named(answer: httpx.Response) -> list[str] | None:
    """The ids in a list of models; None for anything else."""
    try:
        body = json.loads(answer.content) if answer.is_success else None
    except (ValueError, RecursionError):
        return None
    listed = body.get("data") if isinstance(body, dict) else body
    if not isinstance(listed, list):
        return None
    return [str(one["id"]) for one in listed if isinstance(one, dict) and "id" in one]


def _lists(named: Sequence[str], model: str) -> bool:
    """Some lists put something before the name ("models/…") or behind it ("…:latest")."""
    return any(name == model or name.endswith(f"/{model}") or name.startswith(f"{model}:") for name in named)
