"""Codes for `there is none` and for `nothing is known of it` that stand where a problem, medicine, procedure or vaccine
would: those of the International Patient Summary, and those of SNOMED CT that it names for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

_IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
_SNOMED = "http://snomed.info/sct"
_NONE = frozenset({"160245001", "787481004", "787480003", "787482006", "787483001"})
"""SNOMED CT: no current problems; no known medications, procedures, immunizations, device use."""


def meaning(coding: Mapping[str, Any]) -> Literal["none", "unknown"] | None:
    """Whether a Coding says `none known` or `no information`."""
    system, code = coding.get("system"), str(coding.get("code", ""))
    if system == _SNOMED and code in _NONE:
        return "none"
    if system == _IPS and code.startswith("no-"):
        return "unknown" if code.endswith("-info") else "none"
    return None
