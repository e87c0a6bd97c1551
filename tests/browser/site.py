"""The hub that the browser tests look at: four organisations, their people, and what others send about a patient."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from adapters.hl7v2 import charsets
from hub.domain.patients import valid_national_identifier
from hub.processes.demo_hub import scenario
from hub.processes.destinations import MEDIA_TYPE, Mllp
from hub.security import organizations, users
from hub.store.connections import connect
from tests.acceptance.installation import Hub

T = TypeVar("T")
SCENARIO_PATIENT = "990101195803120027"
HISTORY = (
    ("SHIQIAO", "01-village-note.json"), ("QINGLIN", "02-township-prescription.hl7"),
    ("YUNLING", "03-county-admission.hl7"), ("YUNLING", "04-county-laboratory.hl7"),
    ("YUNLING", "05-county-laboratory-corrected.hl7"), ("YUNLING", "06-county-prescription.hl7"),
    ("YUNLING", "07-county-discharge.hl7"), ("DONGWAN", "08-earlier-history.json"),
)  # fmt: skip
PEOPLE = {
    "clinic": ("QINGLIN", "clinician"), "specialist": ("JIANGZHOU", "clinician"),
    "colleague": ("QINGLIN", "clinician"), "county": ("YUNLING", "clinician"), "stranger": ("DONGWAN", "clinician"),
    "engineer": ("JIANGZHOU", "administrator"),
}  # fmt: skip
"""Log-ins: the organisation and the role of each."""
NAMES = {"clinic": "曾庆华", "specialist": "许文澜", "county": "段志明", "stranger": "何苗", "engineer": "唐立新"}


@dataclass
class Site:
    """A hub that runs. passwords: by log-in; tokens: by organisation."""

    hub: Hub
    base: str
    passwords: dict[str, str]
    tokens: dict[str, str]
    mllp: str
    _count: int = 0
    _lines: dict[str, Mllp] = field(default_factory=dict)

    def patient(self) -> tuple[str, str]:
        """A number of a national identifier that nobody had before, and the run that makes its messages unique."""
        self._count += 1
        found = (f"990101195803{day:02d}{n:03d}{c}" for day in (12,) for n in range(10, 999) if n % 2 == 0
                 for c in "0123456789X")  # fmt: skip
        valid = [number for number in found if valid_national_identifier(number)]
        return valid[self._count], f"B{self._count}"

    def history(self, identifier: str, run: str) -> None:
        """What five institutions know of the patient, before the referral."""
        for code, name in HISTORY:
            self.deliver(code, name, identifier, run)

    def deliver(self, code: str, name: str, identifier: str, run: str) -> None:
        """A file of the demo's scenario about another patient, over its sender's line."""
        text = scenario(name, run).replace(SCENARIO_PATIENT, identifier)
        for local in ("Q20411", "Y880317", "DW-330871"):
            text = text.replace(local, f"{local}{run}")
        if name.endswith(".hl7"):
            self.send(text.strip().replace("\n", "\r") + "\r")
        else:
            self.post(code, "", json.loads(text))

    def send(self, text: str) -> str:
        """A message over MLLP in the character set that it names; MSA-1."""
        payload = text.encode(charsets.codec(charsets.declared(text.encode())) or "utf-8")
        host, _, port = self.mllp.rpartition(":")
        line = self._lines.setdefault(text.split("|", 4)[3], Mllp(host, int(port), 30))
        answer = line.deliver(payload)
        if answer.retry:  # the listener hangs up after five minutes of silence, which other tests may fill
            answer = line.deliver(payload)
        assert answer.code == "AA", answer
        return answer.code

    def post(self, code: str, route: str, body: object) -> dict[str, Any]:
        """A resource to a FHIR route, as the organisation."""
        response = httpx.post(f"{self.base}/fhir{route}", json=body, headers=self.headers(code), timeout=30)
        assert response.is_success, response.text[:500]
        return dict(response.json())

    def headers(self, code: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[code]}", "Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE}

    def referral(self, number: str) -> str:
        """The id of the referral with the sender's own number."""
        found = httpx.get(f"{self.base}/fhir/ServiceRequest", params={"identifier": number},
                          headers=self.headers("JIANGZHOU"), timeout=30).json()  # fmt: skip
        return str(found["entry"][0]["resource"]["id"])

    def move(self, code: str, referral: str, status: str, business: str | None = None, **more: Any) -> None:
        """Move the referral over FHIR, as the organisation's own system would."""
        url = f"{self.base}/fhir/Task/{referral}"
        task = httpx.get(url, headers=self.headers(code), timeout=30).json()
        task.pop("businessStatus", None)
        if business:
            task["businessStatus"] = {"coding": [{"system": "urn:referral-hub:business-status", "code": business}]}
        headers = self.headers(code) | {"If-Match": f'W/"{task["meta"]["versionId"]}"'}
        response = httpx.put(url, json=task | {"status": status} | more, headers=headers, timeout=30)
        assert response.is_success, response.text[:500]

    def record(self, code: str, referral: str) -> dict[str, Any]:
        """The record, as soon as it is made."""
        headers = self.headers(code) | {"Accept": "application/json"}

        def look() -> dict[str, Any] | None:
            response = httpx.get(f"{self.base}/referrals/{referral}/record", headers=headers, timeout=30)
            return dict(response.json()) if response.status_code == 200 else None

        return eventually(look)

    def close(self) -> None:
        for line in self._lines.values():
            line.close()


def eventually(look: Callable[[], T | None], seconds: float = 30) -> T:
    """The first answer that says something."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)
    return found


def open_site(hub: Hub) -> Site:
    """Register the organisations and their people, start everything."""
    tokens, passwords = {}, {}
    with connect(hub.database) as connection:
        for o in json.loads(scenario("organizations.json", "")):
            _, tokens[o["code"]] = organizations.add(
                connection, o["code"], o["name"], o["kind"], o["facilities"], o["charset"],
                departments=o["departments"],
            )  # fmt: skip
        for login, (code, role) in PEOPLE.items():
            _, made = users.add(connection, login, organization=code, role=role, name=NAMES.get(login, ""))
            passwords[login] = made or ""
        connection.commit()
    ready = hub.start()
    return Site(hub, ready["http"], passwords, tokens, ready["mllp"])
