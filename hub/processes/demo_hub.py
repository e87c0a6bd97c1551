"""What the demo's people work with: a running hub, each organisation's line to it, and its own event stream."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, TypeVar

import httpx

from adapters.hl7v2 import charsets
from hub.domain.errors import Unavailable
from hub.processes import children
from hub.processes.destinations import MEDIA_TYPE, Answer, Mllp
from hub.processes.settings import Settings
from hub.security import organizations
from hub.store.connections import connect, decode
from hub.store.sql import blocks
from hub.stream import subscription
from hub.stream.broker import Broker
from hub.views import figures

T = TypeVar("T")
Json = dict[str, Any]
START_SECONDS = 120
PATIENCE_SECONDS = 25.0


class StepFailed(Exception):
    """The story did not go on as it should; says what was expected."""


def expect(condition: object, text: str) -> None:
    if not condition:
        raise StepFailed(text)


def eventually(look: Callable[[], T | None], what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """The first answer that says something. Raises StepFailed after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise StepFailed(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.05)


def scenario(name: str, run: str, referral: str = "") -> str:
    """A file of the scenario with its marks filled in."""
    folder = files("hub.processes").joinpath("scenario")
    text = folder.joinpath(name).read_text(encoding="utf-8").replace("@RUN@", run).replace("@REFERRAL@", referral)
    while (start := text.find("@BASE64:")) >= 0:
        end = text.index("@", start + 1)
        attached = folder.joinpath(text[start + 8 : end]).read_bytes()
        text = text[:start] + base64.b64encode(attached).decode() + text[end + 1 :]
    return text


@dataclass(slots=True)
class Follower:
    """One organisation's consumer of its own topic, in a thread of its own."""

    code: str
    events: list[Json] = field(default_factory=list)

    def follow(self, broker: Broker, stop: threading.Event) -> None:
        for value in subscription.follow(broker, self.code, stop, from_beginning=True):
            self.events.append(decode(value))


