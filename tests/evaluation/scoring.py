"""Figures of one record against its truth (reassembly-truth/1): facts, merging, contradictions, traps."""

from __future__ import annotations

from itertools import combinations

from tests.evaluation import whole
from tests.evaluation.cases import Case
from tests.evaluation.matching import Cited, Json, Reading, citing, faults, named, read, start_of, states
from tests.evaluation.tally import Tally
from tests.evaluation.telling import expected, got

_STATUS_KINDS = ("medication",)


def score(case: Case, record: Json, tally: Tally) -> None:
    """Every figure of one case."""
    reading = read(record, case.truth)
    whole.score(case, reading, tally)
    _facts(case, reading, tally)
    _duplicates(case, reading, tally)
    _conflicts(case, reading, tally)
    _medication_status(case, reading, tally)
    _traps(case, reading, tally)


def _facts(case: Case, reading: Reading, tally: Tally) -> None:
    for fact in case.truth["facts"]:
        borne = "coded" if fact["borne"] == "structured" else "text"
        found = reading.found(fact["id"])
        names = [f"facts_{borne}", f"facts_{borne}:{fact['kind']}"]
        if fact["safety"]:
            names.append(f"facts_safety_{borne}")
        if borne == "text":
            names += [f"facts_text:register-{r}" for r in {s.get("register") for s in fact["statements"]} if r]
        for name in names:
            tally.hit(name, case.name, found)
        if not found:
            _tell_missed(case, reading, fact, f"facts_{borne}", tally)
        for statement, right, listed in zip(
            fact["statements"], reading.right[fact["id"]], reading.of[fact["id"]], strict=True
        ):
            if statement["mode"] == "text":
                tally.hit("text_statements", case.name, right)
                if not right and found:
                    _tell_statement(case, reading, fact, statement, tally)
                elif right and fact["start_ok"]:
                    tally.hit("text_statements_dated", case.name, any(start_of(c) for c in listed))


def _tell_missed(case: Case, reading: Reading, fact: Json, figure: str, tally: Tally) -> None:
    for statement in fact["statements"]:
        _tell_statement(case, reading, fact, statement, tally, figure)


def _tell_statement(
    case: Case, reading: Reading, fact: Json, statement: Json, tally: Tally, figure: str = "text_statements"
) -> None:
    near = citing(reading.record, statement)
    called = [c for c in near if named(c, fact, reading.suggestions)]
    tally.miss(
        figure, case.name, fact=fact["id"], kind=fact["kind"], tags=fact["tags"], register=statement.get("register"),
        file=statement["file"], text=statement["text"], surface=statement["surface"], expected=expected(fact),
        why=sorted({w for c in called for w in faults(c, fact)}) or (["name"] if near else ["nothing read"]),
        got=[got(c) for c in (called or near)][:4],
    )  # fmt: skip


def _duplicates(case: Case, reading: Reading, tally: Tally) -> None:
    """Pairs of statements at different places: of one fact in one item; never of two facts in one item."""
    stated = [
        (fact, statement, {c.key for c in listed})
        for fact in case.truth["facts"]
        for statement, listed in zip(fact["statements"], reading.of[fact["id"]], strict=True)
        if listed
    ]
    for (fact, one, here), (other, two, there) in combinations(stated, 2):
        if _same_place(one, two):
            continue
        # A measurement is one item with its series; that it is one point of it is another figure.
        together = bool({i for i, _ in here} & {i for i, _ in there}) if fact is other else bool(here & there)
        if fact is other and fact["value"] and together:
            tally.hit("duplicate_points_merged", case.name, bool(here & there))
        if fact is other:
            tally.hit("duplicates_recall", case.name, together)
            if together:
                tally.hit("duplicates_precision", case.name, True)
            else:
                tally.miss(
                    "duplicates_recall",
                    case.name,
                    fact=fact["id"],
                    kind=fact["kind"],
                    tags=fact["tags"],
                    text=[one["text"], two["text"]],
                    got=[sorted(here, key=str), sorted(there, key=str)],
                )
        elif together and not _compatible(fact, other) and not _shared(fact, two) and not _shared(other, one):
            tally.hit("duplicates_precision", case.name, False)
            tally.miss("duplicates_precision", case.name, fact=[fact["id"], other["id"]], kind=fact["kind"],
                       text=[one["text"], two["text"]], got=sorted(here & there, key=str))  # fmt: skip


def _same_place(one: Json, two: Json) -> bool:
    keys = ("file", "message_id", "path", "scope", "start")
    return all(one[k] == two[k] for k in keys)


def _shared(fact: Json, statement: Json) -> bool:
    """Whether the fact is stated there too: an item of that sentence may then be its own."""
    return any(_same_place(s, statement) for s in fact["statements"])


