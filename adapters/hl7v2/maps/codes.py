"""Code tables, units and coding systems as data: tables.yaml, units.yaml, systems.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
V3 = TERMINOLOGY + "v3-"

Words = Mapping[str, str]
"""HL7 code in upper case -> FHIR code."""

Pairs = Mapping[str, tuple[str, str]]
"""HL7 code in upper case -> (code, system)."""

FOLDER: Traversable = files("adapters.hl7v2.maps")


def parse(text: str) -> Any:
    """YAML in which every scalar is a string: `NO`, `Y` and `0123` are codes here, no booleans and no numbers."""
    return yaml.load(text, yaml.CBaseLoader)


def words(tables: Mapping[str, Any]) -> dict[str, Words]:
    """The tables of a tables file that give codes alone (`codes`, `listed`)."""
    return {
        name: {code.upper(): to for code, to in table["codes"].items()}
        if "codes" in table else {code: code for code in table["listed"]}
        for name, table in tables.items() if "systems" not in table
    }  # fmt: skip


def pairs(tables: Mapping[str, Any]) -> dict[str, Pairs]:
    """The tables that also give the code's system (`systems`)."""
    return {
        name: {code.upper(): (to, system if ":" in system else TERMINOLOGY + system)
               for system, codes in table["systems"].items() for code, to in codes.items()}
        for name, table in tables.items() if "systems" in table
    }  # fmt: skip


def document(name: str) -> Any:
    """A data file beside this module."""
    return parse(FOLDER.joinpath(name).read_text(encoding="utf-8"))


_TABLES = document("tables.yaml")
WORDS: Mapping[str, Words] = words(_TABLES)
PAIRS: Mapping[str, Pairs] = pairs(_TABLES)
_UNITS: Words = {unit: code for code, units in document("units.yaml").items() for unit in units}
_FOLDED: Words = {unit.casefold(): code for unit, code in _UNITS.items()}


_POWER = re.compile(r"[x×*]?\s?10(?:\^|\*{1,2}|e)([1-9]\d?)\s?/\s?(l|dl|ml|[uµμ]l|mcl|mm3|mm\^3)", re.IGNORECASE)
_VOLUMES = {"l": "L", "dl": "dL", "ml": "mL"}
"""What is counted in, to UCUM; a cubic millimetre is a microlitre."""


def ucum(unit: str) -> str | None:
    """The UCUM code of a unit as written; its case counts where it tells two apart (`mM` is no length)."""
    unit = unit.strip()
    if unit == "G/L":  # cells, 10*9/L, in Europe; grams of who writes everything in capitals
        return None
    if counted := _POWER.fullmatch(unit):
        return f"10*{counted[1]}/{_VOLUMES.get(counted[2].lower(), 'uL')}"
    return _UNITS.get(unit) or _FOLDED.get(unit.casefold())


SYSTEMS: Words = {name: uri for uri, names in document("systems.yaml").items() for name in names}
"""Name of a coding system in upper case -> URI."""
