"""The text of attached files as it is stored and cited, of PDF read in a process of its own.

Each adapter cites it while it normalises, so that offsets stay those of what was read then; who shows a source reads
the file again (what was read lately is kept).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, NamedTuple

from adapters.attached import pdf
from hub.domain import attachments
from hub.domain.errors import Cause, Refusal
from hub.domain.fragments import Citation, Resource, cite_document
from hub.domain.messages import Normalised, Part

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
    """What a PDF says; "" where it holds pictures only or cannot be read."""
    (said,) = _pdf_texts([content])
    return said if isinstance(said, str) else ""


def _pdf_texts(contents: Sequence[bytes]) -> list[str | pdf.Unreadable]:
    """What PDFs say. What could not be read is tried again the next time."""
    keys = [sha256(content).digest() for content in contents]
    with _lock:
        said: dict[bytes, str | pdf.Unreadable] = {key: _kept[key] for key in keys if key in _kept}
        for key in said:
            _kept.move_to_end(key)
    new = {key: content for key, content in zip(keys, contents, strict=True) if key not in said}
    read = dict(zip(new, pdf.texts_of(list(new.values())), strict=True)) if new else {}
    with _lock:
        _kept.update((key, text) for key, text in read.items() if isinstance(text, str))
        while len(_kept) > _MOST:
            _kept.popitem(last=False)
    said.update(read)
    return [said[key] for key in keys]


class _Pdf(NamedTuple):
    """A PDF that a part holds at a JSON pointer; beside: what the part's attached texts say, without blanks."""

    part: int
    pointer: str
    content: bytes
    beside: Sequence[str]


def cited(found: Normalised, holders: Collection[str] = HOLDERS) -> Normalised:
    """The message with the text of its PDFs in place of their data in what its parts cite: nothing, where that text
    stands beside as text. For how many there was no time is told in `warnings`. holders: types to look in."""
    pdfs = [one for number, part in enumerate(found.parts) if part.resource.get("resourceType") in holders
            for one in _pdfs(number, part.resource)]  # fmt: skip
    if not pdfs:
        return found
    texts: dict[int, dict[str, str]] = {}
    late: list[_Pdf] = []
    for one, said in zip(pdfs, _pdf_texts([one.content for one in pdfs]), strict=True):
        if isinstance(said, pdf.Unreadable):
            late += [one] if said.why == "late" else []
        elif said:
            stands = _stands(_bare(said), one.beside)
            texts.setdefault(one.part, {})[f"{one.pointer}/data"] = "" if stands else said
    parts = tuple(_citing(part, texts[n]) if n in texts else part for n, part in enumerate(found.parts))
    return replace(found, parts=parts, warnings=(*found.warnings, *_told(found, late)))


def _stands(text: str, beside: Sequence[str]) -> bool:
    return any(text in other for other in beside)


def _citing(part: Part, texts: Mapping[str, str]) -> Part:
    citations = part.citations or cite_document(part.resource, part.base)
    return part._replace(citations=tuple(
        c._replace(text=texts[c.target]) if c.target in texts and _is_data(c) else c for c in citations
    ))  # fmt: skip


def _is_data(citation: Citation) -> bool:
    return citation.text not in _ENCODINGS


def _told(found: Normalised, late: Sequence[_Pdf]) -> Iterator[Refusal]:
    if late:
        part, target = found.parts[late[0].part], f"{late[0].pointer}/data"
        paths = (citation.path for citation in part.citations if citation.target == target and _is_data(citation))
        text = f"from here on {len(late)} attached PDFs could not be read in time: kept as attached, without their text"
        yield Refusal(Cause.TOO_LARGE, next(paths, part.base + target), text)


def _pdfs(part: int, resource: Resource) -> Iterator[_Pdf]:
    held = [(pointer, attachment, _pdf(attachment)) for pointer, attachment in _attachments(resource)]
    if any(content for _, _, content in held):
        beside = [bare for _, attachment, content in held if not content and (bare := _bare(_text(attachment)))]
        yield from (_Pdf(part, pointer, content, beside) for pointer, _, content in held if content)


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
