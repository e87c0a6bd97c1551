"""What is begun is kept for its writer; files are what their bytes say and shown to who may see them."""

from __future__ import annotations

import pytest

from hub.security import audit
from hub.views import drafts
from tests.integration.clinic_cases import PNG, key, rows, send, sent_id
from tests.integration.people_site import PeopleSite
from tests.unit.forms.pdfs import pdf


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("virus.pdf", b"MZ\x90\x00", "只接受"),
        ("page.png", b"<html><script>alert(1)</script>", "只接受"),
        ("vector.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "只接受"),
        ("locked.pdf", pdf("secret", password="x"), "需要密码"),
        ("broken.pdf", b"%PDF-1.7 nothing", "无法读取"),
        ("empty.png", b"", "是空的"),
        ("large.png", PNG + bytes(5 * 2**20), "5 MB"),
    ],
)
def test_a_file_that_is_not_taken_says_why_and_the_text_stays(
    site: PeopleSite, name: str, content: bytes, text: str
) -> None:
    answer = send(site, site.browser("doctor"), files={"files": (name, content)})
    assert answer.status_code == 422
    assert text in answer.text and f"{name}: " in answer.text
    assert "活动后胸闷" in answer.text
    assert rows(site, "SELECT count(*) FROM draft_attachments") == [(0,)]


def test_a_referral_is_not_sent_by_the_way_without_a_file_that_was_refused(site: PeopleSite) -> None:
    browser, same = site.browser("doctor"), key()
    part = site.post(
        browser, f"/drafts/{same}/files", page="/referrals/new", files={"files": ("run.exe", b"MZ\x90\x00")}
    )
    assert "run.exe: 只接受" in part.text
    asked = send(site, browser, key=same, refused="run.exe")
    assert (asked.status_code, "未添加：run.exe" in asked.text) == (422, True)
    sent_id(send(site, browser, key=same, refused=""))


def test_a_draft_is_kept_resumed_and_deleted(site: PeopleSite) -> None:
    browser, same = site.browser("doctor"), key()
    saved = send(site, browser, "save", key=same, patient_name="", files={"files": ("化验单.pdf", pdf("血钾 5.9"))})
    assert (saved.status_code, saved.headers["location"]) == (303, "/drafts")
    assert "活动后胸闷" in browser.get("/drafts").text
    page = browser.get(f"/drafts/{same}").text
    assert "服用氨氯地平" in page and "化验单.pdf" in page
    [file] = drafts.files(site.connection, same)
    send(site, browser, f"remove:{file.id}", key=same)
    assert drafts.files(site.connection, same) == []
    assert site.post(browser, f"/drafts/{same}/delete", page="/referrals/new").status_code == 303
    assert browser.get(f"/drafts/{same}").status_code == 404


def test_the_pages_script_keeps_what_is_typed(site: PeopleSite) -> None:
    browser, same = site.browser("doctor"), key()
    kept = site.post(browser, f"/drafts/{same}", {"patient_name": "陈"}, page="/referrals/new")
    assert kept.json() == {"kept": True}
    added = site.post(browser, f"/drafts/{same}/files", page="/referrals/new",
                      files={"files": ("a.png", PNG)})  # fmt: skip
    assert added.status_code == 200 and "a.png" in added.text and "<html" not in added.text
    sent_id(send(site, browser, key=same))
    late = site.post(browser, f"/drafts/{same}", {"patient_name": "陈"}, page="/referrals/new")
    assert late.status_code == 409
    assert rows(site, "SELECT count(*) FROM drafts") == [(0,)]


def test_a_file_that_comes_twice_over_a_bad_line_is_there_once(site: PeopleSite) -> None:
    browser, same = site.browser("doctor"), key()
    for name in ("a.png", "a.png", "b.png"):
        site.post(browser, f"/drafts/{same}/files", page="/referrals/new", files={"files": (name, PNG)})
    assert [file.name for file in drafts.files(site.connection, same)] == ["a.png", "b.png"]


