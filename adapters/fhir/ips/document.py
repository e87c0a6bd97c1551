"""The document Bundle: Composition, patient, what the record says, who told it, and the provenance of all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from adapters.fhir.ips import resources
from adapters.fhir.ips.elements import (
    ABSENT_REASON,
    LANGUAGE,
    LOINC,
    PROFILE,
    coding,
    concept,
    moment,
    narrative,
    plain,
    told_by,
)
from adapters.fhir.ips.sections import SECTIONS, Section
from adapters.fhir.parsing import encode
from adapters.fhir.parties import ORGANIZATION
from adapters.fhir.resources import PATIENT
from hub.domain.fragments import Resource

LOCATION = "urn:referral-hub:location"
"""Extension of a Provenance.target: where in the message the statement stands, as `location` of the record has it."""

MESSAGE = "urn:referral-hub:message"
"""Identifier system of the messages that a record cites."""

CONFLICT = "urn:referral-hub:conflict-kind"

_PASSAGES = 12
_EMPTY = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
_KINDS = {
    "dose": "剂量不一致", "medication-status": "用药状态不一致", "allergy": "过敏史不一致", "assertion": "有无不一致",
    "diagnosis": "诊断不一致", "result": "结果不一致", "date": "日期不一致", "laterality": "侧别不一致",
    "blood-group": "血型不一致", "identity": "身份信息不一致",
}  # fmt: skip

Record = Mapping[str, Any]
Source = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Custodian:
    """Who keeps the document: an organisation's CODE and name."""

    code: str
    name: str


def summary(record: Record, custodian: Custodian | None = None, *, patient_id: str | None = None,
            software: str = "") -> Resource:  # fmt: skip
    """The IPS document of a record (numbers int or Decimal). The same record gives the same document.

    Each resource names its IPS profile but the Bundle, which its Composition makes one: a validator that has no IPS at
    hand passes over the profiles of what a document holds, not over the document's own.

    custodian: the receiver of the referral; patient_id: the hub's id of the patient; software: the hub's version.
    """
    return _Summary(record, custodian, patient_id, software).bundle()


