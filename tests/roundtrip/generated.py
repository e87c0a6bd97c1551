"""Messages of the three families by their structures: every segment that a version has there, its fields filled.

Each value of a message is another one where its datatype leaves the choice, so that a value in a wrong place shows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from adapters.hl7v2 import structures

KINDS = ("REF^I12", "ORU^R01", "SIU^S12")
VERSIONS = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2")
_OBX_TYPES = ("NM", "ST", "TX", "CE", "CWE", "SN", "DT", "TM", "TS", "FT", "CE", "NM")
_DATED = {"DT": 8, "TS": 14, "DTM": 14, "TM": 4}
_FREE = frozenset({"ST", "TX", "FT", "varies", "GTS", "HD", "EI"})
_SAYING = {"NTE": (3,), "AIS": (3,), "AIG": (3,), "AIL": (3,), "AIP": (3,), "AUT": (2,)}
"""Fields without which a segment says nothing."""
_ALWAYS = frozenset({"RF1"})
_LEFT = frozenset({"MSH", "DSC", "ED"})


def generated(share: float, seed: int, *, most: int = 1) -> Iterator[tuple[str, bytes]]:
    """A message of each kind and version with its name. share: of the fields and components that are filled; most: how
    often a segment or group that may repeat stands there."""
    for kind in KINDS:
        for version in VERSIONS:
            structure = structures.structure(version, kind)
            if structure is None:
                continue
            made = _Message(version, share, random.Random(f"{kind}{version}{seed}"), most)
            lines = list(made.group(structures.library(version).MESSAGES[structure]))
            head = f"MSH|^~\\&|HIS|TOWN|HUB|CITY|20240229101500+0800||{kind}|M{seed}|P|{version}||||||UNICODE UTF-8"
            yield f"{kind} {version} {seed}", "\r".join([head, *lines, ""]).encode()


class _Message:
    def __init__(self, version: str, share: float, drawn: random.Random, most: int) -> None:
        self.version, self.share, self.drawn, self.most = version, share, drawn, most
        self.count = 0
        self.observed = self.providers = 0

    def group(self, node: Any) -> Iterator[str]:
        for name, reference, (least, most), kind in node[1]:
            if name in _LEFT:
                continue
            for _ in range(self.drawn.randint(1, self.most) if most != 1 else 1):
                if (
                    least
                    or name in _ALWAYS
                    or name.endswith("_PATIENT")
                    or self.share == 1
                    or self.drawn.random() < self.share
                ):
                    if kind == "SEG":
                        yield self.segment(name)
                    else:
                        yield from self.group(reference)

    def segment(self, name: str) -> str:
        fields = [
            "" if one.withdrawn else self.field(n, one)
            for n, one in enumerate(structures.segment(self.version, name), 1)
        ]
        if name == "OBX" and len(fields) >= 5:
            self.observed += 1
            kind = _OBX_TYPES[self.observed % len(_OBX_TYPES)]
            kind = kind if kind in structures.library(self.version).DATATYPES else "ST"
            fields[1], fields[4] = kind, self.value(kind, None, "^&", whole=True)
        for number in _SAYING.get(name, ()):
            element = structures.segment(self.version, name)[number - 1]
            fields[number - 1] = fields[number - 1] or self.value(element.datatype, element.table, "^&", whole=False)
        if name == "RF1":
            fields[5], fields[9] = fields[5] or f"R{self.count}", fields[9] or "why"
        if name == "PRD":
            self.providers += 1
            fields[0] = "RP" if self.providers % 2 else "RT"
        if name == "PID":
            fields[2] = fields[2] or "7^^^TOWN^MR"
        return "|".join([name, *fields]).rstrip("|")

    def field(self, number: int, one: structures.Element) -> str:
        if number == 1 and one.datatype == "SI":
            return "1"
        if not one.required and not self.taken():
            return ""
        repeated = 2 if one.repeatable and self.most > 1 and self.drawn.random() < 0.3 else 1
        return "~".join(self.value(one.datatype, one.table, "^&", whole=False) for _ in range(repeated))

    def taken(self) -> bool:
        return self.share == 1 or self.drawn.random() < self.share

    def value(self, datatype: str, table: str | None, marks: str, *, whole: bool) -> str:
        parts = structures.datatype(self.version, datatype or "ST") if marks and datatype not in _DATED else ()
        if not parts:
            return self.plain(datatype, table)
        found = [
            self.value(part.datatype, part.table, marks[1:], whole=whole) if n == 0 or self.taken() else ""
            for n, part in enumerate(parts)
        ]
        return marks[0].join(found).rstrip(marks[0])

    def plain(self, datatype: str, table: str | None) -> str:
        self.count += 1
        known = sorted(code for code in structures.codes(self.version, table or "") if code.isalnum())
        if known:
            return self.drawn.choice(known)
        day = f"{1 + self.count % 12:02}{1 + self.count % 28:02}"
        if datatype == "DT":
            return f"{1950 + self.count % 70}{day}"
        if datatype in ("TS", "DTM"):
            return f"20{self.count % 24:02}{day}{self.count % 24:02}{self.count % 60:02}00+0800"
        if datatype == "TM":
            return f"{self.count % 24:02}{self.count % 60:02}"
        if datatype in ("NM", "SI"):
            return str(self.count)
        return f"v{self.count}"
