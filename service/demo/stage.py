"""The demo's stage: both simulators and the service in one process, on embedded engines, each behind its own port."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from connectors.freshdesk.simulator import FreshdeskSimulator
from connectors.freshdesk.simulator import Options as FreshdeskOptions
from connectors.zendesk.simulator import Options as ZendeskOptions
from connectors.zendesk.simulator import ZendeskSimulator
from service.assembly import Service, assembled, working
from service.groups import BrandSettings, FreshdeskSettings, KnowledgeSettings, QdrantSettings, ZendeskSettings
from service.settings import load
from service.web.app import create_app
from service.web.server import listener, serving

HOST = "127.0.0.1"
_LOOK_S = 0.02
COMPANY = "Kettlewick"

Simulator = ZendeskSimulator | FreshdeskSimulator


@dataclass(frozen=True, slots=True)
class Stage:
    """What the demo plays on."""

    service: Service
    zendesk: ZendeskSimulator
    freshdesk: FreshdeskSimulator
    url: str  # of the service
    pages: Mapping[str, str]  # helpdesk -> address of its web page

    def simulator(self, helpdesk: str) -> Simulator:
        """The twin of a helpdesk, by name."""
        twins: dict[str, Simulator] = {"zendesk": self.zendesk, "freshdesk": self.freshdesk}
        return twins[helpdesk]

    async def settled(self, helpdesk: str, ticket_id: str) -> None:
        """Wait until every webhook that is due has come, and nothing about this ticket waits or runs any more."""
        while True:
            await self.simulator(helpdesk).settle()
            if not await self.service.inbox.waiting() and not await self.service.jobs.busy(helpdesk, ticket_id):
                return
            await asyncio.sleep(_LOOK_S)


@asynccontextmanager
async def staged(articles: Path, *, ports: tuple[int, int, int] = (0, 0, 0), **changes: object) -> AsyncIterator[Stage]:
    """Start everything; all of it is gone, data included, when the block ends.

    ports: of the service, of Zendesk, of Freshdesk; each that is taken is replaced by a free one.
    changes: settings that differ from the demo's. The models, and how notes look, come from the environment.
    """
    async with AsyncExitStack() as stack:
        data_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="deskpilot-demo-")))
        http = await stack.enter_async_context(httpx.AsyncClient())
        # the addresses are told to each other before anybody serves: held, so that nobody else takes one
        held = [stack.enter_context(listener(HOST, wanted)) for wanted in ports]
        url, zendesk_url, freshdesk_url = (f"http://{HOST}:{one.getsockname()[1]}" for one in held)
        zendesk = ZendeskSimulator(http=http, url=zendesk_url, options=ZendeskOptions(company=COMPANY))
        freshdesk = FreshdeskSimulator(
            http=http, url=freshdesk_url, options=FreshdeskOptions(company=COMPANY, fire_on_agents=True)
        )
        secrets = {
            "zendesk": zendesk.connect_webhook(f"{url}/webhooks/zendesk"),
            "freshdesk": freshdesk.connect_webhook(f"{url}/webhooks/freshdesk", kind="header"),
        }
        await stack.enter_async_context(serving(zendesk.app, host=HOST, port=0, listening=held[1]))
        await stack.enter_async_context(serving(freshdesk.app, host=HOST, port=0, listening=held[2]))
        settings = load(
            **{
                "data_dir": data_dir,
                "database_url": "",
                "qdrant": QdrantSettings(),
                "policy_file": None,
                "zendesk": ZendeskSettings.model_validate(
                    {**zendesk.oauth_settings, "webhook_secrets": secrets["zendesk"]}
                ),
                "freshdesk": FreshdeskSettings.model_validate(
                    {**freshdesk.settings, "webhook_secrets": secrets["freshdesk"]}
                ),
                "knowledge": KnowledgeSettings(folder=articles, sync_every_s=0),
                "brand": BrandSettings(name=COMPANY),
                **changes,
            }
        )
        service = await stack.enter_async_context(assembled(settings))
        await stack.enter_async_context(working(service))
        await stack.enter_async_context(serving(create_app(service), host=HOST, port=0, listening=held[0]))
        yield Stage(service, zendesk, freshdesk, url, pages={"zendesk": zendesk_url, "freshdesk": freshdesk_url})
