"""ED, RP and texts that are files: files within a message and pointers to them, as Attachments."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any
from urllib.parse import quote

import filetype

from adapters.hl7v2.maps.marks import AS_SENT, COMPONENT, DATA_TYPE, as_sent, mark
from adapters.hl7v2.maps.reading import Joined, Leaf, Reading, Repetition
from adapters.hl7v2.maps.systems import universal

ATTACHMENT = "https://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.valueAttachment"
_MIME = {"pdf": "application/pdf", "jpeg": "image/jpeg", "jpg": "image/jpeg", "png": "image/png", "gif": "image/gif",
         "bmp": "image/bmp", "tiff": "image/tiff", "html": "text/html", "rtf": "application/rtf",
         "xml": "application/xml", "plain": "text/plain", "text": "text/plain", "txt": "text/plain",
         "dicom": "application/dicom", "tx": "text/plain", "ft": "text/plain", "cda": "application/xml",
         "x-hl7-cda-level-one": "application/xml"}  # fmt: skip
_KINDS = {"IM": "image", "IMAGE": "image", "AU": "audio", "AUDIO": "audio", "TX": "text", "TEXT": "text", "FT": "text",
          "VIDEO": "video", "AP": "application", "APPLICATION": "application"}  # fmt: skip
"""Types of data (tables 0191, 0834)."""
_SUBTYPE = re.compile(r"[a-z0-9][a-z0-9.+-]*$")
_FULL_MIME = re.compile(r"[\w.+-]+/[\w.+-]+$")
_VAGUE = frozenset({"text/plain", "application/octet-stream"})
_FILES = frozenset({"application/pdf", "image/jpeg", "image/png", "image/gif", "image/tiff", "application/rtf"})
"""Types that are believed by their first bytes."""
_ENDS = {"application/pdf": b"%%EOF", "image/jpeg": b"\xff\xd9", "image/png": b"IEND\xaeB`\x82", "image/gif": b";",
         "application/rtf": b"}"}  # fmt: skip
"""The last bytes of those that have some of their own."""
_HEAD = 400
"""Characters of base64 in which those stand."""
_LEAST_FILE = 48
"""No file is shorter: what a shorter string begins with is chance."""
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w.+=-]+)*;base64,", re.IGNORECASE)


Put = dict[str, Any]


def told_type(s: Reading) -> str:
    """OBX-2; ED for a file that a sender calls a string, or nothing, and for one in a text that is a whole file."""
    kind = s.text(2).upper()
    if kind not in ("", "ST", "TX", "FT"):
        return kind
    held = [leaf for one in s.each(5) for leaf in one.leaves()]
    if kind in ("TX", "FT"):
        return "ED" if len(held) == 1 and _is_whole(held[0]) else kind
    return "ED" if any(len(leaf.text) >= _LEAST_FILE and _seen(leaf) for leaf in held) else kind


def attachment(r: Repetition, *, empty: bool = False) -> Put | None:
    """ED: type, subtype, encoding, data. Text data are encoded; data that are not what they say are not taken. empty:
    whether one without data is taken."""
    kind, subtype, encoding, data = (r.leaf(n) for n in (2, 3, 4, 5))
    made: Put = {}
    source = r.part(1, 1)
    if source:
        made["title"] = source
    if data is None:
        if (found := _misplaced(r)) or not (empty and source):
            return found
        _content_type(made, kind, subtype, 2)
        return made
    encoded = encoding.text.strip().upper() if encoding else "A"
    seen = _seen(data) if encoded != "HEX" else None
    _content_type(made, kind, subtype, 2, seen[1] if seen else "")
    if seen:
        made.setdefault("contentType", seen[1])
        written: Any = seen[0]
    elif encoded == "BASE64":
        written = _base64(data.text)
    elif encoded == "HEX":
        try:
            written = base64.b64encode(bytes.fromhex(data.text)).decode()
        except ValueError:
            return None
    else:
        written = base64.b64encode(data.text.encode()).decode()
    if written is None:
        return None
    made["data"] = Joined(written, (data, encoding) if encoding else (data,))
    if not seen and (encoding is None or encoding.text.strip() != "Base64"):
        mark(made, AS_SENT, encoding.text.strip() if encoding else "A", "data")
    return made


def _base64(text: str) -> str | None:
    compact = "".join(text.split())
    compact += "=" * (-len(compact) % 4)
    try:
        base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError):
        return None
    return compact


def _seen(data: Leaf) -> tuple[str, str] | None:
    """The base64 and the media type of data that show both themselves, whatever their sender calls them."""
    text = data.text.strip()
    url = _DATA_URL.match(text)
    text = text[url.end() :] if url else text
    form = _shown(text) or (url and url[1])
    written = _base64(text) if form else None
    return (written, form) if written and form else None


def _shown(text: str) -> str:
    """The media type that the first bytes of base64 show; "" for none that is believed."""
    head = "".join(text[:_HEAD].split())
    whole = _base64(head[: len(head) // 4 * 4])
    content = base64.b64decode(whole) if whole else b""
    guessed = filetype.guess_mime(content) if content else ""
    return guessed if guessed in _FILES else "application/xml" if content.startswith(b"<?xml") else ""


def _is_whole(data: Leaf) -> bool:
    """Whether its bytes begin and end as a file: a text may be broken over segments, a part of a file is none."""
    seen = _seen(data) if len(data.text) >= _LEAST_FILE else None
    return seen is not None and base64.b64decode(seen[0]).rstrip().endswith(_ENDS.get(seen[1], ()))


def _misplaced(r: Repetition) -> Put | None:
    """Data in another component than their own."""
    found = ((leaf, seen) for leaf in r.leaves() if (seen := _seen(leaf)))
    return next(({"contentType": seen[1], "data": Joined(seen[0], (leaf,))} for leaf, seen in found), None)


def _content_type(made: Put, kind: Leaf | None, subtype: Leaf | None, place: int, shown: str = "") -> None:
    """A media type by its subtype (table 0291), or by its kind alone; one that is not listed stands below its kind.

    place: of the kind; shown: what the data show themselves to be, for a sender that says less.
    """
    leaf = subtype or kind
    if leaf is None:
        return
    name = leaf.text.strip().lower()
    above = _KINDS.get(kind.text.strip().upper()) if kind and subtype else None
    usual = f"{above}/{name}" if above and _SUBTYPE.match(name) else "application/octet-stream"
    told = name if _FULL_MIME.match(name) else _MIME.get(name, usual)
    form = shown or told if told in _VAGUE else told
    made["contentType"] = leaf.give(form)
    if kind and subtype and form.startswith(kind.text.strip().lower() + "/"):
        made["contentType"] = Joined(form, (kind, subtype))
        if not form.startswith(f"{kind.text.strip()}/"):
            mark(made, DATA_TYPE, kind.text.strip(), "contentType")
        if sent := as_sent(form, subtype.text):
            mark(made, AS_SENT, sent, "contentType")
    mark(made, COMPONENT, str(place + 1 if subtype else place), "contentType")


def pointer(r: Repetition) -> Put | None:
    """RP: a URL, or a path in an application (.2) of the sender."""
    where, application, kind, subtype = (r.leaf(n) for n in (1, 2, 3, 4))
    if where is None:
        return None
    url = universal(where.text.strip(), "") or f"urn:referral-hub:pointer:{quote(where.text.strip(), safe='')}"
    made: Put = {"url": where.give(url)}
    _content_type(made, kind, subtype, 3)
    if application:
        made["title"] = application
    return made
