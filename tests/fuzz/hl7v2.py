"""Mutations of HL7 v2 messages: each takes bytes and chance and gives bytes, as Latin-1, which keeps them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from adapters.hl7v2 import charsets

Mutation = Callable[[bytes, Random], bytes]

MANY, MEGABYTES = 10_000, 5 * 2**20

ODD = (
    "", '""', "^", "~", "&", "^^^", "~~~", "&&&&", "^&^", "周", "20241399", "1e400", "-1e-400", "9" * 400, "<5", "NaN",
    "^甲^L", "&1.2.3&ISO", "\u3000", "\x00", "\x07", "\x7f", "\ufeff", "19000101000000.99999+2400", "0000", "99999999",
    "urn:uuid:x", "http://[", "a" * 1000, "^^^" + "b" * 300, "<script>", "{\\rtf1 x}", "%PDF-1.4", "P1Y", "1..2",
    "^application^pdf^Base64^!!!!", "^TEXT^^Base64^" + "QUJD" * 30, "AGT5^^^^", "10^20^30", ">^5^-^6", "1:2",
    "2.16.840.1.113883", "Q1H&08,20^10^X3", "\u0301e", "-", "+", ".", "INVALID^CODE^99ZZZ", " ",
    "M\\F\\F\\X41\\", "\u2028",
)  # fmt: skip
ESCAPES = (
    "\\E\\", "\\F\\", "\\X0D\\", "\\XFF\\", "\\X\\", "\\Xzz\\", "\\.br\\", "\\.sk99999\\", "\\.sk-\\", "\\.in+5\\",
    "\\\\", "\\H\\", "\\Z", "\\C2842\\", "\\M2442\\", "\\X0A0D00\\", "\\XD5C5\\", "\\E\\F\\E\\", "\\.", "\\X0\\",
    "\\",
)  # fmt: skip
CHARSETS = (
    "", "ASCII", "UNICODE UTF-8", "UNICODE", "UNICODE UTF-16", "GB 18030-2000", "BIG-5", "ISO IR87", "8859/1",
    "KS X 1001", "KLINGON", "~UNICODE UTF-8", "UNICODE UTF-8~ISO IR87", "utf-7", "GB 18030-2000^x",
    "8859/15",
)  # fmt: skip
MARKS = "|^~\\&#$!*;:,./@%+=<>?`'\"{}()[]-_ \x01\x7fAa1ß"
VERSIONS = (
    "", "2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.9", "3.0", "2.", "2.5^USA", "x",
)  # fmt: skip
PIECES = (
    "x", "文", "。句", "\\.br\\", "\\E\\", "\\X0D\\", "\\", "^", "~", "&", "a^", "a~", "a&b^", "1", "QUJD", "\n", " ",
    "\nx",
)  # fmt: skip
TWO = (
    b"\x0b%s\x1c\r\x0b%s\x1c\r", b"FHS|^~\\&\rBHS|^~\\&\r%s\r%s\rBTS|2\rFTS|1", b"%s%s", b"%s\x1c%s", b"%s\x00%s",
    b"\xef\xbb\xbf%s\r\xef\xbb\xbf%s",
)  # fmt: skip
LINE_ENDS = ("\r", "\n", "\r\n", "\n\r", "\r\r", "\x0b", "\x1c\r", "\x85", "\u2028", "")


def _lines(raw: bytes) -> list[str]:
    text = raw.decode("latin-1").replace("\r\n", "\r").replace("\n", "\r")
    return [line for line in text.split("\r") if line] or ["MSH|^~\\&|"]


def _joined(lines: list[str], end: str = "\r") -> bytes:
    return end.join(lines).encode("utf-8" if end > "\xff" else "latin-1", "replace")


def _written(text: str) -> str:
    """A value as it stands in text that keeps UTF-8 bytes as Latin-1."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def _replace(raw: bytes, chance: Random, new: Callable[[str], str]) -> bytes:
    """One field of one segment changed."""
    lines = _lines(raw)
    at = chance.randrange(len(lines))
    fields = lines[at].split("|")
    place = chance.randrange(min(1 if at else 2, len(fields) - 1), len(fields))
    fields[place] = new(fields[place])
    lines[at] = "|".join(fields)
    return _joined(lines)


def cut(raw: bytes, chance: Random) -> bytes:
    start = chance.choice((0, 0, 0, chance.randrange(len(raw))))
    return raw[start : chance.randrange(start, len(raw) + 1)]


def drop(raw: bytes, chance: Random) -> bytes:
    lines = _lines(raw)
    return _joined([line for at, line in enumerate(lines) if at == 0 or chance.random() < 0.6])


def reorder(raw: bytes, chance: Random) -> bytes:
    first, *others = _lines(raw)
    chance.shuffle(others)
    return _joined([first, *others])


def repeat(raw: bytes, chance: Random) -> bytes:
    lines = _lines(raw)
    for _ in range(chance.randrange(1, 20)):
        lines.insert(chance.randrange(1, len(lines) + 1), chance.choice(lines))
    return _joined(lines)


