"""What was made of records that were read lately: a record never changes, so its SHA-256 names its view, and its id
and a language what follows the first screen for a reader to whom nothing is new and who marked nothing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from markupsafe import Markup

from hub.web.record.model import View, view

Made = TypeVar("Made")


class Kept(Generic[Made]):
    """Bounded, for all threads of the process; what was read least recently goes first."""

    def __init__(self, size: int = 64) -> None:
        self._size = size
        self._kept: OrderedDict[tuple[object, ...], Made] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[object, ...]) -> Made | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: tuple[object, ...], made: Made) -> None:
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)


class Views:
    """Views of records, by their SHA-256 and the reader's zone."""

    def __init__(self) -> None:
        self._kept = Kept[View]()

    def of(self, sha256: bytes, zone: ZoneInfo, document: Callable[[], str]) -> View:
        """The view; `document` is asked for the record's text only where the view is not kept."""
        key = (sha256, zone.key)
        found = self._kept.get(key)
        if found is None:
            found = view(document(), zone)
            self._kept.put(key, found)
        return found


@dataclass(frozen=True, slots=True)
class Rest:
    """What follows the first screen: its text as kept, or None and where to keep it. key: () for what is one
    reader's own, which is not kept."""

    texts: Kept[Markup]
    key: tuple[object, ...] = ()

    @property
    def text(self) -> Markup | None:
        return self.texts.get(self.key) if self.key else None

    def keep(self, text: Markup) -> str:
        """Called where it was just made; says nothing itself."""
        if self.key:
            self.texts.put(self.key, text)
        return ""
