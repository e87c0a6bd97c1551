"""Bodies of forms, read up to a limit."""

from __future__ import annotations

from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.types import Message

MOST_FILES, MOST_FIELDS, LONGEST_FIELD = 20, 500, 1024 * 1024


async def form(request: Request, limit: int) -> FormData:
    """The fields. Raises HTTPException: 413 over the limit, 400 where it is no form."""
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > limit:
        raise HTTPException(413)
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(413)
        return message

    limited = Request(request.scope, counted)
    return await limited.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD)
