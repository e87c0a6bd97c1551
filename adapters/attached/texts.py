"""The text of attached files as it is stored and cited, of PDF read in a process of its own.

Each adapter cites it while it normalises, so that offsets stay those of what was read then; who shows a source reads
the file again (what was read lately is kept).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from adapters.attached import pdf
from hub.domain import attachments
from hub.domain.fragments import Citation, Resource

_LISTS = (("content", "attachment"), ("presentedForm", ""), ("payload", "contentAttachment"),
          ("extension", "valueAttachment"))  # fmt: skip
"""Elements of several attachments (of Media.content one), and what each holds it in."""

HOLDERS = frozenset({"Communication", "DiagnosticReport", "DocumentReference", "Media", "Observation"})
"""Types that may hold attachments."""

_ENCODINGS = frozenset({"Base64", "BASE64", "base64", "Hex", "HEX", "hex", "A"})
"""What ED.4 says: cited with the data, no text of theirs."""

_MOST = 64
_kept: OrderedDict[bytes, str] = OrderedDict()
_lock = threading.Lock()


def text_of(data: str, content_type: str) -> str | None:
    """The text of base64 data of any kind that can be read; None where there is none."""
    said = attachments.text_of(data, content_type)
    if said is not None:
        return said
    content = attachments.decoded(data)
    return pdf_text(content) or None if content and attachments.is_pdf(content) else None


def pdf_text(content: bytes) -> str:
    """What a PDF says; "" where it holds pictures only, is broken or locked. What could not be read is tried again."""
    key = sha256(content).digest()
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    try:
        text = pdf.text_of(content)
    except pdf.Unreadable:
        return ""
    with _lock:
        _kept[key] = text
        while len(_kept) > _MOST:
            _kept.popitem(last=False)
    return text


def cited(resource: Resource, citations: Callable[[], Sequence[Citation]]) -> tuple[Citation, ...] | None:
    """The citations with the text of PDF data in place of the data; None where the resource has no such text."""
    texts = {f"{pointer}/data": text for pointer, text in _pdf_texts(resource)}
    if not texts:
        return None
    return tuple(c._replace(text=texts[c.target]) if c.target in texts and c.text not in _ENCODINGS else c
                 for c in citations())  # fmt: skip


def _pdf_texts(resource: Resource) -> Iterator[tuple[str, str]]:
    """JSON pointers of PDF attachments and what they say, but for those whose text stands beside them as text."""
    held = list(_attachments(resource))
    for pointer, attachment in held:
        content = _pdf(attachment)
        text = pdf_text(content) if content else ""
        if text and not any(_bare(text) in _bare(_text(other)) for _, other in held if other is not attachment):
            yield pointer, text


def _attachments(resource: Resource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, inner in _LISTS:
        held = resource.get(name)
        if isinstance(held, Mapping):
            yield f"/{name}", held
        for number, one in enumerate(held if isinstance(held, list) else ()):
            found = one.get(inner) if inner and isinstance(one, Mapping) else one
            if isinstance(found, Mapping):
                yield f"/{name}/{number}" + (f"/{inner}" if inner else ""), found


def _pdf(attachment: Mapping[str, Any]) -> bytes | None:
    data, kind = attachment.get("data"), str(attachment.get("contentType", "")).partition(";")[0].strip().lower()
    if not isinstance(data, str) or kind.startswith(("image/", "audio/", "video/")):
        return None
    if "JVBERi" not in data[:1400] and not kind.endswith("pdf"):
        return None
    content = attachments.decoded(data)
    return content if content and attachments.is_pdf(content) else None


def _text(attachment: Mapping[str, Any]) -> str:
    return attachments.text_of(str(attachment.get("data", "")), str(attachment.get("contentType", ""))) or ""


def _bare(text: str) -> str:
    return "".join(text.split())
