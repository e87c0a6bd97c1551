"""What the administrator's pages call: Kafka's word on who is behind, and what goes through the hub again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import structlog

from adapters.hl7v2 import charsets
from hub.delivery import destinations, letters
from hub.domain.errors import Unavailable
from hub.domain.messages import Receipt
from hub.domain.positions import WORKER, Reader, Readers
from hub.intake import kept
from hub.intake.committing import open_connection
from hub.processes import children, embedded_kafka
from hub.processes.settings import EMBEDDED, PREFIX, Settings
from hub.processes.submissions import resubmit
from hub.store.directory import Directory
from hub.stream import lag
from hub.stream.broker import TRANSIENT, Broker
from hub.web.admin.commands import Commands, LineReplay

FRESH = timedelta(seconds=5)
"""How long Kafka's word is shown before it is asked again."""
FIRST_SECONDS = 0.03
"""How long the first who asks waits: a page does not wait for a broker that is away."""

log = structlog.get_logger()


def commands(settings: Settings, directory: Directory, readers: Callable[[], Readers]) -> Commands:
    """settings: their database is a real address; readers: what Kafka said last, at once."""
    lines = LineReplays(settings)
    return Commands(
        consumer=WORKER,
        readers=readers,
        codec=charsets.codec,
        replay_message=lambda message_id: _replay(settings.database, directory, message_id),
        replay_lines=lines.begin,
        line_replay=lines.newest,
        replay_delivery=letters.replay,
        skip_delivery=letters.skip,
        pause_destination=destinations.pause,
        resume_destination=destinations.resume,
    )


class Watch:
    """Answers at once with the newest readings; asks anew in a thread of its own when they are not fresh."""

    def __init__(self, read: Callable[[], tuple[Reader, ...]]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._asked: datetime | None = None
        self._told = threading.Event()
        self._readers: Readers | None = None

    def __call__(self) -> Readers:
        now = datetime.now(UTC)
        with self._lock:
            due = self._asked is None or (self._told.is_set() and now - self._asked >= FRESH)
            if due:
                self._asked = now
                self._told.clear()
                threading.Thread(target=self._ask, name="kafka-readers", daemon=True).start()
        if due and self._readers is None:
            self._told.wait(FIRST_SECONDS)
        return self._readers or Readers(now, reachable=None)

    def _ask(self) -> None:
        try:
            self._readers = Readers(datetime.now(UTC), True, self._read())
        except (Unavailable, *TRANSIENT) as error:
            log.info("Kafka tells no positions", error=type(error).__name__)
            known = self._readers.readers if self._readers else ()
            self._readers = Readers(datetime.now(UTC), False, known)
        finally:
            self._told.set()


class LineReplays:
    """Runs the command in a process of its own, one at a time: the model needs memory that pages must not lack."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._newest: LineReplay | None = None

    def newest(self) -> LineReplay | None:
        return self._newest

    def begin(self, subject: str | None) -> bool:
        """Whether it was begun; False while one runs."""
        with self._lock:
            if self._newest is not None and self._newest.ended_at is None:
                return False
            self._newest = LineReplay(subject, datetime.now(UTC))
        threading.Thread(target=self._run, args=(subject,), name="dead-letters", daemon=True).start()
        return True

    def _run(self, subject: str | None) -> None:
        assert self._newest is not None
        done, fault = self._newest, None
        command = [sys.executable, "-m", "hub.processes.commands", "dead-letters", "replay"]
        try:
            process = children.start(
                [*command, *([subject] if subject else [])], env=_environment(self._settings), stdout=subprocess.PIPE
            )
            with process:
                assert process.stdout is not None
                for line in process.stdout:
                    failed = json.loads(line)["cause"] is not None
                    done = replace(done, processed=done.processed + (not failed), failed=done.failed + failed)
                    self._newest = done
            if process.returncode not in ((0, 1) if done.failed else (0,)):
                fault = f"exit status {process.returncode}"
        except (OSError, ValueError, KeyError) as error:
            fault = type(error).__name__
        finally:
            self._newest = replace(done, ended_at=datetime.now(UTC), fault=fault)


def _replay(database: str, directory: Directory, message_id: str) -> Receipt:
    try:
        with open_connection(database) as connection:
            return kept.replay(connection, directory, message_id, resubmit(directory))
    except psycopg.OperationalError as error:
        raise Unavailable("PostgreSQL does not answer") from error


def readers(settings: Settings) -> tuple[Reader, ...]:
    """Asked now. Raises Unavailable and what `hub.stream.broker.TRANSIENT` lists."""
    address = settings.kafka
    if address == EMBEDDED:
        address = embedded_kafka.address(settings.home) or ""
    if not address:
        raise Unavailable("the embedded broker is not there")
    return lag.readers(Broker(address, settings.kafka_security))


def _environment(settings: Settings) -> dict[str, str]:
    """Ours, with the database as it was found."""
    given = {name: value for name, value in os.environ.items() if name != f"{PREFIX}DATABASE_FILE"}
    return given | {f"{PREFIX}DATABASE": settings.database, f"{PREFIX}HOME": str(settings.home)}
