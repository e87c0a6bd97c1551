"""What commands print: results as JSON Lines on standard output, words for people on standard error."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from hub.domain.errors import Cause, Refused
from hub.store.connections import encode

DONE, REFUSED, USAGE = 0, 1, 2
"""Exit status: done; some input was refused; wrong usage."""


def write(line: Mapping[str, Any]) -> int:
    """One result. Returns DONE."""
    sys.stdout.write(encode(line).decode() + "\n")
    return DONE


def refuse(about: Mapping[str, Any], error: Refused) -> int:
    """All faults of what was asked, the first as `error`. Returns USAGE where a value could never be taken."""
    faults = [{"code": r.cause.value, "path": r.path, "text": r.text} for r in error.refusals]
    write({**about, "error": faults[0], "errors": faults})
    places = [f"{r.path}: {r.text}" if r.path else r.text for r in error.refusals]
    sys.stderr.write("".join(f"referral-hub: {place}\n" for place in places))
    return USAGE if any(r.cause is Cause.CODE_INVALID for r in error.refusals) else REFUSED
