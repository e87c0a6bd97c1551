"""Several referrals from a CSV file."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from tests.integration.clinic_cases import XSS, rows
from tests.integration.people_site import PeopleSite, csrf_token

HEADER = "姓名,身份证号,接收医院,科室,紧急程度,转诊原因,病史\r\n"
LINE = "陈桂英,990101195803120027,hospital,心内科,紧急,胸闷,\r\n"


def upload(site: PeopleSite, browser: TestClient, text: str, charset: str = "utf-8") -> Response:
    return site.post(browser, "/referrals/import", page="/referrals/import",
                     files={"files": ("名单.csv", text.encode(charset))})  # fmt: skip


def test_good_lines_of_a_file_are_sent_and_bad_ones_told_by_line_and_column(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    bad = '李雷,990101195803120028,nowhere,,普通,胸痛,"两行\r\n病史"\r\n'
    answer = upload(site, browser, HEADER + bad + LINE + "=cmd(),,HOSPITAL,,,腹痛,\r\n", "gb18030")
    assert answer.status_code == 303
    page = browser.get(answer.headers["location"]).text
    told = re.sub(r"<[^>]+>|\s+", " ", page)
    assert "身份证号 : 校验位不符" in told.replace("  ", " ")
    assert "没有登记" in page
    assert rows(site, "SELECT count(*) FROM messages") == [(0,)]
    done = browser.post(answer.headers["location"], data={"csrf_token": csrf_token(page)})
    assert done.status_code == 303
    assert rows(site, "SELECT count(*) FROM referrals") == [(2,)]
    result = browser.get(done.headers["location"]).text
    assert result.count('href="/referrals/0') == 2
    assert "=cmd()" in result
    again = upload(site, browser, HEADER + bad.replace("nowhere", "other").replace("0028", "0027") + LINE, "utf-8-sig")
    page = browser.get(again.headers["location"]).text
    browser.post(again.headers["location"], data={"csrf_token": csrf_token(page)})
    assert rows(site, "SELECT count(*) FROM referrals") == [(3,)]


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "第一行"), (HEADER, "没有转诊"), ("姓名,鞋码\r\n陈,40\r\n", "鞋码"), (HEADER + LINE + '"x', "第 3 行")],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(site: PeopleSite, text: str, told: str) -> None:
    answer = upload(site, site.browser("doctor"), text)
    assert (answer.status_code, told in answer.text) == (422, True)


def test_payloads_of_a_file_are_escaped_and_it_is_nobody_elses(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    quoted = XSS.replace('"', '""')
    answer = upload(site, browser, HEADER + f'"{quoted}","{quoted}","{quoted}","{quoted}","{quoted}","{quoted}",\r\n')
    page = browser.get(answer.headers["location"]).text
    assert "alert(1)" in page and "<script>alert" not in page and "<img" not in page
    assert site.browser("stranger").get(answer.headers["location"]).status_code == 404
