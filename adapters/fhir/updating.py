"""`PUT` and JSON Patch of a Task: they move its referral."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from adapters.fhir.receiving import key_of
from adapters.fhir.requests import (
    Commands,
    FhirRoute,
    JsonWanted,
    Problem,
    accepted,
    body_of,
    respond,
    sender_of,
)  # fmt: skip
from adapters.fhir.task_updates import Update, patched, put
from hub.domain.messages import Sender
from hub.views.referrals import read as read_referral

PATCH = "application/json-patch+json"
_ETAG = re.compile(r'^\s*(?:W/)?"?([0-9]{1,9})"?\s*$')


def router(commands: Commands) -> APIRouter:
    """`PUT Task/{id}` and `PATCH Task/{id}`."""
    routes = APIRouter(route_class=FhirRoute)
    caller = Annotated[Sender, Depends(sender_of(commands))]

    @routes.put("/Task/{task_id}")
    def put_task(task_id: str, request: Request, sender: caller,
                 raw: Annotated[bytes, Depends(body_of(commands))], _: JsonWanted) -> Response:  # fmt: skip
        """Move the referral to the state of the Task. `If-Match` is required."""
        return _update(commands, request, sender, task_id, raw)

    @routes.patch("/Task/{task_id}")
    def patch_task(task_id: str, request: Request, sender: caller,
                   raw: Annotated[bytes, Depends(body_of(commands, frozenset({PATCH})))],
                   _: JsonWanted) -> Response:  # fmt: skip
        """Move the referral to the state of the Task as patched (RFC 6902). `If-Match` is required."""
        return _update(commands, request, sender, task_id, raw)

    return routes


def _update(commands: Commands, request: Request, sender: Sender, task_id: str, raw: bytes) -> Response:
    version = _version(request.headers.get("if-match"))
    with commands.connection() as connection:
        referral = read_referral(connection, sender.id, task_id)
        if referral is None:
            commands.audit(connection, organization_id=sender.id, actor="token", action="update", object_type="Task",
                           object_id=task_id[:64], allowed=False)  # fmt: skip
    if referral is None:
        raise Problem(404, "not-found", "no such Task")
    key = key_of(request, request.method.encode(), request.url.path.encode(), str(version).encode(), raw)
    update = Update("fhir", raw, sender, commands.now(), referral, version, key)
    if request.method == "PUT":
        content_type = request.headers.get("content-type", "")
        submission = update.submission(lambda: put(raw, content_type))
    else:
        submission = update.submission(lambda: patched(raw, referral, version))
    return respond(accepted(commands, submission)[1])


def _version(if_match: str | None) -> int:
    found = _ETAG.match(if_match or "")
    if found is None:
        text = 'If-Match with the version that was read is expected: If-Match: W/"3"'
        raise Problem(412, "conflict", text)
    return int(found.group(1))
