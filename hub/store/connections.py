"""Connections to PostgreSQL through psycopg 3; JSON goes through msgspec so that FHIR decimals stay exact."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import psycopg
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool

encode = msgspec.json.Encoder(decimal_format="number").encode
decode = msgspec.json.Decoder(float_hook=Decimal).decode

set_json_dumps(encode)
set_json_loads(decode)


def connect(url: str, *, autocommit: bool = False, **options: Any) -> psycopg.Connection[Any]:
    """A connection whose session speaks UTC. Raises psycopg.OperationalError when the server is not there."""
    return psycopg.connect(url, autocommit=autocommit, options="-c timezone=UTC", **options)


def pool(url: str, size: int, *, name: str) -> ConnectionPool[psycopg.Connection[Any]]:
    """An open pool of up to `size` connections; broken ones are replaced, so a restart of Postgres is survived."""
    return ConnectionPool(
        url,
        min_size=1,
        max_size=size,
        name=name,
        kwargs={"options": "-c timezone=UTC"},
        check=ConnectionPool.check_connection,
        open=True,
        timeout=10,
    )
