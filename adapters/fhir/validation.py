"""Whether a resource is FHIR R4: by the specification's JSON Schema, and by the models of `fhir.resources`.

Both tell places as FHIRPath expressions and texts of their own: the libraries' messages hold the values, which are
patient data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs
import msgspec
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from adapters.fhir import modifiers
from adapters.fhir.parsing import NAME, root_name
from hub.domain.errors import Cause, Refusal
from hub.domain.fragments import Resource

MOST = 50
"""Faults told of one document."""

TOO_DEEP = "nested too deeply"

_WHOLE: dict[str, dict[str, Any]] = {
    "integer": {"type": "integer"},
    "positiveInt": {"type": "integer", "minimum": 1},
    "unsignedInt": {"type": "integer", "minimum": 0},
}

_R4_ONLY = frozenset(
    {"EffectEvidenceSynthesis", "Evidence", "EvidenceVariable", "MedicinalProduct", "ResearchElementDefinition",
     "RiskEvidenceSynthesis", "PlanDefinition", "ActivityDefinition", "DeviceDefinition"}
)  # fmt: skip
"""Types that R4B changed: its models are no judge of them."""

_STRING_PATTERN = rb'"^[ \\r\\n\\t\\S]+$"'
"""The specification's `\\S` is of ASCII: to a Unicode engine the ideographic space of Chinese notes is none. NUL, which
no database stores, is no text either."""

_CHOICE = re.compile(r"(?:Any of one field value is expected|Expect any of field value) from this list \[([^\]]*)\]")


def check(resource: Resource) -> tuple[Refusal, ...]:
    """The faults of a resource and of what it holds (entries, contained, Parameters), by the JSON Schema of R4.

    Values may be `int`, `Decimal` or `float`. Some microseconds for a plain resource once its type is compiled.
    """
    return _first(_schema_faults(resource))


def check_models(resource: Resource) -> tuple[Refusal, ...]:
    """The faults that the R4B models find: required primitives, real dates, exactly one of a choice of types; unknown
    elements are the JSON Schema's to find."""
    return _first(_model_faults(resource))


def check_received(resource: Resource, place: str | None = None) -> tuple[Refusal, ...]:
    """The faults of both judges, one for each place, and modifier extensions that nobody knows: for what comes in as
    FHIR. place: FHIRPath of the resource where it is not the document itself."""
    try:
        return _both(resource, place)
    except RecursionError:
        return (Refusal(Cause.WRONG_STRUCTURE, place or root_name(resource), TOO_DEEP),)


def _both(resource: Resource, place: str | None) -> tuple[Refusal, ...]:
    found = list(_first(_schema_faults(resource, place)))
    places = {refusal.path for refusal in found}
    found += [refusal for refusal in _first(_model_faults(resource, place)) if refusal.path not in places]
    found += modifiers.refused(resource, place or root_name(resource))
    return tuple(found[:MOST])


def resources(resource: Resource, place: str | None = None) -> Iterator[tuple[str, Any]]:
    """The resource and all that it holds, each with its FHIRPath: `Bundle.entry[2].resource.contained[0]`."""
    here = place or root_name(resource)
    yield here, resource
    for relative, child in _held(resource) if _holds(resource) else ():
        if _holds(child):
            yield from resources(child, f"{here}{relative}")
        else:
            yield f"{here}{relative}", child


@cache
def known_types() -> frozenset[str]:
    """Names of the resource types of R4."""
    return frozenset(
        name for name, d in _definitions().items() if d.get("properties", {}).get("resourceType", {}).get("const")
    )


@cache
def elements(kind: str) -> frozenset[str]:
    """Names of the elements of a resource type of R4."""
    return frozenset(_definitions()[kind]["properties"])


def _first(faults: Iterator[Refusal]) -> tuple[Refusal, ...]:
    return tuple(refusal for refusal, _ in zip(faults, range(MOST), strict=False))


def _schema_faults(resource: Resource, whole: str | None = None) -> Iterator[Refusal]:
    for place, each in resources(resource, whole):
        kind = _type(each)
        if kind is None:
            yield Refusal(Cause.WRONG_STRUCTURE, place, "not a resource: a JSON object with resourceType is expected")
        elif kind not in known_types():
            yield Refusal(Cause.WRONG_STRUCTURE, place, "resourceType is no resource type of FHIR R4")
        else:
            yield from _by_schema(_validator(kind), each, place)


