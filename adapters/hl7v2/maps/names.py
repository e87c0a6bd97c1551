"""XPN and the names inside XCN and CNN, XAD, XTN: HumanName, Address, ContactPoint (the official datatype maps)."""

from __future__ import annotations

from typing import Any, NamedTuple

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.conversion import Conversion
from adapters.hl7v2.maps.datatypes import Convert, Value, positive_of
from adapters.hl7v2.maps.marks import COMPONENT, OWN, REPETITION, mark, marked
from adapters.hl7v2.maps.reading import Joined, Leaf, Repetition

_STANDARD = "http://hl7.org/fhir/StructureDefinition/"
REPRESENTATION = _STANDARD + "iso21090-EN-representation"


class _Layout(NamedTuple):
    """Where the parts of a name stand; 0: nowhere."""

    family: int
    use: int = 0
    representation: int = 0
    validity: int = 0
    order: int = 0
    since: int = 0
    until: int = 0
    professional: int = 0


_XPN = _Layout(1, 7, 8, 10, 11, 12, 13, 14)
_XCN = _Layout(2, 10, 15, 17, 18, 19, 20, 21)
_CNN = _Layout(2)
SURNAMES = ((2, "own-prefix"), (3, "own-name"), (4, "partner-prefix"), (5, "partner-name"))
"""FN's subcomponents and their extensions."""


ADDRESS_TYPE = OWN + "address-type"
_OTHER_TYPES = frozenset({"F", "L", "P", "RH", "S", "TM", "V"})
"""Table 0190 where FHIR has neither use nor type."""
_LINES = ("1", "2", "19", "", "")
"""Components of XAD where an address's first lines usually stand."""


def is_cjk(text: str) -> bool:
    return max(text, default="") > "\u2e80"


def human_name(c: Conversion, r: Repetition) -> Value:
    """XPN."""
    return _name(c, r, _XPN)


def person_name(c: Conversion, r: Repetition, *, plain: bool = False) -> Value:
    """The name inside an XCN; plain: inside a CNN."""
    return _name(c, r, _CNN if plain else _XCN)


def _name(c: Conversion, r: Repetition, at: _Layout) -> Value:
    start = at.family
    family, given, further, suffix, prefix, degree = (r.leaf(n) for n in range(start, start + 6))
    if r.lone and family:
        return {"text": family} if is_cjk(family.text) or " " in family.text else {"family": family, "text": family}
    name: dict[str, Any] = {}
    use = r.leaf(at.use)
    if use and use.text.strip() == "A" and not is_cjk(r.raw):
        # Senders put the representation where the name type belongs; Latin letters are alphabetic in any case.
        name["extension"] = [{"url": REPRESENTATION, "valueCode": use.give("ABC")}]
        mark(name, COMPONENT, "use")
    if used := c.looked_up("name-use", use):
        name["use"] = used
    parts = [leaf for leaf in (family, given, further) if leaf]
    if parts and any(is_cjk(leaf.text) for leaf in parts):
        name["text"] = Joined("".join(leaf.text.strip() for leaf in parts), parts)
    if family:
        name["family"] = family
    if given or further:
        name["given"] = [leaf for leaf in (given, further) if leaf]
        if given is None:
            mark(name, COMPONENT, "further", "given", 0)
    if prefix:
        name["prefix"] = [prefix]
    endings = (("", suffix), ("degree", degree), ("professional", r.leaf(at.professional)))
    suffixes = [(where, leaf) for where, leaf in endings if leaf]
    if suffixes:
        name["suffix"] = [leaf for _, leaf in suffixes]
        for index, (where, _) in enumerate(suffixes):
            if where:
                mark(name, COMPONENT, where, "suffix", index)
    return _more_of_name(c, r, name, at) if name else None


def _more_of_name(c: Conversion, r: Repetition, name: dict[str, Any], at: _Layout) -> Value:
    if shown := c.looked_up("representation", r.leaf(at.representation)):
        name.setdefault("extension", [{"url": REPRESENTATION, "valueCode": shown}])
    order = r.leaf(at.order)
    if order and order.text.strip() in c.codes["name-order"]:
        found = {"url": _STANDARD + "humanname-assembly-order", "valueCode": order.give(order.text.strip())}
        name.setdefault("extension", []).append(found)
    if at.family in r.divided:
        surnames = [
            {"url": f"{_STANDARD}humanname-{kind}", "valueString": leaf}
            for number, kind in SURNAMES if (leaf := r.part(at.family, number))
        ]  # fmt: skip
        if surnames and "family" in name:
            name["_family"] = {"extension": surnames}
    bounds = validity(c, r, at.since, at.until, at.validity)
    if bounds:
        name["period"] = bounds
    return name


