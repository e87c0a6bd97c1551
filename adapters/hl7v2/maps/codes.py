"""Code tables of the official v2-to-FHIR maps (codesystems/*.csv), and the few of our own, which say so.

A table gives a FHIR code for an HL7 code, or (code, system) where the system changes too. What a table does not hold
is not translated: the ledger says so.
"""

from __future__ import annotations

from collections.abc import Mapping

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
V3 = TERMINOLOGY + "v3-"

Pairs = Mapping[str, tuple[str, str]]


def _table(number: str, codes: str) -> dict[str, tuple[str, str]]:
    return {code: (code, f"{TERMINOLOGY}v2-{number}") for code in codes.split()}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _v3(name: str, codes: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    return {code: (to, V3 + name) for code, to in codes.items()}


GENDER = {
    "F": "female", "M": "male", "O": "other", "U": "unknown", "A": "other", "N": "other",
    "女": "female", "男": "male", "女性": "female", "男性": "male", "未知": "unknown",
    "2": "female", "1": "male", "0": "unknown", "9": "unknown", "FEMALE": "female", "MALE": "male",
}  # fmt: skip
"""Table 0001; words and numbers (GB/T 2261.1) are ours: Chinese systems send them."""

NAME_USE = {
    "BAD": "old", "D": "usual", "L": "official", "M": "maiden", "MSK": "anonymous", "N": "nickname", "NAV": "temp",
    "R": "official", "TEMP": "temp",
}  # fmt: skip
ADDRESS_USE = {"BA": "old", "BI": "billing", "C": "temp", "B": "work", "H": "home", "O": "work"}
ADDRESS_TYPE = {"M": "postal", "SH": "postal"}
TELECOM_USE = {"PRN": "home", "WPN": "work", "PRS": "mobile"}
TELECOM_SYSTEM = {
    "PH": "phone", "FX": "fax", "MD": "other", "CP": "phone", "SAT": "other", "BP": "pager", "INTERNET": "email",
    "X.400": "email", "TDD": "other", "TTY": "other", "NET": "email",
}  # fmt: skip
REPRESENTATION = {"A": "ABC", "I": "IDE", "P": "SYL"}
"""Table 0465 to iso21090-EN-representation: alphabetic, ideographic, phonetic."""

MARITAL = {
    **_v3("MaritalStatus", {"A": "L", "D": "D", "M": "M", "S": "S", "W": "W", "C": "C", "G": "T", "P": "T", "R": "T",
                            "E": "L", "N": "A", "I": "I", "B": "U"}),
    **_v3("NullFlavor", {"U": "UNK", "O": "OTH", "T": "NAVU"}),
}  # fmt: skip
RELATIONSHIP = {
    **_v3("RoleCode", {"SEL": "ONESELF", "SPO": "SPS", "DOM": "DOMPART", "CHD": "CHILD", "GCH": "GRNDCHILD",
                       "NCH": "NCHILD", "SCH": "STPCHLD", "FCH": "CHLDFOST", "PAR": "PRN", "MTH": "MTH", "FTH": "FTH",
                       "GRP": "GRPRN", "EXF": "EXT", "SIB": "SIB", "BRO": "BRO", "SIS": "SIS", "FND": "FRND"}),
    **_table("0063", "DEP WRD CGV GRD OAD EME ASC OWN TRA MGR NON"),
    **{k: (v, TERMINOLOGY + "v2-0131") for k, v in {"EMR": "E", "EMC": "C", "UNK": "U", "OTH": "O"}.items()},
}  # fmt: skip
ENCOUNTER_CLASS = {
    **_v3("ActCode", {"E": "EMER", "I": "IMP", "O": "AMB", "P": "PRENC"}),
    **_table("0004", "R B C N U"),
}
ENCOUNTER_STATUS = {"P": "planned", "U": "unknown", **dict.fromkeys("EIORBCN", "in-progress")}
EVENT_STATUS = {
    "A01": "in-progress", "A02": "in-progress", "A03": "finished", "A04": "planned", "A05": "planned",
    "A11": "cancelled", "A13": "in-progress",
}  # fmt: skip
"""Event[EncounterStatus]; A08 maps to unknown, so the patient class decides there."""

ENCOUNTER_PRIORITY = _v3("ActPriority", {"1": "EM", "2": "UR", "3": "EL"})
PARTICIPATION = {7: "ATND", 8: "REF", 9: "CON", 17: "ADM", 52: "PART"}
"""PV1 field to v3-ParticipationType."""

ALLERGY_CATEGORY = {
    "DA": "medication", "FA": "food", "EA": "environment", "AA": "biologic", "PA": "environment", "LA": "environment",
}  # fmt: skip
ALLERGY_TYPE = dict.fromkeys(("DA", "FA", "MA", "EA", "AA", "PA", "LA"), "allergy")
ALLERGY_CRITICALITY = {"SV": "high", "MI": "low"}
REACTION_SEVERITY = {"SV": "severe", "MO": "moderate", "MI": "mild"}
ALLERGY_CLINICAL = {"A": "active", "I": "inactive", "R": "resolved", "ACTIVE": "active", "INACTIVE": "inactive",
                    "RESOLVED": "resolved"}  # fmt: skip

OBSERVATION_STATUS = {
    "A": "amended", "C": "corrected", "D": "entered-in-error", "F": "final", "P": "preliminary", "X": "cancelled",
    "W": "entered-in-error", "R": "preliminary", "S": "preliminary", "I": "registered", "O": "registered",
    "U": "final", "V": "final", "B": "amended", "N": "final",
}  # fmt: skip
"""Table 0085. R (not verified), S (partial), I and O (no result yet), U, V, B have no row in the official map: they
are read by their definitions; N (not asked) is a final statement with dataAbsentReason not-asked."""

REPORT_STATUS = {
    "O": "registered", "I": "registered", "S": "registered", "A": "partial", "P": "preliminary", "C": "corrected",
    "R": "partial", "F": "final", "X": "cancelled", "M": "preliminary", "N": "registered",
}  # fmt: skip
INTERPRETATION = _words(
    "< > A AA B CAR D DET E EX EXP H HH HU H> I IE IND L LL LU L< MS N ND NEG NR NS POS R RR S SDD SYN-R SYN-S U VS UNE"
    " W WR"
)
REQUEST_STATUS = {
    "CA": "revoked", "CM": "completed", "DC": "revoked", "ER": "entered-in-error", "HD": "on-hold", "IP": "active",
    "RP": "revoked", "SC": "active", "A": "active",
}  # fmt: skip
"""ORC-5, table 0038."""

CONTROL_STATUS = {
    **dict.fromkeys(("AF", "HD", "NW", "OK", "PR", "PY", "RL", "RO", "RQ", "XO", "XR", "XX", "SN", "NA"), "active"),
    **dict.fromkeys(("CA", "CR", "DC", "DF", "DR", "OC", "OD"), "revoked"),
    "FU": "completed", "HR": "on-hold", "OH": "on-hold",
}  # fmt: skip
"""ORC-1, table 0119. CA, the request to cancel, is revoked: the official `active` is of the order it cancels."""

MEDICATION_STATUS = {"revoked": "stopped", "active": "active", "on-hold": "on-hold", "completed": "completed",
                     "entered-in-error": "entered-in-error"}  # fmt: skip
"""FHIR request-status to medicationrequest-status."""

PRIORITY = {"S": "stat", "A": "asap", "R": "routine", "U": "urgent", "STAT": "stat", "ASAP": "asap",
            "ROUTINE": "routine", "URGENT": "urgent", "常规": "routine", "普通": "routine", "急": "urgent",
            "加急": "urgent", "紧急": "urgent", "急诊": "stat", "特急": "stat"}  # fmt: skip
"""Tables 0485 and 0280 (RF1-2); U and the words are ours."""

TASK_STATUS = {"P": "requested", "A": "accepted", "R": "rejected", "E": "failed"}
"""RF1-1, table 0283; rule sheet."""

IMMUNIZATION_STATUS = {"CP": "completed", "RE": "not-done", "NA": "not-done", "PA": "completed"}
DOCUMENT_STATUS = {"AU": "final", "LA": "final", "DI": "preliminary", "DO": "preliminary", "IN": "preliminary",
                   "IP": "preliminary", "PA": "preliminary"}  # fmt: skip
"""TXA-17, table 0271: authenticated and legally authenticated documents are final."""

PROBLEM_CLINICAL = {"A": "active", "ACTIVE": "active", "活动": "active", "I": "inactive", "INACTIVE": "inactive",
                    "R": "resolved", "RESOLVED": "resolved", "已治愈": "resolved", "治愈": "resolved",
                    "C": "recurrence", "复发": "recurrence"}  # fmt: skip
PROBLEM_VERIFICATION = {"C": "confirmed", "CONFIRMED": "confirmed", "已确诊": "confirmed", "确诊": "confirmed",
                        "P": "provisional", "D": "differential", "U": "unconfirmed", "疑似": "provisional",
                        "PROVISIONAL": "provisional", "UNCONFIRMED": "unconfirmed"}  # fmt: skip
"""PRB-14, PRB-13: user-defined tables; rule sheet."""

ROUTE = {
    **_table("0162", "AP B DT EP ET GTT GU IMR IA IB IC ICV IH IHA IN IO IP IS IT IU MTH MM NS NG NP NT OP OT OTH PF"
             " PR RM SD SL TP TRA TL UR VG VM WND"),
    **_v3("RouteOfAdministration", {"ID": "IDINJ", "IM": "IM", "IV": "IVINJ", "PO": "PO", "SC": "SQ",
                                    "TD": "TRNSDERM"}),
}  # fmt: skip

IDENTIFIER_TYPE = _words(
    "ACSN AM AMA AN ANON ANC AND ANT APRN ASID BA BC BCT BR BRN BSNR CC CONM CZ CY DDS DEA DI DFN DL DN DO DP DPM DR DS"
    " EI EN ESN FI GI GL GN HC JHN IND LACSN LANR LI LN LR MA MB MC MCD MCN MCR MCT MD MI MR MRT MS NBSNR NCT NE NH NI"
    " NII NIIP NP NPI OD PA PC PCN PE PEN PI PN PNT PPIN PPN PRC PRN PT QA RI RPH RN RR RRI RRP SID SL SN SP SR SS TAX"
    " TN TPR U UPIN USID VN VP VS WC WCN WP XX PLAC FILL"
)
"""Table 0203 as far as its code system has it; another type is kept as text."""

UCUM = {
    unit.casefold(): code
    for code, units in {
        "mmol/L": "mmol/L mmol/l", "umol/L": "umol/L μmol/L µmol/L umol/l μmol/l", "nmol/L": "nmol/L",
        "pmol/L": "pmol/L",
        "g/L": "g/L", "mg/L": "mg/L", "ug/L": "ug/L μg/L µg/L", "ng/mL": "ng/mL", "pg/mL": "pg/mL", "ng/L": "ng/L",
        "g/dL": "g/dL gm/dL", "mg/dL": "mg/dL", "ug/dL": "ug/dL μg/dL", "ng/dL": "ng/dL", "mg/mL": "mg/mL",
        "%": "% percent", "10*9/L": "10*9/L 10^9/L ×10^9/L x10^9/L 10E9/L x10E9/L 10*9/l ×10*9/L",
        "10*12/L": "10*12/L 10^12/L ×10^12/L x10^12/L 10E12/L T/L",
        "10*3/uL": "10*3/uL 10^3/uL K/uL x10^3/uL th/mm3 10*3/mm3", "10*6/uL": "10*6/uL 10^6/uL M/uL",
        "mL/min/{1.73_m2}": "mL/min/1.73m2 mL/min/1.73m^2 mL/min/{1.73_m2} mL/min/1.73㎡ mL/min/1.73m²",
        "mL/min": "mL/min", "U/L": "U/L", "[IU]/L": "IU/L [iU]/L [IU]/L", "m[IU]/L": "mIU/L m[iU]/L uIU/mL μIU/mL",
        "[IU]/mL": "IU/mL", "m[IU]/mL": "mIU/mL", "mm[Hg]": "mmHg mm[Hg]", "kPa": "kPa", "/min": "/min 次/分 bpm",
        "Cel": "℃ °C Cel degC", "[degF]": "°F [degF] degF", "kg": "kg", "g": "g 克", "mg": "mg 毫克",
        "ug": "ug μg µg mcg 微克", "mL": "mL ml 毫升", "L": "L", "cm": "cm 厘米", "m": "m", "mm": "mm",
        "kg/m2": "kg/m2 kg/m^2 kg/m²",
        "mm/h": "mm/h mm/hr", "s": "s sec 秒", "min": "min 分钟", "h": "h hr 小时", "d": "d day 天", "wk": "wk 周",
        "mo": "mo 月", "a": "a 岁 yr year years", "fL": "fL", "pg": "pg", "mosm/kg": "mOsm/kg", "mmol/mol": "mmol/mol",
        "U": "U 单位", "[IU]": "IU [iU] [IU]", "meq/L": "mEq/L", "[lb_av]": "lb [lb_av]",
        "[in_i]": "in [in_i]", "{ratio}": "ratio", "g/(24.h)": "g/24h", "mg/(24.h)": "mg/24h", "mg/g": "mg/g",
        "mg/mmol": "mg/mmol", "/uL": "/uL /μL 个/μL", "/[HPF]": "/HP /HPF /[HPF]",
    }.items()
    for unit in units.split()
}  # fmt: skip
"""Common units as written to UCUM; the written form is always kept as the unit. Case does not tell them apart."""

REPEAT = {
    "QD": (1, 1, "d"), "BID": (2, 1, "d"), "TID": (3, 1, "d"), "QID": (4, 1, "d"), "QOD": (1, 2, "d"),
    "QW": (1, 1, "wk"), "BIW": (2, 1, "wk"), "QN": (1, 1, "d"), "QAM": (1, 1, "d"), "QPM": (1, 1, "d"),
    "QHS": (1, 1, "d"), "HS": (1, 1, "d"),
}  # fmt: skip
"""Repeat patterns (table 0335) to frequency, period, unit; Q<n>H and the like are computed."""

WHEN = {"QHS": "HS", "HS": "HS", "QAM": "MORN", "QPM": "EVE", "QN": "NIGHT"}
LANGUAGE = {
    **dict.fromkeys(("zh", "chi", "zho", "chinese", "中文", "汉语", "普通话"), "zh"),
    **dict.fromkeys(("en", "eng", "english"), "en"), **dict.fromkeys(("es", "spa", "spanish"), "es"),
    **dict.fromkeys(("fr", "fre", "fra", "french"), "fr"), **dict.fromkeys(("de", "ger", "deu", "german"), "de"),
    **dict.fromkeys(("ru", "rus", "russian"), "ru"), **dict.fromkeys(("ja", "jpn", "japanese"), "ja"),
    **dict.fromkeys(("ar", "ara", "arabic"), "ar"), **dict.fromkeys(("pt", "por", "portuguese"), "pt"),
    **dict.fromkeys(("it", "ita", "italian"), "it"), **dict.fromkeys(("ko", "kor", "korean"), "ko"),
    **dict.fromkeys(("nl", "dut", "nld", "dutch"), "nl"), "zh-cn": "zh-CN", "en-us": "en-US", "en-gb": "en-GB",
    "zh-tw": "zh-TW",
}  # fmt: skip
"""ISO 639-1, 639-2 and words to BCP 47."""

GTS = frozenset({"QD", "BID", "TID", "QID", "QOD", "Q1H", "Q2H", "Q3H", "Q4H", "Q6H", "Q8H", "AM", "PM", "BED"})
