"""Every text of the pages is there in Chinese, and no catalogue contradicts another."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from hub.web.languages import NAMES, catalogue

WEB = Path(__file__).resolve().parents[3] / "hub" / "web"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}
CHINESE, LATIN = re.compile(r"[一-鿿]"), re.compile(r"[A-Za-z]{3}")


def of_templates() -> Iterator[tuple[str, str]]:
    for path in sorted((WEB / "templates").rglob("*.html")):
        with path.open("rb") as file:
            options = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
            for line, texts, *_ in extract("jinja2.ext:babel_extract", file, KEYWORDS, options=options):
                yield f"{path.relative_to(WEB)}:{line}", texts if isinstance(texts, str) else texts[0]


def of_python() -> Iterator[tuple[str, str]]:
    for path in sorted(WEB.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            texts = node.args[:1] if name in KEYWORDS else []
            texts += [keyword.value for keyword in node.keywords if keyword.arg == "told"]
            for text in texts:
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield f"{path.relative_to(WEB)}:{node.lineno}", text.value


def chinese(text: str) -> bool:
    return bool(CHINESE.search(text)) and not LATIN.search(re.sub(r"%\(\w+\)\w", "", text))


@pytest.mark.parametrize("language", NAMES)
def test_every_text_is_there_in_each_language(language: str) -> None:
    found = [*of_templates(), *of_python()]
    assert len(found) > 50
    texts = catalogue(language).texts
    wanted = [(place, text) for place, text in found if text and chinese(text) is (language == "en")]
    assert not [f"{place}: {text!r}" for place, text in wanted if text not in texts]


@pytest.mark.parametrize("language", NAMES)
def test_catalogues_agree_and_keep_the_placeholders(language: str) -> None:
    given: dict[str, dict[str, str]] = defaultdict(dict)
    for path in sorted((WEB / "locale" / language).glob("*.po")):
        for message in read_po(BytesIO(path.read_bytes()), locale=language, abort_invalid=True):
            if not message.id:
                continue
            assert not message.fuzzy, f"{path.name}: {message.id!r} is marked fuzzy"
            ids, forms = ((x,) if isinstance(x, str) else tuple(x or ()) for x in (message.id, message.string))
            assert all(forms), f"{path.name}: {ids[0]!r} has no translation"
            given[ids[0]][path.name] = forms[0]
            assert placeholders(forms[-1]) == placeholders(ids[-1]), f"{path.name}: {ids[0]!r}"
    contradicting = {text: files for text, files in given.items() if len(set(files.values())) > 1}
    assert not contradicting


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)\w", text))
