"""`/asyncapi.yaml`: what the hub writes to Kafka. Open to everybody: schemas and invented examples."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from fastapi import APIRouter, Response

MEDIA_TYPE = "application/vnd.aai.asyncapi+yaml;version=3.0.0"


def router() -> APIRouter:
    """`GET /asyncapi.yaml`."""
    routes = APIRouter(tags=["asyncapi"])

    @routes.get("/asyncapi.yaml", response_class=Response, responses={200: {"content": {MEDIA_TYPE: {}}}})
    def asyncapi() -> Response:
        """The topics as an AsyncAPI 3.0 document, with the schemas and examples of the events in it."""
        return Response(whole(), media_type=MEDIA_TYPE)

    return routes


@cache
def whole() -> str:
    """`schemas/asyncapi.yaml` with the files that it names in their places."""
    document = yaml.safe_load(files("schemas").joinpath("asyncapi.yaml").read_text(encoding="utf-8"))
    for message in document["components"]["messages"].values():
        message["payload"] = _payload(message["payload"]["$ref"], message["name"], document["components"])
        for example in message["examples"]:
            example["payload"] = _read(example["payload"]["$ref"])
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def _payload(file: str, name: str, components: dict[str, Any]) -> dict[str, str]:
    """A schema among the document's own, with those of its `$defs` beside it, each once."""
    schemas = components.setdefault("schemas", {})
    schema = _read(file)
    for family, shared in schema.pop("$defs", {}).items():
        schemas.setdefault(family, shared)
    for reference in schema.get("allOf", ()):
        reference["$ref"] = reference["$ref"].replace("#/$defs/", "#/components/schemas/")
    schemas[name] = {key: value for key, value in schema.items() if key not in ("$schema", "$id")}
    return {"$ref": f"#/components/schemas/{name}"}


def _read(file: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files("schemas").joinpath(file.removeprefix("./")).read_text(encoding="utf-8"))
    return found
