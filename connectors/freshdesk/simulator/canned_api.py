"""Canned responses over the API: folders, and the texts in them.

Vendor: https://developers.freshdesk.com/api/#canned-responses
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from connectors.freshdesk.simulator.paging import page_of
from connectors.freshdesk.simulator.records import JSON, CannedFolder, CannedResponse
from connectors.freshdesk.simulator.refusals import Refusal, forbidden, not_found
from connectors.freshdesk.simulator.state import State
from connectors.freshdesk.simulator.values import stamp, text_of


def canned_router(state: State) -> APIRouter:
    """`/canned_response_folders`, what lies in them, and single responses."""
    router = APIRouter()
    canned = state.canned

    @router.get("/canned_response_folders")
    async def list_folders(request: Request) -> Response:
        _allowed(state)
        return page_of(state, request, list(canned.folders.values()), lambda one: _folder_json(one, state))

    @router.get("/canned_response_folders/{folder_id:int}/responses")
    async def list_responses(request: Request, folder_id: int) -> Response:
        _allowed(state)
        if folder_id not in canned.folders:
            raise not_found()
        return page_of(state, request, canned.of(folder_id), lambda one: _response_json(one, state))

    @router.get("/canned_responses/{response_id:int}")
    async def read_response(response_id: int) -> Response:
        _allowed(state)
        if response_id not in canned.responses:
            raise not_found()
        return JSONResponse(_response_json(canned.responses[response_id], state))

    return router


def _allowed(state: State) -> None:
    if refused := state.faults.macros_refused:
        raise forbidden() if refused == 403 else Refusal(refused)


def _folder_json(folder: CannedFolder, state: State) -> JSON:
    made = stamp(folder.created_at)
    return {
        "id": folder.id,
        "name": folder.name,
        "personal": folder.personal,
        "responses_count": len(state.canned.of(folder.id)),
        "created_at": made,
        "updated_at": made,
    }


def _response_json(response: CannedResponse, state: State) -> JSON:
    made = stamp(response.created_at)
    body: JSON = {
        "id": response.id,
        "title": response.title,
        "folder_id": response.folder_id,
        "content": text_of(response.html),
        "content_html": response.html,
        "attachments": [],
        "created_at": made,
        "updated_at": made,
    }
    if state.faults.macros_with_visibility:
        body |= {"visibility": response.visibility, "group_ids": response.group_ids}
    return body
