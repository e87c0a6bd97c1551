"""The administrator's pages, on the whole HTTP server with a real database."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from psycopg.types.json import Json, Jsonb

from tests.integration.people_site import REFERRAL, PeopleSite

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
PAGES = (
    "/admin", "/admin/messages", "/admin/messages/{message}", "/admin/messages/{message}/replay",
    "/admin/messages/{message}/parts/raw", "/admin/messages/{message}/parts/bundle", "/admin/dead-letters",
    "/admin/audit", "/admin/audit.csv", "/admin/audit.jsonl", "/admin/ledger", "/admin/ledger.csv",
    "/admin/organizations", "/admin/organizations/hospital", "/admin/users", "/admin/users/doctor",
)  # fmt: skip
FORMS = (
    "/admin/messages/{message}/replay", "/admin/dead-letters/replay", "/admin/organizations",
    "/admin/organizations/hospital", "/admin/organizations/hospital/token",
    "/admin/organizations/hospital/requirements", "/admin/users", "/admin/users/doctor/disable",
    "/admin/users/doctor/password",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_for_administrators(site: PeopleSite, message: str, path: str) -> None:
    path = path.format(message=message)
    nobody = site.browser().get(path)
    assert (nobody.status_code, nobody.headers["location"].split("?")[0]) == (303, "/login")
    refused = site.browser("specialist").get(path)
    assert refused.status_code == 403
    assert "王" not in refused.text
    assert site.browser("engineer").get(path).status_code == 200


@pytest.mark.parametrize("path", FORMS)
def test_forms_are_for_administrators_with_their_token(site: PeopleSite, message: str, path: str) -> None:
    path, sent = path.format(message=message), {"confirm": "yes", "status": "rejected"}
    before = site.execute("SELECT (SELECT count(*) FROM tokens), (SELECT array_agg(password) FROM users)")
    assert site.browser().post(path, data=sent).status_code == 303
    assert site.browser("engineer").post(path, data=sent).status_code == 403
    specialist = site.browser("specialist")
    assert site.post(specialist, path, sent).status_code == 403
    assert site.execute("SELECT (SELECT count(*) FROM tokens), (SELECT array_agg(password) FROM users)") == before


def test_the_overview_tells_what_is_stuck(site: PeopleSite, engineer: TestClient, message: str) -> None:
    site.seeds.message(site.clinic, status="parked", error={"fault": "KeyError"})
    site.execute(
        "INSERT INTO dead_letters (consumer, subject, event_id, event, cause) "
        "VALUES ('referral-hub-worker', uuidv7(), uuidv7(), '{}', 'KeyError')"
    )
    page = engineer.get("/admin").text
    assert "/admin/messages?status=parked" in page
    assert "条死信等待重放" in page
    assert "缺少必填字段" in page
    assert "转发进程未运行" in page


def test_all_is_well_in_an_empty_hub(site: PeopleSite) -> None:
    english = site.browser("engineer", language="en")
    page = english.get("/admin").text
    assert "Refused in the last 24 hours" in page
    assert "Name of clinic" in page


def test_a_message_is_shown_whole_with_the_place_of_its_error(
    site: PeopleSite, engineer: TestClient, message: str
) -> None:
    page = engineer.get(f"/admin/messages/{message}").text
    assert "<mark>88</mark>" in page
    assert 'id="s-PID-2"' in page
    assert 'href="#s-PID-2"' in page
    assert 'id="b/entry/0/resource/id"' in page
    assert 'href="#b/entry/0/resource/id"' in page
    assert "a second patient" in page
    assert '<span class="control">CR</span>' in page
    assert site.execute("SELECT actor, action, allowed FROM audit WHERE object_id = %s", message) == [
        ("engineer", "read", True)
    ]


def test_every_look_at_a_message_is_audited(site: PeopleSite, engineer: TestClient, message: str) -> None:
    raw = engineer.get(f"/admin/messages/{message}/parts/raw")
    assert raw.content == REFERRAL.encode()
    assert raw.headers["content-disposition"].startswith("attachment")
    assert raw.headers["content-type"] == "application/octet-stream"
    assert engineer.get(f"/admin/messages/{message}/parts/application_acknowledgement").status_code == 404
    assert engineer.get(f"/admin/messages/{message}/parts/sha256").status_code == 404
    assert engineer.get("/admin/messages/none").status_code == 404
    trail = site.execute("SELECT action, object_id, allowed FROM audit WHERE object_type = 'message' ORDER BY id")
    assert trail == [("download", message, True), ("download", message, False), ("download", message, False),
                     ("read", "no id", False)]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "charset", "shown"),
    [
        ("MSH|^~\\&|\rPID|1||\xff\xfe\r".encode("latin-1"), "UNICODE UTF-8", "50 49 44"),
        ("MSH|^~\\&|\rPID|1||王芳\r".encode("gb18030"), "GB 18030-2000", "王芳"),
        ("MSH|^~\\&|\rPID|1||王芳\r".encode(), "NO SUCH SET", "王芳"),
        (b"", "", "0 Bytes"),
        (b"\x00\x0b\x1c\x7f", "", '>NUL</span><span class="control">VT<'),
        ("MSH|^~\\&|\rNTE|1||evil\u202egnp\r".encode(), "UNICODE UTF-8", "U+202E"),
        (b"{", "", "{"),
        (b"MSH", "", "MSH"),
    ],
)
def test_any_bytes_can_be_shown(site: PeopleSite, engineer: TestClient, raw: bytes, charset: str, shown: str) -> None:
    found = site.seeds.message(site.clinic, raw=raw, charset=charset, error={"code": "x", "path": "MSH[1]-9"})
    site.connection.commit()
    answer = engineer.get(f"/admin/messages/{found}")
    assert answer.status_code == 200
    assert shown in answer.text


@pytest.mark.parametrize(
    "raw", [b"{", b"[" * 5000, b'{"a": "\\ud800\\u0000", "\\udfff": 1e999}', b'{"x": ' + b"9" * 9000 + b"}", b"NaN"]
)
def test_any_document_can_be_shown(site: PeopleSite, engineer: TestClient, raw: bytes) -> None:
    error = {"code": "x", "path": "Bundle.entry[9].resource", "others": [{"code": "y", "path": "/a/b", "text": ""}]}
    found = site.seeds.message(site.clinic, raw=raw, error=error)
    site.execute("UPDATE messages SET format = 'fhir' WHERE id = %s", found)
    assert engineer.get(f"/admin/messages/{found}").status_code == 200


def test_a_large_message_makes_no_large_page(site: PeopleSite, engineer: TestClient) -> None:
    raw = "MSH|^~\\&|\r" + "OBX|1|TX|||" + "x" * 3_000_000 + "\r" + "NTE|1||y\r" * 20_000
    found = site.seeds.message(site.clinic, raw=raw.encode())
    bundle = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Basic", "id": str(n)}}
                                                  for n in range(5000)]}  # fmt: skip
    ledger = {
        "mapped": [{"path": f"NTE[{n}]-3", "target": f"/entry/{n}"} for n in range(5000)],
        "unmapped": [{"path": f"NTE[{n}]-9", "value": "z" * 5000, "reason": "r"} for n in range(5000)],
    }
    site.execute("UPDATE messages SET bundle = %s, ledger = %s WHERE id = %s", Json(bundle), Json(ledger), found)
    answer = engineer.get(f"/admin/messages/{found}")
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) < 120_000


def test_what_senders_wrote_is_never_markup(site: PeopleSite, engineer: TestClient) -> None:
    found = site.seeds.message(
        site.clinic, status="rejected", control_id=HOSTILE, raw=f"MSH|^~\\&|{HOSTILE}\rPID|{HOSTILE}\r".encode(),
        error={"code": HOSTILE, "path": HOSTILE, "text": HOSTILE, "fault": HOSTILE},
    )  # fmt: skip
    ledger = {"mapped": [{"path": HOSTILE, "target": f"/{HOSTILE}"}],
              "unmapped": [{"path": HOSTILE, "value": HOSTILE, "reason": HOSTILE}],
              "warnings": [{"code": HOSTILE, "path": HOSTILE, "text": HOSTILE}]}  # fmt: skip
    site.execute(
        "UPDATE messages SET bundle = %s, ledger = %s, type = %s, charset = %s, application = %s, facility = %s, "
        "acknowledgement = %s, version = %s, code = %s, id = uuidv7() WHERE id = %s",
        Json({HOSTILE: [HOSTILE]}), Json(ledger), *[HOSTILE] * 4, HOSTILE.encode(), *[HOSTILE] * 2, found,
    )  # fmt: skip
    [(found,)] = site.execute("SELECT id::text FROM messages")
    site.execute("UPDATE organizations SET name = %s", HOSTILE)
    site.execute("UPDATE users SET name = %s", HOSTILE)
    site.execute("INSERT INTO requirements (organization_id, department, text, words) VALUES (1, %s, %s, %s)",
                 HOSTILE, HOSTILE, [HOSTILE])  # fmt: skip
    site.execute("INSERT INTO dead_letters (consumer, subject, event_id, event, cause) VALUES (%s, uuidv7(), uuidv7(), "
                 "%s, %s)", HOSTILE, Jsonb({"type": HOSTILE, HOSTILE: HOSTILE}), HOSTILE)  # fmt: skip
    site.execute("INSERT INTO audit (actor, action, object_type, object_id) VALUES (%s, %s, %s, %s)", *[HOSTILE] * 4)
    paths = ["/admin", "/admin/messages", f"/admin/messages/{found}", f"/admin/messages/{found}/replay",
             "/admin/dead-letters", "/admin/audit", "/admin/organizations", "/admin/organizations/clinic",
             "/admin/users", "/admin/users/doctor"]  # fmt: skip
    for path in paths:
        page = engineer.get(path)
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text, path
        assert "<img" not in page.text, path
    for query in ("organization", "type", "control_id", "since", "status", "after"):
        assert "<script>alert" not in engineer.get("/admin/messages", params={query: HOSTILE}).text
        assert "<script>alert" not in engineer.get("/admin/audit", params={query: HOSTILE}).text


def test_queries_do_not_grow_with_rows(site: PeopleSite, engineer: TestClient, message: str,
                                       monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    import psycopg

    asked: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(self: Any, query: Any, *values: Any, **options: Any) -> Any:
        asked.append(str(query))
        return execute(self, query, *values, **options)

    def count(path: str) -> int:
        engineer.get(path)
        asked.clear()
        assert engineer.get(path).status_code == 200
        return len(asked)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    paths = ("/admin", "/admin/messages", f"/admin/messages/{message}", "/admin/dead-letters", "/admin/audit",
             "/admin/organizations", "/admin/organizations/clinic", "/admin/users")  # fmt: skip
    few = {path: count(path) for path in paths}
    for n in range(40):
        site.seeds.message(site.clinic, control_id=str(n))
        site.seeds.organization(f"more-{n}")
        site.execute("INSERT INTO dead_letters (consumer, subject, event_id, event) "
                     "VALUES ('w', uuidv7(), uuidv7(), '{\"type\": \"x\"}')")  # fmt: skip
    assert {path: count(path) for path in paths} == few
    assert max(few.values()) < 16


def test_a_referral_and_the_events_of_a_message_are_beside_it(
    site: PeopleSite, engineer: TestClient, message: str
) -> None:
    referral = site.seeds.referral(site.clinic, site.hospital, site.seeds.patient())
    site.execute("UPDATE messages SET referral_id = %s WHERE id = %s", referral, message)
    for kind, cause in (("referral.requested.v1", message), ("referral.received.v1", str(UUID(int=7)))):
        site.execute("INSERT INTO outbox (event_id, type, subject, occurred_at, data) VALUES (uuidv7(), %s, %s, now(), "
                     "%s)", kind, referral, Json({"message_id": cause}))  # fmt: skip
    page = engineer.get(f"/admin/messages/{message}").text
    assert "clinic → hospital" in page
    assert "referral.requested.v1" in page
    assert "referral.received.v1" not in page
    assert "等待发布" in page
