"""Every page that a person comes to by links alone."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from urllib.parse import parse_qs, urljoin, urlsplit

from tests.browser.watching import Watched

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)[0-9a-f]{16,}")
_NUMBER = re.compile(r"(?<=[/=])\d+\b")
_NOT_PAGES = ("/static/", "/docs", "/openapi.json", "/asyncapi.yaml", "/logout", "/language/", "/fhir", "/marks.jsonl")
_NOT_PAGE_ENDINGS = (".pdf", ".csv", ".jsonl", "/raw")


def shape(path: str) -> str:
    """The address without ids and without what is asked for: pages of one shape are one template."""
    parts = urlsplit(path)
    asked = "&".join(sorted(parse_qs(parts.query, keep_blank_values=True)))
    return _NUMBER.sub("*", _UUID.sub("*", parts.path)) + (f"?{asked}" if asked else "")


def pages(watched: Watched, starts: list[str], *, each: int = 2, most: int = 80) -> Iterator[str]:
    """Open every page that links lead to, at most `each` of one shape; yields the address while it is shown."""
    waiting, seen = deque(starts), set(starts)
    shapes: Counter[str] = Counter()
    visited = 0
    while waiting and visited < most:
        path = waiting.popleft()
        if shapes[shape(path)] >= each:
            continue
        shapes[shape(path)] += 1
        visited += 1
        response = watched.page.goto(watched.base + path)
        assert response is not None
        if "text/html" not in response.headers.get("content-type", ""):
            continue
        assert response.status == 200, f"{path}: {response.status}"
        watched.look(path)
        yield path
        for address in links(watched):
            if address not in seen:
                seen.add(address)
                waiting.append(address)


def links(watched: Watched) -> list[str]:
    """Addresses of this hub that the page links to, without what is no page."""
    base, found = urlsplit(watched.base), list[str]()
    anchors = watched.page.locator("a[href]:not([download])")
    for link in anchors.evaluate_all("all => all.map(a => a.getAttribute('href'))"):
        parts = urlsplit(urljoin(watched.page.url, link))
        page = not (parts.path.startswith(_NOT_PAGES) or parts.path.endswith(_NOT_PAGE_ENDINGS))
        if parts.netloc == base.netloc and page and "/attachments/" not in parts.path:
            found.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return list(dict.fromkeys(found))
