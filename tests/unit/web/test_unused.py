"""Nothing lies about: every block of SQL, class of a style sheet, variable of it and translated text is used.

Names are also made of a beginning and a value (`"by_" + order`, `name + "_end"`, `state-{{ state }}`): such a
beginning or end counts.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[3]
WEB = ROOT / "hub" / "web"
LETTER_AND_NUMBER = {"d", "s"}
"""Classes of a letter and a number: depth of a line of JSON, shape of a dot."""


def texts(folder: Path, pattern: str) -> dict[Path, str]:
    found = {path: path.read_text(encoding="utf-8") for path in sorted(folder.rglob(pattern))}
    assert found
    return found


@cache
def literals() -> frozenset[str]:
    sources = [source for folder in ("hub", "adapters") for source in texts(ROOT / folder, "*.py").values()]
    nodes = (node for source in sources for node in ast.walk(ast.parse(source)))
    return frozenset(n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str))


def test_every_block_of_sql_is_used() -> None:
    used = literals()
    beginnings = tuple(text for text in used if re.fullmatch(r"[a-z]\w*_", text))
    ends = tuple(text for text in used if re.fullmatch(r"_[a-z_]+", text))
    files = {p: text for p, text in texts(ROOT / "hub" / "store", "*.sql").items() if p.name != "schema.sql"}
    blocks = [f"{path.name}: {name}" for path, text in files.items() for name in re.findall(r"^-- (\w+):", text, re.M)]
    assert len(blocks) > 100
    assert not [
        block
        for block in blocks
        if (name := block.split(": ")[1]) not in used and not name.startswith(beginnings) and not name.endswith(ends)
    ]


def test_every_class_and_variable_of_the_style_sheets_is_used() -> None:
    sheets = {path: re.sub(r"/\*.*?\*/", "", text, flags=re.S) for path, text in texts(WEB / "static", "*.css").items()}
    scripts = [text for path, text in texts(WEB / "static", "*.js").items() if not path.name.startswith("htmx")]
    markup = "\n".join([*texts(WEB, "*.html").values(), *texts(WEB, "*.py").values(), *scripts])
    names = set(re.findall(r"[\w-]+", markup))
    made = tuple(re.findall(r"(?<![\w-])([a-z][a-z-]*-[a-z]?)(?=[{\"'])", markup))
    classes = {
        (path.name, name)
        for path, text in sheets.items()
        for name in re.findall(r"\.([a-zA-Z][\w-]*)", re.sub(r"\{[^{}]*\}", "{}", text))
        if name.rstrip("0123456789") not in LETTER_AND_NUMBER
    }
    assert len(classes) > 100
    assert not [found for found in sorted(classes) if found[1] not in names and not found[1].startswith(made)]
    everything = "\n".join(sheets.values())
    assert not [v for v in set(re.findall(r"(--[\w-]+):", everything)) if f"var({v}" not in everything]


@pytest.mark.parametrize("path", sorted((WEB / "locale" / "zh").glob("*.po")), ids=lambda path: path.stem)
def test_every_translated_text_is_used(path: Path) -> None:
    """In a template (white space folded, placeholders as `{% trans %}` writes them) or as a text of the program."""
    with path.open("rb") as file:
        ids = [m.id if isinstance(m.id, str) else m.id[0] for m in read_po(file, locale="zh") if m.id]
    templates = re.sub(r"\s+", " ", "\n".join(texts(WEB / "templates", "*.html").values()))
    templates = re.sub(r"\{\{-? ?(\w+) ?-?\}\}", r"%(\1)s", templates)
    used = literals()
    assert not [text for text in ids if text not in used and text not in templates]
