"""The FHIR R4 base `/fhir`."""

from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from adapters.fhir import capability, code_systems, reading, receiving, summary, updating
from adapters.fhir.requests import (
    Commands,
    FhirRoute,
    JsonWanted,
    Problem,
    allowed,
    base_url,
    resource_response,
    sender_of,
)
from hub.domain.fragments import Resource
from hub.domain.messages import Sender

__all__ = ["Commands", "router"]


def router(commands: Commands) -> APIRouter:
    """All routes of `/fhir`; what they call is given as plain callables. Errors are OperationOutcomes."""
    routes = APIRouter(tags=["fhir"])
    parts = (receiving.router(commands), updating.router(commands), summary.router(commands), reading.router(commands))
    for part in (_definitions(commands), *parts, _rest(commands)):
        routes.include_router(part, prefix="/fhir")
    return routes


def _definitions(commands: Commands) -> APIRouter:
    routes = APIRouter(route_class=FhirRoute)
    caller = Annotated[Sender, Depends(sender_of(commands))]
    started = commands.now().date().isoformat()

    @routes.get("/metadata")
    def metadata(request: Request, _: JsonWanted) -> Response:
        """The CapabilityStatement; needs no token."""
        return resource_response(capability.statement(base_url(request), started, version("referral-hub")))

    @routes.get("/CodeSystem/{codes_id}")
    def read_code_system(codes_id: str, sender: caller, _: JsonWanted) -> Response:
        """One of the hub's own code systems."""
        found = next((codes for codes in code_systems.ALL if codes.id == codes_id), None)
        if found is None:
            raise Problem(404, "not-found", "no such CodeSystem")
        return resource_response(code_systems.code_system(found))

    @routes.get("/CodeSystem")
    def search_code_systems(request: Request, sender: caller, _: JsonWanted) -> Response:
        """The hub's own code systems, by `_id` or `url`."""
        wanted_id, wanted_url = (request.query_params.get(name) for name in ("_id", "url"))
        found = [code_systems.code_system(codes) for codes in code_systems.ALL
                 if wanted_id in (None, codes.id) and wanted_url in (None, codes.url)]  # fmt: skip
        base = base_url(request)
        bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
        if found:
            bundle["entry"] = [{"fullUrl": f"{base}/CodeSystem/{r['id']}", "resource": r, "search": {"mode": "match"}}
                               for r in found]  # fmt: skip
        return resource_response(bundle)

    return routes


def _rest(commands: Commands) -> APIRouter:
    """Every other address and method below `/fhir`, so that their errors are OperationOutcomes as well."""
    routes = APIRouter(route_class=FhirRoute)
    caller = Annotated[Sender, Depends(sender_of(commands))]
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    @routes.api_route("/{path:path}", methods=methods, include_in_schema=False)
    def nothing_here(path: str, request: Request, sender: caller) -> Response:
        methods = allowed(request)
        if request.method == "GET" or not methods:
            raise Problem(404, "not-found", "no such address")
        raise Problem(405, "not-supported", "the method is not supported at this address", Allow=methods)

    return routes
