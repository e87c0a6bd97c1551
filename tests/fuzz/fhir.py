"""Mutations of FHIR JSON: of its bytes, and of its tree."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from adapters.fhir.validation import known_types

Mutation = Callable[[bytes, Random], bytes]
Slot = tuple[Any, Any]
"""A dict or list, and a key of it."""

MANY, MEGABYTES = 10_000, 5 * 2**20

ODD: tuple[Any, ...] = (
    None, "", " ", [], {}, [[]], [None], [{}], True, 0, -1, 1.5, "x" * 5000, "\x00", "\ud800", "\u2028", "1e400",
    {"reference": "#"}, {"reference": "#nobody"}, {"reference": "Patient/"}, {"reference": "Patient?identifier=|"},
    {"reference": "Patient?identifier=%ZZ|%"}, {"reference": "urn:uuid:"}, {"reference": "/" * 300}, {"reference": 7},
    {"coding": [{"code": "x"}], "text": None}, "2024-02-30", "9999-99-99T99:99:99Z", "0001-01-01", "message", "batch",
    {"extension": [{"url": "u", "valueString": "x"}]}, {"resourceType": "Patient"}, "２０２４",
    {"identifier": {"value": "x" * 2000}},
)  # fmt: skip
NUMBERS = (
    "NaN", "Infinity", "-Infinity", "1e400", "1e-400", "1E+99999999999", "-0", "0." + "0" * 300 + "1", "9" * 300,
    "01", "1.", "0x10", "2.10", "1e2", "12345678901234567890.123456789", "--1", "1_0",
)  # fmt: skip
BODIES = (
    "null", "[]", "[{}]", "7", '"x"', "{}", "", " ", "\ufeff{}", '{"resourceType": null}', "{]",
    '{"resourceType": "Bundle"}', '{"resourceType": "Bundle", "type": [], "entry": {}}',
    '{"resourceType": "Bundle", "type": "batch", "entry": [null]}',
)  # fmt: skip


def _tree(raw: bytes) -> Any:
    """The JSON, or a small document where an earlier mutation left none."""
    try:
        tree = json.loads(raw)
    except (ValueError, RecursionError):
        tree = None
    return tree if isinstance(tree, dict) else {"resourceType": "Patient", "identifier": [{"value": "1"}]}


def _raw(tree: Any) -> bytes:
    return json.dumps(tree, ensure_ascii=True).encode()


def _slots(tree: Any) -> Iterator[Slot]:
    """Every place of the tree."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        for key in node if isinstance(node, dict) else range(len(node)):
            yield node, key
            if isinstance(node[key], dict | list):
                waiting.append(node[key])


def _slot(tree: Any, chance: Random, kind: type | tuple[type, ...] = object) -> Slot | None:
    found = [slot for slot in _slots(tree) if isinstance(slot[0][slot[1]], kind)]
    return chance.choice(found) if found else None


def cut(raw: bytes, chance: Random) -> bytes:
    return raw[: chance.randrange(len(raw) + 1)]


