"""HL7 v2 messages that hl7apy's tables allow, with content that nobody expects: strategies for Hypothesis."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from adapters.hl7v2 import structures, validation
from adapters.hl7v2.supported import MESSAGES

VERSIONS = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.9")
ODD = (
    " ", '""', "\u3000", "0", "-1", "周", "王秀英", "😀", "é\u0301", "<5", "1e400", "1:128", "20241399", "2024", "a,b",
    "\\F\\", "\\S\\", "\\T\\", "\\R\\", "\\E\\", "\\X0D\\", "\\XE591A8\\", "\\.br\\", "\\.sp3\\", "\\H\\x\\N\\",
    "\\H\\", "\\Z1\\", "\\", "a\\b", "http://x", "urn:oid:1.2", "1.2.840.1", "a b  c ", "<b>x</b>", "{}", "%s", "/",
    "#", "x" * 300, "true", "null", "Y", "N", "M", "F", "H", "A", "10", "mg",
)  # fmt: skip
FORMS = {
    "DT": ("20240229", "2024", "202402"),
    "TS": ("20240229101500+0800", "20240229", "202402291015", "2024", "20240229101500.1234"),
    "TM": ("1015", "101500", "10"),
    "NM": ("5", "5.10", "<0.1", "-3", "+.5", "100000000000000000000"),
}
FORMS["DTM"] = FORMS["TS"]
OBX_TYPES = ("NM", "ST", "TX", "FT", "CE", "CWE", "SN", "DT", "TM", "TS", "ED", "RP", "XCN", "CX", "DR", "AD", "XX")
REFERRALS = ("REF", "RRI", "RPA", "RQA")
"""Types that need a patient, a reason and a receiver."""

texts = st.sampled_from(ODD) | st.text("aZ0 .-中\\é", min_size=1, max_size=6)


def _seldom(strategy: st.SearchStrategy[str], others: int) -> st.SearchStrategy[str]:
    """The strategy's values, among `others` times as many empty ones."""
    return st.integers(0, others).flatmap(lambda n: st.just("") if n else strategy)


@cache
def _codes(version: str, table: str | None) -> st.SearchStrategy[str]:
    known = sorted(code for code in structures.codes(version, table or "") if code.isalnum())
    return st.sampled_from(known) if known else texts


@cache
def value(
    version: str, datatype: str, table: str | None, marks: str, *, formed: bool = False
) -> st.SearchStrategy[str]:
    """A value of a datatype. marks: the delimiters that are left for its parts; formed: nothing but its form."""
    form = st.sampled_from(FORMS[datatype]) if datatype in FORMS else None
    if formed and form is not None:
        return form
    parts = structures.datatype(version, datatype)
    plain = texts if form is None else form | texts
    if table:
        plain = _codes(version, table) | texts
    if not parts or not marks:
        return plain
    inner = [_seldom(value(version, part.datatype, part.table, marks[1:]), 2) for part in parts]
    divided = st.tuples(*inner).map(lambda found: marks[0].join(found).rstrip(marks[0]))
    return plain | divided | divided


@cache
def field(version: str, segment: str, number: int) -> st.SearchStrategy[str]:
    """A field, often empty, with up to three repetitions, also where HL7 allows one."""
    element = structures.segment(version, segment)[number - 1]
    formed = number in validation.CHECKED.get(segment, ()) and element.datatype in FORMS
    one = value(version, element.datatype, element.table, "" if formed else "^&", formed=formed)
    several = st.lists(one, min_size=1, max_size=3).map("~".join)
    return _seldom(one | several, 2)


@cache
def segment(version: str, name: str) -> st.SearchStrategy[str]:
    """A segment that the version knows, or one of a sender's own."""
    count = len(structures.segment(version, name))
    if name == "OBX":
        return _observation(version, count)
    if not count:
        own = st.lists(_seldom(texts | st.lists(texts, max_size=3).map("^".join), 1), min_size=1, max_size=6)
        return own.map(lambda fields: "|".join([name, *fields]))
    fields = st.tuples(*(field(version, name, number) for number in range(1, count + 1)))
    return fields.map(lambda found: "|".join([name, *found]).rstrip("|") or name)


def _observation(version: str, count: int) -> st.SearchStrategy[str]:
    def of(kind: str) -> st.SearchStrategy[str]:
        fields = [field(version, "OBX", number) for number in range(1, count + 1)]
        fields[1] = st.just(kind)
        fields[4] = _seldom(value(version, kind, None, "^&", formed=kind in FORMS), 1)
        return st.tuples(*fields).map(lambda found: "|".join(["OBX", *found]))

    return st.sampled_from(OBX_TYPES).flatmap(of)


def _names(version: str) -> list[str]:
    return sorted(name for name in structures.library(version).SEGMENTS if len(name) == 3 and name[0] != "Z")


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """One message of any type that the hub reads, of any version, with its own segments in any order."""
    kind = draw(st.sampled_from(sorted(MESSAGES)))
    event = draw(st.sampled_from(sorted(MESSAGES[kind].events)))
    version = draw(st.sampled_from(VERSIONS))
    structure = structures.structure(version, f"{kind}^{event}")
    own = sorted(structures.single(version, structure)) if structure else []
    usual = ("PV1", "OBR", "OBX", "NTE", "DG1", "AL1", "ORC", "RXE", "PRD", "NK1", "IN1", "TXA", "SCH", "RXA")
    every = st.sampled_from(_names(version))
    named = st.sampled_from([*usual, *own]) | every | st.sampled_from(("ZXN", "ZZ1", "QQQ"))
    names = [name for name in draw(st.lists(named, min_size=1, max_size=10)) if name not in ("MSH", "PID")]
    names = [name for i, name in enumerate(names) if name not in validation.SINGLE or name not in names[:i]]
    lines = [f"MSH|^~\\&|HIS|TOWN^1.2.3^ISO|HUB|CITY|20240229101500+0800||{kind}^{event}|M1|P|{version}"]
    lines[0] += "||||||UNICODE UTF-8"
    if draw(st.booleans()) or kind in REFERRALS:
        lines.append(_identified(draw(segment(version, "PID"))))
    if kind in REFERRALS:
        names = [name for name in names if name != "RF1"]
        lines += ["RF1|P|R|MED|||R1^TOWN||||why", "PRD|RT^^HL70286||||||CITY", "DG1|1||I10^BP^I10"]
    return "\r".join([*lines, *(draw(segment(version, name)) for name in names), ""]).encode()


def _identified(line: str) -> str:
    """The PID with a number in PID-3."""
    fields = line.split("|")
    fields += [""] * (4 - len(fields))
    fields[3] = "7^^^TOWN^MR" + (f"~{fields[3]}" if fields[3] else "")
    return "|".join(fields)
