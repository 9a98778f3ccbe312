"""A knowledge base and a ledger with one of everything that a report finds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from connectors.base import Article
from service.database import Database
from service.knowledge.sync import sync
from service.ledger import Ledger, SavedDraft, TicketKey, reference_for
from service.vectors import Vectors

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACCOUNT = "kettlewick.zendesk.test"
HELP = "https://help.kettlewick.example"

DESCALING = (
    "<p>Limescale makes a kettle loud and leaves white flakes in the tea. Dissolve thirty grams of citric acid in one litre of "
    "cold water, pour it into the kettle and let it stand until the crust is gone. Rinse with fresh water three times before "
    "you make tea again. Vinegar damages the seal, so please leave it in the salad.</p>"
)


def article(name: str, title: str, html: str, *, days: float | None = 100, **more: Any) -> Article:
    """An article of the account, last touched so many days ago; None: nobody knows when."""
    given: dict[str, Any] = {
        "source": "zendesk",
        "id": name if ":" in name else f"{name}:en",
        "title": title,
        "html": html,
        "url": f"{HELP}/{name}",
        "language": "en",
        "account": ACCOUNT,
        "audience": "public",
        "updated_at": None if days is None else NOW - timedelta(days=days),
    }
    return Article(**{**given, **more})


ARTICLES = (
    article("parcels", "When a parcel does not arrive", "<p>We treat a parcel as lost when its tracking has not moved for seven working days.</p>", days=500),
    article("returns", "Returning an order", "<p>You can return any unused item within 30 days of delivery. The label is free.</p>"),
    article("refunds", "Refunds and returns", "<p>Unused items can be returned within 14 days of delivery. We pay back what you paid.</p>"),
    article("descaling", "Descaling your kettle", DESCALING),
    article("limescale", "How to get rid of limescale", DESCALING.replace("salad", "kitchen"), days=800),
    article("descaling:de", "Wasserkocher entkalken", "<p>Kalk macht den Wasserkocher laut. Lösen Sie Zitronensäure in kaltem Wasser auf.</p>", language="de"),
    article("descaling:en-gb", "Descaling your kettle (UK)", DESCALING),
    article("account", "Deleting your account", "<p>Open the settings, then Security, then Delete account. Nothing of it can be brought back.</p>", days=None),
    article("goodwill", "Goodwill for lost parcels", "<p>Agents may add a tea sampler to the replacement of a lost parcel.</p>", audience="internal", days=400),
    article("wholesale", "Buying for resale", "<p>Shops order by the pallet and pay by invoice. Ask us for the price list.</p>", days=3),
)  # fmt: skip

GIFTS = (
    "Can I give the tea subscription to my sister as a present?",
    "Tea subscription as a gift, paid for one year",
    "Is there a gift card for the subscription?",
    "gift subscription for a friend, can it be a present",
)


async def plant(vectors: Vectors, articles: Sequence[Article] = ARTICLES) -> None:
    """Index them, all of one source and account."""
    source, account = articles[0].source, articles[0].account
    await sync(_each(articles), vectors=vectors, embeddings=None, source=source, account=account)


async def _each(articles: Sequence[Article]) -> AsyncIterator[Article]:
    for one in articles:
        yield one


async def note(
    database: Database,
    number: int,
    *,
    days: float = 10,
    cited: Sequence[str] = (),
    asked: str = "",
    nearest: str = "",
    posted: bool = True,
    **more: Any,
) -> None:
    """A note of so many days ago in the ledger. cited, nearest: names of articles."""
    ledger = Ledger(database)
    key = TicketKey("zendesk", ACCOUNT, str(number))
    details: dict[str, Any] = {"language": "en", "cited": [[ACCOUNT, f"zendesk:{name}:en"] for name in cited], **more}
    if asked:
        details |= {"asked": asked, "nearest": [ACCOUNT, f"zendesk:{nearest}:en"] if nearest else []}
    verdict = "uncovered" if asked else "ready"
    draft = SavedDraft(key, "m1", reference_for(key, "m1"), verdict, "<p>Hi</p>", details)
    await ledger.save(draft)
    if posted:
        await ledger.posted(key, "m1", note_id=f"n{number}")
    async with database.engine.connect() as connection:
        await connection.execute(
            sa.text("UPDATE drafts SET created_at = :at WHERE ticket_id = :ticket"),
            {"at": NOW - timedelta(days=days), "ticket": str(number)},
        )


async def write_notes(database: Database) -> None:
    """Sixty notes of the last weeks: what is cited, what is not covered."""
    for number in range(40):
        await note(database, number, days=80 - number, cited=["parcels"] if number % 2 else ["descaling", "returns"])
    for number in range(40, 54):
        await note(database, number, days=20, cited=["refunds"])
    for number, asked in enumerate(GIFTS, start=54):
        await note(database, number, days=64 - number, asked=asked, nearest="account")
    await note(database, 58, days=2, asked="Does the kettle work at 110 volts in Japan?", nearest="descaling")
    await note(database, 59, days=5, asked="wholesale price list for resale", nearest="wholesale")
