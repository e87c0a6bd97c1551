"""Read and search: referrals as Task and ServiceRequest, patients, and what came with referrals."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response

from adapters.fhir import resources, searching
from adapters.fhir.parsing import media_type
from adapters.fhir.requests import (
    LIMIT,
    Commands,
    FhirRoute,
    JsonWanted,
    Problem,
    base_url,
    resource_response,
    sender_of,
)
from adapters.fhir.searching import Asked
from adapters.fhir.task_updates import headers
from adapters.fhir.validation import known_types
from hub.domain.fragments import ADMINISTRATIVE, Resource
from hub.domain.messages import Sender
from hub.views import fragments, patients, referrals

REFERRAL_PARAMETERS = frozenset(
    {"_id", "identifier", "status", "patient", "patient:identifier", "patient.identifier", "subject", "requester",
     "requester:identifier", "requester.identifier", "based-on", "_lastUpdated", "_sort"}
)  # fmt: skip
TASK_PARAMETERS = REFERRAL_PARAMETERS | {"business-status", "owner", "owner:identifier", "owner.identifier", "focus"}
REQUEST_PARAMETERS = REFERRAL_PARAMETERS | {"performer", "performer:identifier", "performer.identifier"}
PATIENT_PARAMETERS = frozenset({"_id", "identifier"})
FRAGMENT_PARAMETERS = frozenset({"_id", "patient", "subject", "based-on"})
FORM = "application/x-www-form-urlencoded"

Pairs = list[tuple[str, str]]
"""Search parameters as given."""

Found = tuple[list[tuple[str, Resource]], dict[str, str] | None]
"""(id, resource) of a page, and what of the parameters to replace for the next (None: this is the last)."""


def router(commands: Commands) -> APIRouter:
    """`GET {type}/{id}`, `GET {type}?...`, `POST {type}/_search`."""
    routes = APIRouter(route_class=FhirRoute)
    caller = Annotated[Sender, Depends(sender_of(commands))]

    @routes.get("/{kind}/{resource_id}")
    def read(kind: str, resource_id: str, request: Request, sender: caller, _: JsonWanted) -> Response:
        """One resource under the hub's id. 404 also for what others have."""
        _require_type(kind)
        with commands.connection() as connection:
            found = _read(connection, sender.id, kind, resource_id)
            _audit(commands, connection, sender, "read", kind, resource_id, allowed=found is not None)
        if found is None:
            raise Problem(404, "not-found", f"no such {kind}")
        resource, told = found
        if told["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=told)
        response = resource_response(resource)
        response.headers.update(told)
        return response

    @routes.get("/{kind}")
    def search(kind: str, request: Request, sender: caller, _: JsonWanted) -> Response:
        """The caller's own resources that agree with the parameters, as a searchset Bundle."""
        return _search(commands, request, sender, kind, list(request.query_params.multi_items()))

    @routes.post("/{kind}/_search")
    def search_by_form(kind: str, request: Request, sender: caller, form: Annotated[Pairs, Depends(_form)],
                       _: JsonWanted) -> Response:  # fmt: skip
        """As GET, with the parameters in the body: numbers of patients do not belong in addresses."""
        return _search(commands, request, sender, kind, [*request.query_params.multi_items(), *form])

    return routes


async def _form(request: Request) -> Pairs:
    if media_type(request.headers.get("content-type", "")) not in (FORM, ""):
        raise Problem(415, "not-supported", f"expected: {FORM}")
    received = bytearray()
    async for piece in request.stream():
        received += piece
        if len(received) > LIMIT // 16:
            raise Problem(413, "too-long", "the search is too long")
    return parse_qsl(received.decode("utf-8", "replace"), keep_blank_values=True)


def _require_type(kind: str) -> None:
    if kind not in known_types():
        raise Problem(404, "not-found", "no resource type of FHIR R4")


def _audit(commands: Commands, connection: Any, sender: Sender, action: str, kind: str, name: str, *,
           allowed: bool = True) -> None:  # fmt: skip
    commands.audit(connection, organization_id=sender.id, actor="token", action=action, object_type=kind,
                   object_id=name[:64], allowed=allowed)  # fmt: skip


def _read(connection: Any, viewer: int, kind: str, name: str) -> tuple[Resource, dict[str, str]] | None:
    if kind in _OF_REFERRAL:
        referral = referrals.read(connection, viewer, name)
        if referral is not None:
            return _OF_REFERRAL[kind](referral), headers(referral)
    if kind == "Patient":
        return _patient(connection, viewer, name)
    if kind in ADMINISTRATIVE - {"ServiceRequest"}:
        return None
    stored = fragments.read(connection, viewer, name)
    if stored is None or stored.resource_type != kind:
        return None
    return resources.fragment(stored), {"ETag": 'W/"1"'}


def _patient(connection: Any, viewer: int, name: str) -> tuple[Resource, dict[str, str]] | None:
    """A patient; of one that was merged into another, who it is now."""
    patient = patients.read(connection, viewer, name)
    if patient is not None:
        return resources.patient(patient), _etag(patient.updated_at)
    replaced = patients.replaced(connection, viewer, name)
    return (resources.replaced_patient(replaced), _etag(replaced.merged_at)) if replaced else None


def _etag(changed: datetime) -> dict[str, str]:
    return {"ETag": f'W/"{int(changed.timestamp())}"'}


_OF_REFERRAL: dict[str, Callable[[referrals.Referral], Resource]] = {
    "Task": resources.task,
    "ServiceRequest": resources.service_request,
}


def _search(commands: Commands, request: Request, sender: Sender, kind: str, pairs: Pairs) -> Response:
    _require_type(kind)
    find, supported = _SEARCHES.get(kind, (_fragments, FRAGMENT_PARAMETERS))
    asked = searching.asked(kind, pairs, supported)
    base = base_url(request)
    with commands.connection() as connection:
        found, following = find(connection, sender, asked)
        _audit(commands, connection, sender, "search", kind, "")
        if kind not in _OF_REFERRAL:
            for name, _ in found:
                _audit(commands, connection, sender, "read", kind, name)
    private = dict.fromkeys(n for n in asked.values if n.endswith("identifier") and n != "identifier")
    private |= {"identifier": None} if kind == "Patient" else {}
    links = [{"relation": "self", "url": searching.link(base, asked, private)}]
    if following is not None:
        links.append({"relation": "next", "url": searching.link(base, asked, {**private, **following})})
    bundle: Resource = {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": links,
        "entry": [
            {"fullUrl": f"{base}/{kind}/{name}", "resource": resource, "search": {"mode": "match"}}
            for name, resource in found
        ],
    }
    if following is None and "_after" not in asked.values:
        bundle["total"] = len(found)
    return resource_response(bundle if found else {k: v for k, v in bundle.items() if k != "entry"})


def _referrals(connection: Any, sender: Sender, asked: Asked) -> Found:
    patient_ids = searching.names(asked.any_of("patient", "subject"), "Patient")
    numbers = searching.tokens(asked.any_of("patient:identifier", "patient.identifier"))
    told: dict[str, str] = {}
    if numbers is not None:  # resolved first, so that the next link holds the hub's ids and no patient's number
        known = patients.search(connection, sender.id, limit=searching.MOST, identifiers=numbers)
        patient_ids = [p.id for p in known if patient_ids is None or p.id in patient_ids]
        told = {"patient": ",".join(patient_ids)}
    since, until = searching.updated(asked)
    ids, focus = asked.any_of("_id"), searching.names(asked.any_of("focus"), "ServiceRequest")
    criteria = referrals.Criteria(
        ids=focus if ids is None else ids if focus is None else [i for i in ids if i in focus],
        identifiers=searching.tokens(asked.any_of("identifier")),
        states=searching.states(asked),
        patient_ids=patient_ids,
        based_on=searching.names(asked.any_of("based-on"), "ServiceRequest"),
        updated_since=since,
        updated_until=until,
    )
    found = _pages(connection, sender, asked, criteria, searching.marked(asked))
    page = found[: asked.count]
    resource = _OF_REFERRAL[asked.kind]
    entries = [(referral.id, resource(referral)) for referral in page]
    if len(found) <= asked.count or not page:
        return entries, None
    return entries, {**told, "_after": searching.mark(*page[-1].position)}


def _pages(connection: Any, sender: Sender, asked: Asked, criteria: referrals.Criteria,
           after: tuple[datetime, str] | None) -> list[referrals.Referral]:  # fmt: skip
    """The page and one more, of the referrals whose parties are as asked."""
    senders = searching.organization_codes(asked, "requester")
    receivers = searching.organization_codes(asked, "owner" if asked.kind == "Task" else "performer")
    own = frozenset({sender.code.lower()})
    if receivers == own and senders is None:
        criteria = replace(criteria, role="received")
    elif senders == own and receivers is None:
        criteria = replace(criteria, role="sent")
    wanted, newest = asked.count + 1, searching.newest_first(asked)
    limit = wanted if senders is None and receivers is None else searching.MOST
    found: list[referrals.Referral] = []
    while len(found) < wanted:
        page = referrals.search(connection, sender.id, criteria, limit=limit, after=after, newest_first=newest)
        found += [r for r in page if (senders is None or r.sender.code.lower() in senders)
                  and (receivers is None or r.receiver.code.lower() in receivers)]  # fmt: skip
        if len(page) < limit:
            break
        after = page[-1].position
    return found[:wanted]


def _patients(connection: Any, sender: Sender, asked: Asked) -> Found:
    position = searching.marked(asked)
    numbers = searching.tokens(asked.any_of("identifier"))
    own = [value for system, value in numbers or () if system == resources.PATIENT]
    ids = asked.any_of("_id")
    found = patients.search(
        connection, sender.id, limit=asked.count + 1, patient_ids=[*(ids or ()), *own] if ids or own else ids,
        identifiers=None if own else numbers, after=position[1] if position else None,
    )  # fmt: skip
    page = found[: asked.count]
    more = len(found) > asked.count and page and numbers is None
    following = {"_after": searching.mark(page[-1].updated_at, page[-1].id)} if more else None
    return [(p.id, resources.patient(p)) for p in page], following


def _fragments(connection: Any, sender: Sender, asked: Asked) -> Found:
    if asked.kind in ADMINISTRATIVE:
        raise Problem(404, "not-supported", f"the hub keeps no {asked.kind} by itself")
    position = searching.marked(asked)
    criteria = fragments.Criteria(
        ids=asked.any_of("_id"),
        types=(asked.kind,),
        patient_ids=searching.names(asked.any_of("patient", "subject"), "Patient"),
        referral_ids=searching.names(asked.any_of("based-on"), "ServiceRequest"),
    )
    found = fragments.search(connection, sender.id, criteria, limit=asked.count + 1,
                             after=position[1] if position else None)  # fmt: skip
    page = found[: asked.count]
    more = len(found) > asked.count and page
    following = {"_after": searching.mark(page[-1].received_at, page[-1].id)} if more else None
    return [(f.id, resources.fragment(f)) for f in page], following


_SEARCHES: dict[str, tuple[Callable[[Any, Sender, Asked], Found], frozenset[str]]] = {
    "Task": (_referrals, TASK_PARAMETERS),
    "ServiceRequest": (_referrals, REQUEST_PARAMETERS),
    "Patient": (_patients, PATIENT_PARAMETERS),
}
"""How a type is searched and by what; other types are searched as fragments."""
