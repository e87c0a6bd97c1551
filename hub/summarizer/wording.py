"""The text of an item: values of its sources and fixed words, nothing else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hub.domain import absence
from hub.summarizer import terms
from hub.summarizer.coded.results import interpretation_word
from hub.summarizer.drafts import Draft
from hub.summarizer.items import Item
from hub.summarizer.reconcile.dates import day

_DENIALS = ("否认", "无", "未", "没有", "no ", "nk", "denies")
_STATUS = {"stopped": "已停", "planned": "计划", "resolved": "已愈"}
_SIDES = {"L": "左侧", "R": "右侧", "B": "双侧"}
_DEEDS = frozenset({"procedure", "immunization"})
_SHOWN_POINTS = 3


def number(value: Decimal | int | None) -> str:
    return "" if value is None else format(value, "f") if isinstance(value, Decimal) else str(value)


def wording(item: Item) -> str:
    """A short readable statement of the item."""
    head = item.head
    if head.section == "plans" and head.assertion == "absent":
        told = _medication(head, head.medication) if head.medication else _joined(head.name, dates(head))
        return f"不可：{told}"
    if head.kind == "medication" and head.medication:
        return _medication(head, head.medication)
    if head.kind in ("result", "social") and head.value:
        return _result(item, head.value)
    if head.kind == "encounter":
        return _joined(head.name, *head.details, dates(head))
    return _statement(head)


def dates(draft: Draft) -> str:
    """`2024-10-15`, `2024-10-15 至 2024-10-22`, `至 2024-10-22` or ""."""
    start, end = day(draft.start), day(draft.end)
    return f"{start} 至 {end}".strip() if end and end != start else start


def _statement(head: Draft) -> str:
    name = head.name
    denying = name.lower().startswith(_DENIALS) or absence.meaning(head.code or {}) == "none"
    if head.assertion == "absent" and not denying:
        name = f"未做：{name}" if head.kind in _DEEDS else f"否认：{name}"
    if head.assertion == "absent" and head.kind in _DEEDS:
        return _joined(name, dates(head))
    if head.assertion == "uncertain" and head.kind != "allergy":
        name = f"疑似：{name}"
    if head.kind == "family":
        name = f"家族史：{''.join(head.details)} {name}"
        return _joined(name, dates(head))
    if head.kind == "allergy" and head.assertion == "present" and "过敏" not in name:
        name = f"{name} 过敏"
    shown = "" if terms.laterality(name) else _SIDES.get(head.laterality, "")
    reactions = f"（{'、'.join(head.details)}）" if head.details else ""
    return _joined(shown + name + reactions, dates(head), _STATUS.get(head.status, ""))


def _medication(head: Draft, medication: dict[str, Any]) -> str:
    dose = f"{number(medication['dose'])}{medication['unit'] or ''}"
    since = f"{dates(head)} 起" if head.start and not head.end else dates(head)
    return _joined(medicine(head), dose, medication["frequency"] or "", medication["route"] or "", since,
                   _STATUS.get(head.status, ""), f"原因：{head.reason}" if head.reason else "")  # fmt: skip


def medicine(head: Draft) -> str:
    """A brand with its ingredient: `代文（缬沙坦）`; a name that holds the ingredient as it is."""
    ingredient = next((k.partition(":")[2] for k in sorted(head.keys) if k.startswith("term|medicine:")), "")
    known = not ingredient or terms.fold(ingredient) in terms.fold(head.name)
    return head.name if known else f"{head.name}（{ingredient}）"


def _result(item: Item, value: dict[str, Any]) -> str:
    word = interpretation_word(value["interpretation"])
    low, high = number(value["low"]), number(value["high"])
    reference = f"（参考 {low}-{high}）" if low or high else ""
    measured = f"{value['text']} {value['unit'] or ''}".strip() + reference
    text = _joined(item.head.name, measured, word, "初步" if item.head.status == "active" else "", dates(item.head))
    earlier = [p.draft for p in item.points[:-1]][-_SHOWN_POINTS:]
    if not earlier:
        return text
    shown = "；".join(
        f"{d.value['text']} {d.value['unit'] or ''}".strip() + (f" {day(d.start)}" if d.start else "")
        for d in reversed(earlier)
        if d.value
    )
    return f"{text}；此前 {shown}"


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
