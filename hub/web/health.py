"""`/health/live` and `/health/ready`, open to everybody: they say how the process is and nothing of patients."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from fastapi.responses import JSONResponse

_WORDS = {True: "up", False: "down"}


def router(postgres: Callable[[], bool], kafka: Callable[[], bool]) -> APIRouter:
    """postgres, kafka: whether the service answers now; they return soon and do not raise."""
    routes = APIRouter(prefix="/health", tags=["health"])

    @routes.get("/live")
    async def live() -> dict[str, str]:  # in the loop itself: all threads may be waiting for a database that hangs
        """The process runs."""
        return {"status": "live"}

    @routes.get("/ready", responses={503: {"description": "PostgreSQL does not answer"}})
    def ready() -> JSONResponse:
        """Requests can be served. Without Kafka they can: events wait in the outbox."""
        database, broker = postgres(), kafka()
        body = {
            "status": "ready" if database else "unavailable",
            "postgres": _WORDS[database],
            "kafka": _WORDS[broker],
        }
        if database:
            return JSONResponse(body)
        return JSONResponse(body, 503, {"Retry-After": "5"})

    return routes