@dataclass(slots=True)
class _Summary:
    record: Record
    custodian: Custodian | None
    patient_id: str | None
    software: str
    entries: list[tuple[str, Resource]] = field(default_factory=list)
    of_item: dict[str, list[str]] = field(default_factory=dict)
    organizations: dict[str, str] = field(default_factory=dict)
    namespace: UUID = NAMESPACE_URL

    def bundle(self) -> Resource:
        self.namespace = uuid5(NAMESPACE_URL, sha256(encode(self.record)).hexdigest())
        patient = self._add("patient", self._patient())
        device = self._add("device", self._device())
        custodian = self._organization(self.custodian.name, self.custodian.code) if self.custodian else None
        about = {"reference": patient}
        items = self.record["sections"]
        for section, listed in items.items():
            for item in listed:
                self.of_item[item["id"]] = [
                    self._add(f"{item['id']}/{n}", self._named(made))
                    for n, made in enumerate(resources.built(section, item, about))
                ]
        made = (self._section(section) for section in SECTIONS)
        sections = [*self._brief(), *self._conflicts(about), *filter(None, made), *self._handed_over(), *self._texts()]
        composition = self._composition(about, device, custodian, sections)
        self._provenances(device)
        head = (self._url("composition"), {**composition, "id": self._url("composition").removeprefix("urn:uuid:")})
        return {
            "resourceType": "Bundle",
            "language": LANGUAGE,
            "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{self.namespace}"},
            "type": "document",
            "timestamp": self.record["generated_at"],
            "entry": [{"fullUrl": url, "resource": resource} for url, resource in (head, *self.entries)],
        }

    def _url(self, key: str) -> str:
        return f"urn:uuid:{uuid5(self.namespace, key)}"

    def _add(self, key: str, resource: Resource) -> str:
        url = self._url(key)
        kind = resource["resourceType"]
        self.entries.append((url, {"resourceType": kind, "id": url.removeprefix("urn:uuid:"), **resource}))
        return url

    def _named(self, resource: Resource) -> Resource:
        """Performers as references to their organisations."""
        told = [{"reference": self._organization(p["display"]), **p} for p in resource.get("performer", ())]
        return {**resource, "performer": told} if told else resource

    def _organization(self, name: str, code: str = "") -> str:
        if name not in self.organizations:
            made: Resource = {"resourceType": "Organization", "meta": {"profile": [f"{PROFILE}Organization-uv-ips"]}}
            if code:
                made["identifier"] = [{"system": ORGANIZATION, "value": code}]
            self.organizations[name] = self._add(f"organization/{name}", {**made, "name": plain(name) or "—"})
        return self.organizations[name]

    def _patient(self) -> Resource:
        person = self.record["patient"]
        made: Resource = {"resourceType": "Patient", "meta": {"profile": [f"{PROFILE}Patient-uv-ips"]}}
        numbers = [(i["system"], plain(i["value"])) for i in person["identifiers"]]
        if self.patient_id:
            numbers.insert(0, (PATIENT, self.patient_id))
        identifiers = [{**({"system": system} if system else {}), "value": value} for system, value in numbers if value]
        if identifiers:
            made["identifier"] = identifiers
        named = plain(person["name"] or "")
        made["name"] = [{"text": named} if named else {"extension": [ABSENT_REASON]}]
        if person["gender"] in ("male", "female", "other", "unknown"):
            made["gender"] = person["gender"]
        born = moment(person["birth_date"])
        return made | ({"birthDate": born[:10]} if born else {"_birthDate": {"extension": [ABSENT_REASON]}})

    def _device(self) -> Resource:
        return {
            "resourceType": "Device",
            "deviceName": [{"name": "Referral Hub", "type": "user-friendly-name"}],
            "type": concept(text="转诊枢纽软件，自动汇编，未经人工审核"),
            **({"version": [{"value": self.software}]} if self.software else {}),
        }

    def _composition(self, about: Resource, device: str, custodian: str | None, sections: list[Resource]) -> Resource:
        made: Resource = {
            "resourceType": "Composition",
            "meta": {"profile": [f"{PROFILE}Composition-uv-ips"]},
            "language": LANGUAGE,
            "text": narrative(self._heading()),
            "status": "final",
            "type": concept(coding(LOINC, "60591-5", "Patient summary Document")),
            "subject": about,
            "date": self.record["generated_at"],
            "author": [{"reference": device}],
            "title": "国际患者摘要（International Patient Summary）",
            "confidentiality": "N",
        }
        if custodian:
            made["custodian"] = {"reference": custodian}
        code = coding("http://terminology.hl7.org/CodeSystem/v3-ActClass", "PCPR")
        made["event"] = [{"code": [concept(code)], "period": {"end": self.record["as_of"]}}]
        return {**made, "section": sections}

    def _heading(self) -> Iterator[tuple[str, str]]:
        record = self.record
        yield f"由 {record['messages']} 份报文汇编，截至 {record['as_of']}；每条陈述均有出处，见 Provenance。", ""
        if record["question"]:
            yield f"转诊问题：{record['question']['text']}", told_by(record["question"]["sources"])
        yield from ((m["text"], "") for m in record["missing"] if m["section"] == "patient")

    def _section(self, section: Section) -> Resource | None:
        listed = [i for i in self.record["sections"].get(section.source, ()) if section.holds(i)]
        missing = [m["text"] for m in self.record["missing"] if m["section"] == section.source and section.always]
        if not listed and not section.always:
            return None
        lines = [(i["text"], told_by(i["sources"])) for i in listed] + [(f"缺：{text}", "") for text in missing]
        made = self._headed(section.title, narrative(lines, section.nothing), section.code, section.display)
        if listed:
            return {**made, "entry": [{"reference": url} for i in listed for url in self.of_item[i["id"]]]}
        return {**made, "emptyReason": concept(coding(_EMPTY, "unavailable", "Unavailable"), text=section.nothing)}

    def _headed(self, title: str, text: Resource, code: str = "", display: str = "") -> Resource:
        said = concept(coding(LOINC, code, display), text=title) if code else concept(text=title)
        return {"title": title, "code": said, "text": text}

    def _brief(self) -> Iterator[Resource]:
        known = {i["id"]: i for listed in self.record["sections"].values() for i in listed}
        chosen = [known[name] for name in self.record["brief"] if name in known]
        if chosen:
            made = self._headed("要点", narrative((i["text"], told_by(i["sources"])) for i in chosen))
            yield {**made, "entry": [{"reference": url} for i in chosen for url in self.of_item[i["id"]]]}

    def _conflicts(self, about: Resource) -> Iterator[Resource]:
        """What contradicts itself, each as a DetectedIssue that names both sides."""
        found = self.record["conflicts"]
        if not found:
            return
        urls = []
        for conflict in found:
            kind = conflict["kind"]
            implicated = [{"reference": u} for name in conflict["item_ids"] for u in self.of_item.get(name, ())]
            urls.append(self._add(conflict["id"], {
                "resourceType": "DetectedIssue",
                "status": "preliminary",
                "code": concept(coding(CONFLICT, kind), text=_KINDS.get(kind, kind)),
                "patient": about,
                "identifiedDateTime": self.record["generated_at"],
                **({"implicated": implicated} if implicated else {}),
                "detail": plain(conflict["text"]),
            }))  # fmt: skip
        made = self._headed("矛盾（未裁定，请核对）", narrative((c["text"], "") for c in found))
        yield {**made, "entry": [{"reference": url} for url in urls]}

    def _handed_over(self) -> Iterator[Resource]:
        """What is to be done next, and the course of chronic diseases, in the record's own lines."""
        planned = self.record.get("follow_up") or ()
        if planned:
            lines = ((" ".join(filter(None, (f["what"], f["when"], f["by"]))), told_by(f["sources"])) for f in planned)
            urls = [url for one in planned for url in self.of_item.get(one["item_id"], ())]
            made = self._headed("随访与交接", narrative(lines))
            yield {**made, "entry": [{"reference": url} for url in dict.fromkeys(urls)]} if urls else made
        courses = self.record.get("course") or ()
        if courses:
            lines = ((f"{course['disease']}：{line['text']}", "") for course in courses for line in course["lines"])
            yield self._headed("慢病病程", narrative(lines))

    def _texts(self) -> Iterator[Resource]:
        """Sentences and what is in no statement, as text: nothing that was sent is left out without a word."""
        passages = self.record["passages"][:_PASSAGES]
        if passages:
            yield self._headed("原文摘录", narrative((p["text"], told_by(p["sources"])) for p in passages))
        unplaced = [u for u in self.record["unplaced"] if u["reason"] != "another patient"]
        if unplaced:
            lines = ((f"{u['text']}（{u['reason']}）", told_by(u["sources"])) for u in unplaced)
            yield self._headed("未归类内容", narrative(lines))

    def _provenances(self, device: str) -> None:
        """One for each message that is cited, its targets the resources that it supports, with the places."""
        told: dict[str, dict[str, list[Source]]] = {}
        for url, sources in self._supported():
            for source in sources:
                told.setdefault(source["message_id"], {}).setdefault(url, []).append(source)
        for message, targets in told.items():
            first = next(iter(targets.values()))[0]
            author = {"reference": self._organization(first["organization"])}
            agents = [("author", author), ("assembler", {"reference": device})]
            self._add(f"provenance/{message}", {
                "resourceType": "Provenance",
                "target": [{"extension": [*_locations(sources)], "reference": url} for url, sources in targets.items()],
                "occurredDateTime": first.get("recorded_at") or first["received_at"],
                "recorded": self.record["generated_at"],
                "agent": [{"type": _agent(code), "who": who} for code, who in agents],
                "entity": [{"role": "source", "what": {
                    "identifier": {"system": MESSAGE, "value": plain(message) or "—"},
                    "display": _entity(first)}}],
            })  # fmt: skip

    def _supported(self) -> Iterator[tuple[str, Sequence[Source]]]:
        yield self._url("patient"), self.record["patient"]["sources"]
        for listed in self.record["sections"].values():
            for item in listed:
                urls, series = self.of_item[item["id"]], item.get("series") or ()
                if len(series) == len(urls) > 1:
                    yield from zip(urls, (p["sources"] for p in reversed(series)), strict=True)
                else:
                    yield from ((url, item["sources"]) for url in urls)


def _agent(code: str) -> Resource:
    return concept(coding("http://terminology.hl7.org/CodeSystem/provenance-participant-type", code))


def _entity(source: Source) -> str:
    file = f"，文件 {source['file']}" if source.get("file") else ""
    return plain(f"{source['organization']}，{source['received_at']} 收到{file}")


def _locations(sources: Iterable[Source]) -> Iterator[Resource]:
    seen = set()
    for source in sources:
        location = source["location"]
        place = (location["kind"], location["path"], location["start"], location["end"])
        if place in seen:
            continue
        seen.add(place)
        parts: list[Resource] = [{"url": "kind", "valueCode": place[0]}]
        if place[1]:
            parts.append({"url": "path", "valueString": plain(place[1])})
        parts += [{"url": "start", "valueUnsignedInt": place[2]}, {"url": "end", "valueUnsignedInt": place[3]}]
        yield {"url": LOCATION, "extension": parts}
