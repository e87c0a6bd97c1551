"""Which segments a message of each kind has, in the order of its structure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from adapters.hl7v2.maps.marks import FIELD
from adapters.hl7v2.maps.segments_referral import AUTHORIZATION
from adapters.hl7v2.outbound import documents, notes
from adapters.hl7v2.outbound.clinical import al1, dg1, pr1
from adapters.hl7v2.outbound.datatypes import Writing
from adapters.hl7v2.outbound.graph import extensions, mark
from adapters.hl7v2.outbound.message import evn, msh, sft
from adapters.hl7v2.outbound.observations import results
from adapters.hl7v2.outbound.orders import order
from adapters.hl7v2.outbound.participation import participations
from adapters.hl7v2.outbound.parts import (
    accident,
    early_results,
    insurance,
    is_member,
    loose_results,
    no_visit,
    numbered,
    referral_of,
    required,
    visit,
    why,
)
from adapters.hl7v2.outbound.patient import demographics, in1, kin, pid, restrictions
from adapters.hl7v2.outbound.referral import aut, numbers_of_referral, providers, rf1
from adapters.hl7v2.outbound.remainder import is_so, remainder, told_in_words
from adapters.hl7v2.outbound.reports import alone, observed, report
from adapters.hl7v2.outbound.scheduling import schedule
from adapters.hl7v2.outbound.values import Segment
from adapters.hl7v2.outbound.visit import is_class
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.fragments import Resource

Sequence = Callable[[Writing], list[Segment]]


def referral(w: Writing) -> list[Segment]:
    """REF^I12 to I14: all that came with the referral."""
    request, task = referral_of(w)
    insurances = [found for one in request.get("insurance", ()) if (found := w.graph.resolve(one, request))]
    granted = [one for one in insurances if mark(one, FIELD) == "AUT"]
    covers = [in1(w, one) for one in _insurances(w) if not any(one is other for other in granted)]
    contacts, guarantors = kin(w, [insured for _, insured in covers if insured])
    return [
        *sft(w),
        rf1(w, request, task),
        *[segment for one in granted if not _of_procedure(w, one) for segment in aut(w, one)],
        *providers(w, request, task),
        pid(w, required(w, "Patient")),
        *contacts,
        *guarantors,
        *insurance(covers),
        *_closed(_came(w, request), visit(w), [
            *why(task),
            *notes.of(w, {}, [one for one in request.get("note", ()) if not mark(one, FIELD)]),
            *documents.notes(w, [one for one in w.graph.all("DocumentReference") if documents.is_note(one)]),
        ]),
    ]  # fmt: skip


def _closed(came: list[Segment], stay: list[Segment], own: list[Segment]) -> list[Segment]:
    """own: notes of the whole message; a PV1 stands between them and comments of results (REF_I12, RRI_I12)."""
    results = any(one.name == "OBR" for one in came)
    between = not stay and results and (own or came[-1].name == "NTE")
    return [*came, *([no_visit()] if between else stay), *own]


def _came(w: Writing, request: Resource) -> list[Segment]:
    """What came with a referral, or with the answer to it."""
    return [
        *accident(w),
        *numbered([dg1(w, one) for one in w.graph.all("Condition") if is_so(one)]),
        *numbered([al1(w, one) for one in w.graph.all("AllergyIntolerance") if is_so(one)]),
        *_procedures(w),
        *observed(w, request),
        *remainder(w, request),
    ]


def _procedures(w: Writing) -> list[Segment]:
    """PR1, each with what authorizes it."""
    made = []
    for place, one in enumerate(filter(is_so, w.graph.all("Procedure")), 1):
        segment = pr1(w, one)
        segment.fields[1] = [{1: str(place)}]
        made.append(segment)
        for coverage in (w.graph.resolve(each["valueReference"], one) for each in extensions(one, AUTHORIZATION)):
            made += aut(w, coverage) if coverage else []
    return made


def _of_procedure(w: Writing, coverage: Resource) -> bool:
    held = [(one, each) for one in w.graph.all("Procedure") for each in extensions(one, AUTHORIZATION)]
    return any(w.graph.resolve(each["valueReference"], one) is coverage for one, each in held)


def _insurances(w: Writing) -> list[Resource]:
    return [one for one in w.graph.all("Coverage") if not is_class(one)]


def answered(w: Writing) -> list[Segment]:
    """RRI^I12: what became of the referral, and what came with that. No MSA: it answers no message that waits for it,
    and receivers take what has one for an answer."""
    request, task = referral_of(w)
    return [
        rf1(w, request, task),
        *providers(w, request, task),
        pid(w, required(w, "Patient")),
        *_closed(_came(w, request), [], [
            *why(task),
            *documents.notes(w, [one for one in w.graph.all("DocumentReference") if documents.is_note(one)]),
        ]),
    ]  # fmt: skip


def inquiry(w: Writing) -> list[Segment]:
    """REF^I15: where the referral stands."""
    request, task = referral_of(w)
    return [rf1(w, request, task), *providers(w, request, task), pid(w, required(w, "Patient")), *why(task)]


def observations(w: Writing) -> list[Segment]:
    """ORU^R01: each report with its results; results that no report has behind an OBR of their own."""
    parts = w.by_patient()
    told = [segment for part, patient in parts for segment in (*_patient(part, patient), *_reports(part))]
    return [*sft(w), *(told if parts else _reports(w))]


def _patient(w: Writing, patient: Resource) -> list[Segment]:
    own = [one for one in w.graph.all("DocumentReference") if documents.is_note(one) and not _ordered(w, one)]
    return [*demographics(w, patient), *participations(w, patient), *documents.notes(w, own), *kin(w, [])[0],
            *restrictions(w, patient)]  # fmt: skip


def _reports(w: Writing) -> list[Segment]:
    early = early_results(w)
    made = [segment for one in early for segment in results(w, one)]
    made += visit(w)
    for place, one in enumerate(w.graph.all("DiagnosticReport"), 1):
        made += report(w, one, place, next((one for one in reversed(made) if one.name == "ORC"), None))
    loose = [
        segment for one in loose_results(w) if not any(one is other for other in early) for segment in results(w, one)
    ]
    made += alone(loose)
    asked = numbers_of_referral(w)[:1]
    for segment in made:
        if segment.name == "OBR" and not segment.has(2):
            segment.put(2, *asked)
    return made


def _ordered(w: Writing, document: Resource) -> bool:
    return any(documents.is_of(w, document, one) for one in w.graph.all("ServiceRequest"))


_REFERRAL = {"coding": [{"system": "http://snomed.info/sct", "code": "3457005", "display": "Patient referral"}]}


def ordered(w: Writing) -> list[Segment]:
    """OMG^O19: the referral as an order (IHE 360X), with what came with it below it. ORC-1 of one that is known to the
    receiver is XO, by HL7 table 0119: a second NW of its number would be a double."""
    request, _ = referral_of(w)
    patient = required(w, "Patient")
    covers = [in1(w, one) for one in _insurances(w)]
    contacts, guarantors = kin(w, [insured for _, insured in covers if insured])
    event = (w.graph.first("MessageHeader") or {}).get("eventCoding", {}).get("code")
    control = "CA" if request.get("status") == "revoked" else "XO" if event in _CHANGES else "NW"
    asked = {"code": _REFERRAL, **request, "category": [], "supportingInfo": []}
    head, made, *told = order(w, asked, 1, control=control)
    return [
        *sft(w),
        *demographics(w, patient),
        *contacts,
        *visit(w),
        *insurance(covers),
        *guarantors[:1],
        *numbered([al1(w, one) for one in w.graph.all("AllergyIntolerance") if is_so(one)]),
        head,
        made,
        *told,
        *documents.notes(w, [one for one in w.graph.all("DocumentReference") if documents.is_note(one)]),
        *numbered([dg1(w, one) for one in w.graph.all("Condition") if is_so(one)]),
        *[segment for one in w.graph.all("Observation") if not is_member(w, one) for segment in results(w, one)],
        *told_in_words(w, request, beside=_BELOW_ORDER),
    ]


_CHANGES = ("referral-amend", "I13")
"""Events of a Bundle that changes a referral: the hub's own, HL7's."""

_BELOW_ORDER = frozenset({"AllergyIntolerance", "Condition", "Encounter", "Observation", "Specimen", "Appointment"})
"""Types with segments of their own in an OMG, or that messages of their own tell."""


_STANDS = {"requested": "SC", "received": "SC", "accepted": "SC", "rejected": "CA", "cancelled": "CA",
           "in-progress": "IP", "completed": "CM", "failed": "DC", "on-hold": "HD", "draft": "SC"}  # fmt: skip
"""Task.status in HL7 table 0038, order status."""


def order_status(w: Writing) -> list[Segment]:
    """OSU^O51: the order's new status (IHE 360X)."""
    request, task = referral_of(w)
    status = str((task or {}).get("status", "requested"))
    control = "OC" if status in ("rejected", "cancelled", "failed") else "SC"
    head, *_ = order(w, request, 1, control=control, status=_STANDS.get(status, "SC"))
    said = (task or {}).get("businessStatus", {})
    words = said.get("text") or next((c.get("display") or c.get("code") for c in said.get("coding", ())), "")
    if words:
        head.put(25, {2: str(words)})
    return [*why(task), pid(w, required(w, "Patient")), head]


