"""Refusals as OperationOutcome and HTTP status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hub.domain.errors import Cause, Refusal
from hub.domain.fragments import Resource


class Answer(NamedTuple):
    """How a cause is told. code: of the value set issue-type."""

    status: int
    code: str


ANSWERS: dict[Cause, Answer] = {
    Cause.TOO_LARGE: Answer(413, "too-long"),
    Cause.UNKNOWN_SENDER: Answer(403, "forbidden"),
    Cause.UNDECODABLE: Answer(400, "structure"),
    Cause.NO_HEADER: Answer(400, "structure"),
    Cause.WRONG_STRUCTURE: Answer(400, "structure"),
    Cause.WRONG_DATATYPE: Answer(400, "value"),
    Cause.STALE_VERSION: Answer(412, "conflict"),
    Cause.SEVERAL_MATCHES: Answer(412, "multiple-matches"),
    Cause.DUPLICATE_KEY: Answer(409, "duplicate"),
    Cause.UNKNOWN_MODIFIER: Answer(422, "extension"),
    Cause.CODE_INVALID: Answer(422, "code-invalid"),
    Cause.REQUIRED_MISSING: Answer(422, "required"),
    Cause.UNKNOWN_KEY: Answer(422, "not-found"),
    Cause.UNSUPPORTED_TYPE: Answer(422, "not-supported"),
    Cause.UNSUPPORTED_EVENT: Answer(422, "not-supported"),
    Cause.UNSUPPORTED_PROCESSING_ID: Answer(422, "not-supported"),
    Cause.UNSUPPORTED_VERSION: Answer(422, "not-supported"),
    Cause.FORBIDDEN_STATE: Answer(422, "business-rule"),
    Cause.NOT_PERMITTED: Answer(422, "business-rule"),
}
"""400: what is no FHIR R4; 422: FHIR that the hub's rules refuse. Of several causes the first in this table answers."""


def status(refusals: Sequence[Refusal]) -> int:
    """The HTTP status of an answer that tells these refusals."""
    causes = {refusal.cause for refusal in refusals}
    return next(answer.status for cause, answer in ANSWERS.items() if cause in causes)


def of_refusals(refusals: Sequence[Refusal]) -> Resource:
    """One issue a refusal, with its place."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(refusal) for refusal in refusals]}


def told(severity: str, code: str, text: str, expression: str | None = None) -> Resource:
    """An OperationOutcome of one issue. code: of the value set issue-type."""
    issue: dict[str, object] = {"severity": severity, "code": code, "details": {"text": text}, "diagnostics": text}
    if expression:
        issue["expression"] = [expression]
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _expression(path: str) -> str:
    """FHIRPath of a place, which may be given as a JSON pointer into what was received."""
    if not path.startswith("/"):
        return path
    steps = "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in path[1:].split("/"))
    return f"Bundle{steps}" if steps.startswith(".entry") else f"Resource{steps}"


def _issue(refusal: Refusal) -> dict[str, object]:
    issue: dict[str, object] = {
        "severity": "error",
        "code": ANSWERS[refusal.cause].code,
        "details": {"text": refusal.text},
        "diagnostics": f"{refusal.cause.value}: {refusal.text}",
    }
    if refusal.path:
        issue["expression"] = [_expression(refusal.path)]
    return issue
