"""`/attachments/{fragment_id}/{n}`: a file that came with a referral or a patient's history."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response

from hub.security import audit
from hub.security.people import Person
from hub.views import attachments, ids
from hub.web.pages import Pages

SHOWN = frozenset({"application/pdf", "image/png", "image/jpeg", "image/webp", "image/gif"})
"""Types that a browser shows by itself; plain text too, everything else is downloaded as bytes without type."""

_ENDINGS = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp",
            "image/gif": ".gif", "text/plain": ".txt"}  # fmt: skip
_CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; sandbox"


def router(pages: Pages) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/attachments/{fragment_id}/{n}")
    def attachment(request: Request, fragment_id: str, n: int, person: Person = Depends(pages.clinician)) -> Response:
        with pages.connection() as connection:
            file = attachments.read(connection, person.organization.id, fragment_id, n)
            audit.write(
                connection,
                organization_id=person.organization.id,
                actor=person.login,
                action="read",
                object_type="attachment",
                object_id=f"{fragment_id}/{n}" if ids.parse(fragment_id) else "no id",
                allowed=file is not None,
            )
        return pages.missing(request, person) if file is None else _served(file)

    return routes


def _served(file: attachments.File) -> Response:
    kind, _, parameters = (part.strip().lower() for part in file.content_type.partition(";"))
    shown = kind in SHOWN or kind == "text/plain"
    charset = _CHARSETS.get(parameters.partition("charset=")[2].strip(' "'), "utf-8")
    headers = {
        "Content-Type": f"text/plain; charset={charset}" if kind == "text/plain" else kind if shown
        else "application/octet-stream",
        "Content-Disposition": _disposition("inline" if shown else "attachment", _name(file.title, kind)),
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }  # fmt: skip
    return Response(file.content, headers=headers)


def _name(title: str, kind: str) -> str:
    ending = _ENDINGS.get(kind, "")
    last = "".join(c for c in title.replace("\\", "/").rpartition("/")[2] if c.isprintable()).strip()[:120] or "file"
    return last if "." in last or not ending else last + ending


def _disposition(how: str, name: str) -> str:
    """RFC 6266: the name in ASCII for old programs, and in full."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
