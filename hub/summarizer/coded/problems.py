"""Condition, AllergyIntolerance, FamilyMemberHistory."""

from __future__ import annotations

import re
from dataclasses import replace

from hub.summarizer import terms
from hub.summarizer.drafts import Concept, Draft, concept, period
from hub.summarizer.evidence import Evidence

_CLINICAL_STATUS = {
    "active": "active", "recurrence": "active", "relapse": "active",
    "inactive": "resolved", "remission": "resolved", "resolved": "resolved",
}  # fmt: skip
_VERIFICATION = {
    "refuted": "absent",
    "unconfirmed": "uncertain",
    "provisional": "uncertain",
    "differential": "uncertain",
}

NO_ALLERGY_CODES = frozenset(
    {"716186003", "409137002", "429625007", "428607008", "428197003", "1003774007", "no-known-allergies",
     "no-known-medication-allergies", "no-known-food-allergies", "no-known-environmental-allergies"}
)  # fmt: skip
"""SNOMED CT: no known allergy; of drugs; of food; of environment; of insect venom; of latex. Then those of the IPS."""

NO_ALLERGY = re.compile(
    r"(?:否认|无|未发现|没有|未诉)(?:.{0,8})过敏|过敏史?[:：]?(?:无|否认|（-）|\(-\))|^(?:无|否认|暂无|没有|none|nkda|nka|nkfa)$|"
    r"no known (?:\w+ )*allerg|no allerg|denies allerg",
    re.IGNORECASE,
)
_NOT_KNOWN = re.compile(r"不详|未知|不清楚|待查|unknown", re.IGNORECASE)
_DENIED = re.compile(r"^(?:既往)?(?:否认|排除|已排除|除外|未见)")
_UNSURE = re.compile(r"[?？]|待排|待查|待除外|疑似|可疑|^考虑|可能", re.IGNORECASE)
GENERAL_ALLERGY = "term|allergen:any"
"""Key of `no known (drug) allergy`: the absence of any."""

_NARROW = (
    ("food", re.compile(r"食物|food|nkfa", re.IGNORECASE), frozenset({"429625007", "no-known-food-allergies"})),
    ("environment", re.compile(r"环境|environment|insect|latex|昆虫|乳胶", re.IGNORECASE),
     frozenset({"428607008", "428197003", "1003774007", "no-known-environmental-allergies"})),
)  # fmt: skip
"""Denials of one kind of allergy only, which say nothing of medicines."""


def verification(evidence: Evidence) -> str:
    """Assertion from verificationStatus."""
    for coding in evidence.value("/verificationStatus/coding") or ():
        if coding.get("code") in _VERIFICATION:
            return _VERIFICATION[coding["code"]]
    return "present"


def _asserted(evidence: Evidence, name: str) -> str:
    """verificationStatus, else what the name itself says: `否认糖尿病`, `肺癌？`, `冠心病待排`."""
    said = verification(evidence)
    if said != "present":
        return said
    return "absent" if _DENIED.search(name) else "uncertain" if _UNSURE.search(name) else "present"


def clinical_status(evidence: Evidence) -> str | None:
    for coding in evidence.value("/clinicalStatus/coding") or ():
        if coding.get("code") in _CLINICAL_STATUS:
            return _CLINICAL_STATUS[coding["code"]]
    return None


def laterality(evidence: Evidence, name: str) -> tuple[str, tuple[str, ...]]:
    """Side from bodySite, else from the name; with the targets that say it."""
    sites = evidence.value("/bodySite") or ()
    for index in range(len(sites) if isinstance(sites, list) else 0):
        site = concept(evidence, f"/bodySite/{index}", "site")
        if site and terms.laterality(site.name):
            return terms.laterality(site.name), site.targets[:1]
    return terms.laterality(name), ()