def wrong_bytes(raw: bytes, chance: Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(chance.choice((1, 1, 3, 20))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def inserted_bytes(raw: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(raw))
    return raw[:at] + chance.randbytes(chance.randrange(1, 40)) + raw[at:]


def odd_values(raw: bytes, chance: Random) -> bytes:
    for _ in range(chance.randrange(1, 12)):
        raw = _replace(raw, chance, lambda _: _written(chance.choice(ODD)))
    return raw


def exchanged_values(raw: bytes, chance: Random) -> bytes:
    values = [field for line in _lines(raw) for field in line.split("|")[1:] if field]
    for _ in range(chance.randrange(1, 8)):
        raw = _replace(raw, chance, lambda old: chance.choice(values) if values else old)
    return raw


def more_components(raw: bytes, chance: Random) -> bytes:
    mark = chance.choice("^&~")
    return _replace(raw, chance, lambda old: mark.join([old, *(chance.choice(("", "x", old)) for _ in range(40))]))


def escapes(raw: bytes, chance: Random) -> bytes:
    def nested(old: str) -> str:
        text = "".join(chance.choice(ESCAPES) for _ in range(chance.randrange(1, 30)))
        return chance.choice((text, text + old, old + text, text * 100))

    return _replace(raw, chance, nested)


def delimiters(raw: bytes, chance: Random) -> bytes:
    """Other delimiters, in MSH-1 and MSH-2 alone or everywhere."""
    text = raw.decode("latin-1")
    for old in chance.sample("|^~\\&", chance.randrange(1, 6)):
        new = chance.choice(MARKS)
        text = text.replace(old, new) if chance.random() < 0.6 else text.replace(old, new, 1)
    return text.encode("latin-1", "replace")


def line_ends(raw: bytes, chance: Random) -> bytes:
    pieces = [line + chance.choice(LINE_ENDS) for line in _lines(raw)]
    return "".join(pieces).encode("utf-8" if chance.random() < 0.3 else "latin-1", "replace")


def header(raw: bytes, chance: Random) -> bytes:
    lines = _lines(raw)
    fields = lines[0].split("|") + [""] * 20
    for _ in range(chance.randrange(1, 4)):
        place, values = chance.choice(((17, CHARSETS), (11, VERSIONS), (8, ODD), (10, ("P", "T", "D", "", "Q", "P^T"))))
        fields[place] = _written(chance.choice(values))
    lines[0] = "|".join(fields)
    return _joined(lines)


def character_set(raw: bytes, chance: Random) -> bytes:
    """Another character set than the header says, or the same with characters of it, whole or cut."""
    lines = _lines(raw)
    fields = lines[0].split("|") + [""] * 20
    name = fields[17] = chance.choice(CHARSETS)
    lines[0] = "|".join(fields)
    text = _joined(lines).decode("utf-8", "replace")
    at = chance.randrange(min(len(lines[0]), len(text)), len(text) + 1)
    text = text[:at] + "县人民医院寍縷鏢𠮷" * chance.randrange(1, 4) + text[at:]
    coding = chance.choice((charsets.codec(name) or "utf-8", "gb18030", "utf-16", "utf-32-be", "utf-8", "cp950"))
    coded = text.encode(coding, chance.choice(("ignore", "replace")))
    return coded[: chance.randrange(len(coded) // 2, len(coded) + 1)] if chance.random() < 0.5 else coded


def cut_gb18030(raw: bytes, chance: Random) -> bytes:
    """GB 18030 declared, a character of two or four bytes cut."""
    lines = _lines(raw)
    fields = lines[0].split("|") + [""] * 20
    fields[17] = "GB 18030-2000"
    lines[0] = "|".join(fields)
    coded = _joined(lines).decode("utf-8", "replace").encode("gb18030", "replace")
    at = chance.randrange(coded.find(b"\r") + 1, len(coded) + 1)
    character = chance.choice(("县", "寍", "𠮷", "龦")).encode("gb18030")
    return coded[:at] + character[: chance.randrange(1, len(character) + 1)] + coded[at:]


def frames(raw: bytes, chance: Random) -> bytes:
    """Two messages in one, framed, batched or run together."""
    return chance.choice(TWO) % (raw, cut(raw, chance))


def soup(raw: bytes, chance: Random) -> bytes:
    pieces = [
        chance.choice((b"\r", b"|", b"^", b"~", b"&", b"\\", raw[i : i + 9])) for i in range(chance.randrange(300))
    ]
    return b"MSH|^~\\&|" + b"".join(pieces)


def many_repetitions(raw: bytes, chance: Random) -> bytes:
    return _replace(raw, chance, lambda old: "~".join([old or "x^y"] * MANY))


def many_segments(raw: bytes, chance: Random) -> bytes:
    first, *others = _lines(raw)
    line = chance.choice(others or [first])
    return _joined([first, *others, *[line] * min(MANY, MEGABYTES // len(line))])


def huge_field(raw: bytes, chance: Random) -> bytes:
    piece = _written(chance.choice(PIECES))
    return _replace(raw, chance, lambda old: old + piece * (MEGABYTES // len(piece)))


USUAL: tuple[Mutation, ...] = (
    cut, drop, reorder, repeat, wrong_bytes, inserted_bytes, odd_values, exchanged_values, more_components, escapes,
    delimiters, line_ends, header, character_set, cut_gb18030, frames, soup,
)  # fmt: skip
HUGE: tuple[Mutation, ...] = (many_repetitions, many_segments, huge_field)