def _by_schema(validator: jsonschema_rs.Draft7Validator, resource: Resource, place: str) -> Iterator[Refusal]:
    try:
        if not validator.is_valid(resource):
            yield from (_told(error, place) for error in validator.iter_errors(resource))
    except ValueError:  # the library's limit; of what is not nested it raises nothing
        yield Refusal(Cause.WRONG_STRUCTURE, place, TOO_DEEP)


def _type(resource: object) -> str | None:
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    return kind if isinstance(kind, str) and kind else None


def _holds(resource: object) -> bool:
    return _type(resource) in ("Bundle", "Parameters") or (isinstance(resource, dict) and "contained" in resource)


def _held(resource: Resource) -> Iterator[tuple[str, Any]]:
    for index, child in enumerate(_list(resource.get("contained"))):
        yield f".contained[{index}]", child
    if resource.get("resourceType") == "Bundle":
        for index, entry in enumerate(_list(resource.get("entry"))):
            if isinstance(entry, dict) and "resource" in entry:
                yield f".entry[{index}].resource", entry["resource"]
            response = entry.get("response") if isinstance(entry, dict) else None
            if isinstance(response, dict) and "outcome" in response:
                yield f".entry[{index}].response.outcome", response["outcome"]
    elif resource.get("resourceType") == "Parameters":
        yield from _parameters(resource.get("parameter"), ".parameter")


def _parameters(values: object, place: str) -> Iterator[tuple[str, Any]]:
    for index, parameter in enumerate(_list(values)):
        if isinstance(parameter, dict):
            if "resource" in parameter:
                yield f"{place}[{index}].resource", parameter["resource"]
            yield from _parameters(parameter.get("part"), f"{place}[{index}].part")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


@cache
def _definitions() -> dict[str, Any]:
    raw = files("schemas").joinpath("fhir/r4/fhir.schema.json").read_bytes()
    raw = raw.replace(_STRING_PATTERN, rb'"^[^\\x00\\x0b\\x0c]+$"')
    definitions: dict[str, Any] = msgspec.json.decode(raw)["definitions"]
    whole = {definitions[name]["pattern"]: schema for name, schema in _WHOLE.items()}
    mended = {name: _mend(definition, whole) for name, definition in definitions.items()}
    return mended | {"ResourceList": {"type": "object"}}


