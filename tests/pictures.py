"""Makes the README's pictures: `python -m tests.pictures`, of the admin page alone with `admin`, of the handoff packet alone with `handoff`, of the dashboards with `dashboards`. The page and the notes are the real ones; the model is scripted."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi.responses import Response
from pydantic import SecretStr

from service.demo.stage import Stage, staged
from service.groups import TeamSettings
from service.incidents.store import Incidents
from service.knowledge.sources import sync_all
from service.ledger import TicketKey
from service.notes import compose
from service.outages import MODEL
from service.quality.store import Review, Samples
from service.quality.watching import Drifts
from tests import fake_llm
from tests.bench.worth.filling import fill
from tests.browser import open_page
from tests.fake_llm import completion
from tests.service.golden_packets import GOLDEN
from tests.service.quality.answers import answered, drawn

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "deploy" / "pictures"
ARTICLES = ROOT / "deploy" / "demo" / "articles"

READY: dict[str, Any] = {
    "subject": "Where is my kettle?",
    "name": "Ana Beltrame",
    "text": "Hello,\n\nI bought a Mini on the 2nd (order KW-20417). The tracking has said the same for two weeks now. Is my parcel "
    "lost? Do I get a new kettle, and do I have to pay for it?\n\nThanks\nAna",
    "analysis": {"intent": "parcel lost", "query": "parcel lost tracking not arrived replacement", "asks": True},
    "draft": {
        "reply": "Hi <PERSON_1>,\n\nten working days after dispatch we treat a parcel as lost, so you do not have to wait any longer. "
        "You can choose between a new kettle and your money back, and you pay nothing for the replacement. Which of the two may I "
        "arrange for you?\n\nShould the first parcel turn up later, tell us and we send you a label for it.",
        "covered": True,
        "source": "My parcel has not arrived",
        "supports": "the ten days, the choice, no cost",
        "checks": ["the dispatch date of KW-20417: ten working days must have passed"],
        "reason": "The article answers every point of the question.",
    },
}
UNCOVERED: dict[str, Any] = {
    "subject": "A subscription as a present",
    "name": "Ben Castellane",
    "text": "Hi, can I give the tea subscription to my sister as a present, paid for a year at once? She lives in Lisbon.",
    "analysis": {"intent": "gift", "query": "tea subscription as a gift, paid for a year in advance", "asks": True},
    "draft": {
        "reply": "Hi <PERSON_1>,\n\nso that I can give you a certain answer: which tea would you like to give, and is there a day "
        "by which the first box should arrive?",
        "covered": False,
        "reason": "No article speaks of giving a subscription to somebody else.",
    },
}
PERSON: dict[str, Any] = {
    "subject": "CANCEL MY SUBSCRIPTION",
    "name": "Lea Okonjo",
    "text": "You have just charged my card AGAIN. I am furious. Cancel the subscription NOW. I want to speak to a manager.",
    "analysis": {
        "problem": "Was charged for a box after cancelling the tea subscription in the app.",
        "intent": "cancel subscription",
        "sentiment": "angry",
        "wishes": ["cancel", "person"],
        "query": "cancel tea subscription charged",
        "asks": True,
    },
    "draft": {},
}
ANSWER: dict[str, Any] = {
    "before": [
        [True, "Hello, my kettle came without its base. Can you send me one?"],
        [False, "Hello [name], of course: it leaves us today."],
    ],
    "asked": "Hi,\n\nit has been a week now and no base has come. Without it the kettle is of no use to me. Could you look where it is?\n\nThanks\n[name]",
    "answer": "Hi [name],\n\nI am sorry, you should have had it on Friday. The depot has found it: it comes tomorrow before noon, and I have "
    "added a week to your guarantee.\n\nBest regards\n[name]",
    "waited_s": 5400,
    "turn": 2,
    "language": "en",
}
"""Of a sample that is judged."""
DOWN: dict[str, Any] = {
    "subject": "Fehler E1",
    "name": "Jonas Brandt",
    "text": "Guten Tag, im Tee schwimmen weiße Flocken und der Wasserkocher ist laut. Wie entkalke ich meinen Kettlewick One richtig?",
    "analysis": None,
    "draft": {},
}
KINDS = {"ready": READY, "not-covered": UNCOVERED, "person": PERSON, "no-model": DOWN}


TOKEN = "token-of-the-pictures"


async def main(*, console_only: bool) -> None:
    """Write a ticket of each kind, and take their pictures; then of the admin page that tells of them."""
    PICTURES.mkdir(exist_ok=True)
    team = TeamSettings(timezone="Europe/Berlin")
    with fake_llm.serving() as model:
        llm = model.settings(wait_s=0, price_in=0.15, price_out=0.6)
        async with staged(
            ARTICLES, debounce_s=0, debounce_max_s=0, llm=llm, admin_token=SecretStr(TOKEN), team=team
        ) as stage:
            await sync_all(stage.service.tools.library, progress=lambda *_: None)
            for kind, told in KINDS.items():
                model.otherwise = scripted(told)
                ticket_id = await stage.zendesk.open_ticket(
                    name=told["name"],
                    email=f"{told['name'].split()[0].lower()}@customer.example",
                    subject=told["subject"],
                    text=told["text"],
                )
                while not stage.zendesk.notes(ticket_id):
                    await asyncio.sleep(0.05)
                if not console_only and kind != "person":
                    await picture(stage, ticket_id, kind)
            if not console_only:
                await handoff(stage)
            await console(stage)
            model.otherwise = scripted(READY)
            await administrators(stage)
            await incident(stage)


async def console(stage: Stage) -> None:
    """The overview, and the newest deliveries with some that led to no note."""
    ledger, account = stage.service.tools.ledger, stage.service.tools.library.helpdesks["zendesk"].account
    for text in ("Thank you, that is all!", "Danke schön!"):
        await stage.freshdesk.open_ticket(name="Bo Lind", email="bo@customer.example", subject="Thanks", text=text)
    await stage.freshdesk.settle()
    given_up = await stage.zendesk.open_ticket(
        name="Kim Roe", email="kim@customer.example", subject="Thanks", text="Thanks!"
    )
    while await stage.service.inbox.waiting() or await stage.service.jobs.busy("zendesk", given_up):
        await asyncio.sleep(0.05)
    await ledger.park(
        TicketKey("zendesk", account, given_up),
        attempts=10,
        error="the helpdesk answered 500 each time the note was written",
    )
    await stage.service.tools.outages.over(MODEL)
    await stage.service.ask_to_sync()
    await asyncio.sleep(2)
    async with open_page(width=1280, height=900) as page:
        await page.goto(f"{stage.url}/admin")
        await page.get_by_label("Admin token").fill(TOKEN)
        await page.get_by_role("button", name="Sign in").click()
        await page.screenshot(path=PICTURES / "admin-overview.png", full_page=True)
        await page.goto(f"{stage.url}/admin/deliveries")
        await page.screenshot(path=PICTURES / "admin-deliveries.png")


def scripted(told: dict[str, Any]) -> fake_llm.Answer:
    """A model that answers as the picture wants it; without an analysis it is down."""

    def answer(body: dict[str, Any]) -> Response:
        if told["analysis"] is None:
            return Response(json.dumps({"error": {"message": "overloaded"}}), status_code=503)
        if body["model"] == "fast":
            return completion(told["analysis"])(body)
        draft = dict(told["draft"])
        given = body["messages"][-1]["content"].partition(f") {draft.pop('source', '-')}")[0].rpartition("(")[2]
        if supports := draft.pop("supports", ""):
            draft["citations"] = [{"number": given, "supports": supports}]
        return completion(draft)(body)

    return answer


async def handoff_alone() -> None:
    """Without a model: this note needs none."""
    async with staged(ARTICLES, debounce_s=0, debounce_max_s=0) as stage:
        await handoff(stage)


async def handoff(stage: Stage) -> None:
    """The note of a ticket that a person takes over, with all that a team's own policy and look-ups can say."""
    content, language = GOLDEN["packet"]
    ticket_id = await stage.zendesk.open_ticket(
        name="Lea Okonjo", email="lea@customer.example", subject="Thanks", text="Thank you!"
    )
    desk = stage.service.tools.library.helpdesks["zendesk"]
    await desk.add_note(await desk.ticket(ticket_id), compose(content, language=language), run=content.reference)
    await picture(stage, ticket_id, "person")


