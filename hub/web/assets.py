"""Static files: read and compressed at start, each under an address with its hash, so that browsers keep them."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from mimetypes import guess_type

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import HTTPException

_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    compressed: bytes
    media_type: str
    digest: str


@cache
def assets() -> dict[str, Asset]:
    """All static files by name."""
    found = (f for f in files("hub.web").joinpath("static").iterdir() if f.is_file())
    return {file.name: _read(file.name, file.read_bytes()) for file in found}


def url(name: str) -> str:
    """The address of a static file. Raises KeyError where there is none."""
    return f"/static/{assets()[name].digest}/{name}"


def router() -> APIRouter:
    routes = APIRouter()

    @routes.get("/static/{digest}/{name}")
    def static(request: Request, digest: str, name: str) -> Response:
        asset = assets().get(name)
        if asset is None:
            raise HTTPException(404)
        headers = {"Vary": "Accept-Encoding", "Cache-Control": _FOREVER if digest == asset.digest else "no-cache"}
        if "gzip" in request.headers.get("accept-encoding", "") and len(asset.compressed) < len(asset.content):
            return Response(asset.compressed, 200, {**headers, "Content-Encoding": "gzip"}, asset.media_type)
        return Response(asset.content, 200, headers, asset.media_type)

    return routes


def _read(name: str, content: bytes) -> Asset:
    media_type = guess_type(name)[0] or "application/octet-stream"
    return Asset(content, gzip.compress(content, 9, mtime=0), media_type, sha256(content).hexdigest()[:12])
