"""Who finds what is decided inside the query, on both engines."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import Audience, Pool
from service.vectors import Entry, Fence, Question, Vectors, passage_id, payload, reach
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


SOLVED: Pool = "ticket"
POOLS: tuple[Pool, ...] = ("article", "macro", "ticket")


def solved(number: int, *, organization: str, requester: str) -> Entry:
    """A solved ticket of these."""
    place = {"article": f"zendesk ticket:{number}", "source": "zendesk tickets", "account": ACCOUNT}
    id_ = passage_id(position=0, **place)
    bound = {"organization": organization, "requester": requester, "pool": SOLVED}
    return entry(passage(0, id=id_, title=str(number), **place, **bound))


class TestSolvedTickets:
    """A solved ticket is its organization's, or where it has none its requester's."""

    @pytest.mark.parametrize(
        ("organization", "requester", "found"),
        [
            ("o1", "r1", {"of o1", "of nobody's r1", "approved"}),
            ("o1", "r9", {"of o1", "approved"}),
            ("o2", "r9", {"of o2", "approved"}),
            ("", "r1", {"of nobody's r1", "approved"}),
            ("", "r2", {"of nobody's r2", "approved"}),
            ("", "r9", {"approved"}),
            ("", "", {"approved"}),
            ("*", "*", {"approved"}),
        ],
    )
    async def test_they_are_found_by_their_own_alone(
        self, vectors: Vectors, organization: str, requester: str, found: set[str]
    ) -> None:
        """Two tickets without an organization never match each other; an admin may open one to all."""
        bound = {
            "of o1": ("o1", "*"),
            "of o2": ("o2", "*"),
            "of nobody's r1": ("*", "r1"),
            "of nobody's r2": ("*", "r2"),
            "of o1, for r1 alone": ("o1", "r2"),
            "nobody's": ("", "*"),
            "nobody's either": ("*", ""),
            "approved": ("*", "*"),
        }
        entries = [solved(n, organization=org, requester=who) for n, (org, who) in enumerate(bound.values())]
        await vectors.put(entries, source="zendesk tickets", account=ACCOUNT)
        fence = Fence(account=ACCOUNT, organization=organization, requester=requester, pools=(SOLVED,))

        assert {list(bound)[int(one)] for one in titles(await ask(vectors, "refund an order", fence))} == found

    async def test_another_account_finds_nothing_of_them(self, vectors: Vectors) -> None:
        """Ids of organizations and people are an account's own."""
        entries = [solved(1, organization="o1", requester="*"), solved(2, organization="*", requester="r1")]
        await vectors.put(entries, source="zendesk tickets", account=ACCOUNT)
        fence = Fence(account="other.zendesk.test", organization="o1", requester="r1", pools=(SOLVED,))

        assert await ask(vectors, "refund an order", fence) == []

    async def test_an_index_from_before_passages_had_their_reach_keeps_its_fences(
        self, vectors: Vectors, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An upgrade hides nothing until the next sync, and what is bound stays bound; the oldest articles have no requester."""
        made = payload._payload
        with monkeypatch.context() as older:
            older.setattr(payload, "SCHEME", reach.SINCE - 1)
            older.setattr(
                payload,
                "_payload",
                lambda *of: {
                    name: value for name, value in made(*of).items() if name not in ("requester", reach.FIELD)
                },
            )
            await put(vectors, entry(passage(0)), entry(passage(1, account="other.zendesk.test")))
            await put(vectors, entry(passage(2, brand="b2")), entry(passage(3, audience="internal")))
        entries = [solved(1, organization="*", requester="r1")]
        await vectors.put(entries, source="zendesk tickets", account=ACCOUNT)
        fence = replace(FENCE, brand="b1", requester="r2", audiences=("public",), pools=("article", SOLVED))

        found = await ask(vectors, "refund delivery export", fence)

        assert titles(found) == ["Refunds"]
        assert found[0].passage.requester == "*"


VALUES = st.sampled_from(("", "*", "1", "2")) | st.text(max_size=2)


AUDIENCES: tuple[Audience, ...] = ("public", "internal")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    bound=st.lists(
        st.tuples(VALUES, VALUES, VALUES, st.sampled_from(AUDIENCES), st.sampled_from(POOLS)), min_size=1, max_size=12
    ),
    brand=VALUES,
    organization=VALUES,
    requester=VALUES,
    audiences=st.sets(st.sampled_from(AUDIENCES), min_size=1).map(tuple),
    pools=st.sets(st.sampled_from(POOLS), min_size=1).map(tuple),
)
async def test_nothing_outside_a_fence_is_ever_returned(  # noqa: PLR0917 - a fence has as many sides
    vectors: Vectors,
    bound: list[tuple[str, str, str, Audience, Pool]],
    brand: str,
    organization: str,
    requester: str,
    audiences: tuple[Audience, ...],
    pools: tuple[Pool, ...],
) -> None:
    """Over passages and fences of every kind: found is what the rule says, and nothing else."""
    await vectors.remove([f"folder:{number}.md" for number in range(12)], source="folder", account="*")
    names = ("brand", "organization", "requester", "audience", "pool")
    await put(
        vectors,
        *(
            entry(passage(number, text="refund", **dict(zip(names, values, strict=True))))
            for number, values in enumerate(bound)
        ),
    )
    fence = Fence(ACCOUNT, brand, organization, requester, (), audiences, pools)
    mine = [{value, "*"} - {""} for value in (brand, organization, requester)] + [{*audiences}, {*pools}]

    found = {one.passage.article for one in await vectors.search(Question("refund"), fence=fence, limit=99)}

    assert found == {
        f"folder:{number}.md"
        for number, values in enumerate(bound)
        if all(value in own for value, own in zip(values, mine, strict=True))
    }
