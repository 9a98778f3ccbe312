"""Somebody at a browser that runs no scripts: follows links, fills in forms, keeps cookies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

ADMIN = "admin-token-of-this-test-ü"

_CSRF = re.compile(r'name="csrf" value="([0-9a-f]*)"')


@dataclass(frozen=True, slots=True)
class Browser:
    """One, with its own cookies."""

    http: httpx.AsyncClient

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """A page, without following where it sends."""
        return await self.http.get(path, headers=headers)

    async def send(
        self, path: str, fields: Mapping[str, str] | None = None, *, form_on: str = "/admin", **headers: str
    ) -> httpx.Response:
        """Send a form that stands on the page `form_on`."""
        token = csrf_in(await self.get(form_on, **headers))
        return await self.http.post(path, data={"csrf": token, **(fields or {})}, headers=headers)

    async def sign_in(self, token: str = ADMIN, *, onward: str = "/admin") -> httpx.Response:
        """Fill in the form of the login page."""
        return await self.send("/admin/login", {"token": token, "next": onward}, form_on="/admin/login")


def csrf_in(page: httpx.Response) -> str:
    """What the page's forms carry."""
    found = _CSRF.search(page.text)
    return found[1] if found else ""