async def picture(stage: Stage, ticket_id: str, kind: str) -> None:
    """The whole page, and the note alone."""
    async with open_page(width=1360, height=1800) as page:  # no note is cut
        await page.goto(f"{stage.pages['zendesk']}/tickets/{ticket_id}")
        note = page.locator('[data-testid="entry"][data-by="co-pilot"]')
        await note.wait_for()
        await note.screenshot(path=PICTURES / f"note-{kind}.png")
        if kind == "ready":
            await page.set_viewport_size({"width": 1360, "height": 900})
            await page.screenshot(path=PICTURES / "helpdesk.png")


async def administrators(stage: Stage) -> None:
    """The pages of whoever runs a pilot."""
    async with open_page(width=1280, height=900) as page:
        await page.goto(f"{stage.url}/admin/try")
        await page.get_by_label("Admin token").fill(TOKEN)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_label("The customer's message").fill(READY["text"])
        await page.get_by_label("Subject").fill(READY["subject"])
        await page.get_by_role("button", name="Try it").click()
        await page.screenshot(path=PICTURES / "admin-try.png", full_page=True)
        await page.goto(f"{stage.url}/admin/pilot")
        scope = page.get_by_role("region", name="Zendesk: which tickets")
        await scope.get_by_label("Groups").fill("Support, Warehouse")
        await scope.get_by_label("Per cent of those tickets").fill("25")
        await scope.get_by_role("button", name="Cover these tickets").click()
        await page.get_by_label("Pause", exact=True).select_option("Freshdesk")
        await page.get_by_label("Why").fill("new groups today")
        await page.get_by_role("button", name="Pause notes").click()
        await page.screenshot(path=PICTURES / "admin-pilot.png", full_page=True)


