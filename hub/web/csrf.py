"""Tokens against forged forms: bound to the session's cookie, masked anew in each page: compression tells nothing."""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode, urlsafe_b64encode
from urllib.parse import urlsplit

from starlette.requests import Request

_LENGTH = 32


def token(cookie: str) -> str:
    """A token that `matches` the cookie's value."""
    mask = secrets.token_bytes(_LENGTH)
    return urlsafe_b64encode(mask + _xor(mask, _secret(cookie))).decode()


def matches(cookie: str, given: str) -> bool:
    try:
        sent = b64decode(given, altchars=b"-_", validate=True)
    except ValueError:
        return False
    return len(sent) == 2 * _LENGTH and hmac.compare_digest(_xor(sent[:_LENGTH], sent[_LENGTH:]), _secret(cookie))


def foreign(request: Request) -> bool:
    """Whether a browser says that another site's page sent this."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin", "null")
    return origin != "null" and urlsplit(origin).netloc != request.headers.get("host")


def _secret(cookie: str) -> bytes:
    return hmac.digest(cookie.encode(), b"csrf", "sha256")


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