def document(w: Writing) -> list[Segment]:
    """MDM^T02: the first document, with its content and that of the others: the structure has one TXA. In words, what
    came with them and no other message tells."""
    found = w.graph.all("DocumentReference")
    if not found:
        raise Refused(Refusal(Cause.REQUIRED_MISSING, "DocumentReference", "an MDM needs a DocumentReference"))
    event = w.message.kind.partition("^")[2]
    stay = visit(w) or [no_visit()]
    head = documents.txa(w, found[0], 1)
    for field, number in zip((14, 15), numbers_of_referral(w), strict=False):
        if not head.has(field):
            head.put(field, number)
    said = [line for one in found for line in documents.lines(w, one)]
    return [*sft(w), evn(w, event), pid(w, required(w, "Patient")), *stay, head,
            *numbered([*said, *told_in_words(w, beside=_OTHERWISE)])]  # fmt: skip


_OTHERWISE = frozenset({"DocumentReference", "Observation", "DiagnosticReport", "ServiceRequest", "Specimen",
                        "Encounter", "Appointment"})  # fmt: skip
"""Types that an MDM has a place for, or that messages of their own tell."""


def appointment(w: Writing) -> list[Segment]:
    """SIU: the appointment, whose it is, and what it takes."""
    head, resources = schedule(w, required(w, "Appointment"))
    return [*head, *(segment for part, one in w.by_patient() for segment in _seen(part, one)), *resources]