async def incident(stage: Stage) -> None:
    """An incident that runs, with a dozen tickets."""
    async with open_page(width=1280, height=900) as page:
        await page.goto(f"{stage.url}/admin/incidents")
        await page.get_by_label("Admin token").fill(TOKEN)
        await page.get_by_role("button", name="Sign in").click()
        form = page.get_by_role("region", name="Start an incident")
        await form.get_by_label("What is broken").fill("Card payments are refused in the shop")
        await form.get_by_label("Words in its tickets").fill("card, payment, checkout")
        await form.get_by_label("English").fill(
            "We know that the shop refuses some cards at the moment and are working on it. "
            "No order was charged twice, and your basket stays as it is."
        )
        await form.get_by_role("button", name="Start").click()
        database, account = stage.service.database, stage.service.tools.library.helpdesks["zendesk"].account
        (one,) = await Incidents(database).all()
        for number in range(12):
            key = TicketKey("zendesk", account, str(4000 + number))
            await Incidents(database).record(
                one.as_running, key, "1", requester=str(number), language="en", stage=one.stage, asked=()
            )
        await page.reload()
        await page.get_by_role("region", name="Card payments").screenshot(path=PICTURES / "admin-incident.png")


async def dashboards() -> None:
    """Quality, contacts and operations over a month of made-up tickets; quality on a phone as well."""
    PICTURES.mkdir(exist_ok=True)
    team = TeamSettings(timezone="Europe/Berlin")
    async with staged(ARTICLES, admin_token=SecretStr(TOKEN), team=team) as stage:
        await fill(stage.service.database, count=4_000)
        for width, pages in ((1280, ("", "/contacts", "/operations")), (390, ("",))):
            async with open_page(width=width, height=1500 if width > 1000 else 900) as page:
                await page.goto(f"{stage.url}/dashboard")
                await page.get_by_label("Admin token").fill(TOKEN)
                await page.get_by_role("button", name="Sign in").click()
                for path in pages:
                    await page.goto(f"{stage.url}/dashboard{path}")
                    await page.wait_for_function("window.Chart && Object.keys(Chart.instances).length > 0")
                    name = f"dashboard-{path.strip('/') or 'quality'}{'-phone' if width < 1000 else ''}.png"
                    await page.screenshot(path=PICTURES / name)
        await reviews(stage)


async def reviews(stage: Stage) -> None:
    """The page of reviews with a drift, and a sample to judge."""
    database, now = stage.service.database, datetime.now(UTC)
    samples, monday = Samples(database), now.date() - timedelta(days=now.weekday() + 7)
    for day, first, sent, unused in ((14, 10_000, 312, 88), (1, 11_000, 44, 41)):
        at = now - timedelta(days=day)
        await answered(database, range(first, first + sent), at=at, category="tracking")
        await answered(database, range(first + sent, first + sent + unused), at=at, category="tracking", use="unused")
    await Drifts(database).watch()
    for week in range(3):
        await drawn(samples, *range(week * 40, week * 40 + 40), week=monday - timedelta(days=7 * week), text=ANSWER)
    for name in ("Mara", "Jo"):
        for _ in range(75 if name == "Mara" else 60):
            if one := await samples.next_for(name):
                points = (one.id * (3 if name == "Mara" else 4)) % 5
                strict = name == "Jo" and one.id % 7 == 0
                policy = 1 + (one.id % 3 > 0) - strict
                given = {"intent": 2 - strict, "policy": policy, "tone": min(points, 2), "timing": 1 + (one.id % 5 > 0)}
                await samples.judge(one.id, Review(name, given))
    async with open_page(width=1280, height=900) as page:
        await page.goto(f"{stage.url}/admin/reviews")
        await page.get_by_label("Admin token").fill(TOKEN)
        await page.get_by_role("button", name="Sign in").click()
        await page.screenshot(path=PICTURES / "admin-reviews.png", full_page=True)
        await page.get_by_label("Your name").fill("Jo")
        await page.get_by_role("button", name="Review the next one").click()
        await page.screenshot(path=PICTURES / "admin-review.png", full_page=True)


if __name__ == "__main__":
    if "dashboards" in sys.argv:
        asyncio.run(dashboards())
    else:
        asyncio.run(handoff_alone() if "handoff" in sys.argv else main(console_only="admin" in sys.argv))
    print(f"written to {PICTURES}", file=sys.stderr)
