"""The sections of the summary: which items of a record stand in which, under which LOINC code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adapters.fhir.ips.elements import Item, none_known
from adapters.fhir.ips.observations import is_vital


@dataclass(frozen=True, slots=True)
class Section:
    """code, display: LOINC; source: section of the record; holds: which of its items; always: shown also when empty,
    with the reason; nothing: what an empty one says."""

    title: str
    code: str
    display: str
    source: str
    holds: Callable[[Item], bool]
    always: bool = False
    nothing: str = "没有收到相关资料"


def _any(_: Item) -> bool:
    return True


def _stands(item: Item) -> bool:
    return bool(item["assertion"] != "absent") or none_known(item)


SECTIONS = (
    Section("问题与诊断", "11450-4", "Problem list - Reported", "problems",
            lambda i: _stands(i) and i["status"] != "resolved", True, "没有收到诊断或健康问题"),
    Section("过敏与不良反应", "48765-2", "Allergies and adverse reactions Document", "allergies", _any, True,
            "没有收到过敏史"),
    Section("用药", "10160-0", "History of Medication use Narrative", "medications", _any, True, "没有收到用药情况"),
    Section("预防接种", "11369-6", "History of Immunization note", "immunizations", _any, True),
    Section("检查检验结果", "30954-2", "Relevant diagnostic tests/laboratory data note", "results",
            lambda i: not is_vital(i), True),
    Section("手术与操作", "47519-4", "History of Procedures Document", "procedures", _any, True),
    Section("生命体征", "8716-3", "Vital signs note", "results", is_vital),
    Section("既往疾病", "11348-0", "History of Past illness note", "problems",
            lambda i: _stands(i) and i["status"] == "resolved"),
    Section("个人史", "29762-2", "Social history note", "history", lambda i: i["kind"] != "family"),
    Section("家族史", "10157-6", "History of family member diseases note", "history", lambda i: i["kind"] == "family"),
    Section("就诊经过", "46240-8", "History of Hospitalizations+Outpatient visits Narrative", "encounters", _any),
    Section("诊疗计划", "18776-5", "Plan of care note", "plans", _any),
    Section("否认与排除", "", "", "problems", lambda i: not _stands(i)),
)  # fmt: skip
"""In the order of the document; the first three IPS requires. What was denied stands apart from what is so."""
