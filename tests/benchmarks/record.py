"""The record of 50 and 500 fragments: three in five coded, two in five a sentence of about 40 characters."""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hub.domain.fragments import Citation, Fragment
from hub.summarizer.embedding import CachedEmbedder, SentenceTransformerEmbedder
from hub.summarizer.model import prepare
from hub.summarizer.record import summarize
from tests.benchmarks.tokenizer import median_ms

QUESTION = "2型糖尿病合并慢性肾脏病，血糖控制不佳，请评估降糖方案。"
ANALYTES = (
    ("2160-0", "血肌酐", "umol/L"),
    ("4548-4", "糖化血红蛋白", "%"),
    ("2823-3", "钾", "mmol/L"),
    ("718-7", "血红蛋白", "g/L"),
)
PHRASES = (
    "近一年血清肌酐逐渐上升", "尿中泡沫增多", "夜尿三次", "低盐饮食依从性差", "家庭自测血压波动", "偶有头昏乏力",
    "饭量还可以", "双下肢轻度浮肿", "否认胸闷胸痛", "睡眠一般", "走路久了气喘", "二甲双胍每天吃两次",
)  # fmt: skip
START = datetime(2024, 1, 1, tzinfo=UTC)


def fragments(count: int) -> list[Fragment]:
    """`count` clinical fragments of one patient from five organisations, and the Patient of each message."""
    chance = random.Random(count)
    built: list[Fragment] = []
    for n in range(count):
        when = START + timedelta(hours=n * 7)
        patient = {
            "resourceType": "Patient",
            "identifier": [{"system": "urn:x", "value": "1"}],
            "name": [{"text": "王芳"}],
        }
        built.append(_fragment(f"p{n}", n, when, patient, ""))
        built.append(_fragment(f"f{n}", n, when, _resource(n, when, chance), f"p{n}"))
    return built


def _resource(n: int, when: datetime, chance: random.Random) -> dict[str, Any]:
    if n % 5 in (1, 3):
        sentence = "，".join([*chance.sample(PHRASES, 5), f"第{n}次随访。"])
        return {"resourceType": "DocumentReference", "status": "current",
                "content": [{"attachment": {"contentType": "text/plain", "data": sentence}}]}  # fmt: skip
    if n % 5 == 4:
        coding = {
            "system": "http://hl7.org/fhir/sid/icd-10",
            "code": f"E{n % 90:02d}.{n % 9}",
            "display": f"诊断{n % 90}",
        }
        return {"resourceType": "Condition", "code": {"coding": [coding]}, "recordedDate": when.date().isoformat()}
    code, name, unit = ANALYTES[n % 4]
    return {"resourceType": "Observation", "status": "final", "effectiveDateTime": when.isoformat(),
            "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": name}]},
            "valueQuantity": {"value": Decimal(chance.randrange(40, 200)), "unit": unit}}  # fmt: skip


def _fragment(identity: str, n: int, when: datetime, resource: dict[str, Any], patient: str) -> Fragment:
    cited = tuple(_citations(resource, "", f"/entry/{n}/resource"))
    return Fragment(identity, f"m{n}", patient, f"机构{n % 5}", when, when, None, "hl7v2", resource, cited)


def _citations(value: object, target: str, base: str) -> list[Citation]:
    if isinstance(value, dict):
        return [c for k, v in value.items() for c in _citations(v, f"{target}/{k}", base)]
    if isinstance(value, list):
        return [c for i, v in enumerate(value) for c in _citations(v, f"{target}/{i}", base)]
    return [Citation(target, base + target, str(value))]


def measure() -> dict[str, float]:
    os.environ["HF_HUB_OFFLINE"] = "1"
    home = Path(os.environ.get("REFERRAL_HUB_HOME", "~/.referral-hub")).expanduser()
    model = SentenceTransformerEmbedder(prepare(home))
    model.embed(["预热"], "passage")
    figures: dict[str, float] = {}
    for count in (50, 500):
        given = fragments(count)
        stored: dict[bytes, Any] = {}
        cached = CachedEmbedder(model, lambda keys, s=stored: {k: s[k] for k in keys if k in s}, stored.update)

        def build(given: list[Fragment] = given, cached: CachedEmbedder = cached) -> dict[str, Any]:
            return summarize(given, referral_id=None, question=QUESTION, patient=None, as_of=date(2025, 1, 1),
                             generated_at=START, embed=cached)  # fmt: skip

        start = time.perf_counter()
        record = build()
        figures[f"record_{count}_fragments_first_s"] = round(time.perf_counter() - start, 3)
        figures[f"record_{count}_fragments_embedded_ms"] = round(median_ms(build, 20), 1)
        if not record["passages"] or not record["sections"]["results"]:
            raise AssertionError("the benchmark's record is empty")
    return figures
