"""Fragments to the continuous record of CONTRACTS.md: a pure function of its fragments, question and model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from hub.domain.fragments import Citation, Fragment, is_clinical
from hub.domain.patients import Identifier
from hub.summarizer import (
    brief,
    conflicts,
    course,
    follow_up,
    merging,
    missing,
    passages,
    people,
    ranking,
    referral,
    relevance,
)
from hub.summarizer.coded import readers
from hub.summarizer.coded.medications import stopped
from hub.summarizer.drafts import SECTIONS, Draft, precision
from hub.summarizer.embedding import Embedder, Vectors
from hub.summarizer.entries import entry
from hub.summarizer.evidence import Evidence
from hub.summarizer.items import Item
from hub.summarizer.passages import Passage
from hub.summarizer.placing import Placement, place
from hub.summarizer.reading import reader
from hub.summarizer.reading.documents import unread
from hub.summarizer.suggestions import suggest
from hub.summarizer.terminology.shelf import Shelf
from hub.summarizer.wording import wording

SCHEMA = "continuous-record/1"
UNREAD = "attached files without readable text"
_TELLING = "2024年3月1日头痛,血压150/90mmHg,服阿司匹林100mg每日1次,父亲有糖尿病,已戒烟,行阑尾切除术,2周后复查。"
"""A note with something of each kind of fact."""


@dataclass(frozen=True, slots=True)
class _Read:
    drafts: list[Draft]
    passages: list[Passage]
    unplaced: list[dict[str, Any]]


def load(embed: Embedder, terminologies: Shelf | None = None) -> None:
    """Load model, tables and patterns now (some seconds) rather than at the first record."""
    when = datetime(2024, 3, 1, tzinfo=UTC)
    content = [{"attachment": {"contentType": "text/plain", "data": _TELLING}}]
    note = Fragment("", "", "", "", when, when, None, "text",
                    {"resourceType": "DocumentReference", "status": "current", "content": content},
                    (Citation("/content/0/attachment/data", "", _TELLING),))  # fmt: skip
    summarize([note], referral_id=None, question=_TELLING, patient=None, as_of=when.date(), generated_at=when,
              embed=embed, terminologies=terminologies)  # fmt: skip


def summarize(
    fragments: Sequence[Fragment],
    *,
    referral_id: str | None,
    question: str | None,
    patient: Identifier | None,
    as_of: date,
    generated_at: datetime,
    embed: Embedder,
    request_id: str | None = None,
    terminologies: Shelf | None = None,
) -> dict[str, Any]:
    """The record of one patient from all fragments, those of other patients and of the referral itself among them.

    question: what the specialist is asked (None: what the referral says); patient: whose record where no referral is
    among the fragments; as_of: the day for which it holds; request_id: the fragment that is the referral's
    ServiceRequest (else known by its category, code and reason); terminologies: what suggestions come from (None: no
    suggestions). The result is JSON-like (numbers are int or Decimal).
    """
    placement = place(fragments, patient, request_id)
    read = _read(placement)
    items = [replace(item, text=wording(item)) for item in merging.merge(read.drafts)]
    asked = referral.question(placement.request, question)
    distinct = passages.grouped([p for p in read.passages if not _asked(p, asked)])
    text = asked["text"] if asked else None
    item_vectors, passage_vectors, query = _embedded(embed, items, distinct, text)
    found = conflicts.find(items)
    person = placement.person
    described = people.describe(person)
    clinical = [f for f in fragments if _clinical(f, placement.request)]
    return {
        "schema": SCHEMA,
        "referral_id": referral_id,
        "generated_at": generated_at.isoformat(),
        "as_of": as_of.isoformat(),
        "model": {"name": embed.name, "revision": embed.revision},
        "question": asked,
        "patient": described,
        "messages": len({f.message_id for f in fragments}),
        "fragments": len(clinical),
        "organizations": list(dict.fromkeys(f.organization for f in sorted(fragments, key=lambda f: f.received_at))),
        "sections": {s: [entry(i) for i in items if i.head.section == s] for s in SECTIONS},
        "brief": brief.choose(items, item_vectors, text, query, found, as_of),
        "timeline": _timeline(items),
        "passages": _ranked(distinct, passage_vectors, query, text, embed.name),
        "conflicts": _conflicts(found, people.identity_conflicts(person)),
        "missing": [*missing.find(items, distinct, text, described, as_of), *_doubts(person)],
        "course": course.courses(items, distinct, as_of),
        "follow_up": follow_up.listed(items),
        "suggestions": suggest(items, embed, terminologies) if terminologies else [],
        "unplaced": read.unplaced,
    }


def _asked(passage: Passage, asked: dict[str, Any] | None) -> bool:
    """Whether a passage is the question itself, which stands above it."""
    places = [(s["fragment_id"], s["location"]["path"]) for s in (asked["sources"] if asked else ())]
    return all((s["fragment_id"], s["location"]["path"]) in places for s in passage.sources)


def _clinical(fragment: Fragment, request: Evidence | None) -> bool:
    return is_clinical(fragment.resource, request.resource if request else None)


def _read(placement: Placement) -> _Read:
    drafts: list[Draft] = []
    found: list[Passage] = []
    born = placement.person.identity.birth_date if placement.person else None
    for evidence in placement.own:
        coded = readers.read(evidence, placement.resolve)
        if stop := placement.stopped.get(evidence.fragment.id):
            coded = [stopped(draft, stop) for draft in coded]
        told, texts = _told(evidence, born, narrative=not coded)
        drafts += [*coded, *told]
        found += texts
    used = {s["fragment_id"] for d in drafts for s in d.sources} | {s["fragment_id"] for p in found for s in p.sources}
    for request in placement.requests:
        told, texts = _told(request, born, narrative=False)
        drafts += told
        found += texts
    elsewhere = [*placement.elsewhere]
    elsewhere += [(evidence, _reason(evidence)) for evidence in placement.own if evidence.fragment.id not in used]
    left = [_unplaced(evidence, reason, placement) for evidence, reason in elsewhere]
    left += [told for evidence in placement.own if evidence.fragment.id in used for told in _unread(evidence)]
    return _Read(drafts, found, left)


def _told(evidence: Evidence, born: str | None, *, narrative: bool) -> tuple[list[Draft], list[Passage]]:
    """What the free text of a fragment states, and its sentences."""
    read = list(reader.read(evidence, narrative=narrative, born=born))
    return [draft for _, drafts in read for draft in drafts], [passages.passage(evidence, s) for s, _ in read]


def _unplaced(evidence: Evidence, reason: str, placement: Placement) -> dict[str, Any]:
    """A whole fragment that is in no item: as an item would say it, else its most telling value."""
    said = merging.merge(readers.read(evidence, placement.resolve))
    sources = [s for item in said for s in item.sources] or evidence.any_source()
    text = "；".join(wording(item) for item in said) or (sources[0]["text"] if sources else evidence.type)
    return {"text": text, "reason": reason, "sources": sources}


def _unread(evidence: Evidence) -> Iterator[dict[str, Any]]:
    """The files of a fragment that says something else, by their titles, else their types."""
    files = [target.removesuffix("/data") for target in unread(evidence)]
    if not files:
        return
    named = [f"{file}/title" if evidence.value(f"{file}/title") else f"{file}/contentType" for file in files]
    text = "；".join(dict.fromkeys(str(evidence.value(name) or evidence.type) for name in named))
    yield {"text": text, "reason": UNREAD, "sources": evidence.sources(*named) or evidence.any_source()}


def _reason(evidence: Evidence) -> str:
    reasons = {
        "DiagnosticReport": "a report without text of its own: its results are listed themselves",
        "Medication": "a medicine that no order of the same message names",
        "DocumentReference": "a document without readable text",
        "Encounter": "a visit without date, place or reason",
        "Specimen": "a specimen: its results are listed themselves",
    }
    nothing = UNREAD if any(unread(evidence)) else f"a {evidence.type} without a code, value or text that can be stated"
    return reasons.get(evidence.type, nothing)


def _embedded(
    embed: Embedder, items: Sequence[Item], found: Sequence[Passage], question: str | None
) -> tuple[Vectors, Vectors, Vectors | None]:
    texts = list(dict.fromkeys([*(i.text for i in items), *(p.text for p in found)]))
    if not texts:
        empty = np.zeros((0, 0), np.float32)
        return empty, empty, None
    vectors = embed.embed(texts, "passage")
    at = {text: index for index, text in enumerate(texts)}
    query = embed.embed(relevance.queries(question), "query") if question else None
    return vectors[[at[i.text] for i in items]], vectors[[at[p.text] for p in found]], query


def _ranked(
    found: Sequence[Passage], vectors: Vectors, query: Vectors | None, question: str | None, model: str
) -> list[dict[str, Any]]:
    """Nearest to the question first."""
    scores = ranking.rank(question, [p.text for p in found], vectors, query, model)
    ranked = [
        {"text": passage.text, "score": round(float(scores[index]), 4), "sources": list(passage.sources)}
        for passage, index in passages.near_duplicates(found, vectors)
    ]
    return sorted(ranked, key=lambda p: -p["score"])


def _timeline(items: Sequence[Item]) -> list[dict[str, Any]]:
    moments = {
        (moment, item.id)
        for item in items
        for moment in [item.head.start, *(p.draft.start for p in item.points)]
        if moment
    }
    return [{"date": moment, "precision": precision(moment), "item_id": item_id} for moment, item_id in sorted(moments)]


def _conflicts(found: Sequence[conflicts.Conflict], identities: Sequence[str]) -> list[dict[str, Any]]:
    listed = [(c.kind, [i.id for i in c.items], c.text) for c in found]
    listed += [("identity", [], text) for text in identities]
    return [
        {"id": f"conflict-{number}", "kind": kind, "item_ids": ids, "text": text}
        for number, (kind, ids, text) in enumerate(listed, 1)
    ]


def _doubts(person: people.Person | None) -> list[dict[str, str]]:
    return [
        {"section": "patient", "text": f"身份证号 {value} 的校验位不符，请核对"}
        for value in people.doubtful_identifiers(person)
    ]
