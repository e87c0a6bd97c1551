"""Connections to PostgreSQL through psycopg 3; JSON goes through msgspec so that FHIR decimals stay exact."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool

encode = msgspec.json.Encoder(decimal_format="number").encode
decode = msgspec.json.Decoder(float_hook=Decimal).decode

set_json_dumps(encode)
set_json_loads(decode)

PATIENCE_SECONDS = 10
"""How long a connection of a pool is waited for, and its making tried. psycopg's pauses between tries double: over its
own 300 seconds they grow to minutes that a server would be back and nobody would ask it."""

_OPTIONS = "-c timezone=UTC -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
_SESSION = {
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""With the options of every session, on both of its sides: a machine that vanished without a word is found out after
30 seconds. Linux would wait for 15 minutes; a server would keep the locks of who leads for two hours."""


def connect(url: str, *, autocommit: bool = False, **options: Any) -> psycopg.Connection[Any]:
    """A connection whose session speaks UTC. Raises psycopg.OperationalError when the server is not there."""
    return psycopg.connect(url, autocommit=autocommit, **{**_session(url), **options})


def pool(url: str, size: int, *, name: str) -> ConnectionPool[psycopg.Connection[Any]]:
    """An open pool of up to `size` connections; broken ones are replaced, so a restart of Postgres is survived."""
    return ConnectionPool(
        url,
        min_size=1,
        max_size=size,
        name=name,
        kwargs=_session(url),
        check=ConnectionPool.check_connection,
        open=True,
        timeout=PATIENCE_SECONDS,
        reconnect_timeout=PATIENCE_SECONDS,
    )


def _session(url: str) -> dict[str, Any]:
    """What the URL does not say itself."""
    given = conninfo_to_dict(url)
    return {"options": _OPTIONS, **{name: value for name, value in _SESSION.items() if name not in given}}
