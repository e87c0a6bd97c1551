"""HL7 v2 messages of a generated patient: segments, texts, and where each statement then stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random
from typing import Any

from tests.evaluation.generator.documents import Document, Placed, headed, sections
from tests.evaluation.generator.facts import Fact

CHARSETS = {"gb18030": "GB 18030-2000", "utf-8": "UNICODE UTF-8"}
SYSTEMS = {
    "problem": "I10",
    "analyte": "LN",
    "medicine": "WC",
    "allergen": "99ALG",
    "procedure": "I9C",
    "vaccine": "CVX",
}
_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}


@dataclass(slots=True)
class Message:
    """Segments, and the statements: (fact, path, start, end, text, surface, scope, mode, sentence's grade)."""

    control: str
    segments: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    coded: list[tuple[Fact, str, str, str]] = field(default_factory=list)
    texts: list[tuple[str, str, list[Placed]]] = field(default_factory=list)

    def add(self, name: str, *fields: str) -> int:
        """A segment; its occurrence in the message."""
        self.segments.append("|".join([name, *fields]))
        self.counts[name] = self.counts.get(name, 0) + 1
        return self.counts[name]

    def bytes(self, charset: str) -> bytes:
        return "".join(f"{s}\r" for s in self.segments).encode(charset)


def escape(text: str) -> str:
    return "".join(_ESCAPES.get(c, c) for c in text)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%S")


def message(
    kind: str, control: str, moment: datetime, person: dict[str, Any], sender: str, charset: str, version: str
) -> Message:
    """MSH and, after EVN or RF1 have been added by the caller, `person_segment`."""
    made = Message(control)
    made.add("MSH", "^~\\&", "HIS", sender, "REFHUB", "HUB", stamp(moment), "", kind, control, "P", version, "", "",
             "AL", "NE", "CHN", CHARSETS[charset])  # fmt: skip
    return made


def person_segment(made: Message, person: dict[str, Any], sender: str) -> None:
    name = person["name"]
    ids = f"{person['mrn'][sender]}^^^{sender}^MR~{person['national']}^^^MPS^NI"
    made.add(
        "PID",
        "1",
        "",
        ids,
        "",
        f"{name[0]}^{name[1:]}",
        "",
        person["birth"].strftime("%Y%m%d"),
        person["hl7_sex"],
        "",
        "",
        f"^^{person['city']}^^^CHN",
    )


def code(fact: Fact, system: str, local: bool, name: str) -> str:
    """A coded element: the standard code, or an institution's own."""
    if local or not fact.codes:
        return f"H{sum(map(ord, fact.name)) % 9000 + 1000}^{escape(name)}^99HIS"
    return f"{fact.codes[0]}^{escape(name)}^{system}"


def diagnosis(made: Message, fact: Fact, name: str, local: bool) -> None:
    number = made.counts.get("DG1", 0) + 1
    day = f"{fact.start:%Y%m%d}" if fact.start else ""
    made.add("DG1", str(number), "", code(fact, "I10", local, name), "", day, "W")
    made.coded.append((fact, f"DG1[{number}]-3[1].2", name, f"DG1[{number}]"))


def allergy(made: Message, fact: Fact, name: str) -> None:
    number = made.counts.get("AL1", 0) + 1
    reaction = str(fact.more.get("reaction", ""))
    made.add("AL1", str(number), "DA", code(fact, "99ALG", True, name), "MO" if reaction else "", reaction)
    made.coded.append((fact, f"AL1[{number}]-3[1].2", name, f"AL1[{number}]"))


def procedure(made: Message, fact: Fact, name: str, local: bool) -> None:
    number = made.counts.get("PR1", 0) + 1
    day = f"{fact.start:%Y%m%d}" if fact.start else ""
    made.add("PR1", str(number), "I9", code(fact, "I9C", local, name), "", day)
    made.coded.append((fact, f"PR1[{number}]-3[1].2", name, f"PR1[{number}]"))


def result(made: Message, fact: Fact, name: str, local: bool, status: str = "F") -> None:
    """An OBX of the current OBR, with the reference range of this laboratory."""
    value = fact.value or {}
    number = made.counts.get("OBX", 0) + 1
    local_number = number
    moment = f"{fact.start:%Y%m%d}0730" if fact.start else ""
    made.add(
        "OBX",
        str(local_number),
        "NM",
        code(fact, "LN", local, name),
        "",
        str(fact.more["written"]),
        escape(str(value["unit"])),
        str(fact.more.get("range", "")),
        "",
        "",
        "",
        status,
        "",
        "",
        moment,
    )
    made.coded.append((fact, f"OBX[{number}]-5[1]", str(fact.more["written"]), f"OBX[{number}]"))


def blood_group(made: Message, fact: Fact) -> None:
    number = made.counts.get("OBX", 0) + 1
    letters = fact.name.removesuffix("型")
    made.add("OBX", str(number), "CE", "883-9^ABO血型^LN", "", f"{letters}^{fact.name}^99HIS", "", "", "", "", "", "F")
    made.coded.append((fact, f"OBX[{number}]-5[1].2", fact.name, f"OBX[{number}]"))


def prescription(made: Message, fact: Fact, name: str, local: bool) -> None:
    said = fact.medication or {}
    number = made.counts.get("RXE", 0) + 1
    frequency = {"qn": "QHS"}.get(said["frequency"], said["frequency"].upper())
    start = f"{fact.start:%Y%m%d}" if fact.start else ""
    made.add("ORC", "NW", f"{made.control}{number}", "", "", "IP")
    timing = f"^{frequency}" + (f"^^{start}" if start else "")
    made.add("RXE", timing, code(fact, "WC", local, name), f"{said['dose']:g}", "", said["unit"])
    route = {"口服": "PO", "皮下注射": "SC", "吸入": "IH"}[said["route"]]
    made.add("RXR", f"{route}^{said['route']}^HL70162")
    made.coded.append((fact, f"RXE[{number}]-2[1].2", name, f"RXE[{number}]"))


def prose(made: Message, document: Document, title: str, chance: Random) -> None:
    """The sections of a document in OBX-5, in one of the ways in which hospitals' systems put them there."""
    parts = sections(document, chance)
    style = "{}: " if document.register == "english" else chance.choice(["{}：", "【{}】", "{}："])
    layout = chance.choice(["segments", "line breaks", "repetitions", "carriage returns"])
    name = f"NR{chance.randrange(10, 99)}^{title}^99HIS"
    if layout == "segments":
        for number, part in enumerate(parts, 1):
            whole = headed([part], style, "")
            occurrence = made.add(
                "OBX", str(number), "TX", name, str(number), escape(whole.text), "", "", "", "", "", "F"
            )
            made.texts.append((f"OBX[{occurrence}]-5[1]", whole.text, whole.placed))
    elif layout == "repetitions":
        wholes = [headed([part], style, "") for part in parts]
        joined = "~".join(escape(w.text) for w in wholes)
        occurrence = made.add("OBX", "1", "TX", name, "", joined, "", "", "", "", "", "F")
        made.texts += [(f"OBX[{occurrence}]-5[{n}]", w.text, w.placed) for n, w in enumerate(wholes, 1)]
    else:
        whole = headed(parts, style, "\n")
        mark = "\\.br\\" if layout == "line breaks" else "\\X0D\\"
        said = mark.join(escape(line) for line in whole.text.split("\n"))
        occurrence = made.add("OBX", "1", "FT", name, "", said, "", "", "", "", "", "F")
        made.texts.append((f"OBX[{occurrence}]-5[1]", whole.text, whole.placed))


def remarks(made: Message, document: Document) -> None:
    """Each sentence an NTE of its own."""
    for one in document.sentences:
        words = document.spelt(one.text)
        number = made.add("NTE", str(made.counts.get("NTE", 0) + 1), "L", escape(words))
        made.texts.append((f"NTE[{number}]-3[1]", words, [Placed(one, 0, len(words))]))


def day(moment: date) -> str:
    return f"{moment:%Y%m%d}"
