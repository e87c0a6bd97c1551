"""The record of 50, 500 and 5,000 fragments: three in five coded, two in five a sentence of about 40 characters."""

from __future__ import annotations

import os
import random
import resource
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

from hub.domain.fragments import Citation, Fragment
from hub.processes import memory
from hub.summarizer import brief, conflicts, merging, missing, people, record
from hub.summarizer.embedding import CachedEmbedder, SentenceTransformerEmbedder
from hub.summarizer.model import prepare
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


STAGES: dict[str, tuple[ModuleType, str]] = {
    "placed": (record, "place"),
    "read": (record, "_read"),
    "merged": (merging, "merge"),
    "vectors": (record, "_embedded"),
    "conflicts": (conflicts, "find"),
    "brief": (brief, "choose"),
    "passages": (record, "_ranked"),
    "missing": (missing, "find"),
    "patient": (people, "describe"),
}
"""The parts of `summarize` that are timed one by one."""

SIZES = {50: 20, 500: 20, 5000: 5}
"""Fragments of a record, and how often it is made again."""


def measure() -> dict[str, float]:
    """First time and made again, in wall time; the stages in processor time, which what else runs disturbs less."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    home = Path(os.environ.get("REFERRAL_HUB_HOME", "~/.referral-hub")).expanduser()
    model = SentenceTransformerEmbedder(prepare(home))
    record.load(model)
    memory.settle()
    figures: dict[str, float] = {}
    for count, times in SIZES.items():
        given = fragments(count)
        stored: dict[bytes, bytes] = {}

        def get(keys: Sequence[bytes], stored: dict[bytes, bytes] = stored) -> dict[bytes, bytes]:
            return {k: stored[k] for k in keys if k in stored}

        cached = CachedEmbedder(model, get, stored.update)

        def build(given: list[Fragment] = given, cached: CachedEmbedder = cached) -> dict[str, Any]:
            return record.summarize(given, referral_id=None, question=QUESTION, patient=None, as_of=date(2025, 1, 1),
                                    generated_at=START, embed=cached)  # fmt: skip

        start = time.perf_counter()
        made = build()
        figures[f"record_{count}_fragments_first_s"] = round(time.perf_counter() - start, 3)
        figures[f"record_{count}_fragments_embedded_ms"] = round(median_ms(build, times), 1)
        figures |= {f"record_{count}_fragments_{stage}_cpu_ms": ms for stage, ms in _staged(build, times).items()}
        if not made["passages"] or not made["sections"]["results"]:
            raise AssertionError("the benchmark's record is empty")
    figures["record_resident_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return figures


def _staged(build: Callable[[], object], times: int) -> dict[str, float]:
    """Processor time of each stage of the fastest of some runs, in milliseconds."""
    best: dict[str, float] = {}
    for _ in range(times):
        spent: dict[str, float] = {}
        with ExitStack() as stack:
            for stage, (module, name) in STAGES.items():
                stack.enter_context(patch.object(module, name, _timed(getattr(module, name), stage, spent)))
            start = time.process_time()
            build()
            spent["whole"] = time.process_time() - start
        best = min(best or spent, spent, key=lambda s: s["whole"])
    return {stage: round(seconds * 1000, 1) for stage, seconds in best.items()}


def _timed(function: Callable[..., Any], stage: str, spent: dict[str, float]) -> Callable[..., Any]:
    def timed(*given: Any, **named: Any) -> Any:
        start = time.process_time()
        try:
            return function(*given, **named)
        finally:
            spent[stage] = spent.get(stage, 0.0) + time.process_time() - start

    return timed
