"""Every address that this process opens a connection to, or asks a name server about."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

_ASKS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
_OPENS = ("socket.connect", "socket.sendto", "socket.sendmsg")

Place = tuple[str, int]
"""Host and port; port 0 where only the name was asked about."""


@contextmanager
def watched() -> Iterator[list[Place]]:
    """What is contacted while this is open. An audit hook cannot be taken out again: afterwards it does nothing."""
    seen: list[Place] = []
    switch = [True]

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if not switch:
            return
        if event in _ASKS and args[0]:
            port = args[1] if event == _ASKS[0] and isinstance(args[1], int) else 0
            seen.append((_text(args[0]), port))
        elif event in _OPENS and isinstance(args[1], tuple):  # a path of the file system is no host
            seen.append((_text(args[1][0]), int(args[1][1])))

    sys.addaudithook(hook)
    try:
        yield seen
    finally:
        switch.clear()


def strangers(seen: Collection[Place], *, known: Collection[str]) -> list[Place]:
    """Those that no setting names. known: addresses as set ("http://127.0.0.1:8001/v1")."""
    parts = [urlsplit(one) for one in known if one]
    places = {(one.hostname or "", one.port or {"https": 443, "http": 80}.get(one.scheme, 0)) for one in parts}
    hosts = {host for host, _ in places}
    return [place for place in seen if place not in places and not (place[1] == 0 and place[0] in hosts)]


def _text(host: object) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