def test_a_draft_is_nobody_elses(site: PeopleSite) -> None:
    same = key()
    send(site, site.browser("doctor"), "save", key=same, files={"files": ("a.png", PNG)})
    stranger = site.browser("stranger")
    assert stranger.get(f"/drafts/{same}").status_code == 404
    assert "活动后胸闷" not in stranger.get("/drafts").text
    assert send(site, stranger, "save", key=same, reason="taken").status_code == 404
    for path, status in ((f"/drafts/{same}", 409), (f"/drafts/{same}/delete", 404), (f"/drafts/{same}/files", 404)):
        assert site.post(stranger, path, {"reason": "taken"}, page="/referrals/new").status_code == status
    [(fields,)] = rows(site, "SELECT fields FROM drafts")
    assert fields["reason"] == "活动后胸闷"
    assert len(drafts.files(site.connection, same)) == 1


@pytest.mark.parametrize("bad", ["", "not-an-id", "../x", "00000000-0000-0000-0000-00000000000G"])
def test_a_form_without_a_key_of_ours_is_not_taken(site: PeopleSite, bad: str) -> None:
    assert send(site, site.browser("doctor"), key=bad).status_code == 404


def test_old_drafts_are_purged(site: PeopleSite) -> None:
    send(site, site.browser("doctor"), "save")
    site.connection.execute("UPDATE drafts SET updated_at = now() - interval '31 days'")
    assert "活动后胸闷" not in site.browser("doctor").get("/drafts").text
    assert rows(site, "SELECT count(*) FROM drafts") == [(0,)]


def test_files_are_served_to_who_may_see_them(site: PeopleSite) -> None:
    referral = sent_id(send(site, site.browser("doctor"), files={"files": ("化验 单.pdf", pdf("血钾 5.9"))}))
    [(fragment,)] = rows(site, "SELECT id::text FROM fragments WHERE referral_id = %s AND resource->'content'->0->"
                               "'attachment'->>'title' IS NOT NULL", referral)  # fmt: skip
    path = f"/attachments/{fragment}/0"
    served = site.browser("specialist").get(path)
    assert (served.status_code, served.headers["content-type"]) == (200, "application/pdf")
    assert served.content.startswith(b"%PDF")
    assert served.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in served.headers["content-security-policy"]
    disposition = served.headers["content-disposition"]
    assert disposition == "inline; filename=\"__ _.pdf\"; filename*=UTF-8''%E5%8C%96%E9%AA%8C%20%E5%8D%95.pdf"
    assert "血钾 5.9" in site.browser("specialist").get(f"/attachments/{fragment}/1").text
    for browser, status in ((site.browser("stranger"), 404), (site.browser(), 303), (site.browser("engineer"), 403)):
        assert browser.get(path).status_code == status
    trail = [(e.actor, e.allowed) for e in audit.of_object(site.connection, "attachment", f"{fragment}/0")]
    assert trail == [("specialist", True), ("stranger", False)]
    assert site.browser("specialist").get(f"/attachments/{fragment}/7").status_code == 404


def test_the_address_of_a_draft_leads_to_what_became_of_it(site: PeopleSite) -> None:
    browser, same = site.browser("doctor"), key()
    referral = sent_id(send(site, browser, key=same))
    back = browser.get(f"/drafts/{same}", follow_redirects=False)
    assert (back.status_code, back.headers["location"]) == (303, f"/referrals/{referral}")
    assert "这张转诊单已经发出" in browser.get(f"/referrals/{referral}").text
    assert site.browser("specialist").get(f"/drafts/{same}").status_code == 404


def test_numbers_and_dates_are_understood_as_a_phone_types_them(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    typed = {"national_identifier": "", "birth_date": "１９５８年３月", "phone": "１３９ ００００ ００００"}
    sent_id(send(site, browser, **typed))
    assert rows(site, "SELECT birth_date FROM patients") == [("1958-03",)]
    old = send(site, browser, national_identifier="990101580312002")
    assert (old.status_code, "15 位旧身份证号" in old.text) == (422, True)
