"""The frame of every page: headers, errors, languages, compression, static files."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Iterator

import psycopg
import pytest
from fastapi import Request
from starlette.responses import Response

from hub.web.headers import CONTENT_SECURITY_POLICY
from tests.integration.people_site import PeopleSite, csrf_token

PAGE, JSON = "text/html; charset=utf-8", "application/json"


@pytest.mark.parametrize(("url", "status"), [("/login", 200), ("/account", 200), ("/nothing", 404), ("/logout", 405)])
def test_every_page_has_the_strict_headers(site: PeopleSite, url: str, status: int) -> None:
    answer = site.browser("doctor" if url == "/account" else None).get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PAGE)
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert not re.search(r"<style|<script(?! src=)|\son\w+=|\sstyle=|https?://", answer.text)


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
def test_a_program_is_told_an_error_as_json(site: PeopleSite, accept: str) -> None:
    answer = site.browser().get("/nothing", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (404, JSON)


def test_fhir_keeps_its_own_errors_for_a_browser_too(site: PeopleSite) -> None:
    answer = site.browser().get("/fhir/Nothing/1/2/3")
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert "content-security-policy" not in answer.headers


def test_an_error_keeps_the_frame_of_who_is_logged_in(site: PeopleSite) -> None:
    assert 'href="/admin/users"' in site.browser("engineer").get("/nothing").text
    assert 'href="/worklist"' not in site.browser().get("/nothing").text


def test_without_postgres_a_page_says_so(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    name = psycopg.conninfo.conninfo_to_dict(site.database)["dbname"]
    with psycopg.connect(site.database, dbname="postgres", autocommit=True) as maintenance:
        maintenance.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        maintenance.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        answer = browser.get("/account")
        program = browser.get("/account", headers={"Accept": "application/json"})
        nothing = browser.get("/nothing")
        public = browser.get("/login", cookies={"session": ""})
        maintenance.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "平台暂时无法响应" in answer.text
    assert (program.status_code, program.headers["content-type"]) == (503, JSON)
    assert nothing.status_code == 503
    assert public.status_code in (200, 503)
    end = time.monotonic() + 60
    while browser.get("/account").status_code == 503 and time.monotonic() < end:
        pass
    assert browser.get("/account").status_code == 200


def test_a_fault_of_ours_is_a_page_that_tells_nothing(site: PeopleSite) -> None:
    @site.app.get("/fault")
    def fault(request: Request) -> Response:
        raise ValueError("王秘密")

    browser = site.browser("doctor")
    browser._transport.raise_server_exceptions = False  # type: ignore[attr-defined]
    answer = browser.get("/fault")
    assert (answer.status_code, answer.headers["content-security-policy"]) == (500, CONTENT_SECURITY_POLICY)
    assert "平台出错了" in answer.text
    assert "王秘密" not in answer.text


def test_a_strangers_form_over_the_limit_is_refused(site: PeopleSite) -> None:
    browser = site.browser()
    token = csrf_token(browser.get("/login").text)
    fields = {"csrf_token": token, "login": "x" * 70_000}
    assert browser.post("/login", data=fields).status_code == 413

    def parts() -> Iterator[bytes]:
        yield f"csrf_token={token}&login=".encode()
        yield from [b"x" * 1000] * 70

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.post("/login", content=parts(), headers=headers).status_code == 413


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=x", "text/plain", "x"])
def test_a_body_that_is_no_form_is_refused(site: PeopleSite, content_type: str) -> None:
    answer = site.browser("doctor").post(
        "/logout", content=b"\xff--x\r\nnonsense", headers={"Content-Type": content_type}
    )
    assert answer.status_code in (400, 403)
    assert answer.headers["content-type"] == PAGE


def test_a_nul_is_refused_wherever_it_stands(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    assert browser.get("/account?x=%00").status_code == 404
    assert site.post(browser, "/account", {"old_password": "a\0b"}).status_code == 400


def test_the_language_is_switched_and_the_page_kept(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    del browser.cookies["language"]
    page = browser.get("/account?x=1&y=王")
    assert '<html lang="zh-CN">' in page.text
    assert "我的账户" in page.text
    [url] = re.findall(r'href="(/language/en[^"]*)"', page.text)
    switched = browser.get(url)
    assert switched.status_code == 303
    page = browser.get(switched.headers["location"])
    assert page.url.query == b"x=1&y=%E7%8E%8B"
    assert '<html lang="en">' in page.text
    assert "My account" in page.text
    assert browser.get("/language/xx?next=/account").headers["location"] == "/account"
    assert "My account" in browser.get("/account").text


@pytest.mark.parametrize("value", ["", "xx", "../zh", "zh\x7f"])
def test_a_language_that_nobody_offers_is_chinese(site: PeopleSite, value: str) -> None:
    browser = site.browser(language=value)
    assert "登录" in browser.get("/login").text


def test_what_is_told_must_be_a_text_of_ours(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    browser.cookies.set("told", "<script>alert(1)</script>")
    page = browser.get("/account")
    assert "alert" not in page.text
    assert 'class="told"' not in page.text


def test_pages_are_compressed_and_head_has_no_body(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    with browser.stream("GET", "/account", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert "我的账户" in gzip.decompress(raw).decode()
    plain = browser.get("/account", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert len(raw) < len(plain.content) / 2
    assert browser.head("/account").status_code == 200


def test_static_files_are_kept_for_ever_under_their_hash(site: PeopleSite) -> None:
    browser = site.browser()
    page = browser.get("/login").text
    urls = re.findall(r'"(/static/[^"]+)"', page)
    assert {url.rsplit("/", 1)[1] for url in urls} >= {"style.css", "htmx.min.js", "icon.svg"}
    for url in urls:
        answer = browser.get(url)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    answer = browser.get("/static/0123/style.css")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    for url in ("/static/0123/nothing.css", "/static/0123/..%2fpages.py", "/static/x"):
        assert browser.get(url).status_code == 404


def test_the_first_page_weighs_little(site: PeopleSite) -> None:
    browser = site.browser()
    page = browser.get("/login")
    total = 0
    for url in ["/login", *re.findall(r'"(/static/[^"]+)"', page.text)]:
        with browser.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as answer:
            total += len(b"".join(answer.iter_raw()))
    assert total < 40_000


def test_no_page_loads_from_an_outside_host(site: PeopleSite) -> None:
    assert site.browser().get("/docs").status_code == 404
    assert site.browser().get("/redoc").status_code == 404
    paths = site.browser().get("/openapi.json").json()["paths"]
    assert not {path for path in paths if path.startswith(("/login", "/account", "/static", "/language"))}
