"""FHIR resources in plain words for a page: what a document says, and one line for what is coded. Pure.

The continuous record is made elsewhere, with sources; this only shows what a sender gave, as it was given.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from hub.domain.attachments import is_markup, text_of
from hub.domain.fragments import Resource, withdrawn

DOCUMENTS = frozenset({"DocumentReference", "Composition", "CarePlan", "Communication", "ClinicalImpression"})
"""Types whose text is read as a whole."""

_CODED = ("code", "medicationCodeableConcept", "vaccineCode", "type", "category")
_DATES = ("effectiveDateTime", "onsetDateTime", "performedDateTime", "occurrenceDateTime", "authoredOn", "recordedDate",
          "date", "issued", "effectivePeriod", "period")  # fmt: skip
_STANDING = {"refuted": "refuted", "not-taken": "stopped", "stopped": "stopped", "ended": "stopped",
             "unconfirmed": "uncertain", "provisional": "uncertain", "differential": "uncertain",
             "resolved": "resolved", "inactive": "resolved", "remission": "resolved",
             "HH": "very high", "HU": "very high", "LL": "very low", "LU": "very low",
             "H": "high", "L": "low", "AA": "abnormal", "A": "abnormal"}  # fmt: skip
"""Codes of a status or an interpretation, the weightiest first, and what they mean for a reader."""
_BLOCKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "section"})


def concept(value: object) -> str:
    """What a CodeableConcept (or the first of several) says: its text, else a display, else a code."""
    first = value[0] if isinstance(value, list) and value else value
    if not isinstance(first, dict):
        return ""
    codings = [c for c in _list(first.get("coding")) if isinstance(c, dict)]
    found = first.get("text") or next((c["display"] for c in codings if c.get("display")), None)
    return str(found or next((c["code"] for c in codings if c.get("code")), ""))


def title(resource: Resource) -> str:
    """What a document is called; "" where only a code says it."""
    kind: Any = resource.get("type") or {}
    shown = [kind.get("text"), *(c.get("display") for c in _list(kind.get("coding")))]
    return str(resource.get("title") or next(filter(None, shown), ""))


def standing(resource: Resource) -> str:
    """What else than its line must be said: `refuted`, `uncertain`, `withdrawn`, `resolved`, `stopped`, or of a result
    as its sender judged it `high`, `very high`, `low`, `very low`, `abnormal`; else ""."""
    if withdrawn(resource):
        return "withdrawn"
    codes = {c.get("code") for name in ("verificationStatus", "clinicalStatus")
             for c in _list((resource.get(name) or {}).get("coding"))} | {resource.get("status")}  # fmt: skip
    codes |= {c.get("code") for each in _list(resource.get("interpretation")) for c in _list(each.get("coding"))}
    return next((word for code, word in _STANDING.items() if code in codes), "")


def author(resource: Resource) -> str:
    """The name of who wrote a document, "" where it names none."""
    named = resource.get("author")
    first = named[0] if isinstance(named, list) and named else named
    return str(first.get("display") or "") if isinstance(first, dict) else ""


def document_text(resource: Resource) -> str:
    """The whole text of a document; "" where it holds none (a picture)."""
    return "\n\n".join(dict.fromkeys(filter(None, (text.strip() for text in _texts(resource)))))


def line(resource: Resource) -> str:
    """One line of a coded resource: what (after 不可 where it is not to be done), the value or dose, the day, and its
    comments; "" where it says nothing that can be read."""
    what = next((said for name in _CODED if (said := concept(resource.get(name)))), "")
    what = what or _display(resource.get("medicationReference")) or _relative(resource)
    said = " ".join(filter(None, (what, _value(resource), _dose(resource))))
    day = _day(resource)
    said = f"不可：{said}" if said and resource.get("doNotPerform") is True else said
    said = f"{said} ({day})" if said and day else said
    comments = (str(one["text"]) for one in _list(resource.get("note")) if one.get("text"))
    return "；".join([said, *comments]) if said else ""


def _texts(resource: Resource) -> Iterator[str]:
    for content in _list(resource.get("content")):
        attachment = content.get("attachment", {})
        kind = str(attachment.get("contentType", ""))
        text = text_of(str(attachment.get("data", "")), kind) or ""
        yield plain(text) if is_markup(kind) else text
    for name in ("description", "summary", "conclusion"):
        yield str(resource.get(name) or "")
    for payload in _list(resource.get("payload")):
        yield str(payload.get("contentString") or "")
    for activity in _list(resource.get("activity")):
        detail = activity.get("detail", {})
        said = str(detail.get("description") or concept(detail.get("code")))
        yield f"不可：{said}" if said and detail.get("doNotPerform") is True else said
    narratives = [resource, *_sections(resource)]
    for each in narratives:
        text = plain(str(each.get("text", {}).get("div") or ""))
        heading = str(each.get("title") or "") if each is not resource else ""
        yield f"{heading}\n{text}" if heading and text else text


def _sections(resource: Resource) -> Iterator[Resource]:
    for section in _list(resource.get("section")):
        yield section
        yield from _sections(section)


def plain(xhtml: str) -> str:
    """The text of a narrative, its blocks on lines of their own."""
    reader = _Reader()
    reader.feed(xhtml)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.read).split("\n"))
    return "\n".join(filter(None, lines))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")
        self.read.append("\n" if tag in _BLOCKS else " " if tag in ("td", "th") else "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style") and self._hidden > 0
        self.read.append("\n" if tag in _BLOCKS else "")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.read.append(data)


def _value(resource: Resource) -> str:
    quantity = resource.get("valueQuantity")
    if isinstance(quantity, dict):
        return " ".join(str(quantity[n]) for n in ("comparator", "value", "unit") if quantity.get(n) is not None)
    parts = [str(resource.get("valueString") or ""), concept(resource.get("valueCodeableConcept"))]
    parts += [str(resource.get("conclusion") or "")]
    components = [f"{concept(c.get('code'))} {_value(c)}".strip() for c in _list(resource.get("component"))]
    return " ".join(filter(None, (*parts, "，".join(filter(None, components)))))


def _dose(resource: Resource) -> str:
    dosage = _list(resource.get("dosageInstruction")) or _list(resource.get("dosage"))
    return "；".join(filter(None, (str(d.get("text") or _amount(d)) for d in dosage)))


def _amount(dosage: Resource) -> str:
    rates = _list(dosage.get("doseAndRate"))
    dose = _value({"valueQuantity": rates[0].get("doseQuantity")}) if rates else ""
    parts = (dose, concept(dosage.get("route")), concept((dosage.get("timing") or {}).get("code")))
    return " ".join(filter(None, parts))


def _relative(resource: Resource) -> str:
    """Of a family's history: who, and what."""
    conditions = "、".join(filter(None, (concept(c.get("code")) for c in _list(resource.get("condition")))))
    return " ".join(filter(None, (concept(resource.get("relationship")), conditions)))


def _day(resource: Resource) -> str:
    for name in _DATES:
        value: Any = resource.get(name)
        value = value.get("start") if isinstance(value, dict) else value
        if isinstance(value, str) and value:
            return value[:10]
    return ""


def _display(reference: object) -> str:
    return str(reference.get("display") or "") if isinstance(reference, dict) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
