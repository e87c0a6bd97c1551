"""The record page: how many queries and bytes it costs."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
from fastapi import FastAPI
from fastapi.testclient import TestClient

from hub.store.connections import connect
from hub.web import records
from hub.web.pages import Answered, Pages, answered
from hub.web.record_page import RecordPage
from tests.integration.record_documents import large
from tests.integration.record_site import RecordSite


@contextmanager
def counted(database: str) -> Iterator[tuple[FastAPI, list[str]]]:
    """The record's routes, and the statements that they send to PostgreSQL."""
    sent: list[str] = []

    class Counting(psycopg.Cursor[Any]):
        def execute(self, query: Any, *given: Any, **more: Any) -> Any:
            sent.append(str(query))
            return super().execute(query, *given, **more)

    with connect(database) as connection:
        connection.cursor_factory = Counting

        @contextmanager
        def borrowed() -> Iterator[psycopg.Connection[Any]]:
            yield connection
            connection.commit()

        pages, app = Pages(borrowed), FastAPI()
        app.include_router(records.router(borrowed, records.People(RecordPage(pages), pages.visitor)))
        app.add_exception_handler(Answered, answered)
        yield app, sent


def test_a_large_record_costs_as_many_queries_as_a_small_one_and_a_light_page(one: RecordSite, database: str) -> None:
    browser = one.site.browser("specialist")
    costs = []
    with counted(database) as (app, sent):
        client = TestClient(app, base_url="http://hub.test", cookies=dict(browser.cookies), follow_redirects=False)
        client.headers["Accept"] = "text/html"
        for count in (50, 500):
            one.store(large(count))
            client.get(one.url("record"))
            sent.clear()
            answer = client.get(one.url("record"))
            assert answer.status_code == 200
            costs.append(len(sent))
    assert costs[0] == costs[1] <= 8
    assert len(answer.content) < 150_000
    assert len(gzip.compress(answer.content, 5)) < 30_000
    assert answer.elapsed < timedelta(seconds=2)
