"""Which terms a wording may stand for: by name, by likeness of sound and meaning, and only of the kinds that fit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from hub.summarizer import suggestions
from hub.summarizer.items import Item
from hub.summarizer.terminology import suggest
from hub.summarizer.terminology.entries import colloquial, shipped, together
from hub.summarizer.terminology.index import Entry, Index, sounds
from hub.summarizer.terminology.shelf import Shelf, Stored
from hub.summarizer.terminology.site import FormatError, parse
from hub.summarizer.terminology.suggest import Suggester
from tests.unit.summarizer.conftest import BigramEmbedder

SYSTEM = "urn:example:symptoms"


def entry(display: str, *others: str, kind: str = "problem", code: str = "", system: str = SYSTEM) -> Entry:
    return Entry(kind, system, code or display, display, (display, *others))


def suggester(*entries: Entry) -> Suggester:
    return Suggester(entries, BigramEmbedder().embed([w for e in entries for w in e.wordings], "query"))


def displays(found: Suggester, text: str, kinds: Sequence[str] = suggest.ALL, limit: int = 10) -> list[str]:
    [told] = found.suggest([text], BigramEmbedder().embed([text], "query"), kinds, limit)
    return [s.entry.display for s in told]


SYMPTOMS = (
    entry("腹泻", "拉肚子", "拉稀"),
    entry("便秘", "解不出大便", "几天没解大便"),
    entry("咳嗽", "憋咳", "咳得凶"),
    entry("头晕", "脑壳昏", "脑壳晕"),
    entry("发热", "发烧", "身上烧"),
)


@pytest.mark.parametrize(
    ("said", "standard"),
    [("老是拉肚子", "腹泻"), ("大便解不出来", "便秘"), ("脑壳昏得很", "头晕"), ("发起烧来", "发热")],
)
def test_wording_that_no_table_has_finds_the_term_of_what_is_like_it(said: str, standard: str) -> None:
    assert displays(suggester(*SYMPTOMS), said)[0] == standard


def test_what_was_typed_by_ear_finds_its_term() -> None:
    assert sounds("刻嗽") == sounds("咳嗽") == ["ke", "sou"]
    index = suggester(*SYMPTOMS).index
    entries, measures = index.measure(["刻嗽"], BigramEmbedder().embed(["刻嗽"], "query"), ("problem",))
    heard = {e.display: float(m) for e, m in zip(entries, measures[0, :, 3], strict=True)}
    assert heard["咳嗽"] > 0.99
    assert max(value for name, value in heard.items() if name != "咳嗽") < 0.5


def test_an_equal_name_is_certain_and_goes_first() -> None:
    found = suggester(*SYMPTOMS)
    [told] = found.suggest(["腹 泻"], BigramEmbedder().embed(["腹 泻"], "query"))
    assert (told[0].entry.display, told[0].score) == ("腹泻", 1.0)
    assert all(s.score < 1 for s in told[1:])


def test_scores_fall_and_stay_between_nought_and_one() -> None:
    [told] = suggester(*SYMPTOMS).suggest(["拉稀得很"], BigramEmbedder().embed(["拉稀得很"], "query"))
    scores = [s.score for s in told]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_terms_of_other_kinds_are_not_suggested() -> None:
    found = suggester(*SYMPTOMS, entry("腹泻停", kind="medicine"))
    assert displays(found, "腹泻停片", ("medicine",)) == ["腹泻停"]
    assert "腹泻停" not in displays(found, "腹泻停片", ("problem",))
    assert displays(found, "腹泻", ("vaccine",)) == []


def test_a_limit_is_kept_and_one_name_stands_once() -> None:
    found = suggester(*SYMPTOMS, entry("腹泻", code="X", kind="", system="urn:other"))
    assert len(displays(found, "拉肚子", limit=2)) == 2
    assert displays(found, "拉肚").count("腹泻") == 1


def test_nothing_to_suggest_from_suggests_nothing() -> None:
    empty = Suggester((), np.zeros((0, 64), np.float32))
    assert empty.suggest(["咳嗽"], BigramEmbedder().embed(["咳嗽"], "query")) == [[]]
    assert Index((), np.zeros((0, 4), np.float32)).measure([], np.zeros((0, 4), np.float32), ("problem",))[0] == []


def test_a_term_of_the_site_goes_before_the_shipped_one_and_takes_its_wording() -> None:
    [both, *_] = together([entry("腹泻", "窜稀", code="S1")], SYMPTOMS)
    assert (both.code, both.wordings) == ("S1", ("腹泻", "窜稀", "拉肚子", "拉稀"))


def test_colloquial_wording_of_symptoms_takes_the_code_of_the_same_named_term() -> None:
    by_name = {e.display: e for e in shipped() if e.kind == "problem"}
    assert by_name["腹泻"].system == "http://hl7.org/fhir/sid/icd-10"
    assert "拉的跟水样" in by_name["水样便"].wordings
    assert {e.display for e in colloquial()} <= set(by_name)
    assert all(e.names == 1 for e in colloquial())


CSV = 'code,display,aliases\nS1,腹泻,拉肚子|拉稀\nS2,"头晕,眩晕",脑壳昏\n'


@pytest.mark.parametrize(
    "data",
    [
        CSV.encode(),
        CSV.encode("gb18030"),
        b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").encode(),
        CSV.replace("头晕,眩晕", "头晕，眩晕").replace(",", "\t").encode(),
    ],
)
def test_a_csv_file_is_read_in_the_encodings_and_delimiters_of_spreadsheets(data: bytes) -> None:
    first, second = parse("own.csv", data, SYSTEM)
    assert (first.kind, first.system, first.code, first.wordings) == ("", SYSTEM, "S1", ("腹泻", "拉肚子", "拉稀"))
    assert second.code == "S2"
    assert second.display in ("头晕,眩晕", "头晕，眩晕")


def test_a_table_as_ours_and_a_code_system_are_read() -> None:
    table = "# kind symptom\n# system urn:x\n腹泻\tS1\t泄泻\t拉肚子\n"
    [one] = parse("own.tsv", table.encode(), SYSTEM)
    assert (one.kind, one.system, one.code, one.names) == ("problem", SYSTEM, "S1", 2)
    concept = {"code": "A", "display": "腹泻", "designation": [{"value": "拉肚子"}]}
    nested = concept | {"concept": [{"code": "B", "display": "水样便"}]}
    system = json.dumps({"resourceType": "CodeSystem", "concept": [nested]})
    assert [e.wordings for e in parse("own.json", system.encode(), SYSTEM)] == [("腹泻", "拉肚子"), ("水样便",)]


@pytest.mark.parametrize(
    ("system", "kind"),
    [("http://loinc.org", "analyte"), ("http://hl7.org/fhir/sid/icd-10-cm", "problem"),
     ("http://hl7.org/fhir/sid/icd-9-cm", "procedure"), ("http://www.whocc.no/atc", "medicine"), (SYSTEM, "")],
)  # fmt: skip
def test_a_known_system_says_what_its_terms_are(system: str, kind: str) -> None:
    assert parse("own.csv", CSV.encode(), system)[0].kind == kind


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("code,name\nS1,腹泻\n", "own:1"),
        ("code,display\nS1,腹泻\n,咳嗽\n", "own:3"),
        ("code,display\nS1,腹泻,x\n", "own:2"),
        ("code,display,kind\nS1,腹泻,mood\n", "own:2"),
        ("# kind symptom\n\t\tx\n", "own:2"),
        ('{"resourceType": "CodeSystem", "concept": [{"code": "A"}]}', "'A'"),
        ('{"resourceType": "Patient"}', "CodeSystem"),
        ("{broken", "own:1"),
        ("code,display\n", "no terms"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(FormatError, match="own") as error:
        parse("own", text.encode(), SYSTEM)
    assert told in str(error.value)


def stored(*entries: Entry) -> Stored:
    return Stored(SYSTEM, "own.csv", datetime(2025, 5, 1, tzinfo=UTC), list(entries))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.summarizer.terminology.shelf.shipped", lambda: SYMPTOMS)


@pytest.mark.usefixtures("few")
def test_a_shelf_notices_what_another_process_stores_replaces_and_removes(tmp_path: Path) -> None:
    mine, other = Shelf(tmp_path / "t", BigramEmbedder()), Shelf(tmp_path / "t", BigramEmbedder())
    assert mine.suggester().exact("窜稀") is None
    other.store(stored(entry("窜稀", code="S1")))
    assert [e.code for e in [mine.suggester().exact("窜稀")] if e] == ["S1"]
    other.store(stored(entry("窜稀", code="S2")))
    assert [e.code for e in [mine.suggester().exact("窜稀")] if e] == ["S2"]
    assert [t.system for t in mine.tables()] == [SYSTEM]
    assert other.remove(SYSTEM)
    assert not other.remove(SYSTEM)
    assert mine.suggester().exact("窜稀") is None


@pytest.mark.usefixtures("few")
def test_wording_is_embedded_once_for_all_processes(tmp_path: Path) -> None:
    first, second = BigramEmbedder(), BigramEmbedder()
    Shelf(tmp_path, first).suggester()
    assert sorted(first.seen) == sorted(w for e in SYMPTOMS for w in e.wordings)
    again = Shelf(tmp_path, second)
    assert again.suggester().exact("腹泻")
    assert second.seen == []
    again.store(stored(entry("脚杆肿")))
    again.suggester()
    assert second.seen == ["脚杆肿"]


def item(identity: str, kind: str, name: str, code: dict[str, str] | None = None) -> Item:
    return cast(Item, SimpleNamespace(id=identity, head=SimpleNamespace(kind=kind, name=name, code=code)))


@pytest.mark.usefixtures("few")
def test_a_record_has_suggestions_for_what_has_no_code_or_a_local_one(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, BigramEmbedder())
    local = {"system": "99LOC", "code": "7", "display": "拉稀"}
    coded = {"system": "http://hl7.org/fhir/sid/icd-10", "code": "A09", "display": "腹泻"}
    items = [item("problems-1", "problem", "腹泻"), item("problems-2", "problem", "腹泻", coded),
             item("problems-3", "problem", "腹泻", local), item("encounters-1", "encounter", "腹泻"),
             item("problems-4", "problem", "今天赶场人多")]  # fmt: skip
    made = suggestions.suggest(items, BigramEmbedder(), shelf)
    code = {"system": SYSTEM, "code": "腹泻", "display": "腹泻"}
    assert made == [
        {"item_id": "problems-1", "original": "腹泻", "code": code, "score": 1.0},
        {"item_id": "problems-3", "original": "腹泻", "code": code, "score": 1.0},
    ]
