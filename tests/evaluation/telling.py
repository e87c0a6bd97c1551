"""What a miss is told with: expected and got, in few words."""

from __future__ import annotations

from tests.evaluation.matching import Cited, Json


def expected(fact: Json) -> Json:
    keys = ("section", "concept", "assertion", "status_ok", "start_ok", "value", "medication", "laterality", "kin")
    return {k: fact[k] for k in keys if fact[k]}


def got(cited: Cited) -> Json:
    item = cited.item
    keys = ("text", "assertion", "status", "start", "medication")
    told = {"section": cited.section} | {k: item[k] for k in keys if item[k]}
    if cited.point is not None:
        told["point"] = {k: item["series"][cited.point][k] for k in ("date", "number", "unit")}
    return told
