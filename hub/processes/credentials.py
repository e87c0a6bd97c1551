"""What the hub shows to receivers, read where a destination says that it is: the database holds no secret of these."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

from hub.delivery.courier import Unconfigured
from hub.domain.delivery import Route

FILE = "file:"
"""How a token begins that is not the token, but where it is."""

_TOKEN = re.compile(r"[\x21-\x7e]+")


def tls(route: Route) -> ssl.SSLContext:
    """To speak TLS by a route: whom to trust, and who the hub is. Raises Unconfigured."""
    try:
        context = ssl.create_default_context(cadata=route.authorities)
        if route.certificate:
            context.load_cert_chain(route.certificate, password="")  # refused where it needs one: nobody is asked
    except (OSError, ValueError) as error:
        raise Unconfigured("certificate") from error
    return context


def token(kept: str) -> str:
    """The bearer token that a route names. Raises Unconfigured."""
    try:
        text = Path(kept.removeprefix(FILE)).read_text("utf-8") if kept.startswith(FILE) else kept
    except (OSError, UnicodeDecodeError) as error:
        raise Unconfigured("token") from error
    found = text.split("\n", 1)[0].strip()
    if not _TOKEN.fullmatch(found):
        raise Unconfigured("token")
    return found
