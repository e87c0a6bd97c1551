"""What an RTF document says: its text as its reader sees it, by the RTF 1.9 specification. Standard library only.

Chinese word processors write characters as bytes of the font's character set (`\\'d6\\'d0`), others as `\\u20013?`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

MAGIC = b"{\\rtf"
LONGEST = 200_000
"""Characters of a text that are read."""

_SHORT = 65_536
"""Bytes up to which a file is kept as read."""

_TWO_BYTES = "\u07ff"
"""Up to here UTF-8 has two bytes, which Chinese characters of GBK may be as well."""

_TOKEN = re.compile(
    rb"\\'([0-9A-Fa-f]{2})|\\([A-Za-z]{1,32})(-?\d{1,10})? ?|\\([^A-Za-z'])|([{}])|([^\\{}\r\n]+)", re.DOTALL
)
_SYMBOLS = {
    "par": "\n", "sect": "\n", "page": "\n", "line": "\n", "row": "\n", "cell": "\t", "nestcell": "\t", "tab": "\t",
    "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
    "emspace": "\u2003", "enspace": "\u2002", "nestrow": "\n",
}  # fmt: skip
_ESCAPED = {b"\\": "\\", b"{": "{", b"}": "}", b"~": "\u00a0", b"_": "\u2011", b"\n": "\n", b"\r": "\n", b"\t": "\t"}
_HIDDEN = frozenset(
    {"fonttbl", "colortbl", "stylesheet", "listtable", "listoverridetable", "rsidtbl", "info", "pict", "object",
     "objdata", "header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf", "fldinst",
     "xmlnstbl", "themedata", "colorschememapping", "datastore", "latentstyles", "generator", "filetbl", "revtbl",
     "bkmkstart", "bkmkend", "mmathPr", "pgptbl", "private", "template", "listtext", "pntext", "sp", "sn", "sv",
     "blipuid", "picprop", "objclass", "objname", "ftnsep", "ftnsepc", "aftnsep", "nonshppict"}
)  # fmt: skip
"""Destinations that hold no text of the document."""

_CHARSETS = {0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "cp950", 161: "cp1253",
             162: "cp1254", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
             238: "cp1250"}  # fmt: skip
"""`\\fcharset` of a font."""
_PAGES = {936: "gb18030", 54936: "gb18030", 65001: "utf-8", 10000: "mac_roman", 437: "cp437", 850: "cp850"}
"""`\\ansicpg` where Python's name is not `cp` and the number."""


@dataclass(slots=True)
class _Group:
    """What holds until the closing brace. skip: characters that stand for a `\\u` in old readers."""

    hidden: bool = False
    charset: str = ""
    skip: int = 1
    starred: bool = False
    fonts: bool = False


@dataclass(slots=True)
class _Reader:
    page: str = ""
    fonts: dict[int, str] = field(default_factory=dict)
    font: int = 0
    first_font: int = 0
    groups: list[_Group] = field(default_factory=lambda: [_Group()])
    held: bytearray = field(default_factory=bytearray)
    high: int = 0
    left_out: int = 0

    def read(self, content: bytes) -> Iterator[str]:
        position = 0
        while match := _TOKEN.search(content, position):
            position = match.end()
            byte, word, number, symbol, brace, plain = match.groups()
            if byte is not None:
                self._bytes(bytes.fromhex(byte.decode()))
                continue
            if plain is not None:
                self._bytes(plain)
                continue
            if word == b"u" and number is not None:
                yield from self._flushed()
                yield from self._unicode(int(number) % 65536)
                continue
            yield from self._flushed()
            self.left_out = 0
            if word == b"bin" and number is not None:
                position += max(int(number), 0)
                continue
            if brace is not None:
                self._brace(brace)
            elif symbol == b"*":
                self.groups[-1].starred = True
            elif symbol is not None:
                yield from self._shown(_ESCAPED.get(symbol, ""))
            elif word is not None:
                yield from self._word(word.decode(), int(number) if number is not None else None)
        yield from self._flushed()

    def _brace(self, brace: bytes) -> None:
        if brace == b"{":
            above = self.groups[-1]
            self.groups.append(_Group(above.hidden, above.charset, above.skip, False, above.fonts))
        elif len(self.groups) > 1:
            self.groups.pop()

    def _word(self, word: str, number: int | None) -> Iterator[str]:
        group = self.groups[-1]
        if word in _HIDDEN or group.starred:
            group.hidden, group.starred = True, False
            group.fonts = group.fonts or word == "fonttbl"
        elif word == "ansicpg" and number is not None:
            self.page = _PAGES.get(number, f"cp{number}")
        elif word == "uc" and number is not None:
            group.skip = max(number, 0)
        elif word == "deff" and number is not None:
            self.first_font = number
        elif word == "f" and number is not None:
            self.font = number
            group.charset = "" if group.fonts else self.fonts.get(number, "")
        elif word == "plain":
            group.charset = self.fonts.get(self.first_font, "")
        elif word == "fcharset" and group.fonts and number in _CHARSETS and number != 0:
            self.fonts[self.font] = _CHARSETS[number]
        elif word == "v":
            group.hidden = number != 0
        elif word in _SYMBOLS:
            yield from self._shown(_SYMBOLS[word])

    def _bytes(self, found: bytes) -> None:
        """Bytes wait for those that follow: a Chinese character is two or four of them, often written apart."""
        if self.left_out:
            gone = min(self.left_out, len(found))
            self.left_out -= gone
            found = found[gone:]
        if not self.groups[-1].hidden:
            self.held += found

    def _flushed(self) -> Iterator[str]:
        if self.held:
            found, self.held = bytes(self.held), bytearray()
            yield _decoded(found, self.groups[-1].charset or self.page, self.page)

    def _unicode(self, code: int) -> Iterator[str]:
        group = self.groups[-1]
        self.left_out = group.skip
        if group.hidden:
            return
        if 0xD800 <= code < 0xDC00:
            self.high = code
        elif 0xDC00 <= code < 0xE000:
            if self.high:
                yield chr(0x10000 + ((self.high - 0xD800) << 10) + (code - 0xDC00))
            self.high = 0
        else:
            yield chr(code)

    def _shown(self, text: str) -> Iterator[str]:
        if text and not self.groups[-1].hidden:
            yield text


def _decoded(found: bytes, charset: str, page: str) -> str:
    """By the font's character set, else the document's; where neither is told, by what the bytes can be."""
    for name in filter(None, (charset, page, "utf-8", "gb18030", "cp1252")):
        try:
            text = found.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
        if name != "utf-8" or text.isascii() or max(text) > _TWO_BYTES:
            return text
    return found.decode("latin-1")


def text_of(content: bytes) -> str | None:
    """The text, a line for each paragraph; None where the bytes are no RTF. Never raises."""
    return _short(content) if len(content) < _SHORT else _read(content)


def _read(content: bytes) -> str | None:
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith(MAGIC):
        return None
    found: list[str] = []
    length = 0
    for piece in _Reader().read(content):
        found.append(piece)
        length += len(piece)
        if length > LONGEST:
            break
    text = "".join(found)[:LONGEST]
    return "".join(c for c in text if c >= " " or c in "\n\t").strip() or None


_short = lru_cache(maxsize=64)(_read)
