"""Whose fragment it is: the patient of the record, the identities that are the same person, and everybody else."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from hub.domain.patients import (
    EVERYWHERE,
    NATIONAL,
    Identifier,
    Identity,
    contradictions,
    same_name,
    same_person,
    valid_national_identifier,
)
from hub.summarizer.evidence import Evidence, Source
from hub.summarizer.reading.characters import plain

FIELDS = {"name": "姓名", "gender": "性别", "birth_date": "出生日期"}
GENDERS = {"male": "男", "female": "女"}
_POINTERS = {"name": ("/name/{}/text", "/name/{}/family", "/name/{}/given/0"), "gender": ("/gender",),
             "birth_date": ("/birthDate",)}  # fmt: skip
_CJK = re.compile(r"[\u4e00-\u9fff]")
_NAME = r"([\u4e00-\u9fff·]{2,5}?)"
_GAP = r"[\s　,，、(（]*"
_HEADERS = (
    re.compile(
        rf"姓\s*名\s*[:：]\s*{_NAME}(?=[\s　,，、;；。(（]|$){_GAP}(?:性别[:：]\s*)?(男|女)?"
        rf"{_GAP}(?:年龄[:：]\s*)?(?:(\d{{1,3}})\s*岁)?",
        re.MULTILINE,
    ),
    re.compile(rf"^(?:患者|病人)?[:：]?\s*{_NAME}{_GAP}(男|女){_GAP}(\d{{1,3}})\s*岁", re.MULTILINE),
    re.compile(r"^(?:Patient|Name)\s*:\s*([A-Za-z][A-Za-z .'-]+?)\s*$()()", re.MULTILINE | re.IGNORECASE),
)
_HEAD_LINES = 4
_AGE_TOLERANCE = 2
"""Years by which an age in a note may be off: it is counted in more than one way."""


_VARIANTS = 16
"""So many ways in which systems say who a patient is are known again."""

_Holders = dict[Identifier, list[tuple[Evidence, Identity]]]


@dataclass(frozen=True, slots=True)
class Person:
    """The patient of the record. accepted: the Patient fragments that are this person; differing: (field, evidence)."""

    identity: Identity
    accepted: tuple[Evidence, ...]
    differing: tuple[tuple[str, Evidence], ...]

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(e.fragment.id for e in self.accepted)


def identity(patient: Mapping[str, Any]) -> Identity:
    """What a FHIR Patient says; of several names the one in Chinese characters."""
    index = _name_index(patient)
    identifiers = tuple(
        Identifier(str(i.get("system", "")), str(i["value"]))
        for i in patient.get("identifier", ())
        if i.get("value") and not (i.get("use") == "old" and i.get("system") in EVERYWHERE)
    )
    name = _full_name(patient["name"][index]) if index is not None else None
    return Identity(name, patient.get("gender"), patient.get("birthDate"), identifiers)


def _linked(patient: Evidence, patients: Sequence[Evidence]) -> tuple[Identifier, ...]:
    """Numbers that a FHIR Patient says are the same person's: of those it links, and its own that are old.

    A link without number is resolved among the Patients of the same message: by id, or there is only one other.
    """
    stated = [one for one in patient.resource.get("identifier", ()) if one.get("use") == "old"]
    beside: list[Evidence] | None = None
    for other in [link.get("other", {}) for link in patient.resource.get("link", ()) if link.get("type") != "refer"]:
        if "identifier" in other:
            stated.append(other["identifier"])
            continue
        if beside is None:
            message = patient.fragment.message_id
            beside = [p for p in patients if p.fragment.message_id == message and p is not patient]
        name = str(other.get("reference", "")).rpartition("/")[2]
        for one in beside:
            if len(beside) == 1 or one.resource.get("id") == name:
                stated += one.resource.get("identifier", ())
    found = (Identifier(str(one.get("system", "")), str(one["value"])) for one in stated if one.get("value"))
    return tuple(one for one in found if one.system not in EVERYWHERE)


def _name_index(patient: Mapping[str, Any]) -> int | None:
    names = patient.get("name") or []
    written = [i for i, n in enumerate(names) if _full_name(n)]
    chinese = [i for i in written if _CJK.search(_full_name(names[i]))]
    return next(iter(chinese or written), None)


def _name_pointers(patient: Mapping[str, Any]) -> tuple[str, ...]:
    index = _name_index(patient)
    return tuple(p.format(index) for p in _POINTERS["name"]) if index is not None else ()


def _full_name(name: Mapping[str, Any]) -> str:
    if name.get("text"):
        return str(name["text"])
    parts = [str(name.get("family", "")), *map(str, name.get("given", ()))]
    chinese = any(_CJK.search(part) for part in parts)
    return "".join(parts) if chinese else " ".join(filter(None, [*parts[1:], parts[0]]))


def target(patients: Sequence[Evidence], clinical: Iterable[Evidence], seed: Evidence | None,
           wanted: Identifier | None) -> Person | None:  # fmt: skip
    """The patient of the record: the referral's (`seed`), else who has the identifier, else who has most fragments.

    An identifier that nobody has is a patient of whom nothing was sent.
    """
    holders = _holders(patients)
    if seed is None and wanted is not None:
        seed = next((p for p in patients if wanted in identity(p.resource).identifiers), None)
        if seed is None:
            return Person(Identity(identifiers=(wanted,)), (), ())
    if seed is not None:
        return _closure(seed, holders, patients)
    counts = Counter(e.fragment.patient for e in clinical)
    best: tuple[int, Person] | None = None
    seen: set[str] = set()
    for patient in patients:
        if patient.fragment.id in seen:
            continue
        person = _closure(patient, holders, patients)
        seen |= person.ids
        size = sum(counts[i] for i in person.ids)
        if best is None or size > best[0]:
            best = (size, person)
    return best[1] if best else None


def _holders(patients: Sequence[Evidence]) -> _Holders:
    found: _Holders = {}
    for patient, one in _identities(patients):
        for identifier in one.identifiers:
            found.setdefault(identifier, []).append((patient, one))
    return found


def _identities(patients: Iterable[Evidence]) -> Iterator[tuple[Evidence, Identity]]:
    """Each with its identity, one object for what is said in the same words: a system says it with every message."""
    known: deque[tuple[list[Any], Identity]] = deque(maxlen=_VARIANTS)
    for patient in patients:
        said = [patient.resource.get(field) for field in ("identifier", "name", "gender", "birthDate")]
        one = next((read for words, read in known if words == said), None)
        if one is None:
            one = identity(patient.resource)
            known.appendleft((said, one))
        yield patient, one


def _closure(seed: Evidence, holders: _Holders, patients: Sequence[Evidence]) -> Person:
    """Everybody who is the same person as those gathered so far; identifiers accumulate, name, date and sex stay.

    A number that an organisation links with the person is the person's in what that organisation says, whatever the
    name beside it.
    """
    gathered = identity(seed.resource)
    accepted, differing = {seed.fragment.id: seed}, []
    further = _linked(seed, patients)
    stated = {(seed.organization, number) for number in further}
    queue = deque(dict.fromkeys((*gathered.identifiers, *further)))
    agreeing: Identity | None = None
    while queue:
        number = queue.popleft()
        for patient, other in holders.get(number, ()):
            if patient.fragment.id in accepted:
                continue
            if other is agreeing:
                accepted[patient.fragment.id] = patient
            declared = (patient.organization, number) in stated
            if other is agreeing or not (declared or same_person(gathered, other)):
                continue
            accepted[patient.fragment.id] = patient
            contradicted = contradictions(gathered, other)
            further = _linked(patient, patients)
            stated |= {(patient.organization, one) for one in further}
            queue.extend(further)
            agreeing = None if contradicted else other
            differing += [(field, patient) for field in contradicted]
            queue.extend(i for i in other.identifiers if i not in gathered.identifiers)
            gathered = replace(
                gathered,
                name=gathered.name or other.name,
                gender=gathered.gender or other.gender,
                birth_date=gathered.birth_date or other.birth_date,
                identifiers=tuple(dict.fromkeys(gathered.identifiers + other.identifiers)),
            )
    return Person(gathered, tuple(accepted.values()), tuple(differing))


def describe(person: Person | None) -> dict[str, Any]:
    """`patient` of the record: each identifier cited where it is first said, and each Patient by its name."""
    if person is None:
        return {"name": None, "gender": None, "birth_date": None, "identifiers": [], "sources": []}
    sources: list[Source] = []
    cited: set[object] = set()
    names: Any = None
    pointers: tuple[str, ...] = ()
    for patient in person.accepted:
        if patient.resource.get("name") != names:
            names, pointers = patient.resource.get("name"), _name_pointers(patient.resource)
        found = patient.sources(*pointers)
        for number, one in enumerate(patient.resource.get("identifier", ())):
            mark = (one.get("system"), one.get("value"))
            if mark not in cited:
                cited.add(mark)
                found += patient.sources(f"/identifier/{number}/value")
        for field in ("gender", "birth_date"):
            if field not in cited:
                said = patient.sources(*_POINTERS[field])
                cited |= {field} if said else set()
                found += said
        sources += found or patient.any_source()
    who = person.identity
    identifiers = [{"system": i.system, "value": i.value} for i in who.identifiers]
    return {"name": who.name, "gender": who.gender, "birth_date": who.birth_date, "identifiers": identifiers,
            "sources": sources}  # fmt: skip


def identity_conflicts(person: Person | None) -> list[str]:
    """A sentence for each field and value in which accepted identities differ, with all who say so."""
    said: dict[tuple[str, str, str], dict[str, str]] = {}
    for field, patient in person.differing if person else ():
        mine, other = (GENDERS.get(str(v), str(v)) for v in (_said(person, field), _said_of(patient, field)))
        said.setdefault((field, mine, other), {})[patient.organization] = patient.at.date().isoformat()
    return [
        f"{FIELDS[field]}不一致：{mine}；{other}（{'、'.join(f'{who}，{when}' for who, when in by.items())}）"
        for (field, mine, other), by in said.items()
    ]


def _said_of(patient: Evidence, field: str) -> Any:
    return getattr(identity(patient.resource), field)


def _said(person: Person | None, field: str) -> Any:
    return getattr(person.identity, field) if person else None


def doubtful_identifiers(person: Person | None) -> list[str]:
    """The national identifiers whose check digit is wrong."""
    identifiers = person.identity.identifiers if person else ()
    return [i.value for i in identifiers if i.system == NATIONAL and not valid_national_identifier(i.value)]


def header(text: str) -> tuple[str, str | None, int | None] | None:
    """Name, sex and age that the first lines of a note give its patient, None where they give none."""
    head = "\n".join([line for line in text.splitlines() if line.strip()][:_HEAD_LINES])
    for pattern in _HEADERS:
        match = pattern.search(head)
        if match:
            name, sex, age = match.groups()
            return name, {"男": "male", "女": "female"}.get(sex or ""), int(age) if age else None
    return None


def note_of_another(text: str, at: date, person: Person | None) -> bool:
    """Whether a note without Patient is headed by somebody else: another name, or sex and age that both contradict.

    A name is the same in traditional and in simplified characters.
    """
    found = header(plain(text))
    if found is None or person is None or person.identity.name is None:
        return False
    name, sex, age = found
    born = person.identity.birth_date
    off = age is not None and born and abs(at.year - int(born[:4]) - age) > _AGE_TOLERANCE
    return not same_name(name, plain(person.identity.name)) or bool(
        off and sex and person.identity.gender in GENDERS and sex != person.identity.gender
    )
