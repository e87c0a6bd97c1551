"""English: medicines, allergies and negated symptoms of mts-dialog and aci-bench, by lists of the judge's own.

No truth of these corpora says what a record should hold, so this is a check of sanity: named medicines of a section of
medicines become medications, denied symptoms never become present ones.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from hub.summarizer.embedding import Embedder
from tests.evaluation.cases import CORPORA
from tests.evaluation.matching import Json
from tests.evaluation.plain import plain
from tests.evaluation.tally import Tally
from tests.evaluation.tiny import Note, of_note, record

_TITLES = {
    "MEDICATIONS": "MEDICATIONS",
    "ALLERGY": "ALLERGIES",
    "ROS": "REVIEW OF SYSTEMS",
    "GENHX": "HISTORY OF PRESENT ILLNESS",
}
_CONTRADICTED = re.compile(r"\b(?:no longer|stopped|discontinued|allerg|except|but)\b", re.IGNORECASE)


@cache
def words(kind: str) -> list[str]:
    found: dict[str, list[str]] = yaml.safe_load((Path(__file__).parent / "data" / "english.yaml").read_text("utf-8"))
    return found[kind]


def measure(embed: Embedder) -> Tally:
    tally = Tally()
    for number, (header, text) in enumerate(_sections()):
        made = record([Note("n", f"{_TITLES[header]}: {text}")], embed)
        {"MEDICATIONS": _medicines, "ALLERGY": _allergies}.get(header, _denied)(f"{header} {number}", text, made, tally)
    for number, text in enumerate(_whole_notes()):
        made = record([Note("n", text)], embed)
        _denied(f"aci {number}", text, made, tally)
        _whole_medicines(f"aci {number}", text, made, tally)
    return tally


def _sections() -> Iterator[tuple[str, str]]:
    with (CORPORA / "text" / "mts-dialog" / "MTS-Dialog-TrainingSet.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["section_header"] in _TITLES:
                yield row["section_header"], row["section_text"].strip()


def _whole_notes() -> Iterator[str]:
    with (CORPORA / "text" / "aci-bench" / "valid.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield row["note"]


def _named(text: str, kind: str) -> list[str]:
    lower = text.lower()
    return [w for w in words(kind) if re.search(rf"\b{re.escape(w)}\b", lower)]


def _told(item: Json, word: str) -> bool:
    said = [item["text"], (item["code"] or {}).get("display", ""), (item["medication"] or {}).get("name", "")]
    return any(plain(word) in plain(s) for s in said)


def _medicines(case: str, text: str, made: Json, tally: Tally) -> None:
    if _CONTRADICTED.search(text):
        return
    given = of_note(made, "n")
    for word in _named(text, "medicines"):
        found = any(s == "medications" and _told(i, word) for s, i in given)
        tally.hit("english_medicines_found", case, found)
        if not found:
            tally.miss("english_medicines_found", case, text=text, expected=word, got=[i["text"] for _, i in given])


def _whole_medicines(case: str, text: str, made: Json, tally: Tally) -> None:
    given = of_note(made, "n")
    for word in _named(text, "medicines"):
        found = any(s in ("medications", "plans", "allergies") and _told(i, word) for s, i in given)
        tally.hit("english_medicines_in_notes_found", case, found)
        if not found:
            where = text.lower().index(word)
            tally.miss(
                "english_medicines_in_notes_found", case, text=text[max(0, where - 80) : where + 60], expected=word
            )


def _allergies(case: str, text: str, made: Json, tally: Tally) -> None:
    given = [i for s, i in of_note(made, "n") if s == "allergies"]
    got = [f"{i['text']} [{i['assertion']}]" for i in given]
    lower = text.lower()
    if any(phrase in lower for phrase in words("no_allergies")):
        right = any(i["assertion"] == "absent" for i in given) and not any(i["assertion"] == "present" for i in given)
        tally.hit("english_no_allergies_read", case, right)
        if not right:
            tally.miss("english_no_allergies_read", case, text=text, got=got)
        return
    for word in [*_named(text, "medicines"), *(w for w in ("penicillin", "sulfa", "peanuts") if w in lower)]:
        found = any(i["assertion"] == "present" and _told(i, word) for i in given)
        tally.hit("english_allergies_found", case, found)
        if not found:
            tally.miss("english_allergies_found", case, text=text, expected=word, got=got)


def _denied(case: str, text: str, made: Json, tally: Tally) -> None:
    """Symptoms right behind a denial: never present in an item of that sentence."""
    tally.add("english_denied_symptoms_present", 0)
    problems = [i for s, i in of_note(made, "n") if s == "problems"]
    for symptom in words("symptoms"):
        pattern = rf"\b(?:denies|denied|no|negative for|without)\s+(?:any\s+)?{symptom}s?\b"
        for match in re.finditer(pattern, text, re.IGNORECASE):
            there = [i for i in problems if _told(i, symptom) and _overlaps(i, match.start(), match.end(), text)]
            wrong = [i for i in there if i["assertion"] == "present"]
            tally.hit("english_denied_symptoms_read", case, any(i["assertion"] == "absent" for i in there))
            if wrong:
                tally.add("english_denied_symptoms_present")
            if wrong or not there:
                tally.miss("english_denied_symptoms", case, text=text[max(0, match.start() - 40) : match.end() + 40],
                           expected=symptom, got=[i["text"] for i in wrong])  # fmt: skip


def _overlaps(item: Json, start: int, end: int, text: str) -> bool:
    """Whether a source holds the words (the note may begin with a title of the judge's)."""
    words_there = text[start:end]
    return any(words_there in s["text"] for s in item["sources"])
