"""The administrator's lists: found by filters, paged, exported."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from tests.integration.people_site import PeopleSite

BAD = [("since", "yesterday"), ("until", "0001-01-01"), ("until", "9999-12-31T23:59:59-12:00"), ("status", "wrong"),
       ("channel", "pigeon"), ("type", "y" * 201), ("control_id", "x" * 300), ("organization", "z" * 201)]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_filter_that_cannot_be_meant_is_told(engineer: TestClient, message: str, name: str, value: str) -> None:
    answer = engineer.get("/admin/messages", params={name: value})
    assert answer.status_code == 422
    assert f'href="#{name}"' in answer.text
    if name not in ("status", "channel", "type", "control_id"):
        assert engineer.get("/admin/audit", params={name: value}).status_code == 422
        assert engineer.get("/admin/audit.csv", params={name: value}).status_code == 303


@pytest.mark.parametrize("after", ["x", "99999999999999999999999", "-1", "%", "²"])
def test_a_page_after_nothing_is_empty(engineer: TestClient, message: str, after: str) -> None:
    assert engineer.get("/admin/messages", params={"after": after}).status_code == 200
    assert engineer.get("/admin/audit", params={"after": after}).status_code == 200


def test_messages_are_found_by_what_is_told_of_them(site: PeopleSite, engineer: TestClient, message: str) -> None:
    other = site.seeds.message(site.hospital, control_id="C2")
    site.connection.commit()

    def shown(**asked: str) -> set[str]:
        return set(re.findall(r"/admin/messages/([0-9a-f-]{36})", engineer.get("/admin/messages", params=asked).text))

    assert shown() == {message, other}
    assert shown(organization="CLINIC") == shown(status="rejected") == shown(control_id="C1") == {message}
    assert shown(type="REF^I12", channel="mllp") == {message, other}
    assert shown(channel="fhir") == shown(organization="nobody") == set()


def test_messages_are_paged_by_the_last_one_seen(site: PeopleSite, engineer: TestClient) -> None:
    sent = [site.seeds.message(site.clinic, control_id=str(n)) for n in range(120)]
    site.connection.commit()
    seen: list[str] = []
    path = "/admin/messages?organization=clinic"
    while path:
        page = engineer.get(path).text
        seen += re.findall(r'<a href="/admin/messages/([0-9a-f-]{36})"', page)
        later = re.search(r'rel="next" href="([^"]+)"', page)
        path = later[1].replace("&amp;", "&") if later else ""
    assert seen == sent[::-1]


def test_the_audit_trail_is_searched_and_exported(site: PeopleSite, engineer: TestClient) -> None:
    site.execute("INSERT INTO audit (organization_id, actor, action, object_type, object_id, allowed, at) "
                 "SELECT 1, 'mallory', 'read', 'record', '=1+1', n %% 2 = 0, now() - n * interval '1 s' "
                 "FROM generate_series(1, 250) n")  # fmt: skip
    page = engineer.get("/admin/audit", params={"actor": "MALLORY", "refused": "yes"}).text
    assert page.count("<tr>") == 101
    assert page.count("已拒绝</span>") == 100
    lines = engineer.get("/admin/audit.jsonl", params={"actor": "mallory", "object_id": "=1+1"})
    assert len(lines.text.splitlines()) == 250
    table = engineer.get("/admin/audit.csv", params={"actor": "mallory"}).text
    assert len(table.splitlines()) == 251
    assert ",'=1+1," in table
    assert site.execute("SELECT actor, count(*) FROM audit WHERE action = 'export' GROUP BY 1") == [("engineer", 2)]
