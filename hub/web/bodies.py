"""Bodies of forms, read up to a limit."""

from __future__ import annotations

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.types import Message

MOST_FILES, MOST_FIELDS, LONGEST_FIELD = 20, 500, 1024 * 1024
_CHARSETS = (b"utf-8", b"utf8")


async def form(request: Request, limit: int) -> FormData:
    """The fields. Raises HTTPException: 413 over the limit, 400 where it is no form."""
    length = request.headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit() and len(length) < 16 and int(length) <= limit):
        raise HTTPException(413)
    if _charset(request) not in _CHARSETS:
        raise HTTPException(400)
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


def _charset(request: Request) -> bytes:
    """That which the body says its fields are in; browsers say none. Some of Python's codecs take minutes for a field,
    others make of it what is no text."""
    _, told = parse_options_header(request.headers.get("content-type"))
    return told.get(b"charset", b"utf-8").lower()
