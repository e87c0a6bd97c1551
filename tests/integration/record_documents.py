"""Records for tests of the record page: one whose every text is a payload, one of many fragments."""

from __future__ import annotations

from typing import Any

from tests.integration.record_site import PAYLOAD
from tests.unit.web.records import item, point, record, source, value


def hostile() -> dict[str, Any]:
    """A record whose every text is a payload."""
    x = PAYLOAD
    says = {**source(x), "text": x}
    measured = value(x, x, number=5, low=1, high=2, interpretation=x)
    return record(
        sections={
            x: [item("odd-1", x, sources=[says])],
            "problems": [item("problems-1", x, start="2021", sources=[says])],
            "results": [
                item(
                    "results-1",
                    x,
                    value=measured,
                    start="2021",
                    sources=[says],
                    code={"system": "http://loinc.org", "code": x, "display": x},
                    series=[point("2024", 1, x, says), point("2025", 2, x, says), point(x, 3, x, says)],
                )
            ],
            "medications": [
                item(
                    "medications-1",
                    x,
                    start="2020",
                    end=x,
                    sources=[says],
                    medication={"name": x, "dose": 1, "unit": x, "route": x, "frequency": x},
                )
            ],
        },
        question={"text": x, "sources": [says]},
        patient={
            "name": x,
            "gender": x,
            "birth_date": x,
            "identifiers": [{"system": x, "value": x}] * 3,
            "sources": [says],
        },
        organizations=[x, x + "2"],
        brief=["problems-1", "results-1"],
        timeline=[{"date": "2021", "precision": "year", "item_id": i} for i in ("problems-1", "results-1", "odd-1")],
        passages=[{"text": x * 20, "score": 1.0, "sources": [says]}] * 9,
        conflicts=[
            {"id": f"c{n}", "kind": kind, "item_ids": ids, "text": text}
            for n, (kind, ids, text) in enumerate(
                [(x, ["problems-1", "results-1"], x), ("identity", [], f"姓名不一致：{x}；{x}（{x}）"), (x, [], x)]
            )
        ],
        missing=[{"section": x, "text": x}],
        suggestions=[
            {"item_id": "problems-1", "original": x, "code": {"system": x, "code": x, "display": x}, "score": 1}
        ],
        unplaced=[
            {"text": x, "reason": x, "sources": [says]},
            {"text": x, "sources": [], "reason": f"superseded by message {x} of 2026"},
        ],
        as_of=x,
    )


def _day(number: int) -> str:
    return f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}"


def large(count: int) -> dict[str, Any]:
    """As the summarizer makes of `count` fragments: three in five coded, two in five a sentence."""
    found: list[dict[str, Any]] = []
    for analyte in range(4):
        points = [
            point(_day(n), 50 + n, "umol/L", source(f"机构{n % 5}", message=f"m{n}")) for n in range(count * 2 // 20)
        ]
        points.sort(key=lambda p: str(p["date"]))
        found.append(
            item(
                f"results-{analyte}",
                f"检验项目{analyte} 50 umol/L",
                value=value("50", "umol/L", low=40, high=80),
                start="2024-12-01",
                series=points,
                sources=[p["sources"][0] for p in points],
            )
        )
    for n in range(count // 5):
        said = [source(f"机构{n % 5}", message=f"d{n}")]
        found.append(item(f"problems-{n}", f"诊断名称{n}", start=f"20{n % 24:02}-05-01", status="active", sources=said))
    moments = [{"date": p["date"], "precision": "day", "item_id": i["id"]} for i in found for p in i["series"] or ()]
    moments += [{"date": i["start"], "precision": "day", "item_id": i["id"]} for i in found if not i["series"]]
    sentence = "近一年血清肌酐逐渐上升，尿中泡沫增多，夜尿三次，家庭自测血压波动，低盐饮食依从性差。"
    return record(
        *found,
        timeline=sorted(moments, key=lambda m: str(m["date"])),
        brief=[i["id"] for i in found[:12]],
        passages=[
            {"text": f"{sentence}{n}", "score": 0.9, "sources": [source(f"机构{n % 5}")]} for n in range(count * 2 // 5)
        ],
        conflicts=[
            {"id": f"conflict-{n}", "kind": "date", "item_ids": [f"problems-{n}", f"problems-{n + 1}"], "text": "x"}
            for n in range(12)
        ],
        unplaced=[{"text": "标本", "reason": "another patient", "sources": [source()]} for _ in range(60)],
    )
