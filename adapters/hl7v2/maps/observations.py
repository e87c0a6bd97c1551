"""OBX-5 to Observation.value[x] by its type, OBX-2 (official map OBX[Observation])."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.conversion import Conversion
from adapters.hl7v2.maps.datatypes import ALTERNATE, coding, concept
from adapters.hl7v2.maps.marks import AS_SENT, COMPONENT, DATA_TYPE, as_sent, mark
from adapters.hl7v2.maps.quantities import number, quantity, reference_range, units
from adapters.hl7v2.maps.reading import Joined, Leaf, Reading, Repetition
from adapters.hl7v2.maps.systems import universal

PROSE = frozenset({"TX", "FT"})
ATTACHMENT = "https://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.valueAttachment"
_INTERPRETATION = codes.V3 + "ObservationInterpretation"
_MIME = {"pdf": "application/pdf", "jpeg": "image/jpeg", "jpg": "image/jpeg", "png": "image/png", "gif": "image/gif",
         "tiff": "image/tiff", "html": "text/html", "rtf": "application/rtf", "xml": "application/xml",
         "plain": "text/plain", "text": "text/plain", "txt": "text/plain", "dicom": "application/dicom",
         "tx": "text/plain", "ft": "text/plain", "cda": "application/xml",
         "x-hl7-cda-level-one": "application/xml"}  # fmt: skip
_SENTENCE = re.compile(r"[。；！？]|[.;!?]\s|\n|.{80}")
_KINDS = {"IM": "image", "IMAGE": "image", "AU": "audio", "AUDIO": "audio", "TX": "text", "TEXT": "text", "FT": "text",
          "VIDEO": "video", "AP": "application", "APPLICATION": "application"}  # fmt: skip
"""Types of data (tables 0191, 0834)."""
_SUBTYPE = re.compile(r"[a-z0-9][a-z0-9.+-]*$")
_FULL_MIME = re.compile(r"[\w.+-]+/[\w.+-]+$")
_VAGUE = frozenset({"text/plain", "application/octet-stream"})
_SIGNATURES = {"JVBERi0": "application/pdf", "/9j/": "image/jpeg", "iVBORw0KGgo": "image/png", "R0lGOD": "image/gif",
               "SUkqA": "image/tiff", "TU0AK": "image/tiff", "e1xydGY": "application/rtf",
               "PD94bWw": "application/xml"}  # fmt: skip
"""What base64 of these begins with."""
_LEAST_FILE = 48
"""No file is shorter: what a shorter string begins with is chance."""
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w.+=-]+)*;base64,", re.IGNORECASE)

Put = dict[str, Any]
Read = Callable[[Conversion, Reading, Repetition], Put | None]


def value(c: Conversion, s: Reading, kind: str, repetition: Repetition) -> Put | None:
    """The element that carries the value, as {name: value}; None where it says nothing."""
    read = _READERS.get(kind or ("NM" if s.has(6) else ""))
    found = read(c, s, repetition) if read else None
    return found or _string(c, s, repetition)


def told_type(s: Reading) -> str:
    """OBX-2; ED for a file that a sender calls a string, or nothing."""
    kind = s.text(2).upper()
    if kind not in ("", "ST"):
        return kind
    files = any(len(leaf.text) >= _LEAST_FILE and _seen(leaf) for one in s.each(5) for leaf in one.leaves())
    return "ED" if files else kind


def _string(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    prose = r.prose()
    return {"valueString": prose} if prose else None


def _number(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    """Components that NM has not are left to the ledger, unless they hold a number too (`120^80`)."""
    alone = r.lone or not any(character.isdigit() for leaf in r.leaves()[1:] for character in leaf.text)
    found = quantity(r.leaf(1), s.first(6)) if alone else None
    return {"valueQuantity": found} if found else None


def _coded(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    """A sentence where a code should stand is text."""
    if r.lone and _SENTENCE.search(r.text()):
        return None
    found = concept(c, r)
    return {"valueCodeableConcept": found} if found else None


def _time(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    leaf = r.leaf()
    found = c.clock.date_time(leaf.text) if leaf and r.lone else None
    return {"valueDateTime": leaf.give(found)} if leaf and found else None


def _clock_time(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    leaf = r.leaf()
    found = re.match(r"([01]\d|2[0-3])([0-5]\d)([0-5]\d)?$", leaf.text.strip()) if leaf else None
    if not leaf or not found:
        return None
    return {"valueTime": leaf.give(f"{found[1]}:{found[2]}:{found[3] or '00'}")}


def _structured(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    """SN: comparator, number, separator, number."""
    comparator, first, separator, second = (r.leaf(n) for n in (1, 2, 3, 4))
    if r.lone or first is None:
        return _number(c, s, r)
    one = number(first.text)
    two = number(second.text) if second else None
    mark_of = separator.text.strip() if separator else ""
    sign = {"<": "<", ">": ">", "<=": "<=", ">=": ">="}.get(comparator.text.strip()) if comparator else None
    if one is None or (comparator and comparator.text.strip() not in ("=", "<", ">", "<=", ">=")):
        return None
    low = {"value": first.give(one), **units(s.first(6))}
    if mark_of in (":", "/") and second and two is not None:
        ratio: Put = {"numerator": low, "denominator": {"value": second.give(two)}}
        if mark_of != ":":
            mark(ratio, COMPONENT, mark_of)
        if comparator and sign:
            low["comparator"] = comparator.give(sign)
        return {"valueRatio": ratio}
    if mark_of == "-" and second and two is not None and not sign:
        return {"valueRange": {"low": low, "high": {"value": second.give(two), **units(s.first(6))}}}
    if mark_of or second:
        return None
    if comparator and sign:
        low["comparator"] = comparator.give(sign)
    return {"valueQuantity": low}


def _range(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    low, high = r.leaf(1), r.leaf(2)
    made: Put = {}
    for key, leaf in (("low", low), ("high", high)):
        found = number(leaf.text) if leaf else None
        if leaf and found is not None:
            made[key] = {"value": leaf.give(found), **units(s.first(6))}
    return {"valueRange": made} if made and len(made) == sum(1 for leaf in (low, high) if leaf) else None


def _period(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    made: Put = {}
    for key, leaf in (("start", r.leaf(1)), ("end", r.leaf(2))):
        found = c.clock.date_time(leaf.text) if leaf else None
        if leaf and found:
            made[key] = leaf.give(found)
    return {"valuePeriod": made} if made else None


def attachment(r: Repetition, *, empty: bool = False) -> Put | None:
    """ED: type, subtype, encoding, data. Text data are encoded; data that are not what they say are not taken. empty:
    whether one without data is taken."""
    kind, subtype, encoding, data = (r.leaf(n) for n in (2, 3, 4, 5))
    made: Put = {}
    source = r.part(1, 1)
    if source:
        made["title"] = source
    if data is None:
        if (found := _misplaced(r)) or not (empty and source):
            return found
        _content_type(made, kind, subtype, 2)
        return made
    encoded = encoding.text.strip().upper() if encoding else "A"
    seen = _seen(data) if encoded != "HEX" else None
    _content_type(made, kind, subtype, 2, seen[1] if seen else "")
    if seen:
        made.setdefault("contentType", seen[1])
        written: Any = seen[0]
    elif encoded == "BASE64":
        written = _base64(data.text)
    elif encoded == "HEX":
        try:
            written = base64.b64encode(bytes.fromhex(data.text)).decode()
        except ValueError:
            return None
    else:
        written = base64.b64encode(data.text.encode()).decode()
    if written is None:
        return None
    made["data"] = Joined(written, (data, encoding) if encoding else (data,))
    if not seen and (encoding is None or encoding.text.strip() != "Base64"):
        mark(made, AS_SENT, encoding.text.strip() if encoding else "A", "data")
    return made


def _base64(text: str) -> str | None:
    compact = "".join(text.split())
    compact += "=" * (-len(compact) % 4)
    try:
        base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError):
        return None
    return compact


def _seen(data: Leaf) -> tuple[str, str] | None:
    """The base64 and the media type of data that show both themselves, whatever their sender calls them."""
    text = data.text.strip()
    url = _DATA_URL.match(text)
    text = text[url.end() :] if url else text
    form = next((form for begin, form in _SIGNATURES.items() if text.startswith(begin)), url and url[1])
    written = _base64(text) if form else None
    return (written, form) if written and form else None


def _misplaced(r: Repetition) -> Put | None:
    """Data in another component than their own."""
    found = ((leaf, seen) for leaf in r.leaves() if (seen := _seen(leaf)))
    return next(({"contentType": seen[1], "data": leaf.give(seen[0])} for leaf, seen in found), None)


def _content_type(made: Put, kind: Leaf | None, subtype: Leaf | None, place: int, shown: str = "") -> None:
    """A media type by its subtype (table 0291), or by its kind alone; one that is not listed stands below its kind.

    place: of the kind; shown: what the data show themselves to be, for a sender that says less.
    """
    leaf = subtype or kind
    if leaf is None:
        return
    name = leaf.text.strip().lower()
    above = _KINDS.get(kind.text.strip().upper()) if kind and subtype else None
    usual = f"{above}/{name}" if above and _SUBTYPE.match(name) else "application/octet-stream"
    told = name if _FULL_MIME.match(name) else _MIME.get(name, usual)
    form = shown or told if told in _VAGUE else told
    made["contentType"] = leaf.give(form)
    if kind and subtype and form.startswith(kind.text.strip().lower() + "/"):
        made["contentType"] = Joined(form, (kind, subtype))
        if not form.startswith(f"{kind.text.strip()}/"):
            mark(made, DATA_TYPE, kind.text.strip(), "contentType")
        if sent := as_sent(form, subtype.text):
            mark(made, AS_SENT, sent, "contentType")
    mark(made, COMPONENT, str(place + 1 if subtype else place), "contentType")


def pointer(r: Repetition) -> Put | None:
    """RP: a URL, or a path in an application (.2) of the sender."""
    where, application, kind, subtype = (r.leaf(n) for n in (1, 2, 3, 4))
    if where is None:
        return None
    url = universal(where.text.strip(), "") or f"urn:referral-hub:pointer:{_quoted(where.text.strip())}"
    made: Put = {"url": where.give(url)}
    _content_type(made, kind, subtype, 3)
    if application:
        made["title"] = application
    return made


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _attached(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    found = attachment(r)
    return {"extension": [{"url": ATTACHMENT, "valueAttachment": found}]} if found else None


def _pointed(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    found = pointer(r)
    return {"extension": [{"url": ATTACHMENT, "valueAttachment": found}]} if found else None


_READERS: dict[str, Read] = {
    "NM": _number, "SN": _structured, "CE": _coded, "CWE": _coded, "CNE": _coded, "CF": _coded, "IS": _coded,
    "DT": _time, "DTM": _time, "TS": _time, "TM": _clock_time, "NR": _range, "DR": _period, "ED": _attached,
    "RP": _pointed, "ID": _coded, "SI": _number,
}  # fmt: skip


def usual_type(found: Put) -> str:
    """The OBX-2 that a value usually has; "" for none."""
    if "valueQuantity" in found:
        return "SN" if "comparator" in found["valueQuantity"] else "NM"
    if "valueString" in found:
        said = str(getattr(found["valueString"], "value", found["valueString"]))
        return "TX" if "\n" in said or len(said) > 199 else "ST"
    if "extension" in found:
        return "ED" if "data" in found["extension"][0]["valueAttachment"] else "RP"
    return next((usual for element, usual in _USUAL.items() if element in found), "")


_USUAL = {"valueCodeableConcept": "CWE", "valueDateTime": "DTM", "valueTime": "TM", "valueRange": "SN",
          "valueRatio": "SN", "valuePeriod": "DR"}  # fmt: skip


def interpretation(c: Conversion, r: Repetition) -> Any:
    """OBX-8, table 0078: known codes in the FHIR code system, others as text."""
    leaf = r.leaf()
    if leaf and leaf.text.strip() in c.codes["interpretation"]:
        system, name = r.leaf(3), r.leaf(9) or r.leaf(2)
        first = {"system": system.give(_INTERPRETATION) if system else _INTERPRETATION, "code": leaf}
        other = None if r.lone else coding(c, r, ALTERNATE)
        made: Put = {"coding": [first, other] if other else [first]}
        if name and name is r.leaf(9):
            mark(made, COMPONENT, "9", "text")
        return {**made, "text": name} if name else made
    if leaf and r.lone:
        return {"text": leaf}
    return concept(c, r)


def reference(s: Reading) -> list[Any]:
    leaf: Leaf | None = s.leaf(7)
    return [reference_range(leaf, s.first(6))] if leaf else []
