"""S9: requests made of the OpenAPI document by schemathesis, good and bad ones, with the token and without: none breaks anything."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.core.result import Err

from tests.security.bars import Bar

Statuses = Counter[tuple[str, int]]
"""(path, status) of every answer."""


async def judged(url: str, document: Mapping[str, Any], *, token: str, examples: int) -> list[Bar]:
    """Answers of 5xx, and administrators' routes that let somebody in without the token. examples: of each operation and kind."""
    with_token = await asyncio.to_thread(_asked, url, dict(document), {"Authorization": f"Bearer {token}"}, examples)
    without = await asyncio.to_thread(_asked, url, dict(document), {"Authorization": ""}, max(3, examples // 3))
    broken = sum(count for (_, status), count in (with_token + without).items() if status >= 500)
    missed = document["paths"].keys() - {path for path, _ in with_token}
    let_in = sum(count for (path, status), count in without.items() if path.startswith("/api") and status != 401)
    return [
        Bar("S9", "requests of schemathesis answered with 5xx", broken, (with_token + without).total(), most=0),
        Bar("S9", "paths of the document it did not ask for", len(missed), len(document["paths"]), most=0),
        Bar("S9", "of those without the token, let in below /api", let_in, without.total(), most=0),
    ]


def _asked(url: str, document: dict[str, Any], headers: dict[str, str], examples: int) -> Statuses:
    statuses: Statuses = Counter()

    def ask(case: Any) -> None:
        answer = case.call(base_url=url, headers=headers, timeout=30)
        statuses[case.operation.path, answer.status_code] += 1

    for result in schemathesis.openapi.from_dict(document).get_all_operations():
        if isinstance(result, Err):
            raise result.err()
        operation = result.ok()
        for mode in GenerationMode:
            good = mode is GenerationMode.POSITIVE
            # a source that is one: hardly any other string is, and nothing behind it would be reached
            known = {"source": "wiki"} if good and "{source}" in operation.path else None
            with contextlib.suppress(
                Unsatisfiable
            ):  # of what takes anything, or nothing at all, there are no bad requests
                _examples(ask, operation.as_strategy(generation_mode=mode, path_parameters=known), examples)
    return statuses


def _examples(ask: Callable[[Any], None], cases: SearchStrategy[Any], count: int) -> None:
    """The same ones each time."""
    once = settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    once(seed(9)(given(case=cases)(ask)))()
