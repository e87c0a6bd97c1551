"""`GET Patient/{id}/$summary`: the continuous record as an IPS document, for who may read the record."""

from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from adapters.fhir import operation_outcome
from adapters.fhir.ips.document import Custodian, summary
from adapters.fhir.parsing import decode
from adapters.fhir.requests import Commands, FhirRoute, JsonWanted, Problem, resource_response, sender_of
from hub.domain.messages import Sender
from hub.domain.referrals import FINAL
from hub.views import patients, records, referrals
from hub.views.records import Record
from hub.views.referrals import Referral

_REFERRALS = 50
"""How many of a patient's referrals to the caller are looked at, those that moved last."""

Found = tuple[Referral, Record]


def router(commands: Commands) -> APIRouter:
    """The operation; each record given and each refusal is a line of the trail, as an export of it."""
    routes = APIRouter(route_class=FhirRoute)
    caller = Annotated[Sender, Depends(sender_of(commands))]

    @routes.get("/Patient/{patient_id}/$summary")
    def patient_summary(patient_id: str, request: Request, sender: caller, _: JsonWanted) -> Response:
        """The newest record that the caller may read of this patient, as an IPS document Bundle."""
        with commands.connection() as connection:
            found, awaited = _newest(connection, sender.id, patient_id)
            if found or not awaited:
                _audit(commands, connection, sender, found[0].id if found else None, patient_id)
        if found is None and awaited:
            told = operation_outcome.told("information", "incomplete", "the record is being made: ask again")
            return resource_response(told, 202, Retry_After="2")
        if found is None:
            raise Problem(404, "not-found", "no record of such a patient that this organisation may read")
        referral, record = found
        etag = f'W/"{record.sha256.hex()}"'
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers={"ETag": etag})
        custodian = Custodian(referral.receiver.code, referral.receiver.name)
        document = summary(
            decode(record.document), custodian, patient_id=referral.patient_id, software=version("referral-hub")
        )
        return resource_response(document, ETag=etag)

    return routes


def _newest(connection: Any, viewer: int, patient_id: str) -> tuple[Found | None, bool]:
    """The newest record, a whole one before one of a referral alone; whether one is still being made."""
    if patients.read(connection, viewer, patient_id) is None:
        replaced = patients.replaced(connection, viewer, patient_id)
        if replaced is None:
            return None, False
        patient_id = replaced.by
    criteria = referrals.Criteria(role="received", patient_ids=[patient_id])
    received = referrals.search(connection, viewer, criteria, limit=_REFERRALS)
    readable = [referral for referral in received if records.readable(referral, viewer)]
    found = [(referral, record) for referral in readable if (record := records.newest(connection, referral))]
    awaited = any(referral.whole_record or referral.state not in FINAL for referral in readable)
    return max(found, key=lambda one: (one[1].whole, one[1].generated_at), default=None), awaited


def _audit(commands: Commands, connection: Any, sender: Sender, referral_id: str | None, patient_id: str) -> None:
    commands.audit(
        connection,
        organization_id=sender.id,
        actor="token",
        action="export",
        object_type="record" if referral_id else "Patient",
        object_id=(referral_id or patient_id)[:64],
        allowed=referral_id is not None,
    )
