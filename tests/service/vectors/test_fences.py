"""Who finds what is decided inside the query, on both engines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.vectors import (
    Vectors,
    passage_id,
)
from tests.service.vectors.samples import (
    ACCOUNT,
    FENCE,
    ask,
    entry,
    passage,
    put,
    titles,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore:Payload indexes have no effect"  # the memory mode says so; a server has them
)


class TestFences:
    """Who finds what is decided inside the query."""

    @pytest.mark.parametrize(
        ("change", "mine", "other"),
        [
            ("account", ACCOUNT, "other.zendesk.test"),
            ("brand", "b1", "b2"),
            ("organization", "o1", "o2"),
        ],
    )
    async def test_a_bound_passage_is_found_only_by_its_own(
        self, vectors: Vectors, change: str, mine: str, other: str
    ) -> None:
        """Same value or open to all; another's never, and an unknown one sees only what is open to all."""
        for number, value in enumerate((mine, other, "*", "")):
            await put(vectors, entry(passage(number, title=value or "nobody", **{change: value})))
        question = "refund gift parcels error days"

        found = await ask(vectors, question, replace(FENCE, **{change: mine}))  # type: ignore[arg-type]
        nobody = await ask(vectors, question, replace(FENCE, **{change: ""}))  # type: ignore[arg-type]

        assert sorted(titles(found)) == sorted([mine, "*"])
        assert titles(nobody) == ["*"]

    async def test_an_audience_that_is_not_asked_for_is_not_found(self, vectors: Vectors) -> None:
        """A search for the public never sees an internal passage."""
        await put(vectors, entry(passage(0, audience="internal")), entry(passage(1)))

        everybody = await ask(vectors, "refund", replace(FENCE, audiences=("public",)))
        agents = await ask(vectors, "refund")

        assert titles(everybody) == ["Refund to a gift card"]
        assert sorted(titles(agents)) == ["Refund to a gift card", "Refunds"]

    async def test_pools_are_searched_apart(self, vectors: Vectors) -> None:
        """A macro is no article."""
        await put(vectors, entry(passage(0, pool="macro")), entry(passage(1)))

        assert titles(await ask(vectors, "refund")) == ["Refund to a gift card"]
        assert titles(await ask(vectors, "refund", replace(FENCE, pools=("macro",)))) == ["Refunds"]

    async def test_what_is_outside_the_fence_does_not_push_out_what_is_inside(self, vectors: Vectors) -> None:
        """A filter after the search would find nothing here: 400 better passages of another account fill its depth."""
        crowd = [passage(0, id=passage_id(account="*", source="folder", article="crowd", position=n), article="folder:crowd")
                 for n in range(400)]  # fmt: skip
        await put(
            vectors, entry(*(replace(one, account="other.zendesk.test", position=n) for n, one in enumerate(crowd)))
        )
        await put(vectors, entry(passage(5, account=ACCOUNT)))

        assert titles(await ask(vectors, "refund an order within five working days of receiving goods")) == ["Invoices"]
