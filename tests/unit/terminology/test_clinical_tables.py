"""The curated tables of problems, symptoms, procedures, allergens and vaccines: their form and their wording."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import pytest

from hub.summarizer.terminology import tables
from hub.summarizer.terminology.tables import Term
from hub.summarizer.terms import fold, key

SYSTEMS = {
    "problems": "http://hl7.org/fhir/sid/icd-10",
    "symptoms": "http://hl7.org/fhir/sid/icd-10",
    "procedures": "http://hl7.org/fhir/sid/icd-9-cm",
    "allergens": "",
    "vaccines": "http://hl7.org/fhir/sid/cvx",
}
SHAPES = {
    "problems": r"[A-Z]\d\d(\.\d)?",
    "symptoms": r"[A-Z]\d\d(\.\d)?",
    "procedures": r"\d\d(\.\d{1,2})?",
    "allergens": r"(?!)",
    "vaccines": r"\d{2,3}",
}
ATLEAST = {"problems": 1100, "symptoms": 330, "procedures": 350, "allergens": 200, "vaccines": 60}
EVERY_TABLE = pytest.mark.parametrize("table", sorted(SYSTEMS))


def _text(table: str) -> str:
    return (files("hub.summarizer.terminology") / f"{table}.tsv").read_text("utf-8")


@lru_cache(maxsize=8)
def _terms(table: str) -> tuple[Term, ...]:
    return tuple(tables.read(f"{table}.tsv", _text(table)))


def _families() -> dict[str, list[Term]]:
    found: dict[str, list[Term]] = {}
    for table in SYSTEMS:
        for term in _terms(table):
            found.setdefault(tables.family(term.kind), []).append(term)
    return found


def _examples() -> dict[str, tuple[list[str], list[str]]]:
    lines = (Path(__file__).parent / "pattern_examples.tsv").read_text("utf-8").splitlines()
    rows = [(line + "\t\t").split("\t")[:3] for line in lines if not line.startswith("#")]
    return {name: (found.split("|"), [x for x in not_found.split("|") if x]) for name, found, not_found in rows}


@EVERY_TABLE
def test_a_table_says_its_kind_system_source_and_licence(table: str) -> None:
    head = dict(line[2:].split(" ", 1) for line in _text(table).splitlines()[:5] if line.count(" ") > 1)
    assert head["kind"] and head["source"] and head["licence"]
    assert head.get("system", "") == SYSTEMS[table]


@EVERY_TABLE
def test_a_table_is_large_enough_and_its_codes_have_the_form_of_their_system(table: str) -> None:
    assert len(_terms(table)) >= ATLEAST[table]
    wrong = [(t.name, code) for t in _terms(table) for _, code in t.codes if not re.fullmatch(SHAPES[table], code)]
    assert wrong == []


@pytest.mark.parametrize("family", ["problem", "procedure", "allergen", "vaccine"])
def test_a_name_belongs_to_one_term_of_its_family(family: str) -> None:
    owner: dict[str, str] = {}
    twice = []
    for term in _families()[family]:
        for name in (term.name, *term.names, *term.colloquial):
            if owner.setdefault(fold(name), term.name) != term.name:
                twice.append((name, owner[fold(name)], term.name))
    assert twice == []


@EVERY_TABLE
def test_names_are_not_single_characters_nor_listed_twice(table: str) -> None:
    for term in _terms(table):
        names = (term.name, *term.names, *term.colloquial)
        assert all(len(name) > 1 for name in names), term.name
        assert len(set(names)) == len(names), term.name


@EVERY_TABLE
def test_broader_terms_are_in_the_same_table_and_never_lead_back(table: str) -> None:
    broader = {term.name: term.broader for term in _terms(table)}
    for name in broader:
        seen, below = {name}, list(broader[name])
        while below:
            step = below.pop()
            assert step in broader, (name, step)
            assert step not in seen or step != name, name
            seen.add(step)
            below += [b for b in broader[step] if b not in seen]
        assert name not in {b for s in seen - {name} for b in broader[s]}, name


@EVERY_TABLE
def test_patterns_are_bounded_and_cross_no_negation(table: str) -> None:
    for term in _terms(table):
        for pattern in term.patterns:
            re.compile(pattern)
            assert not re.search(r"[.\])][*+]|\{\d+,\}", pattern), (term.name, pattern)
            for gap in re.findall(r"\[\^([^\]]*)\]\{", pattern):
                assert set("未无没不，。") <= set(gap), (term.name, pattern)


def test_every_pattern_finds_one_of_its_examples_and_none_of_the_counterexamples() -> None:
    examples = _examples()
    terms = {t.name: t for table in SYSTEMS for t in _terms(table) if t.patterns}
    assert set(examples) == set(terms)
    for name, term in terms.items():
        found, not_found = examples[name]
        for pattern in term.patterns:
            assert any(re.search(pattern, text) for text in found), (name, pattern)
            assert not [text for text in not_found if re.search(pattern, text)], (name, pattern)
        assert all(any(re.search(p, text) for p in term.patterns) for text in found), name


@pytest.mark.parametrize(
    ("kind", "name", "preferred"),
    [
        ("problem", "第二型糖尿病", "2型糖尿病"),
        ("problem", "糖尿病", "糖尿病"),
        ("problem", "高血压病3级（很高危）", "高血压3级很高危"),
        ("problem", "CKD 3期", "慢性肾脏病3期"),
        ("problem", "小肠气", "腹股沟疝"),
        ("problem", "羊癫疯", "癫痫"),
        ("symptom", "柏油样便", "黑便"),
        ("procedure", "TKA", "膝关节置换术"),
        ("procedure", "冠脉CTA", "冠状动脉CT血管成像"),
        ("allergen", "先锋霉素", "头孢菌素"),
        ("vaccine", "糖丸", "脊髓灰质炎疫苗"),
    ],
)
def test_a_name_leads_to_its_term(kind: str, name: str, preferred: str) -> None:
    family = tables.family(kind)
    assert key(family, name) == f"term|{family}:{preferred}"
