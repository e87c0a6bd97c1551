"""Each fragment to where it belongs: the patient's own, another patient's, or superseded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hub.domain.fragments import Fragment, is_clinical, keys
from hub.domain.patients import Identifier
from hub.summarizer import people, referral, supersession
from hub.summarizer.evidence import Evidence

ANOTHER = "another patient"
EARLIER = "another referral of this patient"


@dataclass(frozen=True, slots=True)
class Placement:
    """own: clinical fragments that hold, as received; request: the referral; requests: all referrals of the patient;
    elsewhere: the rest, with the reason; stopped: by the fragment id of a medicine's order, what discontinues it.
    """

    person: people.Person | None
    request: Evidence | None
    requests: list[Evidence]
    own: list[Evidence]
    elsewhere: list[tuple[Evidence, str]]
    stopped: Mapping[str, Evidence]
    resolve: Callable[[Evidence, str], Evidence | None]


def place(fragments: Sequence[Fragment], wanted: Identifier | None, request_id: str | None = None) -> Placement:
    """wanted: whose record it is where no referral says so; request_id: the referral's ServiceRequest, where known.

    A fragment whose Patient is not among the fragments is taken as its giver gave it: as the patient's own.
    """
    everything = sorted((Evidence(f) for f in fragments), key=lambda e: e.fragment.received_at)
    patients = [e for e in everything if e.type == "Patient"]
    named = next((e for e in everything if request_id and e.fragment.id == request_id), None)
    request = named or referral.newest(e for e in everything if e.type == "ServiceRequest")
    referrals = [e for e in everything if referral.is_referral(e.resource) or _version(e, request)]
    asking = {e.fragment.id for e in referrals}
    clinical = [e for e in everything if is_clinical(e.resource) and e.fragment.id not in asking]
    person = people.target(patients, clinical, _patient_of(request, patients), wanted)
    strangers = frozenset(p.fragment.id for p in patients) - (person.ids if person else frozenset())
    mine: list[Evidence] = []
    others: list[Evidence] = []
    for evidence in clinical:
        (mine if _belongs(evidence, person, strangers) else others).append(evidence)
    gone = supersession.superseded(mine)
    elsewhere = [(e, gone[e.fragment.id]) for e in mine if e.fragment.id in gone]
    elsewhere += [(e, ANOTHER) for e in [*others, *_alone(patients, others, clinical, person)]]
    requests = [e for e in referrals if e is request or _belongs(e, person, strangers)]
    elsewhere += [(e, _earlier(e, request) if e in requests else ANOTHER) for e in referrals if e is not request]
    own = [e for e in mine if e.fragment.id not in gone]
    return Placement(person, request, requests, own, elsewhere, supersession.stopped(own), _resolver(everything))


def _earlier(evidence: Evidence, request: Evidence | None) -> str:
    """Of a referral that is not the record's: the same before it was amended (an identifier agrees), or another."""
    if request is None or not _version(evidence, request):
        return EARLIER
    return f"amended by message {request.fragment.message_id} of {request.fragment.received_at.isoformat()}"


def _version(evidence: Evidence, request: Evidence | None) -> bool:
    """Whether it is the referral's ServiceRequest, now or before: of the same sender, under the same identifier."""
    if request is None or evidence.type != "ServiceRequest" or evidence.organization != request.organization:
        return evidence is request
    return evidence is request or bool(set(keys(evidence.resource)) & set(keys(request.resource)))


def _patient_of(request: Evidence | None, patients: Sequence[Evidence]) -> Evidence | None:
    if request is None:
        return None
    by_id = {p.fragment.id: p for p in patients}
    same_message = (p for p in patients if p.fragment.message_id == request.fragment.message_id)
    return by_id.get(request.fragment.patient) or next(same_message, None)


def _belongs(evidence: Evidence, person: people.Person | None, strangers: frozenset[str]) -> bool:
    if person is None or evidence.fragment.patient:
        return person is None or evidence.fragment.patient not in strangers
    return not any(
        people.note_of_another(citation.text, evidence.at.date(), person)
        for target in {c.target for c in evidence.fragment.citations if c.target.endswith("/data")}
        for citation in evidence.decoded(target)[:1]
    )


def _alone(patients: Sequence[Evidence], others: Sequence[Evidence], clinical: Sequence[Evidence],
           person: people.Person | None) -> list[Evidence]:  # fmt: skip
    """Patients of others with nothing clinical beside them: they stand for their message."""
    spoken = {e.fragment.patient for e in clinical}
    mine = person.ids if person else frozenset()
    return [p for p in patients if p.fragment.id not in mine and p.fragment.id not in spoken]


def _resolver(everything: Sequence[Evidence]) -> Callable[[Evidence, str], Evidence | None]:
    index = {
        (e.fragment.message_id, str(e.resource["id"])): e
        for e in everything
        if e.type == "Medication" and e.resource.get("id")
    }

    def resolve(evidence: Evidence, reference: str) -> Evidence | None:
        name = reference.removeprefix("urn:uuid:").rpartition("/")[2]
        return index.get((evidence.fragment.message_id, name))

    return resolve
