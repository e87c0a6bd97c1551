"""What an administrator sets right: messages and dead letters once more, organisations, users."""

from __future__ import annotations

import re
import time
from importlib.resources import files

import pytest
from fastapi.testclient import TestClient
from psycopg.types.json import Json

from hub.domain.requirements import Requirement
from hub.security import organizations, tokens
from hub.store.directory import MISS_AGE
from hub.views import requirements
from tests.integration.people_site import PASSWORD, PeopleSite
from tests.integration.streams import eventually

ORGANIZATION = {
    "code": "NEW-1",
    "name": "新医院",
    "kind": "hospital",
    "facilities": "NEW\nNEW2",
    "timezone": "Asia/Shanghai",
    "departments": "XN=心内科",
    "charset": "GB 18030-2000",
    "referral_answer": "RRI",
}
SECRET = re.compile(r'<p class="secret"><code>([^<]+)</code>')


@pytest.fixture
def refused(site: PeopleSite) -> str:
    """An admission that was refused because nobody had registered its sending facility."""
    text = files("hub.processes").joinpath("scenario", "03-county-admission.hl7").read_text(encoding="utf-8")
    error = {"code": "unknown-sender", "path": "MSH[1]-4", "text": "no organisation is registered"}
    found = site.seeds.message(None, status="rejected", raw=text.replace("\n", "\r").encode("gb18030"), error=error)
    site.connection.commit()
    return found


def test_a_refused_message_goes_through_once_its_cause_is_mended(
    site: PeopleSite, engineer: TestClient, refused: str
) -> None:
    path, sent = f"/admin/messages/{refused}/replay", {"confirm": "yes", "status": "rejected"}
    again = site.post(engineer, path, sent)
    assert (again.status_code, again.headers["location"]) == (303, f"/admin/messages/{refused}")
    assert "消息再次被拒收" in engineer.get(again.headers["location"]).text
    registered = {**ORGANIZATION, "name": "县医院", "facilities": "YUNLING", "departments": ""}
    assert site.post(engineer, "/admin/organizations/hospital", registered).status_code == 303
    time.sleep(2 * MISS_AGE)  # so long the register may say that a name is unknown
    assert site.post(engineer, path, sent).status_code == 303
    assert site.execute("SELECT status, organization_id FROM messages") == [("accepted", site.hospital.id)]
    assert site.execute("SELECT count(*) > 0 FROM fragments") == [(True,)]
    trail = site.execute("SELECT actor, action FROM audit WHERE object_type = 'message' AND action = 'replay'")
    assert trail == [("engineer", "replay")] * 2


def test_a_replay_is_confirmed_and_of_what_was_seen(site: PeopleSite, engineer: TestClient, refused: str) -> None:
    path = f"/admin/messages/{refused}/replay"
    assert "如果被接受" in engineer.get(path).text
    unconfirmed = site.post(engineer, path, {"status": "rejected"})
    assert (unconfirmed.status_code, "请确认" in unconfirmed.text) == (422, True)
    assert site.post(engineer, path, {"confirm": "yes", "status": "parked"}).status_code == 409
    assert site.post(engineer, f"{path[:-9]}x/replay", {"confirm": "yes"}).status_code == 404
    assert site.execute("SELECT status, processed_at FROM messages") == [("rejected", None)]


@pytest.mark.parametrize("status", ["accepted", "incomplete"])
def test_what_took_effect_or_never_ended_is_not_replayed(site: PeopleSite, engineer: TestClient, status: str) -> None:
    found = site.seeds.message(site.clinic, status=status)
    site.connection.commit()
    path = f"/admin/messages/{found}/replay"
    assert "<button>重新处理" not in engineer.get(path).text
    assert site.post(engineer, path, {"confirm": "yes", "status": status}).status_code == 409
    assert site.execute("SELECT status FROM messages") == [(status,)]


def test_a_task_update_is_not_replayed(site: PeopleSite, engineer: TestClient, refused: str) -> None:
    site.execute("UPDATE messages SET type = 'Task', format = 'fhir'")
    answer = site.post(engineer, f"/admin/messages/{refused}/replay", {"confirm": "yes", "status": "rejected"})
    assert (answer.status_code, "不能按原样重新处理" in answer.text) == (409, True)


