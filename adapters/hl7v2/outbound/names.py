"""HumanName, Address and ContactPoint as XPN (and the name inside XCN), XAD and XTN."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from adapters.hl7v2.maps.marks import AS_SENT, COMPONENT, FIELD, OWN
from adapters.hl7v2.maps.names import ADDRESS_TYPE, REPRESENTATION, SURNAMES, TELECOM_PARTS, TELECOM_WHOLE
from adapters.hl7v2.outbound.datatypes import Writing, back, date_time
from adapters.hl7v2.outbound.graph import extension, extensions, mark, text
from adapters.hl7v2.outbound.values import Component, Repetition, clean

_STANDARD = "http://hl7.org/fhir/StructureDefinition/"
_DIALLED = re.compile(r"(?:\+(\S+) )?(?:(\S+) )?(\S+?)(?: x(\S+))?$")
_NUMBERS = {url: component for component, url in (*TELECOM_PARTS, *TELECOM_WHOLE)}
_ENDINGS = {"degree": 5, "professional": 0, "": 3}
_PLACES = ((8, OWN + "geographic-designation"), (10, OWN + "census-tract"), (20, OWN + "address-comment"))


def period(w: Writing, value: Mapping[str, Any], start: int, end: int) -> dict[int, Component | None]:
    bounds = value.get("period", {})
    within = mark(bounds, COMPONENT)
    if within:
        return {int(within): {n: date_time(w, bounds[key]) for n, key in ((1, "start"), (2, "end")) if key in bounds}}
    return {n: date_time(w, bounds[key]) for key, n in (("start", start), ("end", end)) if key in bounds}


def human_name(w: Writing, value: Any, start: int = 1) -> Repetition | None:
    """HumanName to XPN; start 2: the name inside an XCN. A name in one piece stands where the family name does."""
    person = start == 2
    made: dict[int, Component | None] = {start: text(value, "family")}
    surnames = {n: extension(value.get("_family", {}), f"{_STANDARD}humanname-{kind}") for n, kind in SURNAMES}
    if any(surnames.values()):
        made[start] = {1: text(value, "family"), **{n: str(part) for n, part in surnames.items() if part}}
    given = [str(name) for name in value.get("given", ())]
    if len(given) == 1 and mark(value, COMPONENT, "given"):
        made[start + 2] = given[0]
    elif given:
        made[start + 1], made[start + 2] = given[0], " ".join(given[1:])
    if not made[start] and not given:
        where = mark(value, COMPONENT, "text")
        made[int(where) if where else start] = text(value, "text")
    for index, suffix in enumerate(value.get("suffix", ())):
        ending = _ENDINGS.get(mark(value, COMPONENT, "suffix", index) or ("degree" if index else ""), 3)
        at = start + ending if ending else (21 if person else 14)
        made[at] = " ".join(filter(None, (str(made.get(at) or ""), str(suffix))))
    made[start + 4] = " ".join(map(str, value.get("prefix", ())))
    made[10 if person else 7] = mark(value, AS_SENT, "use") or back("name-use").get(value.get("use", ""))
    for one in extensions(value, REPRESENTATION):
        where = mark(value, COMPONENT)
        made[(10 if person else 7) if where else (15 if person else 8)] = back("representation").get(one["valueCode"])
    made[18 if person else 11] = extension(value, _STANDARD + "humanname-assembly-order")
    made |= period(w, value, 19 if person else 12, 20 if person else 13)
    return clean(made) or None


def address(w: Writing, value: Any) -> Repetition | None:
    """Address to XAD."""
    made: dict[int, Component | None] = {}
    street: dict[int, str] = {}
    for index, line in enumerate(value.get("line", ())):
        where = mark(value, COMPONENT, "line", index) or ("1", "2", "19")[min(index, 2)]
        component, _, part = where.partition(".")
        if part or component == "1":
            street[int(part or 1)] = str(line)
        else:
            number = int(component)
            made[number] = ", ".join(filter(None, (str(made.get(number) or ""), str(line))))
    made[1] = street
    elements = ((3, "city"), (4, "state"), (5, "postalCode"), (6, "country"))
    made |= {n: text(value, element) for n, element in elements}
    if not mark(value, FIELD, "district"):
        county = text(value, "district")
        made[9] = {2: county} if mark(value, COMPONENT, "district") else county
    if not made[1] and not any(made.values()):
        made[1] = text(value, "text")
    kind = back("address-use").get(value.get("use", "")) or back("address-type").get(value.get("type", ""))
    visited = extension(value, _STANDARD + "iso21090-AD-use")
    other = next((one["valueCodeableConcept"]["coding"][0]["code"] for one in extensions(value, ADDRESS_TYPE)), "")
    made[7] = mark(value, AS_SENT, "use") or mark(value, AS_SENT, "type") or kind or visited or other
    for n, url in _PLACES:
        for one in extensions(value, url):
            said = str(one["valueString"])
            made[n] = {2: said} if mark(one, COMPONENT, "valueString") else said
    made |= period(w, value, 13, 14)
    return clean(made) or None


def telecom(w: Writing, value: Any) -> Repetition | None:
    """ContactPoint to XTN."""
    said = text(value, "value")
    system, use = value.get("system", ""), value.get("use", "")
    if not said:
        return None
    kind = "CP" if use == "mobile" and system == "phone" else back("telecom-system").get(system)
    made: dict[int, Component | None] = {
        2: mark(value, AS_SENT, "use") or back("telecom-use").get(use),
        3: mark(value, AS_SENT, "system") or kind,
    }
    made |= {_NUMBERS[one["url"]]: str(one["valueString"]) for one in value.get("extension", ())
             if one.get("url") in _NUMBERS}  # fmt: skip
    made |= period(w, value, 13, 14)
    made[18] = text(value, "rank")
    where = mark(value, COMPONENT, "value")
    plain = 12 if w.version >= (2, 6) else 1
    found = _DIALLED.match(said)
    if where:
        made[int(where)] = said
    elif system == "email":
        made |= {2: made[2] or "NET", 4: said}
    elif 7 in made:
        made.setdefault(plain, said)
    elif found and (found[1] or found[2]):
        made |= {plain: said, 5: found[1], 6: found[2], 7: found[3], 8: found[4]}
    else:
        made[plain] = said
    return clean(made)


def name_text(w: Writing, value: Any) -> Repetition | None:
    """A name in one string to XPN: it stands where the family name does."""
    return {1: str(value)}


def called_by(w: Writing, value: Any) -> Repetition | None:
    """A nickname to XPN.15."""
    if value.get("use") != "nickname" or not mark(value, FIELD):
        return None
    return {15: str(next(iter(value.get("given", ())), ""))}
