"""As for the pages of the administrators: the whole service, and somebody at a browser that runs no scripts."""

from __future__ import annotations

from tests.service.web.console.conftest import browse, service

__all__ = ("browse", "service")
