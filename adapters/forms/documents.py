"""What a person writes or adds to a form, as FHIR documents."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime

from hub.domain.forms import Attachment
from hub.domain.fragments import Resource

PLAIN = "text/plain; charset=utf-8"


def document(kind: str, patient: str, at: datetime, *contents: Resource, author: str = "") -> Resource:
    """A DocumentReference. kind: its type in words; patient: the reference; author: a person's name."""
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": {"text": kind},
        "subject": {"reference": patient},
        "date": at.isoformat(),
        **({"author": [{"type": "Practitioner", "display": author}]} if author else {}),
        "content": list(contents),
    }


def note(text: str) -> Resource:
    """The content of a document that is this text."""
    return _content(PLAIN, text.encode())


def file(attachment: Attachment) -> Iterator[Resource]:
    """The file as uploaded, then the text of one whose bytes are not themselves text."""
    yield _content(attachment.content_type, attachment.content, attachment.name)
    if attachment.text and not attachment.content_type.startswith("text/"):
        yield note(attachment.text)


def _content(content_type: str, content: bytes, title: str = "") -> Resource:
    return {
        "attachment": {
            "contentType": content_type,
            "data": b64encode(content).decode(),
            "size": len(content),
            **({"title": title} if title else {}),
        }
    }
