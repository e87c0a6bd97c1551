"""What a stranger or a curious colleague sends that no page of ours does."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest

from tests.integration.people_site import PASSWORD, PeopleSite, csrf_token

REFERRAL = {"do": "send-anyway", "patient_name": "王芳", "reason": "胸闷", "priority": "routine"}


@pytest.mark.parametrize(("charset", "login"), [
    ("unicode_escape", b"\\ud800"),
    ("utf-7", b"+2AA-"),
    ("idna", b"xn--" + b"9a" * 300),
    ("undefined", b"doctor"),
    ("punycode", b"b" * 20_000),
    ('"punycode"', b"b" * 20_000),
])  # fmt: skip
def test_a_form_in_a_charset_that_no_browser_sends_is_not_read(site: PeopleSite, charset: str, login: bytes) -> None:
    browser = site.browser()
    token = csrf_token(browser.get("/login").text)
    parts = {b"csrf_token": token.encode(), b"login": login, b"password": login}
    head = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    body = b"".join(head % part for part in parts.items()) + b"--x--\r\n"
    began = time.monotonic()
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    answer = browser.post("/login", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert time.monotonic() - began < 1


def test_a_form_that_says_it_is_in_utf_8_is_read_as_scripts_send_it(site: PeopleSite) -> None:
    browser = site.browser()
    form = {"csrf_token": csrf_token(browser.get("/login").text), "login": "doctor", "password": PASSWORD}
    kind = "application/x-www-form-urlencoded;charset=UTF-8"
    assert browser.post("/login", data=form, headers={"Content-Type": kind}).status_code == 303


def test_what_anybody_may_send_is_small(site: PeopleSite) -> None:
    browser = site.browser()
    token = csrf_token(browser.get("/login").text)
    form = {"csrf_token": token, "login": "doctor", "password": "x" * 70_000}
    assert browser.post("/login", data=form).status_code == 413
    assert site.browser().post("/login", data=form).status_code == 403


def test_a_number_of_many_digits_names_no_page(site: PeopleSite) -> None:
    answer = site.browser("engineer").get("/admin/audit", params={"after": "9" * 5000})
    assert answer.status_code == 200


def test_nobody_refers_to_his_own_organization(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    for receiver in ("clinic", "CLINIC"):
        form = {**REFERRAL, "key": str(uuid4()), "receiver": receiver}
        answer = site.post(browser, "/referrals/new", form, page="/referrals/new")
        assert answer.status_code == 422
        assert "转诊单须发往其他机构" in answer.text
    assert site.execute("SELECT count(*) FROM referrals") == [(0,)]


def test_a_line_of_a_file_refers_to_another_organization(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    file = {"files": ("a.csv", "姓名,接收医院,转诊原因\r\n王芳,clinic,胸闷\r\n".encode(), "text/csv")}
    answer = site.post(browser, "/referrals/import", page="/referrals/import", files=file)
    assert "转诊单须发往其他机构" in browser.get(answer.headers["location"]).text


def test_each_look_at_patients_is_in_the_trail(site: PeopleSite) -> None:
    patient = site.seeds.patient()
    referral = site.seeds.referral(site.clinic, site.hospital, patient)
    browser = site.browser("specialist")
    found = site.post(browser, "/worklist/search", {"text": "王芳"}).headers["location"]
    for path in ("/worklist", "/referrals", found, f"/referrals/{referral}/steps/reject"):
        assert browser.get(path).status_code in (200, 409)
    query = "SELECT actor, action, object_type, object_id FROM audit WHERE actor = 'specialist' ORDER BY id"
    assert site.execute(query) == [
        ("specialist", "read", "list", "received"),
        ("specialist", "read", "list", "sent"),
        ("specialist", "search", "list", "received"),
        ("specialist", "read", "referral", referral),
    ]


def test_a_file_beside_a_table_does_no_harm(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    file = {"files": ("a.csv", "姓名,接收医院,转诊原因\r\n王芳,hospital,胸闷\r\n".encode(), "text/csv")}
    url = site.post(browser, "/referrals/import", page="/referrals/import", files=file).headers["location"]
    beside = {"files": ("b.txt", b"beside", "text/plain")}
    kept = site.post(browser, f"/drafts/{url.rsplit('/', 1)[1]}/files", page="/referrals/import", files=beside)
    assert kept.status_code == 200
    assert "王芳" in browser.get(url).text
