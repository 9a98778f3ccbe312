"""How we prove to Freshdesk who we are."""

from __future__ import annotations

import httpx


class ApiKey(httpx.BasicAuth):
    """One agent's API key, with that agent's rights, sent as user name; Freshdesk ignores the password.

    Source: https://developers.freshdesk.com/api/#authentication
    """

    def __init__(self, api_key: str) -> None:
        super().__init__(username=api_key.strip(), password="X")  # noqa: S106 (a dummy that Freshdesk ignores)
