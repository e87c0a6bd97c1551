"""What the truth file says of a patient (reassembly-truth/1)."""

from __future__ import annotations

from tests.evaluation.generator.facts import TRAPS
from tests.evaluation.generator.patient import Patient
from tests.evaluation.generator.writer import Json, Writer

_MUST_INCLUDE = 8


def truth_of(writer: Writer) -> Json:
    made = writer.story.patient
    for number, fact in enumerate(made.facts, 1):
        fact.id = f"{made.name}-f{number:03}"
        if len({(s["file"], s["message_id"]) for s in fact.statements}) > 1:
            fact.tag("rephrased-duplicate")
    person = made.person
    return {
        "schema": "reassembly-truth/1", "patient_id": made.name, "archetype": made.archetype,
        "as_of": made.as_of.isoformat(), "question": made.rules["question"],
        "patient": {"name": person["name"], "gender": {"M": "male", "F": "female"}[person["hl7_sex"]],
                    "birth_date": person["birth"].isoformat(),
                    "identifiers": [person["national"], *person["mrn"].values()]},
        "facts": [f.truth() for f in made.facts], "conflicts": _conflicts(made), "missing": _missing(made),
        "must_not_assert": _traps(made), "wrong_patient": writer.strangers, "passages": writer.passages,
        "units": writer.units, "brief": _brief(made),
        "injections": [{"kind": t, "fact_ids": [f.id for f in made.facts if t in f.tags]}
                       for t in sorted({t for f in made.facts for t in f.tags})],
        "files": sorted(line["path"] for line in writer.manifest),
    }  # fmt: skip


def _conflicts(made: Patient) -> list[Json]:
    found: list[Json] = [
        {"id": f"{made.name}-c{n:02}", "kind": c["kind"], "kinds_accepted": c["kinds_accepted"],
         "fact_ids": [f.id for f in c["facts"]]}
        for n, c in enumerate(made.conflicts, 1)
    ]  # fmt: skip
    if made.person.get("odd"):
        found.append({"id": f"{made.name}-c99", "kind": "identity", "kinds_accepted": ["identity"], "fact_ids": [],
                      "field": made.person["odd"], "values": []})  # fmt: skip
    return found


def _missing(made: Patient) -> list[Json]:
    found = []
    if not made.of("allergy", "allergy_absent"):
        found.append({"id": f"{made.name}-m1", "section": "allergies", "sections_ok": ["allergies"],
                      "keywords": ["过敏", "allerg"], "topic": "no allergy information"})  # fmt: skip
    renal = {"肌酐", "估算肾小球滤过率", "尿素氮"}
    if made.rules.get("contrast") and not any(f.name in renal for f in made.of("lab")):
        found.append({"id": f"{made.name}-m2", "section": "results", "sections_ok": ["results", "plans", "procedures"],
                      "keywords": ["肌酐", "肾功", "egfr", "creatinin", "肾小球"],
                      "topic": "no renal function before contrast"})  # fmt: skip
    return found


def _traps(made: Patient) -> list[Json]:
    found = []
    contradicted = {id(f) for c in made.conflicts for f in c["facts"]}
    for fact in made.facts:
        rule = TRAPS.get(fact.wording)
        if rule is None or id(fact) in contradicted or "family" in fact.tags:
            continue
        kind, assertions, statuses, sections = rule
        found.append(
            {
                "id": f"{made.name}-t{len(found) + 1:02}",
                "kind": kind,
                "fact_id": fact.id,
                "concept": fact.name,
                "assertions": assertions,
                "statuses": statuses,
                "sections": sections,
            }
        )
    return found


def _brief(made: Patient) -> Json:
    mains = [f.id for f in made.facts if f.main]
    wanted = [f.id for f in made.facts if f.safety and f.wording not in ("blood",)]
    ordered = list(dict.fromkeys([*mains, *wanted]))
    return {"must_include": ordered[:_MUST_INCLUDE], "top3": [mains] if mains else []}
