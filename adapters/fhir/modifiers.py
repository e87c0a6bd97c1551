"""Extensions that change what the element says that they stand in (FHIR R4, 2.4.1), and implicitRules, which may.

Who does not know one must not read on: so documents with an unknown one are refused, at its place. A known one is taken
with the value that leaves the meaning as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.fhir.parsing import NAME
from hub.domain.errors import Cause, Refusal

_R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension"
_NOT_TO_BE_DONE = "what is not to be done cannot be passed on as a request"

KNOWN: Mapping[str, tuple[bool, str]] = {
    "http://hl7.org/fhir/StructureDefinition/request-doNotPerform": (False, _NOT_TO_BE_DONE),
    f"{_R5}-CommunicationRequest.doNotPerform": (False, _NOT_TO_BE_DONE),
    f"{_R5}-DeviceRequest.doNotPerform": (False, _NOT_TO_BE_DONE),
    f"{_R5}-NutritionOrder.doNotPerform": (False, _NOT_TO_BE_DONE),
}
"""URL -> the valueBoolean with which the element says what it says without, and why another one is refused."""


def refused(value: Any, place: str) -> Iterator[Refusal]:
    """The modifier extensions, in a JSON value that stands at a FHIRPath, that are not understood."""
    if isinstance(value, dict):
        if "resourceType" in value and "implicitRules" in value:
            told = "rules that the hub does not know"
            yield Refusal(Cause.UNKNOWN_MODIFIER, f"{place}.implicitRules", told)
        for name, child in value.items():
            if name == "modifierExtension" and isinstance(child, list):
                for number, extension in enumerate(child):
                    yield from _judged(extension, f"{place}.{name}[{number}]")
            elif isinstance(child, dict | list):
                yield from refused(child, f"{place}.{name}" if NAME.match(name) else place)
    elif isinstance(value, list):
        for number, child in enumerate(value):
            if isinstance(child, dict | list):
                yield from refused(child, f"{place}[{number}]")


def _judged(extension: Any, place: str) -> Iterator[Refusal]:
    url = extension.get("url") if isinstance(extension, dict) else None
    if not isinstance(url, str) or url not in KNOWN:
        yield Refusal(Cause.UNKNOWN_MODIFIER, place, "a modifier extension that the hub does not know")
        return
    harmless, told = KNOWN[url]
    if extension.get("valueBoolean") is not harmless:
        yield Refusal(Cause.UNKNOWN_MODIFIER, place, told)