def name_text(c: Conversion, r: Repetition) -> Value:
    """XPN as a string: a family name alone, else the whole name."""
    parts = [leaf for n in (5, 2, 3, 1, 4, 6) if (leaf := r.leaf(n))]
    if len(parts) < 2:
        return parts[0] if parts else None
    return Joined(" ".join(leaf.text.strip() for leaf in parts), parts)


def called_by(c: Conversion, r: Repetition) -> Value:
    """XPN.15, what a person is called by: a name of its own."""
    called = r.leaf(15)
    if called is None:
        return None
    made = {"use": "nickname", "given": [called]}
    which = called.path.rpartition("[")[2].partition("]")[0]
    return made if which == "1" else marked(made, REPETITION, which)


def validity(c: Conversion, r: Repetition, since: int, until: int, both: int = 0) -> dict[str, Any]:
    """A Period of two components, else of the DR in one."""
    found = period(c, r.leaf(since), r.leaf(until))
    if found or not both:
        return found
    found = period(c, r.part(both, 1), r.part(both, 2))
    return marked(found, COMPONENT, str(both)) if found else found


def date_range(c: Conversion, r: Repetition) -> Value:
    """DR as a Period."""
    return period(c, r.leaf(1), r.leaf(2)) or None


def period(c: Conversion, start: Leaf | None, end: Leaf | None) -> dict[str, Any]:
    """{} where neither is a time. A Period that would end before it starts keeps its start alone."""
    found: dict[str, Any] = {}
    for key, leaf in (("start", start), ("end", end)):
        value = c.clock.date_time(leaf.text) if leaf else None
        if leaf and value:
            found[key] = leaf.give(value)
    if len(found) == 2:
        begin, stop = (c.clock.moment(found[key].text) for key in ("start", "end"))
        if begin and stop and stop < begin:
            found.pop("end")
    return found


def address(c: Conversion, r: Repetition) -> Value:
    """XAD; None where it tells of what use an address is or when, but no place."""
    made: dict[str, Any] = {}
    lines = [(place, leaf) for place, leaf in (
        ("1.1" if 1 in r.divided else "1", r.part(1, 1)), ("1.2", r.part(1, 2)), ("1.3", r.part(1, 3)),
        ("2", r.leaf(2)), ("19", r.leaf(19))) if leaf]  # fmt: skip
    if lines:
        made["line"] = [leaf for _, leaf in lines]
        for index, (place, _) in enumerate(lines):
            if place != _LINES[index]:
                mark(made, COMPONENT, place, "line", index)
    elements = (("city", 3), ("state", 4), ("postalCode", 5), ("country", 6))
    made |= {element: leaf for element, n in elements if (leaf := r.leaf(n))}
    county = r.part(9, 2) or r.leaf(9)
    if county:
        made["district"] = county
        if county is r.part(9, 2):
            mark(made, COMPONENT, "9.2", "district")
    _more_of_address(r, made)
    if not made:
        return None
    kind = r.leaf(7)
    if use := c.looked_up("address-use", kind):
        made["use"] = use
    elif form := c.looked_up("address-type", kind):
        made["type"] = form
    if kind and kind.text.strip() == "HV":
        made.setdefault("extension", []).append({"url": _STANDARD + "iso21090-AD-use", "valueCode": kind})
    if bounds := validity(c, r, 13, 14, 12):
        made["period"] = bounds
    return made


def _more_of_address(r: Repetition, made: dict[str, Any]) -> None:
    """XAD.7 where FHIR has no code for it; .8, .10 and .20: further designation, census tract, comment."""
    kind = r.leaf(7)
    if made and kind and kind.text.strip().upper() in _OTHER_TYPES:
        said = {"system": codes.TERMINOLOGY + "v2-0190", "code": kind.give(kind.text.strip().upper())}
        made["extension"] = [{"url": ADDRESS_TYPE, "valueCodeableConcept": {"coding": [said]}}]
    for url, leaf in (
        (OWN + "geographic-designation", r.leaf(8)),
        (OWN + "census-tract", r.part(10, 2) or r.leaf(10)),
        (OWN + "address-comment", r.leaf(20)),
    ):
        if leaf:
            said = {"url": url, "valueString": leaf}
            if leaf is r.part(10, 2):
                mark(said, COMPONENT, "10.2", "valueString")
            made.setdefault("extension", []).append(said)