def wrong_bytes(raw: bytes, chance: Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(chance.choice((1, 1, 3, 20))):
        changed[chance.randrange(len(changed))] = chance.choice((chance.randrange(256), *b'"{}[],:\\'))
    return bytes(changed)


def whole(raw: bytes, chance: Random) -> bytes:
    return chance.choice(BODIES).encode()


def encoding(raw: bytes, chance: Random) -> bytes:
    text = json.dumps(_tree(raw), ensure_ascii=False)
    return text.encode(chance.choice(("utf-8-sig", "utf-16", "utf-32", "gb18030", "latin-1")), "replace")


def odd_values(raw: bytes, chance: Random) -> bytes:
    tree = _tree(raw)
    for _ in range(chance.randrange(1, 6)):
        slot = _slot(tree, chance)
        if slot:
            slot[0][slot[1]] = copy.deepcopy(chance.choice(ODD))
    return _raw(tree)


def removed(raw: bytes, chance: Random) -> bytes:
    tree = _tree(raw)
    for _ in range(chance.randrange(1, 4)):
        slot = _slot(tree, chance)
        if slot:
            del slot[0][slot[1]]
    return _raw(tree)


def exchanged(raw: bytes, chance: Random) -> bytes:
    tree = _tree(raw)
    for _ in range(chance.randrange(1, 4)):
        one, two = _slot(tree, chance), _slot(tree, chance)
        if one and two:
            one[0][one[1]] = copy.deepcopy(two[0][two[1]])
    return _raw(tree)


def renamed(raw: bytes, chance: Random) -> bytes:
    tree = _tree(raw)
    slot = _slot(tree, chance)
    if slot and isinstance(slot[0], dict):
        names = ("modifierExtension", "_" + slot[1], "extension", "contained", "x", "", "~/", "subject", "reference")
        slot[0][chance.choice(names)] = slot[0].pop(slot[1])
    return _raw(tree)


def retyped(raw: bytes, chance: Random) -> bytes:
    tree = _tree(raw)
    slots = [(node, key) for node, key in _slots(tree) if key in ("resourceType", "type", "status", "method")]
    for node, key in chance.sample(slots, min(len(slots), chance.randrange(1, 4))):
        node[key] = chance.choice(
            (*sorted(known_types()), "batch", "transaction", "message", "document", "final", "PUT")
        )
    return _raw(tree)


def references(raw: bytes, chance: Random) -> bytes:
    """References that name another resource, the resource itself, or nothing."""
    tree = _tree(raw)
    slots = [(node, key) for node, key in _slots(tree) if key in ("reference", "fullUrl", "id")]
    values = [node[key] for node, key in slots if isinstance(node[key], str)] + ["#", "#x", "urn:uuid:x", ""]
    for node, key in chance.sample(slots, min(len(slots), 5)):
        node[key] = chance.choice(values)
    return _raw(tree)


def reordered(raw: bytes, chance: Random) -> bytes:
    tree = _tree(raw)
    slot = _slot(tree, chance, list)
    if slot:
        chance.shuffle(slot[0][slot[1]])
    return _raw(tree)


def extended(raw: bytes, chance: Random) -> bytes:
    tree = _tree(raw)
    slot = _slot(tree, chance, dict)
    if slot:
        name = chance.choice(("extension", "modifierExtension"))
        slot[0][slot[1]][name] = [{"url": chance.choice(("urn:x", "", "http://hl7.org/fhir/x")), "valueBoolean": True}]
    return _raw(tree)


def numbers(raw: bytes, chance: Random) -> bytes:
    tree = _tree(raw)
    slot = _slot(tree, chance)
    if slot:
        slot[0][slot[1]] = "@@"
    return _raw(tree).replace(b'"@@"', chance.choice(NUMBERS).encode())


def duplicate_keys(raw: bytes, chance: Random) -> bytes:
    tree = _tree(raw)
    slot = _slot(tree, chance, (str, int, float))
    if slot and isinstance(slot[0], dict):
        slot[0]["@@"] = slot[0][slot[1]]
        return _raw(tree).replace(b'"@@"', json.dumps(slot[1]).encode())
    return _raw(tree)


def absent(raw: bytes, chance: Random) -> bytes:
    """Primitives that only say why they are not there."""
    tree = _tree(raw)
    reason = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
    for _ in range(chance.randrange(1, 6)):
        slot = _slot(tree, chance, (str, int, float))
        if slot and isinstance(slot[0], dict) and slot[1] != "resourceType":
            del slot[0][slot[1]]
            slot[0]["_" + slot[1]] = {"extension": [dict(reason)]}
    return _raw(tree)


def contained(raw: bytes, chance: Random) -> bytes:
    """A resource that contains another, or itself."""
    tree = _tree(raw)
    held = [node[key] for node, key in _slots(tree) if key == "resource" and isinstance(node[key], dict)] or [tree]
    holder, child = chance.choice(held), copy.deepcopy(chance.choice(held))
    holder["contained"] = [{**child, "id": "c"}] if isinstance(child, dict) else [child]
    return _raw(tree)


def deep(raw: bytes, chance: Random) -> bytes:
    tree = _tree(raw)
    slot = _slot(tree, chance)
    if slot:
        slot[0][slot[1]] = "@@"
    depth = chance.choice((60, 200, 500, 1000, 10_000, 100_000))
    opening, closing = chance.choice((("[", "]"), ('{"extension":[{"url":"u","extension":[', "]}]}"), ('{"a":', "}")))
    return _raw(tree).replace(b'"@@"', (opening * depth + '"x"' + closing * depth).encode())


def many_elements(raw: bytes, chance: Random) -> bytes:
    tree = _tree(raw)
    slots = [(node, key) for node, key in _slots(tree) if isinstance(node[key], list) and node[key]]
    if slots:
        node, key = chance.choice(slots)
        element = chance.choice(node[key])
        node[key] = node[key] + [element] * min(MANY, MEGABYTES // len(_raw(element)))
    return _raw(tree)


def huge_text(raw: bytes, chance: Random) -> bytes:
    tree = _tree(raw)
    slot = _slot(tree, chance, str)
    if slot:
        piece = chance.choice(("x", "文", "\n", "/", "<b>", "QUJD", "1", " ", "\u0001", "。句"))
        slot[0][slot[1]] = piece * (MEGABYTES // len(json.dumps(piece)))
    return _raw(tree)


def huge_keys(raw: bytes, chance: Random) -> bytes:
    tree = _tree(raw)
    slot = _slot(tree, chance, dict)
    if slot:
        slot[0][slot[1]].update({f"{n}k": n for n in range(chance.choice((MANY, 30 * MANY)))})
    return _raw(tree)


USUAL: tuple[Mutation, ...] = (
    cut, wrong_bytes, whole, encoding, odd_values, removed, exchanged, renamed, retyped, references, reordered,
    extended,
    numbers, duplicate_keys, absent, contained, deep,
)  # fmt: skip
HUGE: tuple[Mutation, ...] = (many_elements, huge_text, huge_keys)
