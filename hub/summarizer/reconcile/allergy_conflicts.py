"""Allergies told here and denied there: one allergen, or any (of a kind)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hub.summarizer.coded.problems import GENERAL_ALLERGY
from hub.summarizer.items import Item
from hub.summarizer.reconcile import slots
from hub.summarizer.reconcile.opposed import Opposed, by_key, crossed, keys, with_broader

_OF_MEDICINES = re.compile(r"药|drug|medic|nkda", re.IGNORECASE)
_FOODS = (
    "海鲜|虾|蟹|鱼(?!精)|贝类|花生|坚果|牛奶|鸡蛋|芒果|菠萝|食物|酒精|小麦|大豆|"
    "peanut|shellfish|seafood|milk|egg(?!p)|food|wheat|soy"
)
_SURROUNDINGS = "花粉|螨|粉尘|动物毛|猫|狗|蜂毒|乳胶|霉菌|紫外线|pollen|dust|mite|dander|latex|venom|mold"
_ALLERGENS = (
    ("food", re.compile(_FOODS, re.IGNORECASE)),
    ("environment", re.compile(_SURROUNDINGS, re.IGNORECASE)),
)
"""Allergens by name that are no medicines."""


def allergies(items: Sequence[Item]) -> list[Opposed]:
    absent = [i for i in items if i.head.assertion == "absent"]
    present = [i for i in items if i.head.assertion == "present"]
    general = [i for i in absent if slots.denies_any(i.head)]
    found = [Opposed("allergy", "过敏史不一致", p, g) for p in present for g in general if _denies(g, p)]
    single = [i for i in absent if not slots.denies_any(i.head)]
    found += [
        Opposed("allergy", "过敏史不一致", p, denied)
        for denied, p in crossed(single, by_key(present, with_broader), keys)
    ]
    return found


def _denies(general: Item, allergy: Item) -> bool:
    """Whether `no known allergy` is also of this one: `no food allergy` says nothing of penicillin, nor
    `no drug allergy` of pollen.
    """
    kind = _kind(allergy)
    denied = next((k for d in general.drafts for k in slots.keys(d) if k.startswith(GENERAL_ALLERGY)), "")
    narrow = denied.removeprefix(GENERAL_ALLERGY)
    if narrow:
        return narrow == f"-{kind}"
    return kind in ("", "medication") or not all(_OF_MEDICINES.search(d.name) for d in general.drafts)


def _kind(item: Item) -> str:
    """`food`, `environment`, `medication` as its category says, else as the allergen's name does; "" where neither."""
    given = {str(c) for d in item.drafts if not d.free for c in d.evidence.value("/category") or ()}
    if given:
        return next(iter(given)) if len(given) == 1 else ""
    return next((kind for kind, words in _ALLERGENS if words.search(item.head.name)), "")
