"""Languages of the pages: gettext catalogues, several `.po` files each, read at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

from babel.messages.pofile import read_po

DEFAULT = "zh"
NAMES = {"zh": "中文", "en": "English"}
"""Each language in its own words."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The texts of one language by msgid; a text that it does not have stays as it is. texts: one per plural form."""

    language: str
    texts: Mapping[str, tuple[str, ...]]

    def gettext(self, msgid: str) -> str:
        return self.texts.get(msgid, (msgid,))[0]

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        forms = self.texts.get(singular)
        if forms is None:
            return singular if number == 1 else plural
        return forms[0] if number == 1 else forms[-1]


@cache
def catalogue(language: str) -> Catalogue:
    """All `.po` files of the language; of two texts for one msgid the first file's stands."""
    texts: dict[str, tuple[str, ...]] = {}
    folder = files("hub.web") / "locale" / language
    for file in sorted((f for f in folder.iterdir() if f.name.endswith(".po")), key=lambda f: f.name):
        for message in read_po(BytesIO(file.read_bytes()), locale=language):
            forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
            if message.id and forms and all(forms) and not message.fuzzy:
                texts.setdefault(message.id if isinstance(message.id, str) else message.id[0], forms)
    return Catalogue(language, texts)