class Hub:
    """A real hub of its own: `referral-hub all` as a child. Use as a context; `settings` as of `embedded.started`."""

    def __init__(self, settings: Settings, run: str) -> None:
        self.settings, self.run = settings, run
        self.tokens: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.records: dict[str, Json] = {}
        self.followers: dict[str, Follower] = {}
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lines: dict[str, Mllp] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._http = httpx.Client(timeout=30)
        self.ready: Json = {}

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for line in self._lines.values():
            line.close()
        for thread in self._threads:
            thread.join(10)
        self._http.close()
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)

    def start(self, settings: Settings) -> None:
        """Start every process, with the home, addresses and demo file of `settings`; wait until all are ready."""
        environment = os.environ | {
            "REFERRAL_HUB_HOME": str(settings.home),
            "REFERRAL_HUB_HTTP": str(settings.http),
            "REFERRAL_HUB_MLLP": str(settings.mllp),
            "REFERRAL_HUB_DEMO_FILE": str(settings.demo_file),
        }
        command = [sys.executable, "-P", "-m", "hub.processes.commands", "all"]
        with (settings.home / "demo.log").open("ab") as log:
            self._process = children.start(command, stdout=subprocess.PIPE, stderr=log, env=environment)
        timer = threading.Timer(START_SECONDS, self._process.kill)
        timer.start()
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        timer.cancel()
        if not line:
            raise Unavailable(f"the hub did not become ready; see {settings.home}/demo.log")
        self.ready = json.loads(line)

    def register(self, organization: Json) -> None:
        """Add an organisation and keep its token; where it is known already, give it a new token."""
        o = organization
        with connect(self.settings.database) as connection:
            if organizations.find(connection, o["code"]) is None:
                _, token = organizations.add(
                    connection, o["code"], o["name"], o["kind"], o["facilities"], o["charset"],
                    departments=o["departments"],
                )  # fmt: skip
            else:
                _, token = organizations.rotate_token(connection, o["code"])
            connection.commit()
        self.tokens[o["code"]], self.names[o["code"]] = token, o["name"]

    def follow(self, code: str, settings: Settings) -> None:
        """Begin to consume the organisation's own topic."""
        self.followers[code] = follower = Follower(code)
        broker = Broker(settings.kafka, settings.kafka_security)
        thread = threading.Thread(target=follower.follow, args=(broker, self._stop), name=code, daemon=True)
        self._threads.append(thread)
        thread.start()

    def send(self, name: str) -> Answer:
        """A file of the scenario over MLLP, in the character set that it names, on its sender's line."""
        text = scenario(name, self.run).strip().replace("\n", "\r") + "\r"
        payload = text.encode(charsets.codec(charsets.declared(text.encode())) or "utf-8")
        sender = text.split("|", 4)[3]
        address = self.ready["mllp"].rpartition(":")
        line = self._lines.setdefault(sender, Mllp(address[0], int(address[2]), PATIENCE_SECONDS))
        self.counts["sent"] += 1
        answer = line.deliver(payload)
        expect(answer.code == "AA", f"{name} is acknowledged with AA, not {answer.code} {answer.error}")
        self.counts["acknowledged"] += 1
        return answer

    def post(self, code: str, route: str, name: str, referral: str = "") -> Json:
        """A file of the scenario to a FHIR route."""
        return self._submit(code, "POST", route, json.loads(scenario(name, self.run, referral)))

    def put_task(self, code: str, referral: str, status: str, business: str | None = None, **more: Any) -> Json:
        """Read the Task, change it, write it back under the version that was read."""
        task = self.read(code, f"/Task/{referral}")
        task.pop("businessStatus", None)
        if business:
            task["businessStatus"] = {"coding": [{"system": "urn:referral-hub:business-status", "code": business}]}
        version = task["meta"]["versionId"]
        return self._submit(code, "PUT", f"/Task/{referral}", task | {"status": status} | more, f'W/"{version}"')

    def read(self, code: str, route: str) -> Json:
        """What a FHIR route answers to the organisation."""
        response = self._http.get(self.ready["http"] + "/fhir" + route, headers=self._headers(code))
        expect(response.status_code == 200, f"GET {route} as {code} is answered 200, not {response.status_code}")
        return dict(decode(response.content))

    def status(self, code: str, path: str) -> int:
        """The status that the organisation gets for a path."""
        headers = self._headers(code) | {"Accept": "*/*"}
        return self._http.get(self.ready["http"] + path, headers=headers).status_code

    def record(self, code: str, referral: str) -> Json:
        """The continuous record as the organisation reads it."""

        def look() -> httpx.Response | None:
            headers = self._headers(code) | {"Accept": "application/json"}
            response = self._http.get(f"{self.ready['http']}/referrals/{referral}/record", headers=headers)
            return None if response.status_code == 503 else response

        response = eventually(look, "the record is made")
        expect(response.status_code == 200, f"{code} reads the record, not {response.status_code}")
        self.records[referral] = dict(decode(response.content))
        return self.records[referral]

    def event(self, code: str, type: str, referral: str, **data: Any) -> Json:
        """The event of that type about the referral, as soon as the organisation's consumer has it."""

        def look() -> Json | None:
            return next((e for e in self.followers[code].events
                         if e["type"] == type and e["data"]["referral_id"] == referral
                         and all(e["data"].get(name) == value for name, value in data.items())), None)  # fmt: skip

        return eventually(look, f"{type} reaches {code}")

    def opened(self, code: str, control_id: str) -> str:
        """The id of the referral that the message opened, from the event in the organisation's stream."""

        def look() -> str | None:
            opened = (e["data"] for e in self.followers[code].events if e["type"] == "referral.requested.v1")
            return next((str(data["referral_id"]) for data in opened if data.get("control_id") == control_id), None)

        return eventually(look, f"referral.requested.v1 of {control_id} reaches {code}")

    def published(self) -> int:
        with connect(self.settings.database) as connection:
            [(count,)] = connection.execute(blocks("demo")["published"]).fetchall()
        return int(count)

    def figures(self) -> figures.Figures:
        with connect(self.settings.database) as connection:
            return figures.read(connection)

    def _submit(self, code: str, method: str, route: str, body: Json, version: str | None = None) -> Json:
        self.counts["sent"] += 1
        headers = self._headers(code) | ({"If-Match": version} if version else {})
        url = self.ready["http"] + "/fhir" + route
        response = self._http.request(method, url, json=body, headers=headers | {"Content-Type": MEDIA_TYPE})
        expect(response.is_success, f"{method} {route} as {code}: {response.status_code} {response.text[:500]}")
        self.counts["acknowledged"] += 1
        return dict(decode(response.content))

    def _headers(self, code: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[code]}", "Accept": MEDIA_TYPE}