def test_a_line_of_dead_letters_is_replayed_by_the_command(site: PeopleSite, engineer: TestClient) -> None:
    referral = site.seeds.referral(site.clinic, site.hospital, site.seeds.patient())
    event = {"id": referral, "type": "referral.closed.v1", "subject": referral, "time": "2026-05-01T08:00:00+00:00",
             "data": {"referral_id": referral}}  # fmt: skip
    site.execute("INSERT INTO dead_letters (consumer, subject, event_id, event, cause) VALUES "
                 "('referral-hub-worker', %s, %s, %s, 'KeyError at records.py:1 in handle')",
                 referral, referral, Json(event))  # fmt: skip
    page = engineer.get("/admin/dead-letters").text
    assert "KeyError at records.py:1 in handle" in page
    assert "clinic → hospital" in page
    assert site.post(engineer, "/admin/dead-letters/replay", {"subject": referral}).status_code == 422
    assert site.post(engineer, "/admin/dead-letters/replay", {"subject": "x", "confirm": "yes"}).status_code == 422
    other = {"subject": "01a205ae-6eb4-7037-8e28-1ecc39167b2a", "confirm": "yes"}
    assert site.post(engineer, "/admin/dead-letters/replay", other).status_code == 409
    begun = site.post(engineer, "/admin/dead-letters/replay", {"subject": referral, "confirm": "yes"})
    assert (begun.status_code, begun.headers["location"]) == (303, "/admin/dead-letters")
    eventually(lambda: "已结束" in (text := engineer.get("/admin/dead-letters").text) or "命令失败" in text, 120)
    assert site.execute("SELECT replayed_at IS NOT NULL FROM dead_letters") == [(True,)]
    assert "已处理 1 条" in engineer.get("/admin/dead-letters").text
    trail = site.execute("SELECT actor, object_id, allowed FROM audit WHERE object_type = 'dead-letter' ORDER BY id")
    assert trail == [("engineer", other["subject"], False), ("engineer", referral, True)]


def test_an_organisations_token_is_shown_once(site: PeopleSite, engineer: TestClient) -> None:
    page = site.post(engineer, "/admin/organizations", ORGANIZATION)
    found = SECRET.search(page.text)
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert found
    sender = tokens.authenticate(site.connection, found[1])
    assert sender is not None and sender.code == "NEW-1"
    shown = engineer.get("/admin/organizations/new-1").text
    assert found[1] not in shown + engineer.get("/admin/organizations").text
    unconfirmed = site.post(engineer, "/admin/organizations/NEW-1/token")
    assert (unconfirmed.status_code, SECRET.search(unconfirmed.text)) == (422, None)
    rotated = SECRET.search(site.post(engineer, "/admin/organizations/NEW-1/token", {"confirm": "yes"}).text)
    site.connection.commit()
    assert rotated and tokens.authenticate(site.connection, found[1]) is None
    assert tokens.authenticate(site.connection, rotated[1]) == sender
    assert site.post(engineer, "/admin/organizations/none/token", {"confirm": "yes"}).status_code == 404


@pytest.mark.parametrize(
    ("name", "value"),
    [("code", "a b"), ("code", "CLINIC"), ("name", " "), ("kind", "pharmacy"), ("facilities", "TAKEN"),
     ("timezone", "Mars/Base"), ("departments", "no equals sign"), ("charset", "EBCDIC?"),
     ("referral_answer", "NAK")],
)  # fmt: skip
def test_a_wrong_organisation_is_told_field_by_field(
    site: PeopleSite, engineer: TestClient, name: str, value: str
) -> None:
    site.execute("INSERT INTO facilities VALUES ('TAKEN', %s)", site.clinic.id)
    answer = site.post(engineer, "/admin/organizations", {**ORGANIZATION, name: value})
    assert answer.status_code == 422
    assert f'href="#{name}"' in answer.text
    if name not in ("code", "kind"):
        edited = site.post(engineer, "/admin/organizations/hospital", {**ORGANIZATION, name: value})
        assert (edited.status_code, f'href="#{name}"' in edited.text) == (422, True)
    assert len(organizations.listing(site.connection)) == 3
    assert site.execute("SELECT name FROM organizations WHERE code = 'hospital'") == [("Name of hospital",)]


