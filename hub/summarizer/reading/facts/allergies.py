"""Allergies, their reactions, and their denial."""

from __future__ import annotations

import re
from functools import lru_cache

from hub.summarizer.coded.problems import GENERAL_ALLERGY
from hub.summarizer.reading.model import Context, Mention
from hub.summarizer.reading.statement import Finding, Statement

_CUE = re.compile(
    r"药敏史?|过敏(?!性(?:鼻炎|紫癜|哮喘|肺炎|结膜炎|皮炎|湿疹|咳嗽|肠炎))|不敢再(?:用|吃|打)|(?:用|吃|打|碰|沾|闻)不得|[食吃用打碰沾闻]唔得|唔[食吃用打]得|冇得食|对.{1,10}敏感|不能(?:用|吃|打)|"
    r"不耐受|皮试.{0,8}(?:阳性|\(\+\))|\ballerg|\banaphyla|\bnkd?a\b|\bintoleran|\breact(?:s|ed)? (?:badly )?to\b",
    re.IGNORECASE,
)
_SKIN = (
    r"[口唇眼面脸颈胸背腹四肢手足周身全一满浑躯干上部皮肤的]{0,6}(?:起|出|长|发|冒|出现)?[了过满]?"
    r"(?:[红药皮]?疹|荨麻疹|风团|风疹块|疙瘩|瘙?痒|(?:喉头?|[脸嘴唇眼舌])[部皮巴]?(?:水?肿)|休克)"
)
_SIGN = rf"(?:{_SKIN}|(?:全身)?肿|胸闷|气[促喘]|喘|呼吸困难|晕|耳鸣)"
_GONE = r"(?!子?[已就都全也渐逐]*[消退好减缓轻没])"
"""What somebody had who did not bear something: skin and shock, or anything; and not that it went away."""
_REACTED = re.compile(
    r"(?:起|出现|发|冒)(?:了|过)?(?:一身|全身)?(?:风团|皮疹|红疹|疹子|荨麻疹|风疹块|疙瘩)|一(?:用|吃|打|碰|沾)就.{0,6}(?:疹|痒|肿|喘|过敏)|"
    rf"(?:吃|用|打|输).{{0,10}}(?:会|就|要){_SIGN}|千万别(?:开|用|打)|记住?别[用打开]|"
    rf"(?:吃|用|打|输|喝|碰|注射|服用?)(?:了|过|后|之后|[过了]?一[次回]|[过了]?[两几]次)+[,，]?(?:就|便|即|会)?{_SIGN}{_GONE}|"
    rf"(?:食用?|服用?|使用|注射|输注|静滴|应用|接触|吃|打|输|用|喝)[\u4e00-\u9fffa-zA-Z]{{1,12}}?后[,，]?(?:[曾即便就会]|出现|发生|立即)*{_SKIN}{_GONE}|"
    r"因.{1,12}(?:致|引起|导致|出现).{0,8}(?:疹|痒|风团|休克|晕厥|呼吸困难|水肿|气促|胸闷)|禁用|出过(?:事|问题|反应)|[有起]过(?:很?大)?反应|喉头水肿|休克|"
    r"\bhives\b|\brash\b|\bcauses?\b.{0,20}(?:itch|swelling|syncope|urticaria|breath|bronchospasm)|"
    r"\bavoid\b[^.;()]{1,30}\([^)]{0,20}(?:swelling|rash|hives|anaphyl|spasm|urticaria|itch|angio)[^)]{0,20}\)|"
    r"\bdeveloped\b.{1,40}\bavoid\b|- (?:itching|bronchospasm|swelling|urticaria|syncope)\b",
    re.IGNORECASE,
)
"""What somebody had from something, unless a medicine was stopped for it: that is the reason of the stop."""