def _compatible(fact: Json, other: Json) -> bool:
    """A plan and its medicine, a year and its day: two facts of the truth that one item may well hold."""
    same_kind = fact["kind"] == other["kind"] and fact["concept"] == other["concept"]
    slots = ("assertion", "value", "medication", "laterality", "kin", "start", "status")
    return same_kind and all(fact[s] == other[s] for s in slots)


def _conflicts(case: Case, reading: Reading, tally: Tally) -> None:
    matched: set[str] = set()
    for wanted in case.truth["conflicts"]:
        hits = [c["id"] for c in reading.record["conflicts"] if _is_conflict(c, wanted, reading)]
        matched.update(hits)
        tally.hit("conflicts_recall", case.name, bool(hits))
        tally.hit(f"conflicts_recall:{wanted['kind']}", case.name, bool(hits))
        if not hits:
            facts = [f for f in case.truth["facts"] if f["id"] in wanted["fact_ids"]]
            tally.miss("conflicts_recall", case.name, kind=wanted["kind"], fact=wanted["fact_ids"],
                       text=[[s["text"] for s in f["statements"]] for f in facts],
                       read=[reading.found(i) for i in wanted["fact_ids"]],
                       got=[c["text"] for c in reading.record["conflicts"]])  # fmt: skip
    for conflict in reading.record["conflicts"]:
        right = conflict["id"] in matched
        tally.hit("conflicts_precision", case.name, right)
        if not right:
            tally.miss("conflicts_precision", case.name, kind=conflict["kind"], got=conflict["text"])


def _is_conflict(conflict: Json, wanted: Json, reading: Reading) -> bool:
    if conflict["kind"] not in wanted["kinds_accepted"]:
        return False
    if not wanted["fact_ids"]:
        return True
    joined = set(conflict["item_ids"])
    return len(joined) > 1 and all(joined & reading.keys(fact_id) for fact_id in wanted["fact_ids"])


def _medication_status(case: Case, reading: Reading, tally: Tally) -> None:
    medicines = [f for f in case.truth["facts"] if f["kind"] in _STATUS_KINDS]
    right: set[str] = set()
    for fact in medicines:
        held = [c for listed in reading.of[fact["id"]] for c in listed if c.section == "medications"]
        agreeing = {c.item["id"] for c in held if c.item["status"] in fact["status_ok"]}
        right |= agreeing
        tally.hit("medication_status_recall", case.name, bool(agreeing))
        if not agreeing:
            tally.miss("medication_status_recall", case.name, fact=fact["id"], tags=fact["tags"],
                       text=[s["text"] for s in fact["statements"]], expected=fact["status_ok"],
                       got=[got(c) for c in held][:3])  # fmt: skip
    places = [s for f in case.truth["facts"] if f["kind"].startswith("medication") for s in f["statements"]]
    planned = {k for f in case.truth["facts"] if f["kind"] == "medication-plan" for k in reading.keys(f["id"])}
    for item in reading.record["sections"]["medications"]:
        if item["id"] in planned and item["status"] == "planned":
            continue
        if not any(states(source, place) for source in item["sources"] for place in places):
            continue
        tally.hit("medication_status_precision", case.name, item["id"] in right)
        if item["id"] not in right:
            tally.miss("medication_status_precision", case.name, got=got(Cited("medications", item)),
                       text=[s["text"] for s in item["sources"]][:4])  # fmt: skip


def _traps(case: Case, reading: Reading, tally: Tally) -> None:
    facts = {f["id"]: f for f in case.truth["facts"]}
    tally.add("family_history_as_the_patients", 0)
    for trap in case.truth["must_not_assert"]:
        fact = facts[trap["fact_id"]]
        near = [c for s in fact["statements"] for c in citing(reading.record, s)]
        fallen = [c for c in near if named(c, fact, reading.suggestions) and _falls(c, trap)]
        tally.hit("traps_avoided", case.name, not fallen)
        tally.hit(f"traps_avoided:{trap['kind']}", case.name, not fallen)
        if fallen:
            if trap["kind"] == "family":
                tally.add("family_history_as_the_patients")
            tally.miss("traps_avoided", case.name, kind=trap["kind"], fact=fact["id"],
                       text=[s["text"] for s in fact["statements"]], got=[got(c) for c in fallen])  # fmt: skip


def _falls(cited: Cited, trap: Json) -> bool:
    item = cited.item
    return (
        (trap["assertions"] is None or item["assertion"] in trap["assertions"])
        and (trap["statuses"] is None or item["status"] in trap["statuses"])
        and (trap["sections"] is None or cited.section in trap["sections"])
    )
