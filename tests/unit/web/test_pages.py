"""What pages are made of: tokens of forms, dates in words, catalogues, addresses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from hub.domain.messages import Sender
from hub.domain.referrals import TRANSITIONS, State
from hub.security.people import Person
from hub.web import assets, csrf, words
from hub.web.languages import catalogue
from hub.web.page import Page
from hub.web.pages import _environment, ours

NOW = datetime(2026, 5, 1, 17, 30, tzinfo=UTC)


def page(language: str = "zh", zone: str = "Asia/Shanghai", path: str = "/") -> Page:
    organization = Sender(1, "C", "Clinic", "clinic", timezone=zone)
    return Page(language, Person(1, "li", "李", "clinician", organization), path, NOW, "cookie")


def test_times_are_told_in_the_organisations_zone() -> None:
    assert page().datetime(NOW) == Markup('<time datetime="2026-05-01T17:30:00+00:00">2026年5月2日 01:30</time>')
    assert page("en", "Europe/Berlin").written(NOW) == "1 May 2026, 19:30"
    assert page().date(NOW) == Markup('<time datetime="2026-05-02">2026年5月2日</time>')
    assert page("en").date(date(1958, 3, 7)) == Markup('<time datetime="1958-03-07">7 Mar 1958</time>')


@pytest.mark.parametrize(("language", "ago", "words_"), [
    ("zh", timedelta(hours=3), "3小时前"), ("en", timedelta(hours=3), "3 hours ago"),
    ("zh", timedelta(days=2), "2天前"), ("zh", timedelta(seconds=5), "5秒钟前"),
])  # fmt: skip
def test_how_long_ago_is_told_in_words(language: str, ago: timedelta, words_: str) -> None:
    assert f">{words_}</time>" in page(language).since(NOW - ago)


def test_a_token_matches_its_cookie_alone() -> None:
    made = csrf.token("cookie")
    assert csrf.matches("cookie", made)
    assert made != csrf.token("cookie")
    for given in ("", "x", made[:-4], made + "AAAA", "字", csrf.token("other")):
        assert not csrf.matches("cookie", given)


@pytest.mark.parametrize(("path", "current"), [
    ("/referrals", "/referrals"), ("/referrals/new", "/referrals/new"), ("/referrals/7/record?x=1", "/referrals"),
    ("/worklist?search=1", "/worklist"), ("/account", None), ("/referralsx", None),
])  # fmt: skip
def test_the_navigation_knows_where_it_is(path: str, current: str | None) -> None:
    assert [url for url, _, here in page(path=path).navigation() if here] == ([current] if current else [])


@pytest.mark.parametrize("url", ["/", "/worklist?a=1&b=%2F", "/referrals/1/steps/accept", "/loginx"])
def test_a_path_of_ours_is_kept(url: str) -> None:
    assert ours(url) == url


def test_every_code_word_has_a_text_in_both_languages() -> None:
    chinese = catalogue("zh")
    for text in (
        *(words.state_word(state) for state in State),
        *(words.event_word(f"{step.event}.v1") for step in TRANSITIONS),
        *(words.priority_word(code) for code in ("stat", "asap", "urgent", "routine")),
        *(words.gender_word(code) for code in ("male", "female", "other", "unknown", None)),
    ):
        assert chinese.gettext(text) != text
    assert catalogue("en").gettext("Scheduled") == "Scheduled"
    assert (
        chinese.ngettext("%(num)s session is open.", "%(num)s sessions are open.", 2) == "当前有 %(num)s 个登录会话。"
    )
    assert (
        catalogue("en")
        .ngettext("%(num)s session is open.", "%(num)s sessions are open.", 2)
        .startswith("%(num)s sessions")
    )


def test_templates_escape_and_refuse_what_is_not_given() -> None:
    environment = _environment("en")
    assert environment.from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"
    assert environment.from_string('{{ _("%(a)s", a=x) }}').render(x="<b>") == "&lt;b&gt;"
    with pytest.raises(UndefinedError):
        environment.from_string("{{ nothing }}").render()


def test_no_template_trusts_data_and_no_page_has_inline_code() -> None:
    folder = Path(words.__file__).parent / "templates"
    for path in folder.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for forbidden in (
            "|safe",
            "| safe",
            "autoescape false",
            " style=",
            "onclick=",
            "<style",
            "hx-on",
            "javascript:",
        ):
            assert forbidden not in text, (path.name, forbidden)


def test_static_files_have_an_address_by_their_content() -> None:
    assert assets.url("style.css") == f"/static/{assets.assets()['style.css'].digest}/style.css"
    assert "htmx.LICENSE.txt" in assets.assets()
    with pytest.raises(KeyError):
        assets.url("nothing.css")
