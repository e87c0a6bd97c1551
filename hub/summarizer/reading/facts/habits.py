"""Smoking and drinking, in the sentence's own words."""

from __future__ import annotations

import re

from hub.summarizer.reading.model import Mention
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
_DETAIL = re.compile(
    r"(?:近|约|已|有|共)?\s*(?:\d+|[一二三四五六七八九十两几]+)\s*(?:余|多)?年(?:余|多)?(?!\d*月)(?:前)?(?:戒)?(?:了)?|"
    r"(?:每[天日]|一[天日]|平均|日均|约)?\s*(?:约|平均)?\s*(?:\d+(?:-\d+)?|[一二三四五六七八九十两半]+)\s*(?:支|根|包|两|斤|瓶|g|克|ml|盒)"
    r"(?:烟|酒|左右)?\s*(?:/|每)?\s*[天日d]?|(?:术后|现|目前|已经?|早)?(?:已)?戒(?:烟|酒|了|断)*(?:\s*\d+\s*(?:年|个?月))?|未戒|没戒|"
    r"\d+(?:\.\d+)? (?:packs?|drinks?|cigarettes?)(?: (?:per|a) (?:day|week))?|\bquit\b(?: in \d{4}| \w+ years ago)?|"
    r"(?:偶尔|少量|偶)(?:饮酒|喝酒|吸烟)?",
    re.IGNORECASE,
)
_OTHERS = re.compile(r"(?:爱人|丈夫|老公|父亲|爸|家里人|家人|同事|二手)", re.IGNORECASE)
_ADVICE = re.compile(
    r"(?:建议|劝|嘱|要|需|应|请|必须|注意|坚持|务必)\s*(?:其|患者)?\s*(?:戒|禁|少)|忌烟酒|戒烟限酒|禁烟酒|"
    r"(?:smoking|alcohol) cessation"
)


def read(statement: Statement) -> list[Finding]:
    found = []
    for name, words in _HABITS:
        match = words.search(statement.text)
        if match and not _ADVICE.search(statement.text) and not _OTHERS.search(statement.text[: match.start()]):
            found.append(_habit(statement, name, match))
    return found


def _habit(statement: Statement, name: str, match: re.Match[str]) -> Finding:
    start, _ = statement.clauses[statement.clause(match.start())]
    denied = bool(_NEVER.search(statement.text, start, match.end()))
    details = [] if denied else [d.span() for d in _DETAIL.finditer(statement.text) if d.group().strip()]
    mention = Mention("habit", match.group(), match.start(), match.end(), None)
    return statement.finding(
        "history", "social", mention, keys=frozenset({f"habit|{name}"}), assertion="absent" if denied else "present",
        details=details, group=(name,),
    )  # fmt: skip
