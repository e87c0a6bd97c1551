"""Every page of the application, walked as nobody, without a form's token and in the other role.

The routes are taken from the application; a page that is to be open to everybody stands in PUBLIC.
"""

from __future__ import annotations

import re
from uuid import uuid4

from fastapi.routing import iter_route_contexts

from tests.integration.people_site import PeopleSite, csrf_token

PUBLIC = {
    "GET /login",
    "POST /login",
    "GET /language/{language}",
    "GET /static/{digest}/{name}",
}
ENTERED = (200, 303, 404, 409, 422)
"""What an empty form is answered; some make what their address names."""
OF_BOTH_ROLES = {
    "GET /",
    "GET /account",
    "POST /account",
    "POST /logout",
    "POST /logout/everywhere",
}


def pages(site: PeopleSite) -> list[tuple[str, str]]:
    """Method and address of each page that is for people alone, its parameters filled with what names nothing."""
    found = sorted(
        (method, str(route.path))
        for route in iter_route_contexts(site.app.routes)
        for method in (route.methods or ())
        if method not in ("HEAD", "OPTIONS") and "pages" in getattr(route, "tags", ())
    )
    assert len(found) > 8
    return [(method, path) for method, path in found if f"{method} {path}" not in PUBLIC]


def filled(path: str) -> str:
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda name: "accept" if name[1] == "action" else str(uuid4()), path)


def test_nobody_is_sent_to_the_log_in(site: PeopleSite) -> None:
    browser = site.browser()
    for method, path in pages(site):
        answer = browser.request(method, filled(path))
        assert (answer.status_code, answer.headers.get("location", "")[:6]) == (303, "/login"), (method, path)
        program = browser.request(method, filled(path), headers={"Accept": "application/json"})
        assert program.status_code == 401, (method, path)


def test_no_form_is_taken_without_the_token_of_its_page(site: PeopleSite) -> None:
    for who in ("doctor", "engineer"):
        browser = site.browser(who)
        token = csrf_token(site.browser(who).get("/account").text)
        for method, path in pages(site):
            if method != "GET":
                for data in ({}, {"csrf_token": "x"}, {"csrf_token": token}):
                    answer = browser.request(method, filled(path), data=data)
                    assert answer.status_code == 403, (who, method, path, data)


def test_the_other_role_is_refused(site: PeopleSite) -> None:
    clinician, administrator = site.browser("doctor"), site.browser("engineer")
    for method, path in pages(site):
        if f"{method} {path}" in OF_BOTH_ROLES:
            continue
        browser = clinician if path.startswith("/admin") else administrator
        data = {"csrf_token": csrf_token(browser.get("/account").text)}
        answer = browser.request(method, filled(path), **({"data": data} if method != "GET" else {}))
        assert answer.status_code == 403, (method, path)
        assert "您无权打开此页面" in answer.text, (method, path)


def test_what_is_not_there_is_not_found(site: PeopleSite) -> None:
    """With random ids: no page fails on an object that it does not find."""
    for method, path in pages(site):
        if "{" in path:
            browser = site.browser("engineer" if path.startswith("/admin") else "specialist")
            data = {"csrf_token": csrf_token(browser.get("/account").text)}
            answer = browser.request(method, filled(path), **({"data": data} if method != "GET" else {}))
            assert answer.status_code in ((404,) if method == "GET" else ENTERED), (method, path, answer.status_code)
            answer = browser.request(method, re.sub(r"\{[^}]*\}", "no%20id%00", path))
            assert answer.status_code in (403, 404, 405, 422), (method, path, answer.status_code)
