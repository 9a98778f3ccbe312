"""The way in for `deskpilot forget`: the embedded index belongs to this process."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path

from connectors import WEBHOOKS
from service.assembly import Service
from service.errors import ServiceError
from service.forgetting import forget
from service.queue import AWAY
from service.web.admin import TOLD

Helpdesk = Annotated[str, Path(pattern=f"^(?:{'|'.join(WEBHOOKS)})$")]
Requester = Annotated[str, Path(min_length=1, max_length=200)]


def router(service: Service) -> APIRouter:
    """Routes under /api, behind service/web/admin.py."""
    routes = APIRouter(prefix="/api", tags=["requesters"], dependencies=[Depends(TOLD)])

    @routes.delete("/requesters/{helpdesk}/{requester:path}")
    async def remove(helpdesk: Helpdesk, requester: Requester) -> dict[str, Any]:
        """Delete what is known of a requester; answers how much that was (see service/forgetting.py), 0 of everything a second time."""
        vectors = service.tools.library.vectors
        try:
            return asdict(await forget(requester, helpdesk=helpdesk, database=service.database, vectors=vectors))
        except (ServiceError, *AWAY) as error:
            said = str(error) if isinstance(error, ServiceError) else "PostgreSQL does not answer"
            raise HTTPException(503, said, {"Retry-After": "30"}) from error

    return routes
