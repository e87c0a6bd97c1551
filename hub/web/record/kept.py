"""Views of records that were read lately: a record never changes, so its SHA-256 names its view."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from zoneinfo import ZoneInfo

from hub.web.record.model import View, view

_Key = tuple[bytes, str]


class Views:
    """Bounded, for all threads of the process; the least recently read view goes first."""

    def __init__(self, size: int = 64) -> None:
        self._size = size
        self._kept: OrderedDict[_Key, View] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, sha256: bytes, zone: ZoneInfo, document: Callable[[], str]) -> View:
        """The view; `document` is asked for the record's text only where the view is not kept."""
        key = (sha256, zone.key)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = view(document(), zone)
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return made
