"""Allergies, their reactions, and their denial."""

from __future__ import annotations

import re
from functools import lru_cache

from hub.summarizer.coded.problems import GENERAL_ALLERGY
from hub.summarizer.reading.model import Context, Mention
from hub.summarizer.reading.statement import Finding, Statement

_CUE = re.compile(
    r"药敏史?|过敏(?!性(?:鼻炎|紫癜|哮喘|肺炎|结膜炎|皮炎|湿疹|咳嗽|肠炎))|不敢再(?:用|吃|打)|(?:用|吃|打|碰)不得|对.{1,10}敏感|不能(?:用|吃|打)|"
    r"不耐受|皮试.{0,8}(?:阳性|\(\+\))|\ballerg|\banaphyla|\bnkd?a\b|\bintoleran",
    re.IGNORECASE,
)
_REACTED = re.compile(
    r"(?:起|出现|发|冒)(?:了|过)?(?:一身|全身)?(?:风团|皮疹|红疹|疹子|荨麻疹|风疹块|疙瘩)|一(?:用|吃|打)就.{0,6}(?:疹|痒|肿|喘|过敏)|"
    r"(?:吃|用|打|输).{1,10}(?:会|就|要)(?:起|出|长|发)?(?:皮?疹|荨麻疹|风团|瘙?痒|胸闷|气促|呼吸困难|晕|休克|肿)|千万别(?:开|用)|"
    r"因.{1,12}(?:致|引起|导致|出现).{0,8}(?:疹|痒|风团|休克|晕厥|呼吸困难|水肿|气促|胸闷)|禁用|喉头水肿|休克|\bhives\b|\brash\b|\bcauses?\b.{0,20}(?:itch|swelling|syncope|urticaria|breath|bronchospasm)|"
    r"\bdeveloped\b.{1,40}\bavoid\b|- (?:itching|bronchospasm|swelling|urticaria|syncope)\b",
    re.IGNORECASE,
)
"""What somebody had from something, unless a medicine was stopped for it: that is the reason of the stop."""

_BORNE = re.compile(
    r"(?:不|没有?|无|未|从没|从未|不会)\s*过敏(?!史不详)|(?:not|never been) allergic|no allergy to|tolerates"
)
_STOPPED = re.compile(r"停|换|撤|撂|stopped|discontinued", re.IGNORECASE)
_GENERAL = re.compile(
    r"(?:对?(?:什么|啥|任何)?(?:药物|药品|药|食物|东西)|用药|吃药|打针)?(?:[、,及和或与]?(?:食物|花粉|其他|其它|接触物))*\s*过敏(?:病史|史|反应)?|药敏史?|"
    r"(?:用药|吃药|打针)[没不未从]{1,3}过敏|allerg(?:y|ies)|nkda|nka",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"否认|无|没|冇|莫得|未(?:发现|诉|见)|不(?!详|敢|明|能|得)|从(?:不|没|来没)|\bno\b|\bnone\b|\bdenies\b|\bnkd?a\b|未曾",
    re.IGNORECASE,
)
_UNSURE = re.compile(
    r"不详|不清楚|不明|不晓得|不知道|记不清|记不得|可疑|疑似|待查|unknown|possible|not sure", re.IGNORECASE
)
_UNKNOWN_ALLERGEN = re.compile(
    r"对\s*(?P<after>[\u4e00-\u9fffA-Za-z]{1,10}?)\s*(?:严重|有点|有|会|也|都)?过敏|"
    r"allerg(?:ic|y) to (?P<english>[a-z]{3,20})",
    re.IGNORECASE,
)
_FOOD = re.compile(r"食物|食品|\bfood\b", re.IGNORECASE)
_DRUG = re.compile(r"药|打针|drug|medic", re.IGNORECASE)
_REACTION = re.compile(r"疹|休克|水肿|风团|疙瘩|瘙痒|hives|rash|urticaria|anaphyla|angio", re.IGNORECASE)
_NOTHING = re.compile(r"(?:什么|啥|任何|哪些?|何种|某些?)*(?:药物?|药品|东西|食物)?(?:会不会|不会|是否|有没有|不)?")
_TAKEN = re.compile(
    r"\d\s*(?:mg|g|ug|μg|ml|片|粒|丸|U|单位|毫克|微克)|[吃服用打]着|长期|口服|每[天日晚]|qd|bid|tid", re.IGNORECASE
)
_WHOLE_KINDS = frozenset({"食物", "药物", "药品", "药", "food", "foods", "drug", "drugs", "medication", "medications"})
_REACH = 24
"""Characters before a general word within which its denial stands."""

_NO_SECTION = frozenset(
    {"无", "否认", "无特殊", "none", "nkda", "nka", "nil", "暂无", "未发现", "没有", "没得", "没", "冇"}
)


def concerns(statement: Statement) -> bool:
    """Whether a sentence is about an allergy: symptoms in it are reactions, medicines what caused them."""
    return statement.section == "allergies" or bool(_cues(statement.text))


@lru_cache(maxsize=64)
def _cues(text: str) -> tuple[int, ...]:
    """Where a text says that something is not borne."""
    found = tuple(m.start() for m in _CUE.finditer(text))
    return found if found or _STOPPED.search(text) else tuple(m.start() for m in _REACTED.finditer(text))


def read(statement: Statement) -> list[Finding]:
    if not concerns(statement):
        return []
    named = _allergens(statement)
    drafts = [_allergy(statement, mention, context) for mention, context in named]
    if not named:
        drafts = _general(statement) or _unlisted(statement)
    return [d for d in drafts if d]


