"""Who asks, and the answers to those who may not."""

from __future__ import annotations

from ipaddress import ip_address

from fastapi import Request
from fastapi.responses import JSONResponse

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


def bearer(request: Request) -> str | None:
    """The token of `Authorization: Bearer TOKEN`, None where there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def from_loopback(request: Request) -> bool:
    """Whether the peer is this machine itself, not a proxy on it that forwards somebody else."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    return loopback(request.client.host)


def loopback(host: str) -> bool:
    """Whether the address is this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def problem(status: int, code: str, text: str, **headers: str) -> JSONResponse:
    """An error's answer: `{error: {code, text}}`; header names are written with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JSONResponse({"error": {"code": code, "text": text}}, status, {"Cache-Control": "no-store", **named})


def unauthenticated() -> JSONResponse:
    return problem(401, "unauthenticated", "a valid Bearer token is needed", WWW_Authenticate="Bearer")


def unavailable(text: str, seconds: int = 5) -> JSONResponse:
    return problem(503, "unavailable", text, Retry_After=str(seconds))
