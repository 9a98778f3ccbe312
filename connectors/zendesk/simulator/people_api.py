"""Users, organizations, groups and brands over the API."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.simulator import shapes
from connectors.zendesk.simulator.bodies import caller
from connectors.zendesk.simulator.paging import page_of
from connectors.zendesk.simulator.problems import not_found
from connectors.zendesk.simulator.records import User
from connectors.zendesk.simulator.state import State


class PeopleApi:
    """Handlers for everybody and everything a ticket names by id."""

    def __init__(self, state: State) -> None:
        self._state = state

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/api/v2")
        router.add_api_route("/users", self.users, methods=["GET"], response_model=None)
        router.add_api_route("/users/me", self.me, methods=["GET"], response_model=None)
        router.add_api_route("/users/show_many", self.many, methods=["GET"], response_model=None)
        router.add_api_route("/users/{user_id}", self.user, methods=["GET"], response_model=None)
        router.add_api_route(
            "/organizations/{organization_id}", self.organization, methods=["GET"], response_model=None
        )
        router.add_api_route("/groups", self.groups, methods=["GET"], response_model=None)
        router.add_api_route("/groups/{group_id}", self.group, methods=["GET"], response_model=None)
        router.add_api_route("/brands", self.brands, methods=["GET"], response_model=None)
        router.add_api_route("/brands/{brand_id}", self.brand, methods=["GET"], response_model=None)
        return router

    async def me(self, request: Request) -> Response:
        """Who asks: 200 for nobody too, as "Anonymous user" with `id` null."""
        user = request.scope.get("caller")
        shown = shapes.user_json(user, self._state) if isinstance(user, User) else shapes.anonymous_json()
        return JSONResponse({"user": shown})

    async def users(self, request: Request) -> Response:
        """Everybody."""
        caller(request)
        rows = list(self._state.users.values())
        body = page_of(
            request,
            self._state,
            rows,
            name="users",
            key=lambda row: (row.id,),
            shape=lambda row: shapes.user_json(row, self._state),
        )
        return JSONResponse(body)

    async def many(self, request: Request) -> Response:
        """The users named in `ids`; unknown ones are left out."""
        caller(request)
        ids = [int(part) for part in request.query_params.get("ids", "").split(",") if part.strip().isdecimal()]
        found = [shapes.user_json(self._state.users[one], self._state) for one in ids if one in self._state.users]
        return JSONResponse({"users": found, "count": len(found), "next_page": None, "previous_page": None})

    async def user(self, request: Request, user_id: int) -> Response:
        """One user."""
        caller(request)
        if user_id not in self._state.users:
            raise not_found()
        return JSONResponse({"user": shapes.user_json(self._state.users[user_id], self._state)})

    async def organization(self, request: Request, organization_id: int) -> Response:
        """One organization."""
        caller(request)
        if organization_id not in self._state.organizations:
            raise not_found()
        found = self._state.organizations[organization_id]
        return JSONResponse({"organization": shapes.organization_json(found, self._state)})

    async def groups(self, request: Request) -> Response:
        """All groups."""
        caller(request)
        rows = list(self._state.groups.values())
        body = page_of(
            request,
            self._state,
            rows,
            name="groups",
            key=lambda row: (row.id,),
            shape=lambda row: shapes.group_json(row, self._state),
        )
        return JSONResponse(body)

    async def group(self, request: Request, group_id: int) -> Response:
        """One group."""
        caller(request)
        if group_id not in self._state.groups:
            raise not_found()
        return JSONResponse({"group": shapes.group_json(self._state.groups[group_id], self._state)})

    async def brands(self, request: Request) -> Response:
        """All brands."""
        caller(request)
        rows = list(self._state.brands.values())
        body = page_of(
            request,
            self._state,
            rows,
            name="brands",
            key=lambda row: (row.id,),
            shape=lambda row: shapes.brand_json(row, self._state),
        )
        return JSONResponse(body)

    async def brand(self, request: Request, brand_id: int) -> Response:
        """One brand."""
        caller(request)
        if brand_id not in self._state.brands:
            raise not_found()
        return JSONResponse({"brand": shapes.brand_json(self._state.brands[brand_id], self._state)})
