"""The body of a request, never more of it than is wanted."""

from __future__ import annotations

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect


async def body_of(request: Request, *, largest: int) -> bytes:
    """The raw bytes; reading stops at the limit, whatever Content-Length says. Raises HTTPException 413, 400."""
    too_large = HTTPException(413, f"the body is larger than {largest} bytes")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > largest:
        raise too_large
    parts = bytearray()
    try:
        async for part in request.stream():
            parts += part
            if len(parts) > largest:
                raise too_large
    except ClientDisconnect as error:  # nobody waits for an answer
        raise HTTPException(400, "the body ended too early") from error
    return bytes(parts)
