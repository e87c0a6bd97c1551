"""The record as plain text at its own address: by token and by session, for who may read it, audited as an export."""

from __future__ import annotations

import pytest

from hub.security import audit
from tests.integration.record_site import RecordSite


def test_text_is_given_where_it_is_asked_for(one: RecordSite) -> None:
    answer = one.site.browser("specialist").get(one.url("record"), headers={"Accept": "text/plain"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert answer.headers["cache-control"] == "no-store"
    for part in ("连续病历", "陈桂英", "要不要住院？", "高血压", "未见过敏史", "REF^I12 M-77", "1.1 DG1[1]-3[1].2"):
        assert part in answer.text


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("text/plain;q=0.5, application/json", "application/json"),
        ("application/json;q=0.5, text/plain", "text/plain; charset=utf-8"),
        ("text/*", "text/plain; charset=utf-8"),
        ("text/plain, */*;q=0.1", "text/plain; charset=utf-8"),
        ("image/png", None),
        ("text/plain;q=0", None),
        ("text/plain;q=nan", "text/plain; charset=utf-8"),
    ],
)
def test_the_form_is_what_the_client_likes_most(one: RecordSite, accept: str, kind: str | None) -> None:
    answer = one.site.browser("specialist").get(one.url("record"), headers={"Accept": accept})
    if kind is None:
        assert answer.status_code == 406
    else:
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)


@pytest.mark.parametrize(("login", "status"), [("doctor", 404), ("stranger", 404), ("engineer", 403), (None, 401)])
def test_nobody_else_reads_it(one: RecordSite, login: str | None, status: int) -> None:
    answer = one.site.browser(login).get(one.url("record"), headers={"Accept": "text/plain"})
    assert answer.status_code == status
    assert "高血压" not in answer.text


def test_it_is_audited_as_an_export(one: RecordSite) -> None:
    for login, accept in (("specialist", "text/plain"), ("specialist", "application/json"), ("stranger", "text/plain")):
        one.site.browser(login).get(one.url("record"), headers={"Accept": accept})
    trail = audit.of_object(one.site.connection, "record", one.referral)
    assert [(e.actor, e.action, e.allowed) for e in trail] == [
        ("specialist", "export", True), ("specialist", "read", True), ("stranger", "export", False)
    ]  # fmt: skip