_BORNE = re.compile(
    r"(?:不|没有?|无|未|从没|从未|不会)\s*过敏(?!史不详)|(?:not|never been) allergic|no allergy to|tolerates"
)
_STOPPED = re.compile(
    r"停|换|撤|撂|搁|断[的了掉服]|stopped|discontinued|ended|ceased|taken off|came off|withdrawn", re.IGNORECASE
)
_GENERAL = re.compile(
    r"(?:对?(?:什么|啥|任何)?(?:药物|药品|药|食物|东西)|用药|吃药|打针)?(?:[、,及和或与]?(?:食物|花粉|其他|其它|接触物))*\s*过敏(?:病史|史|反应)?|药敏史?|"
    r"(?:用药|吃药|打针)[没不未从]{1,3}过敏|allerg(?:y|ies)|nkda|nka",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"否认|无|没|冇|莫得|未(?:发现|诉|见)|不(?!详|敢|明|能|得)|从(?:不|没|来没)|"
    r"\bno\b(?! (?:information|info|data)\b)|\bnone\b|\bdenies\b|\bnkd?a\b|未曾",
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
_HISTORY = re.compile(
    r"(?:药物|药品|食物|食物及药物|药物[及、和]食物)?过敏史|known drug allerg|drug allerg", re.IGNORECASE
)
_ANSWERED_NO = re.compile(
    r"[:：]?\s*(?:[,，]\s?(?:他|她|病人|患者|家属|本人)?(?:说|答|讲|回答|称|诉))?(?:无|否认|没|冇|莫得|不过敏|不会|不曾|从[没不]|\(-\)|阴性|none|no\b|nil)",
    re.IGNORECASE,
)
"""What follows a general word that denies it."""
_OTHERS = re.compile(r"其[他它余]|别的|另外|\bother\b", re.IGNORECASE)
_WHETHER = re.compile(r"有没有?|有无|有否|是否|是不是|会不会|有没得")
_REACH = 24
"""Characters before a general word within which its denial stands."""

_NO_SECTION = re.compile(
    r"(?:暂|目前|都|从来)?(?:无|没有?|没得|冇|莫得|不|不会|否认|未发现|阴性|\(-\))(?:特殊|过敏史?|[的啊呀哦呢过吧哈])*|"
    r"no known|none(?: known| reported)?|nkd?a|nil(?: known)?|no|no known (?:drug )?allerg(?:y|ies)",
    re.IGNORECASE,
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
    places = frozenset(statement.clause(m.start) for m, _ in named)
    drafts = [_allergy(statement, mention, context) for mention, context in named]
    return [*_general(statement, places), *(drafts or _unlisted(statement))]


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
    first = _opening(statement)
    last = next((n for n, said in enumerate(clauses) if n > first and (n not in told or _TAKEN.search(said))),
                len(clauses))  # fmt: skip
    return {first} if _NO_SECTION.fullmatch(_plain(clauses[first])) else set(range(last))


def _opening(statement: Statement) -> int:
    """The first clause after a speaker's label."""
    labelled = statement.dialogue and statement.text[slice(*statement.clauses[0])].rstrip().endswith((":", "："))
    return int(labelled and len(statement.clauses) > 1)


def _plain(said: str) -> str:
    return said.strip(" 。.,;；!、，").lower()


def _allergy(statement: Statement, mention: Mention, context: Context) -> Finding:
    reactions = _reactions(statement, mention)
    clause, section = statement.said(mention.start), statement.section == "allergies"
    assertion = "uncertain" if _UNSURE.search(clause) else context.assertion
    if assertion == "uncertain" and reactions and _feared(statement, mention, context):
        assertion = "present"
    if _BORNE.search(clause) and assertion == "present":
        assertion = "absent"
    when = statement.when(mention) if assertion == "present" else None
    return statement.finding(
        "allergies", "allergy", mention, family="allergen", assertion=assertion, when=when, heading=section,
        status="active" if assertion == "present" else "unknown", details=reactions,
        spans=context.cues,
    )  # fmt: skip


def _feared(statement: Statement, mention: Mention, context: Context) -> bool:
    """Whether `怕` before an allergen says that it is shunned, no guess of what something is."""
    return all(statement.text[s:e] == "怕" and e == mention.start for s, e in context.cues)


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


def _general(statement: Statement, named: frozenset[int]) -> list[Finding]:
    """`否认药物、食物过敏史`, `吃药不过敏`, `过敏史：无`: no known allergy, of one kind where only that is denied.

    named: the clauses that name an allergen; beside one only a history as a whole is denied, and not that of others.
    """
    start, end = statement.clauses[_opening(statement)]
    if statement.section == "allergies" and _NO_SECTION.fullmatch(_plain(statement.text[start:end])):
        return [
            _denial(
                statement, start, end, statement.text[start:end], named="" if statement.text.isascii() else "过敏史"
            )
        ]
    for match in _GENERAL.finditer(statement.text):
        if statement.dialogue and match.group() == "过敏" and statement.of("allergen", "medicine"):
            continue
        clause, _ = statement.clauses[statement.clause(match.start())]
        before = _WHETHER.sub("", statement.text[max(clause, match.start() - _REACH) : match.end()])
        if named and (
            statement.clause(match.start()) in named or not _HISTORY.match(match.group()) or _OTHERS.search(before)
        ):
            continue
        after = statement.text[match.end() : match.end() + 24].lstrip(" ?？")[:4]
        if _DENIED.search(before) or _ANSWERED_NO.match(after):
            return [_denial(statement, match.start(), match.end(), match.group())]
    return []


def _denial(statement: Statement, start: int, end: int, words: str, named: str = "") -> Finding:
    denied = statement.said(start) if end - start < len(statement.text) else words
    food = bool(_FOOD.search(denied)) and not _DRUG.search(denied)
    key = f"{GENERAL_ALLERGY}-food" if food else GENERAL_ALLERGY
    mention = Mention("allergen", statement.text[start:end].strip(" 。."), start, end, None)
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
