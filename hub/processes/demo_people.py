"""The people of the demo: their log-ins, referrals that wait for them, and the file that its first page reads."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from hub.domain.errors import Refused
from hub.processes.demo_hub import Hub, expect, scenario
from hub.processes.demo_story import HOSPITAL, TOWNSHIP, Story, conflicting
from hub.security import users
from hub.store.connections import connect
from hub.views import messages

FILE = "demo.json"
_TOKEN = re.compile(r'name="?csrf_token"? value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody whom a visitor of the demo may be. key: of the role in the tour."""

    key: str
    login: str
    name: str
    organization: str
    role: str


GUESTS = (
    Guest("clinic", "clinic", "曾庆华", TOWNSHIP, "clinician"),
    Guest("specialist", "specialist", "许文澜", HOSPITAL, "clinician"),
    Guest("administrator", "administrator", "唐立新", HOSPITAL, "administrator"),
)


def log_ins(hub: Hub) -> list[dict[str, str]]:
    """Register the guests, with new passwords; of those known already the password is changed."""
    found: list[dict[str, str]] = []
    with connect(hub.settings.database) as connection:
        for guest in GUESTS:
            try:
                _, password = users.add(
                    connection, guest.login, organization=guest.organization, role=guest.role, name=guest.name
                )
            except Refused:
                _, password = users.set_password(connection, guest.login)
            connection.commit()
            place = {"organization": hub.names[guest.organization]}
            found.append(asdict(guest) | place | {"password": password or ""})
    return found


def enter(hub: Hub, person: dict[str, str]) -> None:
    """Log in as a browser does; StepFailed where that is refused."""
    with httpx.Client(base_url=hub.ready["http"], timeout=30) as client:
        found = _TOKEN.search(client.get("/login").text)
        expect(found, "the log-in page has a form")
        assert found is not None
        fields = {"login": person["login"], "password": person["password"], "csrf_token": found[1]}
        answer = client.post("/login", data=fields)
        expect(answer.status_code == 303, f"{person['login']} logs in, not {answer.status_code}")
        home = client.get(answer.headers["location"], follow_redirects=True)
        expect(home.status_code == 200, f"{person['login']} sees the first page, not {home.status_code}")


def what_waits_for_them(story: Story) -> None:
    """Referrals in the states that the story has left: new and urgent, asked back, booked, answered and unread."""
    hub = story.hub
    hub.send("30-urgent-referral.hl7")
    hub.send("31-unclear-referral.hl7")
    unclear = hub.opened(HOSPITAL, f"Q{hub.run}-32")
    asked = {"text": "请补充甲状腺超声报告（TI-RADS分级）和甲状腺功能。"}
    hub.put_task(HOSPITAL, unclear, "received", "awaiting-information", statusReason=asked)
    hub.send("33-booked-referral.hl7")
    booked = hub.opened(HOSPITAL, f"Q{hub.run}-34")
    period = {"start": "2026-12-02T14:00:00+08:00", "end": "2026-12-02T14:30:00+08:00"}
    hub.put_task(HOSPITAL, booked, "accepted", "scheduled", executionPeriod=period)
    hub.send("32-answered-referral.hl7")
    answered = hub.opened(HOSPITAL, f"Q{hub.run}-33")
    hub.put_task(HOSPITAL, answered, "accepted")
    hub.put_task(HOSPITAL, answered, "completed", "outcome-sent", **json.loads(scenario("32-outcome.json", hub.run)))


def write(path: Path, people: list[dict[str, str]], places: dict[str, str]) -> None:
    """The file of `REFERRAL_HUB_DEMO_FILE`; `places`: ids that the tour's links need."""
    written = path.with_suffix(".new")
    written.touch(mode=0o600)
    written.write_text(json.dumps({"people": people, "places": places}, ensure_ascii=False), encoding="utf-8")
    written.replace(path)


def places(story: Story) -> dict[str, str]:
    """Where the tour leads: her referral, one of the two doses, the message that brought her, the urgent referral."""
    hub = story.hub
    found: dict[str, Any] = {"her": story.her, "urgent": hub.opened(HOSPITAL, f"Q{hub.run}-31")}
    with connect(hub.settings.database) as connection:
        [message] = messages.listing(connection, messages.Criteria(control_id=f"Q{hub.run}-2"), limit=1)
    return found | {"message": message.id, "item": conflicting(story, "dose")[0]["id"]}