def _seen(w: Writing, patient: Resource) -> list[Segment]:
    """A patient of an appointment."""
    observed = [segment for one in loose_results(w) for segment in results(w, one) if segment.name == "OBX"]
    diagnoses = numbered([dg1(w, one) for one in w.graph.all("Condition") if is_so(one)])
    stay = [one for one in visit(w) if not _says_nothing(one)]
    return [*demographics(w, patient), *stay, *observed, *diagnoses]


def _says_nothing(stay: Segment) -> bool:
    """A PV1 of a visit whose class is not known, and nothing else: an appointment needs none."""
    return stay.name == "PV1" and stay.fields.keys() == {1, 2} and stay.fields[2] == [{1: "U"}]


SEQUENCES: Mapping[str, tuple[str, Sequence]] = {
    "REF^I12": ("REF_I12", referral), "REF^I13": ("REF_I12", referral), "REF^I14": ("REF_I12", referral),
    "REF^I15": ("REF_I12", inquiry), "RRI^I12": ("RRI_I12", answered), "ORU^R01": ("ORU_R01", observations),
    "ORU^R03": ("ORU_R01", observations),
    "OMG^O19": ("OMG_O19", ordered), "OSU^O51": ("OSU_O51", order_status), "MDM^T02": ("MDM_T02", document),
    **{f"SIU^S{event}": ("SIU_S12", appointment) for event in (*range(12, 25), 26)},
}  # fmt: skip
"""MSH-9.1 and .2 -> MSH-9.3, and what makes the segments after MSH."""


def segments(w: Writing) -> list[Segment]:
    """The message's segments. Raises Refused(UNSUPPORTED_TYPE, REQUIRED_MISSING)."""
    if w.message.kind not in SEQUENCES:
        raise Refused(Refusal(Cause.UNSUPPORTED_TYPE, "MSH[1]-9[1]", "no such message is written"))
    structure, sequence = SEQUENCES[w.message.kind]
    return _counted([msh(w, structure), *sequence(w)])


def _counted(made: list[Segment]) -> list[Segment]:
    counts: dict[str, int] = {}
    for segment in made:
        counts[segment.name] = segment.occurrence = counts.get(segment.name, 0) + 1
        if segment.name == "OBX" and not segment.has(1):
            segment.put(1, str(segment.occurrence))
    return made