def test_what_is_registered_is_edited(site: PeopleSite, engineer: TestClient) -> None:
    assert site.post(engineer, "/admin/organizations/hospital", ORGANIZATION).status_code == 303
    found = organizations.registered(site.connection, "HOSPITAL")
    assert found is not None
    assert (found.code, found.name, found.kind, found.charset, found.referral_answer, found.facilities,
            found.departments) == ("hospital", "新医院", "hospital", "GB 18030-2000", "RRI", ["NEW", "NEW2"],
                                   {"XN": "心内科"})  # fmt: skip
    again = {**ORGANIZATION, "facilities": "NEW2\nNEW3", "departments": ""}
    assert site.post(engineer, "/admin/organizations/hospital", again).status_code == 303
    site.connection.commit()
    found = organizations.registered(site.connection, "hospital")
    assert found is not None and (found.facilities, found.departments) == (["NEW2", "NEW3"], {})
    assert site.post(engineer, "/admin/organizations/none", ORGANIZATION).status_code in (404, 422)


def test_what_a_receiver_wants_to_know_is_published(site: PeopleSite, engineer: TestClient) -> None:
    path = "/admin/organizations/hospital/requirements"
    rows = {"text-0": "血压", "words-0": "血压、BP, mmHg", "department-0": "XN", "mandatory-0": "yes",
            "text-1": "用药", "words-1": "用药", "text-5": " ", "words-5": ""}  # fmt: skip
    assert site.post(engineer, path, rows).status_code == 303
    assert requirements.read(site.connection, site.hospital.id) == (
        Requirement("血压", ("血压", "BP", "mmHg"), "XN", True), Requirement("用药", ("用药",)))  # fmt: skip
    wrong = site.post(engineer, path, {"text-0": "血压", "words-0": "、,", "words-1": "x"})
    assert (wrong.status_code, 'href="#words-0"' in wrong.text, 'href="#text-1"' in wrong.text) == (422, True, True)
    assert site.post(engineer, path, {}).status_code == 303
    site.connection.commit()
    assert requirements.read(site.connection, site.hospital.id) == ()


def test_a_user_is_added_and_logs_in_with_the_password_shown_once(site: PeopleSite, engineer: TestClient) -> None:
    sent = {"login": "li.na", "name": "李娜", "organization": "clinic", "role": "clinician"}
    found = SECRET.search(site.post(engineer, "/admin/users", sent).text)
    assert found
    assert site.enter("li.na", found[1]).status_code == 303
    assert found[1] not in engineer.get("/admin/users/li.na").text
    for name, value in (("login", "li.na"), ("login", "李"), ("organization", "none"), ("role", "king")):
        answer = site.post(engineer, "/admin/users", {**sent, "login": "x.y", name: value})
        assert (answer.status_code, f'href="#{name}"' in answer.text) == (422, True), name


def test_a_user_is_disabled_and_allowed_again(site: PeopleSite, engineer: TestClient) -> None:
    doctor = site.browser("doctor")
    yes = {"confirm": "yes"}
    assert site.post(engineer, "/admin/users/doctor/disable").status_code == 422
    assert doctor.get("/account").status_code == 200
    assert site.post(engineer, "/admin/users/doctor/disable", yes).status_code == 303
    assert doctor.get("/account").status_code == 303
    assert site.enter("doctor").status_code != 303
    assert site.post(engineer, "/admin/users/doctor/enable", yes).status_code == 303
    assert site.enter("doctor", PASSWORD).status_code == 303
    assert [line for line in site.trail("doctor") if line[0] == "engineer"] == [
        ("engineer", "disable", True), ("engineer", "enable", True)]  # fmt: skip


def test_sessions_password_and_token_of_a_user(site: PeopleSite, engineer: TestClient) -> None:
    doctor, yes = site.browser("doctor"), {"confirm": "yes"}
    assert site.post(engineer, "/admin/users/doctor/sessions", yes).status_code == 303
    assert doctor.get("/account").status_code == 303
    made = SECRET.search(site.post(engineer, "/admin/users/doctor/password", yes).text)
    assert made and site.enter("doctor", made[1]).status_code == 303
    token = SECRET.search(site.post(engineer, "/admin/users/engineer/token", yes).text)
    site.connection.commit()
    assert token and tokens.person_of(site.connection, token[1])


def test_nobody_disables_himself_nor_who_is_not(site: PeopleSite, engineer: TestClient) -> None:
    assert site.post(engineer, "/admin/users/engineer/disable", {"confirm": "yes"}).status_code == 409
    assert engineer.get("/admin/users/none").status_code == 404
    assert site.post(engineer, "/admin/users/none/disable", {"confirm": "yes"}).status_code == 404
    assert site.post(engineer, "/admin/users/doctor/delete", {"confirm": "yes"}).status_code == 404
