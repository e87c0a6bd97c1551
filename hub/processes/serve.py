"""`referral-hub serve`: the HTTP server: FHIR, the record, health and metrics."""

from __future__ import annotations

import gc
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

import psycopg
import structlog
import uvicorn
from fastapi import FastAPI, Request, Response
from psycopg_pool import ConnectionPool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.fhir import operation_outcome, requests, routes
from adapters.fhir.acknowledgement import Answer, unavailable
from adapters.fhir.parsing import encode
from hub.domain.errors import Unavailable
from hub.domain.messages import Sender
from hub.intake.accept import Intake
from hub.processes import administration, embedded_kafka, people
from hub.processes.settings import EMBEDDED, Address, Settings
from hub.security import audit, tokens
from hub.store.connections import connect, pool
from hub.store.directory import Directory
from hub.stream.broker import Broker
from hub.views import figures
from hub.web import access, asyncapi, health, metrics
from hub.web.pages import Pages, wants_page

CONNECTIONS = 16
PATIENCE_SECONDS = 3.0
"""How long a request waits for a connection before it is answered 503."""
ANSWER_SECONDS = 2
"""How long PostgreSQL may take to greet a session before it is said to be down."""
DRAIN_SECONDS = 30

log = structlog.get_logger()
Pool = ConnectionPool[psycopg.Connection[Any]]


def run(settings: Settings, *, stop: threading.Event, ready: Callable[[dict[str, Any]], None]) -> None:
    """Serve until `stop`, then finish the requests in hand. Raises Unavailable when the address is taken."""
    listening = _listen(settings.http)
    with pool(settings.database, CONNECTIONS, name="serve") as connections:
        intake = Intake(settings.database, Directory(connections))
        config = uvicorn.Config(
            application(settings, connections, intake), loop="uvloop", http="httptools", lifespan="off",
            access_log=False, log_config=None, log_level="critical", server_header=False,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )  # fmt: skip
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="http", daemon=True)
        thread.start()
        try:
            _wait(server, thread)
            gc.freeze()  # code and catalogues: some 300,000 objects, at which every reader would wait now and then
            host, port = listening.getsockname()[:2]
            ready({"http": f"http://{Address(host, port)}"})
            while not stop.wait(1):
                if not thread.is_alive():
                    raise RuntimeError("the HTTP server ended")
        finally:
            server.should_exit = True
            thread.join()
            intake.close()


def application(settings: Settings, connections: Pool, intake: Intake) -> FastAPI:
    """The routes with what they call; OpenAPI at /openapi.json, AsyncAPI at /asyncapi.yaml."""
    connection = partial(_connection, connections)
    commands = requests.Commands(
        authenticate=partial(_authenticate, connections),
        accept=intake.accept,
        connection=connection,
        audit=audit.write,
        limit=settings.max_message_bytes,
    )
    app = FastAPI(
        title="Referral Hub",
        version=version("referral-hub"),
        description="Referrals between clinics and hospitals: FHIR R4, one continuous cited record, event streams.",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        docs_url=None,
        redoc_url=None,
    )
    app.include_router(routes.router(commands))
    app.include_router(health.router(partial(_database_answers, connections), partial(_broker_answers, settings)))
    app.include_router(asyncapi.router())
    readers = administration.Watch(partial(administration.readers, settings))
    may = partial(_is_administrators, connections)
    app.include_router(metrics.router(partial(_figures, connections), readers, may))
    people.include(app, settings, connection, intake, readers)
    app.add_middleware(HeadAsGet)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(psycopg.OperationalError, _database_away)
    app.add_exception_handler(Unavailable, _database_away)
    app.add_exception_handler(Exception, _fault)
    return app


class HeadAsGet:
    """HEAD is GET whose body the server leaves out (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app({**scope, "method": "GET"} if scope.get("method") == "HEAD" else scope, receive, send)


def _listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family, backlog=1024)
    except OSError as error:
        raise Unavailable(f"cannot listen on {address}: {error.strerror}") from error


def _wait(server: uvicorn.Server, thread: threading.Thread) -> None:
    while not server.started:
        thread.join(0.01)
        if not thread.is_alive():
            raise RuntimeError("the HTTP server did not start")


@contextmanager
def _connection(connections: Pool) -> Iterator[psycopg.Connection[Any]]:
    """A connection in a transaction that is committed at the end. Raises Unavailable without Postgres."""
    try:
        with connections.connection(PATIENCE_SECONDS) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise Unavailable("PostgreSQL does not answer") from error


def _authenticate(connections: Pool, token: str) -> Sender | None:
    with _connection(connections) as connection:
        return tokens.authenticate(connection, token)


def _figures(connections: Pool) -> figures.Figures:
    with connections.connection(PATIENCE_SECONDS) as connection:
        return figures.read(connection)


def _is_administrators(connections: Pool, token: str) -> bool:
    with _connection(connections) as connection:
        person = tokens.person_of(connection, token)
    return person is not None and person.role == "administrator"


def _database_answers(connections: Pool) -> bool:
    """A session of its own is asked for first: where PostgreSQL hangs, an open one would be waited on without end."""
    try:
        connect(str(connections.conninfo), connect_timeout=ANSWER_SECONDS).close()
        with connections.connection(1.0):
            pass
    except psycopg.OperationalError:
        return False
    return True


def _broker_answers(settings: Settings) -> bool:
    address = settings.kafka
    if address == EMBEDDED:
        address = embedded_kafka.address(settings.home) or ""
    return bool(address) and Broker(address, settings.kafka_security).reachable()


def _http_error(request: Request, error: Exception) -> Response:
    """What no route answers, in the form of the part of the server that was asked."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers = {"Allow": requests.allowed(request)}
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
    code = {404: "not-found", 405: "not-supported"}.get(error.status_code, "processing")
    return _answer(request, error.status_code, code, str(error.detail), headers)


def _database_away(request: Request, _: Exception) -> Response:
    if _asks_fhir(request):
        return requests.respond(unavailable())
    if wants_page(request):
        pages: Pages = request.app.state.pages
        return pages.failed(request, 503, {"Retry-After": "5"})
    return access.unavailable("PostgreSQL does not answer")


def _fault(request: Request, error: Exception) -> Response:
    """A fault of ours. Its text may hold what was sent, so that only its kind and its place are logged."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error("request failed", error=type(error).__name__, file=place.filename, line=place.lineno)
    return _answer(request, 500, "exception", "the hub failed; the message may be sent again", {})


def _answer(request: Request, status: int, code: str, text: str, headers: dict[str, str]) -> Response:
    if _asks_fhir(request):
        body = encode(operation_outcome.told("error", code, text, None))
        return requests.respond(Answer(status, headers, body))
    if wants_page(request):
        pages: Pages = request.app.state.pages
        return pages.failed(request, status, headers)
    answer = access.problem(status, code, text)
    answer.headers.update(headers)
    return answer


def _asks_fhir(request: Request) -> bool:
    return request.url.path == "/fhir" or request.url.path.startswith("/fhir/")