def _allergens(statement: Statement) -> list[tuple[Mention, Context]]:
    """What the tables know as allergen, else the medicines of a sentence that says what they caused."""
    found = [(m, c) for m, c in statement.of("allergen")
             if not c.subject and not c.planned and m.name not in _WHOLE_KINDS]  # fmt: skip
    taken = {m.start for m, _ in found}
    found += [(m, c) for m, c in statement.of("medicine") if m.start not in taken and not c.subject and not c.planned]
    clauses = about(statement)
    return sorted(((m, c) for m, c in found if statement.clause(m.start) in clauses), key=lambda p: p[0].start)


@lru_cache(maxsize=2)
def about(statement: Statement) -> frozenset[int]:
    """The clauses that are about an allergy: those with a cue, what was taken before one (`青霉素打了，起一身风团`),
    what followed it, what is listed after a colon; of the section the clauses that name an allergen or reaction.
    """
    if not concerns(statement):
        return frozenset()
    named = {statement.clause(m.start) for m, _ in statement.of("allergen", "medicine")}
    found = _section(statement, named) if statement.section == "allergies" else set()
    for cue in {statement.clause(place) for place in _cues(statement.text)}:
        found.add(cue)
        if cue not in named and cue - 1 in named:
            found.add(cue - 1)
        if cue + 1 not in named or statement.text[: statement.clauses[cue][1]].rstrip().endswith((":", "：")):
            found.add(cue + 1)
    return frozenset(found)


def _section(statement: Statement, named: set[int]) -> set[int]:
    """The clauses at the begin of the section that name an allergen or reaction, and no medicine that is taken."""
    told = named | {statement.clause(m.start) for m, _ in statement.of("symptom", "problem")}
    clauses = [statement.text[slice(*span)] for span in statement.clauses]
    last = next((n for n, said in enumerate(clauses) if n and (n not in told or _TAKEN.search(said))), len(clauses))
    return {0} if _plain(clauses[0]) in _NO_SECTION else set(range(last))


def _plain(said: str) -> str:
    return said.strip(" 。.,;；!、，").lower()


def _allergy(statement: Statement, mention: Mention, context: Context) -> Finding:
    reactions = _reactions(statement, mention)
    clause, section = statement.said(mention.start), statement.section == "allergies"
    assertion = "uncertain" if _UNSURE.search(clause) or context.assertion == "uncertain" else context.assertion
    if _BORNE.search(clause) and assertion == "present":
        assertion = "absent"
    when = statement.when(mention) if assertion == "present" else None
    return statement.finding(
        "allergies", "allergy", mention, family="allergen", assertion=assertion, when=when, heading=section,
        status="active" if assertion == "present" else "unknown", details=reactions,
        spans=context.cues,
    )  # fmt: skip


def _reactions(statement: Statement, mention: Mention) -> list[tuple[int, int]]:
    """Where it is told what it caused: in its clause, or in the next where that names no other allergen."""
    own = statement.clause(mention.start)
    others = {statement.clause(m.start) for m, _ in statement.of("allergen", "medicine")} - {own}
    near = {own, *({own + 1} - others)}
    return [(m.start, m.end) for m, c in statement.of("symptom", "problem")
            if c.assertion == "present" and statement.clause(m.start) in near]  # fmt: skip


def reaction(statement: Statement, mention: Mention) -> bool:
    """Whether a symptom or problem is named as what an allergen caused."""
    return statement.clause(mention.start) in about(statement) and bool(
        mention.kind == "symptom" or _REACTION.search(mention.name)
    )


def _general(statement: Statement) -> list[Finding]:
    """`否认药物、食物过敏史`, `吃药不过敏`, `过敏史：无`: no known allergy, of one kind where only that is denied."""
    start, end = statement.clauses[0]
    if statement.section == "allergies" and _plain(statement.text[start:end]) in _NO_SECTION:
        return [_denial(statement, start, end, statement.text[start:end], named="过敏史")]
    for match in _GENERAL.finditer(statement.text):
        if statement.dialogue and match.group() == "过敏":
            continue
        clause, _ = statement.clauses[statement.clause(match.start())]
        before = statement.text[max(clause, match.start() - _REACH) : match.end()]
        after = statement.text[match.end() : match.end() + 24].lstrip(" ?？")[:4]
        if _DENIED.search(before) or re.match(r"[:：]?\s*(?:无|否认|没有|\(-\)|阴性)", after):
            return [_denial(statement, match.start(), match.end(), match.group())]
    return []


def _denial(statement: Statement, start: int, end: int, words: str, named: str = "") -> Finding:
    denied = statement.said(start) if end - start < len(statement.text) else words
    food = bool(_FOOD.search(denied)) and not _DRUG.search(denied)
    key = f"{GENERAL_ALLERGY}-food" if food else GENERAL_ALLERGY
    mention = Mention("allergen", statement.text[start:end].strip(" 。"), start, end, None)
    return statement.finding(
        "allergies", "allergy", mention, family="allergen", keys=frozenset({key}), assertion="absent", status="unknown",
        named=named,
        heading=statement.section == "allergies",
    )  # fmt: skip


def _unlisted(statement: Statement) -> list[Finding]:
    """`对芒果过敏`: an allergen that no table has, where the grammar says what it is."""
    found = []
    for match in _UNKNOWN_ALLERGEN.finditer(statement.text):
        group = "after" if match["after"] else "english"
        name = match[group]
        if _NOTHING.fullmatch(name) or _DENIED.search(statement.text[: match.start()][-6:]):
            continue
        mention = Mention("allergen", name, match.start(group), match.end(group), None)
        found.append(_allergy(statement, mention, Context()))
    return found