def condition(evidence: Evidence) -> list[Draft]:
    """A diagnosis or problem. One without clinical status and end is taken as current, as diagnoses are sent."""
    code = concept(evidence, "/code", "problem")
    if code is None:
        return []
    start, _, dates = period(evidence, "/onsetDateTime", "/onsetPeriod", "/onsetString")
    ended, _, end_target = period(evidence, "/abatementDateTime", "/abatementPeriod")
    assertion = _asserted(evidence, code.name)
    status = clinical_status(evidence) or ("resolved" if ended else "active")
    side, side_targets = laterality(evidence, code.name)
    return [
        Draft(
            section="problems",
            kind="problem",
            name=code.name,
            code=code.code,
            keys=code.keys,
            assertion=assertion,
            status="unknown" if assertion == "absent" else status,
            start=start,
            end=ended,
            laterality=side,
            sources=tuple(evidence.sources(*code.targets, *dates, *end_target, *side_targets)),
            evidence=evidence,
        )
    ]


def allergy(evidence: Evidence) -> list[Draft]:
    """An allergy, or its denial (a code or words for `no known allergy`, or verificationStatus refuted)."""
    code = concept(evidence, "/code", "allergen", code_keys=False)
    if code is None and evidence.value("/reaction/0/substance"):
        code = concept(evidence, "/reaction/0/substance", "allergen", code_keys=False)
    if code is None:
        return []
    reactions, targets = _reactions(evidence)
    start, end, dates = period(evidence, "/onsetDateTime", "/onsetPeriod")
    denied = denies_allergy(code)
    unsure = _NOT_KNOWN.search(code.name) is not None
    assertion = "absent" if denied else "uncertain" if unsure else verification(evidence)
    draft = Draft(
        section="allergies",
        kind="allergy",
        name=code.name,
        code=code.code,
        keys=frozenset({denial_key(code.name, code.code)}) if denied else code.keys,
        assertion=assertion,
        status="unknown" if assertion == "absent" else clinical_status(evidence) or "active",
        start=start,
        end=end,
        details=tuple(reactions),
        sources=tuple(evidence.sources(*code.targets, *targets, *dates)),
        evidence=evidence,
    )
    return [draft]


def denies_allergy(code: Concept) -> bool:
    """Whether an allergy's concept says that there is none."""
    return bool((code.code and code.code["code"] in NO_ALLERGY_CODES) or NO_ALLERGY.search(code.name))


def denial_key(name: str, code: dict[str, str] | None = None) -> str:
    """The key of a denial: of any allergy (or of any to a medicine), or of one other kind."""
    given = code["code"] if code else ""
    drugs = re.search(r"药|drug|medic", name, re.IGNORECASE)
    for kind, words, codes in _NARROW:
        if given in codes or (words.search(name) and not drugs):
            return f"{GENERAL_ALLERGY}-{kind}"
    return GENERAL_ALLERGY


def _reactions(evidence: Evidence) -> tuple[list[str], list[str]]:
    names, targets = [], []
    for i, reaction in enumerate(evidence.value("/reaction") or ()):
        for j in range(len(reaction.get("manifestation", ()))):
            found = concept(evidence, f"/reaction/{i}/manifestation/{j}", "reaction")
            if found:
                names.append(found.name)
                targets.append(found.targets[0])
    return names, targets


def family(evidence: Evidence) -> list[Draft]:
    """Each condition of a relative: history, never the patient's own problem."""
    relation = concept(evidence, "/relationship", "relation")
    drafts = []
    for index in range(len(evidence.value("/condition") or ())):
        base = f"/condition/{index}"
        code = concept(evidence, f"{base}/code", "problem")
        if code is None:
            continue
        who = relation.name if relation else ""
        draft = Draft(
            section="history",
            kind="family",
            name=code.name,
            code=code.code,
            keys=code.keys,
            group=(terms.fold(who),),
            details=(who,) if who else (),
            sources=tuple(evidence.sources(*code.targets, *(relation.targets[:1] if relation else ()))),
            evidence=evidence,
        )
        start, _, dates = period(evidence, f"{base}/onsetDateTime")
        drafts.append(replace(draft, start=start, sources=draft.sources + tuple(evidence.sources(*dates))))
    return drafts