def _mend(definition: dict[str, Any], whole: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The published schema made to say what it means: whole numbers (it has text patterns, which say nothing of JSON
    numbers), objects where types of elements stand, and null in lists of primitives (whose extensions are apart).
    """
    properties: dict[str, Any] | None = definition.get("properties")
    if properties is None:
        return whole.get(definition.get("pattern", ""), definition)
    mended = {name: whole.get(schema.get("pattern", ""), schema) for name, schema in properties.items()}
    for name, schema in mended.items():
        kind = schema.get("items", {}).get("$ref", "").rsplit("/", 1)[-1]
        if kind[:1].islower() or (kind and name.startswith("_")):
            mended[name] = {**schema, "items": {"if": {"type": "null"}, "else": schema["items"]}}
    return {**definition, "type": "object", "properties": mended}


@cache
def _primitives() -> dict[str, str]:
    """Names of the primitive datatypes by their patterns."""
    return {d["pattern"]: name for name, d in _definitions().items() if "pattern" in d}


@cache
def _validator(kind: str) -> jsonschema_rs.Draft7Validator:
    definitions = _definitions()
    reached: dict[str, Any] = {}
    waiting = [kind]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached[name] = definitions[name]
            waiting += _references(definitions[name])
    return jsonschema_rs.Draft7Validator({"$ref": f"#/definitions/{kind}", "definitions": reached})


def _references(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rsplit("/", 1)[-1]
        for child in schema.values():
            yield from _references(child)
    elif isinstance(schema, list):
        for child in schema:
            yield from _references(child)


def _told(error: jsonschema_rs.ValidationError, place: str) -> Refusal:
    path = _path(place, error.instance_path)
    kind: Any = error.kind
    name = str(error.schema_path[-1])
    if name == "required":
        return Refusal(Cause.REQUIRED_MISSING, f"{path}.{kind.property}", "required element missing")
    if name == "additionalProperties":
        unknown = next((n for n in kind.unexpected if NAME.match(n)), None)
        return Refusal(Cause.WRONG_STRUCTURE, f"{path}.{unknown}" if unknown else path, "unknown element")
    if name == "enum":
        return Refusal(Cause.CODE_INVALID, path, f"code not of the required value set: {_choice(kind.options)}")
    if name == "type":
        return Refusal(Cause.WRONG_DATATYPE, path, f"JSON {_types(kind)} expected")
    if name == "pattern":
        datatype = _primitives().get(kind.pattern, "value of its datatype")
        return Refusal(Cause.WRONG_DATATYPE, path, f"not a valid {datatype}")
    return Refusal(Cause.WRONG_DATATYPE, path, "value does not fit the element's datatype")


def _types(kind: Any) -> str:
    return " or ".join(str(t) for t in kind.types) if isinstance(kind.types, list) else str(kind.types)


def _choice(options: object) -> str:
    codes = [str(o) for o in options] if isinstance(options, list) else []
    return " | ".join(codes[:12]) + (" | ..." if len(codes) > 12 else "")


def _path(place: str, steps: Any) -> str:
    for step in steps:
        if isinstance(step, int):
            place += f"[{step}]"
        elif NAME.match(str(step)):
            place += f".{step}"
    return place


def _model_faults(resource: Resource, whole: str | None = None) -> Iterator[Refusal]:
    for place, each in resources(resource, whole):
        kind = _type(each)
        if kind is None or kind not in known_types() or kind in _R4_ONLY:
            continue
        try:
            model = get_fhir_model_class(kind)
        except ValueError:  # the type exists in R4 but not in R4B
            continue
        try:
            model.model_validate(_alone(each))
        except ValidationError as error:
            # The schema tells what is unknown: the models lack extensions of an extension's value (`_valueString`).
            faults = [e for e in error.errors(include_url=False, include_input=False) if "extra" not in e["type"]]
            yield from (_told_model(dict(e), place) for e in faults)
        except (AttributeError, TypeError, KeyError):  # validators of the library that take every value for an object
            yield Refusal(Cause.WRONG_DATATYPE, place, "an object is expected where another value stands")


def _alone(resource: Resource) -> Resource:
    """The resource without what it holds, which is judged apart so that places are exact and each is told once."""
    if resource["resourceType"] == "Bundle":
        entries = [{k: v for k, v in entry.items() if k != "resource"} if isinstance(entry, dict) else entry
                   for entry in _list(resource.get("entry"))]  # fmt: skip
        return {**{k: v for k, v in resource.items() if k != "entry"}, **({"entry": entries} if entries else {})}
    return {k: v for k, v in resource.items() if k != "contained"}


def _told_model(error: dict[str, Any], place: str) -> Refusal:
    path = _path(place, [step for step in error["loc"] if step != "root"])
    kind = str(error["type"])
    choice = _CHOICE.search(str(error.get("msg", ""))) if kind == "value_error" else None
    if choice:
        names = choice.group(1).replace("'", "")
        return Refusal(Cause.REQUIRED_MISSING if error["msg"].find("Expect any") >= 0 else Cause.WRONG_STRUCTURE,
                       path, f"exactly one is expected of {names}")  # fmt: skip
    if kind.endswith("missing"):
        return Refusal(Cause.REQUIRED_MISSING, _missing(path, error), "required element missing")
    if kind.startswith(("date", "time")):
        return Refusal(Cause.WRONG_DATATYPE, path, "not a real date or time")
    return Refusal(Cause.WRONG_DATATYPE, path, "value does not fit the element's datatype")


def _missing(path: str, error: dict[str, Any]) -> str:
    name = str(error.get("ctx", {}).get("field_name", ""))
    return path if not name or path.endswith(f".{name}") or not NAME.match(name) else f"{path}.{name}"
