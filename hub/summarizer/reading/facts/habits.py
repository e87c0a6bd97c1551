"""Smoking and drinking, in the sentence's own words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from hub.summarizer.reading.assertion import contexts
from hub.summarizer.reading.model import Context, Mention
from hub.summarizer.reading.statement import Finding, Statement

_HABITS = (
    ("吸烟", re.compile(
        r"(?:吸|抽|吃|嗜)(?:旱|水|叶子|纸)?烟(?:史|量|指数)?|烟龄|\d+\s*[支根包]\s*烟|(?<!禁)(?<!戒)烟酒(?:史|嗜好)?|\bsmok\w*|\btobacco|"
        r"\bcigarettes?|\bpack[- ]years?", re.IGNORECASE)),
    ("饮酒", re.compile(
        r"(?:饮|喝|酗|嗜|吃)(?:白|啤|红|黄|烧|老)?酒(?:史|量)?|(?<!禁)(?<!戒)烟酒(?:史|嗜好)?|"
        r"酒喝|[两斤瓶]\s*[白啤黄]酒|[白啤黄]酒(?=\s*(?:约|大约)?[\d一二三四五六七八九十半两]+(?:两|斤|瓶|g|ml))|"
        r"\balcohol|\bdrink(?:s|ing)?\b|\betoh\b", re.IGNORECASE)),
)  # fmt: skip
_NEVER = re.compile(
    r"(?:否认|无|没有|没得|不|从不|从未|不曾|不会)\s*(?:有)?\s*(?:吸|抽|吃|饮|喝|酗|嗜|烟|任何)|"
    r"\b(?:denies|never|no|non)[- ](?:any )?(?:history of )?(?:smok|tobacco|alcohol|drink|etoh)|\bnon-?smoker",
    re.IGNORECASE,
)
_NOT_AFTER = re.compile(r"(?:都|均|从|全|一概|一点|也)*不(?:沾|碰|好|抽|喝|来)")
_DETAIL = re.compile(
    r"(?:近|约|已|有|共)?\s*+(?:\d+|[一二三四五六七八九十两几]+)\s*+(?:余|多)?年(?:余|多)?(?!\d*月)(?:前)?(?:戒)?(?:了)?|"
    r"(?:每[天日]|一[天日]|平均|日均|约)?\s*+(?:约|平均)?\s*+(?:\d+(?:-\d+)?|[一二三四五六七八九十两半]+)\s*+(?:支|根|包|两|斤|瓶|g|克|ml|盒)"
    r"(?:烟|酒|左右)?\s*+(?:/|每)?\s*+[天日d]?|(?:术后|现|目前|已经?|早)?(?:已)?戒(?:烟|酒|了|断)*(?:\s*+\d+\s*+(?:年|个?月))?|未戒|没戒|"
    r"\d+(?:\.\d+)? (?:packs?|drinks?|cigarettes?)(?: (?:per|a) (?:day|week))?|\bquit\b(?: in \d{4}| \w+ years ago)?|"
    r"(?:偶尔|少量|偶)(?:饮酒|喝酒|吸烟)?",
    re.IGNORECASE,
)
_PASSIVE = re.compile(r"二手|被动|passive", re.IGNORECASE)
_ADVICE = re.compile(
    r"(?:建议|劝|嘱|要|需|应|请|必须|注意|坚持|务必)\s*(?:其|患者)?\s*(?:戒|禁|少)|忌烟酒|戒烟限酒|禁烟酒|"
    r"(?:smoking|alcohol) cessation"
)


def read(statement: Statement) -> list[Finding]:
    if _ADVICE.search(statement.text):
        return []
    own = {name: match for name, words in _HABITS if (match := _own(statement, words))}
    places = [m.span() for m in own.values()]
    return [_habit(statement, name, match, places) for name, match in own.items()]


def _own(statement: Statement, words: re.Pattern[str]) -> re.Match[str] | None:
    """Where a habit is first told of the patient."""
    for match in words.finditer(statement.text):
        if not _context(statement, match).subject and not _PASSIVE.search(statement.text, 0, match.start()):
            return match
    return None


def _context(statement: Statement, match: re.Match[str]) -> Context:
    [context] = contexts(statement.text, [match.span()], statement.section)
    return context


def _habit(statement: Statement, name: str, match: re.Match[str], habits: Sequence[tuple[int, int]]) -> Finding:
    start, _ = statement.clauses[statement.clause(match.start())]
    context = _context(statement, match)
    never = _NEVER.search(statement.text, start, match.end()) or _NOT_AFTER.match(statement.text, match.end())
    denied = context.assertion == "absent" or bool(never)
    details = [] if denied else _details(statement, match.span(), habits)
    mention = Mention("habit", match.group(), match.start(), match.end(), None)
    return statement.finding(
        "history", "social", mention, keys=frozenset({f"habit|{name}"}), assertion="absent" if denied else "present",
        details=details, group=(name,), spans=context.cues,
    )  # fmt: skip


def _details(statement: Statement, own: tuple[int, int], habits: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """How long and how much: in the habit's clause and those behind it, up to another name or habit."""
    clause = statement.clause(own[0])
    others = [h for h in habits if h != own]
    named = {statement.clause(at) for at in (*(m.start for m in statement.mentions), *(o[0] for o in others))}
    behind = takewhile(lambda number: number not in named, range(clause + 1, len(statement.clauses)))
    start, end = statement.clauses[clause][0], statement.clauses[max(behind, default=clause)][1]
    found = [d.span() for d in _DETAIL.finditer(statement.text, start, end) if d.group().strip()]
    for other in others:
        apart = any(own[1] <= d[0] < other[0] or other[1] <= d[0] < own[0] for d in found)
        if apart and start <= other[0] < end:
            found = [d for d in found if (d[0] < other[0] if own[0] < other[0] else d[0] >= own[0])]
    return found
