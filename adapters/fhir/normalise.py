"""FHIR JSON as the hub takes it: checked, of one patient or several, and what it asks of a referral.

Message Bundles open, amend, cancel or move a referral, or bring history. Transaction, batch, collection, document and
searchset Bundles and single resources bring history. Nothing of the content is changed: the canonical form of FHIR is
the document itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from adapters.attached import texts
from adapters.fhir import entries, messages
from adapters.fhir.document import Document, Key, Place, contained, envelope, index
from adapters.fhir.parsing import encode, read
from adapters.fhir.patients import Patients, Register, identity
from adapters.fhir.referral import REFERRAL
from adapters.fhir.times import parse, recorded_at
from adapters.fhir.validation import check_received
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.fragments import Citation, Resource, is_clinical, leaves, literal
from hub.domain.messages import Amend, Cancel, Envelope, Intent, Ledger, Move, Normalised, Open, Part
from hub.domain.patients import Identity

HISTORY = frozenset({"transaction", "batch", "collection", "document", "searchset"})
NOBODY = Register()
_STANDS_ALONE = frozenset(
    {"AllergyIntolerance", "CarePlan", "Composition", "Condition", "DiagnosticReport", "DocumentReference", "Encounter",
     "FamilyMemberHistory", "Immunization", "MedicationAdministration", "MedicationDispense", "MedicationRequest",
     "MedicationStatement", "Observation", "Procedure"}
)  # fmt: skip
"""Contained resources that say something of their own of the patient, not a part of what their container says."""


def normalise(raw: bytes, *, timezone: str, received_at: datetime, request_id: str | None = None,
              content_type: str = "", register: Register = NOBODY) -> Normalised:  # fmt: skip
    """A received document normalised.

    timezone: of dates without time; request_id: the key where the document has none of its own; register:
    what `Patient/<id>` of the hub may name. Raises Refused with every fault found and its FHIRPath.
    """
    resource = read(raw, content_type)
    key = Key("X-Request-ID", request_id) if request_id else None
    return normalise_resource(resource, envelope(resource, key), timezone=timezone, received_at=received_at,
                              register=register)  # fmt: skip


def normalise_resource(resource: Resource, head: Envelope, *, timezone: str, received_at: datetime,
                       register: Register = NOBODY) -> Normalised:  # fmt: skip
    """As `normalise`, of a document already read. Raises Refused.

    Of a batch that is what of it stands; what does not is told in `warnings`, at its entry.
    """
    if resource["resourceType"] == "Bundle" and resource.get("type") == "batch":
        return texts.cited(_batch(resource, head, timezone, received_at, register))
    faults = check_received(resource)
    if faults:
        raise Refused(*faults)
    return texts.cited(_normalised(resource, head, timezone, received_at, register))


def _batch(bundle: Resource, head: Envelope, timezone: str, received_at: datetime, register: Register) -> Normalised:
    refused = dict(entries.faulty(bundle, register))
    while True:
        try:
            standing = entries.without(bundle, refused)
            found = _normalised(standing, head, timezone, received_at, register)
            return entries.left_out(found, bundle, refused)
        except Refused as error:
            told = entries.by_entry(error.refusals)
            new = {n: faults for n, faults in told.items() if n is not None and n not in refused}
            if not new:
                raise Refused(*(f for faults in refused.values() for f in faults), *error.refusals) from None
            refused |= new


def _normalised(resource: Resource, head: Envelope, timezone: str, received_at: datetime,
                register: Register) -> Normalised:  # fmt: skip
    document = index(resource)
    _require_supported(document, register)
    message = messages.read(document) if resource.get("type") == "message" and document.is_bundle else None
    task = document.places[0] if resource["resourceType"] == "Task" else None
    intent = message.intent if message else messages.lone_task(task) if task else None
    zone = ZoneInfo(timezone)
    default = parse(resource.get("timestamp"), zone) if document.is_bundle else received_at
    patients = Patients(document, register, frozenset(_linked(intent, register)))
    parts, main = _parts(document, message.request if message else None, intent, patients, zone, default)
    merges = patients.merges()
    main = next((merge.surviving for merge in merges if merge.part == main), main)
    patient = parts[main].resource if main is not None else {}
    base = "" if document.is_bundle else "/entry/0/resource"
    found = Normalised(
        envelope=head,
        bundle=resource if document.is_bundle else _bundle(resource),
        ledger=Ledger(((base, [Citation(p, p, literal(v)) for p, v in leaves(resource) if v is not None]),)),
        patient=identity(patient) if patient else Identity(),
        patient_resource=patient,
        parts=parts,
        intent=intent,
        identities=merges,
    )
    return entries.unless_existing(found, register) if document.is_bundle else found


def _require_supported(document: Document, register: Register) -> None:
    root = document.root
    kind = str(root.get("type")) if document.is_bundle else ""
    if document.is_bundle and kind != "message" and kind not in HISTORY:
        text = f"a Bundle of type message or {' | '.join(sorted(HISTORY))} is expected"
        raise Refused(Refusal(Cause.UNSUPPORTED_TYPE, "Bundle.type", text))
    if document.is_bundle and not document.places:
        raise Refused(Refusal(Cause.REQUIRED_MISSING, "Bundle.entry", "the Bundle has no resource"))
    faults = (*(entries.unsupported(root, register) if kind == "transaction" else ()), *_doubles(document))
    if faults:
        raise Refused(*faults)


def _doubles(document: Document) -> Iterator[Refusal]:
    """Other resources under a fullUrl that one has already (invariant bdl-7): a reference to it would name either."""
    first: dict[tuple[str, str], Place] = {}
    for place in document.places if document.is_bundle else ():
        version = str(place.resource.get("meta", {}).get("versionId", ""))
        known = first.setdefault((place.full_url, version), place) if place.full_url else place
        if known.resource != place.resource:
            text = "another resource has this fullUrl"
            yield Refusal(Cause.WRONG_STRUCTURE, f"Bundle.entry[{place.entry}].fullUrl", text)


def _parts(document: Document, request: Place | None, intent: Intent | None, patients: Patients, zone: tzinfo,
           default: datetime | None) -> tuple[tuple[Part, ...], int | None]:  # fmt: skip
    """The parts, patients first, and the index of the main patient (None where the referral tells whose it is)."""
    referral = request.resource if request else None
    chosen = [p for p in _places(document) if is_clinical(p.resource, referral) or p is request]
    if isinstance(intent, Cancel | Move):
        chosen = [p for p in chosen if p is not request]
    if not chosen and not patients.parts and intent is None:
        text = "no clinical resource: nothing to keep of the patient"
        raise Refused(Refusal(Cause.REQUIRED_MISSING, "Bundle.entry" if document.is_bundle else "Resource", text))
    subjects = _each_of(patients, chosen)
    of_request = patients.of(request) if request else None
    needed = (intent is None or isinstance(intent, Open)) and not patients.links
    main = of_request if of_request is not None else patients.main(subjects) if needed or patients.parts else None
    found = tuple(
        Part(_named(document, place), place.base, recorded_at(place.resource, zone) or default,
             patient=subject if subject is not None else main)
        for place, subject in zip(chosen, subjects, strict=True)
    )  # fmt: skip
    return (*patients.parts, *found), main


def _each_of(patients: Patients, places: list[Place]) -> list[int | None]:
    """Whose each resource is. Raises Refused with all that name nobody."""
    found: list[int | None] = []
    refusals: list[Refusal] = []
    for place in places:
        try:
            found.append(patients.of(place))
        except Refused as refused:
            refusals += refused.refusals
    if refusals:
        raise Refused(*refusals)
    return found


def _named(document: Document, place: Place) -> Resource:
    """The resource; a medicine and who refers to it by fullUrl alone name each other by id, apart from their Bundle."""
    if place.type == "Medication" and place.full_url and not place.resource.get("id"):
        return {**place.resource, "id": _tail(place.full_url)}
    reference: Resource = place.resource.get("medicationReference") or {}
    medicine = document.resolve(reference, place)
    if medicine is None or medicine.entry is None:
        return place.resource
    name = str(medicine.resource.get("id") or _tail(medicine.full_url))
    if _tail(str(reference["reference"])) == name:
        return place.resource
    return {**place.resource, "medicationReference": {**reference, "reference": f"Medication/{name}"}}


def _tail(url: str) -> str:
    return url.removeprefix("urn:uuid:").rpartition("/")[2]


def _linked(intent: Intent | None, register: Register) -> Iterator[str]:
    """The hub's patient of the referrals that the intent names by the hub's id."""
    match intent:
        case Open(content):
            named = [i.value for i in content.based_on if i.system == REFERRAL]
        case Amend(identifiers) | Cancel(identifiers):
            named = [i.value for i in identifiers if i.system == REFERRAL]
        case Move():
            named = [intent.referral_id]
        case _:
            named = []
    yield from (patient for name in named if (patient := register.patient_of(name)) is not None)


def _places(document: Document) -> Iterator[Place]:
    for place in document.every():
        if place.type != "Bundle":
            yield place
        for child in contained(place):
            if child.type in _STANDS_ALONE:
                yield child


def _bundle(resource: Resource) -> Resource:
    name = f"urn:uuid:{uuid5(NAMESPACE_URL, encode(resource).decode())}"
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": name, "resource": resource}]}
