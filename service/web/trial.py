"""The test box for programs: ask as a customer would, and see the note."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse

from service.errors import ServiceError
from service.queue import AWAY
from service.rehearsal import LARGEST_BYTES, Rehearsal, Trial, TrialError, read_trial
from service.web.admin import TOLD
from service.web.bodies import body_of

_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": Trial.model_json_schema()}}}}
_RETRY_S = "30"


def router(rehearsal: Rehearsal) -> APIRouter:
    """A route under /api, behind service/web/admin.py."""
    routes = APIRouter(prefix="/api", tags=["test box"], dependencies=[Depends(TOLD)])

    @routes.post("/try", openapi_extra=_BODY)
    async def tried(request: Request) -> JSONResponse:
        """What a ticket with this question would get: passages, verdict, note, seconds, calls. Writes nothing anywhere.

        422 says what is wrong with which key; 503 that the index or the database does not answer.
        """
        try:
            trial = read_trial(await body_of(request, largest=LARGEST_BYTES))
            return JSONResponse(asdict(await rehearsal.run(trial)))
        except TrialError as error:
            told = [{"key": key, "problem": said} for key, said in error.problems.items()]
            raise HTTPException(422, told) from error
        except (ServiceError, *AWAY) as error:
            said = str(error) if isinstance(error, ServiceError) else "the database does not answer"
            raise HTTPException(503, said, {"Retry-After": _RETRY_S}) from error

    return routes
