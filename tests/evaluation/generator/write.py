"""A told story as files and truth: folder inputs/NAME and truth/NAME.json, as in the reassembly sample."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from tests.evaluation.generator.contradictions import contradict, correct
from tests.evaluation.generator.laboratory import write_laboratory, write_prescription, write_stranger
from tests.evaluation.generator.messages import write_document
from tests.evaluation.generator.patient import patient
from tests.evaluation.generator.story import tell
from tests.evaluation.generator.truths import truth_of
from tests.evaluation.generator.vocabulary import archetypes
from tests.evaluation.generator.writer import Writer


def generate(root: Path, count: int, seed: int) -> None:
    """`count` patients under root/inputs and root/truth, the archetypes in turn. The same seed gives the same files."""
    kinds = sorted(archetypes())
    (root / "truth").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        name = f"g{seed:02}{number:03}"
        write(root, name, kinds[number % len(kinds)], Random(f"{seed}-{number}"))


def write(root: Path, name: str, archetype: str, chance: Random) -> None:
    """One patient."""
    made = patient(name, archetype, chance)
    story = tell(made, chance)
    contradict(story, chance)
    corrected = correct(story, chance) if chance.random() < 0.5 else None
    folder = root / "inputs" / name
    folder.mkdir(parents=True, exist_ok=True)
    writer = Writer(story, folder, chance)
    _identity(writer)
    for document in story.documents.values():
        write_document(writer, document)
    write_laboratory(writer, corrected)
    write_prescription(writer)
    if chance.random() < 0.4:
        write_stranger(writer)
    made.facts = [f for f in made.facts if f.statements]
    made.conflicts = [c for c in made.conflicts if all(f.statements for f in c["facts"])]
    writer.manifest.sort(key=lambda line: str(line["received_at"]))
    lines = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in writer.manifest)
    (folder / "manifest.jsonl").write_text(lines, "utf-8")
    (folder / "question.txt").write_text(made.rules["question"] + "\n", "utf-8")
    truth = truth_of(writer)
    (root / "truth" / f"{name}.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1), "utf-8")


def _identity(writer: Writer) -> None:
    """One message in eight patients tells another sex or birth date."""
    if writer.chance.random() < 0.12:
        writer.person["odd"] = writer.chance.choice(["sex", "birth_date"])
