"""A hub as an engineer would run it: the command, a home of its own, real processes, ended by who started them."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.processes.demo import share_models
from tests.conftest import free_port

COMMAND = [sys.executable, "-m", "hub.processes.commands"]


@dataclass
class Hub:
    """One home with its settings; `start` runs `referral-hub all`."""

    home: Path
    kafka: str
    database: str = "embedded"
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    def __post_init__(self) -> None:
        self.http_port, self.mllp_port = free_port(), free_port()
        self.home.mkdir(parents=True, exist_ok=True)
        share_models(self.home, Path("~/.referral-hub").expanduser())

    @property
    def environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("REFERRAL_HUB_")}
        return inherited | {
            "REFERRAL_HUB_HOME": str(self.home),
            "REFERRAL_HUB_DATABASE": self.database,
            "REFERRAL_HUB_KAFKA": self.kafka,
            "REFERRAL_HUB_HTTP": f"127.0.0.1:{self.http_port}",
            "REFERRAL_HUB_MLLP": f"127.0.0.1:{self.mllp_port}",
            **self.settings,
        }

    def run(self, *arguments: str, status: int = 0) -> list[dict[str, Any]]:
        """Run one command to its end; its JSON Lines. AssertionError on another exit status."""
        done = subprocess.run([*COMMAND, *arguments], env=self.environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == status, f"{arguments}: exit {done.returncode}: {done.stderr[-2000:]}"
        return [json.loads(line) for line in done.stdout.splitlines()]

    def add(self, code: str, name: str, kind: str, *facilities: str, **options: str) -> str:
        """Register an organisation; its token."""
        arguments = ["organization", "add", code, "--name", name, "--kind", kind]
        for facility in facilities:
            arguments += ["--facility", facility]
        for option, value in options.items():
            arguments += [f"--{option}", value]
        return str(self.run(*arguments)[0]["token"])

    def start(self, *, command: str = "all", timeout: float = 200) -> dict[str, str]:
        """Start the processes; the ready line."""
        with (self.home.parent / f"{self.home.name}.log").open("a") as log:
            self.process = subprocess.Popen(
                [*COMMAND, command], env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        lines: queue.Queue[str] = queue.Queue()
        assert self.process.stdout is not None
        threading.Thread(target=lambda out=self.process.stdout: lines.put(out.readline()), daemon=True).start()
        line = lines.get(timeout=timeout)
        assert line, f"referral-hub {command} ended before it was ready: {self.log()[-3000:]}"
        ready: dict[str, str] = json.loads(line)
        return ready

    def log(self) -> str:
        return (self.home.parent / f"{self.home.name}.log").read_text()

    def kill(self) -> None:
        """kill -9 of the process that was started; its children die with it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        if self.process is None or self.process.poll() is not None:
            return -1
        self.process.terminate()
        return self.process.wait(60)

    def http(self, method: str, path: str, token: str | None = None, body: object = None,
             **headers: str) -> tuple[int, dict[str, str], Any]:  # fmt: skip
        """Status, headers (lower-case names) and the decoded JSON body of one request."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", data, method=method)
        request.add_header("Content-Type", "application/fhir+json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, {k.lower(): v for k, v in response.headers.items()}, _json(response.read())
        except urllib.error.HTTPError as error:
            return error.code, {k.lower(): v for k, v in error.headers.items()}, _json(error.read())


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
