"""`referral-hub mllp`: HL7 v2 over MLLP in, acknowledgements out; by several listeners on one port where set so."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hub.processes.settings import PREFIX, Address, Settings
from hub.processes.supervision import Child, keep

DRAIN_SECONDS = 37.0
"""For the listeners to drain: less than `all` gives this process."""


def run(settings: Settings, *, stop: threading.Event, ready: Callable[[dict[str, Any]], None]) -> None:
    """Listen until `stop`, then answer what came and return. Raises OSError when the address is not free."""
    if settings.mllp_processes == 1:
        from hub.processes import listener

        listener.run(settings, stop=stop, ready=ready)
        return
    with _reserved(settings.mllp) as address:
        command = [sys.executable, "-P", "-m", "hub.processes.listener"]
        environment = _environment(settings, address)
        family = [Child(f"mllp {n + 1}", command, environment) for n in range(settings.mllp_processes)]
        keep(family, stop=stop, ready=lambda: ready({"mllp": str(address)}), seconds=DRAIN_SECONDS)


def _environment(settings: Settings, address: Address) -> dict[str, str]:
    """What the listeners are started with: the database that runs and the address that is reserved."""
    kept = {name: text for name, text in os.environ.items() if name != f"{PREFIX}DATABASE_FILE"}
    return kept | {f"{PREFIX}DATABASE": settings.database, f"{PREFIX}MLLP": str(address)}


@contextmanager
def _reserved(wanted: Address) -> Iterator[Address]:
    """The address, its port chosen and kept, for sockets with SO_REUSEPORT to listen on.

    Raises OSError when another listens there: to be asked without SO_REUSEPORT, with it the port would be shared.
    """
    family, kind, protocol, _, name = socket.getaddrinfo(
        wanted.host, wanted.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(name)
    with socket.socket(family, kind, protocol) as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(name)
        yield Address(wanted.host, held.getsockname()[1])