def telecom(use: str | None = None) -> Convert:
    """XTN; use: what the field says where XTN.2 says nothing. An organisation (`work`) has no home number."""

    def convert(c: Conversion, r: Repetition) -> Value:
        purpose, kind, mail = r.leaf(2), r.leaf(3), r.leaf(4)
        systems = c.codes["telecom-system"]
        code = kind.text.strip().upper() if kind else "NET" if purpose and purpose.text == "NET" else ""
        value: Any = _telephone(r)
        if mail and (value is None or systems.get(code) == "email"):
            value, code = mail, code or "NET"
        if value is None:
            return None
        text = value.text if isinstance(value, Leaf) else ""
        plain = "email" if "@" in text else "phone"
        if systems.get(code) == "email" and "@" not in text:
            plain = "url" if text.lower().startswith("http") else "other" if mail is None else "email"
            code = ""
        system = systems.get(code)
        made: dict[str, Any] = {"system": kind.give(system or plain) if kind else system or plain, "value": value}
        known = c.looked_up("telecom-use", purpose)
        if known and not (known.value == "home" and use == "work"):
            made["use"] = known
        elif code in ("CP", "CELL", "MOBILE"):
            made["use"] = "mobile"
        elif use and purpose is None:
            made["use"] = use
        where = _component_of(c, r, value)
        if where != ("4" if (system or plain) == "email" else ""):
            mark(made, COMPONENT, where or "1", "value")
        return made if r.lone or max(r.values) < 4 else _more_of_telecom(c, r, made)

    return convert


TELECOM_PARTS = ((5, _STANDARD + "contactpoint-country"), (6, _STANDARD + "contactpoint-area"),
          (7, _STANDARD + "contactpoint-local"), (8, _STANDARD + "contactpoint-extension"), (9, OWN + "telecom-text"),
          (10, OWN + "telecom-extension-prefix"), (11, OWN + "telecom-speed-dial"))  # fmt: skip
TELECOM_WHOLE = ((1, OWN + "telecom-as-written"), (12, OWN + "telecom-unformatted"), (4, OWN + "telecom-address"))
"""The same number, or another way to reach it, beside what became the value."""


def _more_of_telecom(c: Conversion, r: Repetition, made: dict[str, Any]) -> Value:
    """XTN.5 to .12 as extensions, its period and its rank."""
    held = made["value"]
    extensions = [
        {"url": url, "valueString": leaf}
        for number, url in (*TELECOM_PARTS, *TELECOM_WHOLE) if (leaf := r.leaf(number)) and leaf is not held
    ]  # fmt: skip
    if extensions:
        made.setdefault("extension", []).extend(extensions)
    bounds = validity(c, r, 13, 14)
    if bounds:
        made["period"] = bounds
    rank = positive_of(r.leaf(18))
    if rank:
        made["rank"] = rank
    return made


def _component_of(c: Conversion, r: Repetition, value: Any) -> str:
    """The component that a number or address was taken from; "" for where a number usually stands in the version, and
    for one in its parts."""
    if isinstance(value, Joined):
        return "7" if len(value.sources) == 1 else ""
    found = next((n for n in (4, 12, *_MISPLACED) if value is r.leaf(n)), 1)
    return "" if found == (12 if c.since_2_6 else 1) else str(found)


_MISPLACED = (6, 8, 9, 10, 11)
"""Senders who miscount put the number where its area code, extension, text, prefix or speed dial stands."""


def _dialled(text: str) -> bool:
    return sum(character.isdigit() for character in text) > 4


def _telephone(r: Repetition) -> Value:
    plain, country, area, local, extension = (r.leaf(n) for n in (1, 5, 6, 7, 8))
    whole = r.leaf(12)
    if local is None:
        return whole or plain or next((leaf for n in _MISPLACED if (leaf := r.leaf(n)) and _dialled(leaf.text)), None)
    parts = [leaf for leaf in (country, area, local, extension) if leaf]
    texts = [("x" if leaf is extension else "") + leaf.text.strip() for leaf in parts]
    if country:  # also as it is dialled: 0049, +49
        texts[0] = "+" + texts[0].removeprefix("+").removeprefix("00")
    return Joined(" ".join(texts), parts)
