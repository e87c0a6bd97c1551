"""Synthetic messages of the benchmarks: a referral with its history, as a county hospital would send it."""

from __future__ import annotations

from decimal import Decimal

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def national_identifier(number: int) -> str:
    """An identifier of region 99 (which does not exist) with a right check digit."""
    digits = (
        f"99{number % 10_000:04d}1957{1 + number // 10_000 % 12:02d}{1 + number // 120_000 % 28:02d}{number % 1000:03d}"
    )
    return digits + "10X98765432"[sum(w * int(d) for w, d in zip(_WEIGHTS, digits, strict=True)) % 11]


def referral(control_id: str, number: int, *, enhanced: bool, sender: str, receiver: str, history: int = 10) -> bytes:
    """A REF^I12 of HL7 2.5.1 in UTF-8 with `history` history segments (diagnosis, allergy, results, notes)."""
    modes = "AL|NE" if enhanced else "|"
    segments = [
        f"MSH|^~\\&|HIS|{sender}|REFHUB|HUB|20251119101500+0800||REF^I12^REF_I12|{control_id}|P|2.5.1"
        f"|||{modes}|CHN|UNICODE UTF-8",
        f"RF1|P^待处理^HL70283|R^常规^HL70280|MED^医疗^HL70281|||{control_id}R^{sender}|20251119|||"
        "O^2型糖尿病合并慢性肾脏病，血糖控制不佳，请评估降糖方案。^99LOC",
        "PRD|RP^转出^HL70286|曾^庆华||安居县人民医院",
        f"PRD|RT^转入^HL70286|||{receiver}||{receiver}",
        f"PID|1||{number}^^^{sender}^MR~{national_identifier(number)}^^^MPS^NI||王^芳||19570302|F|||^^南浦市^重庆^^CHN||19900005545",
        "DG1|1|I10|E11.2^2型糖尿病伴肾的并发症^I10||20220620|W",
        "AL1|1|DA|Z88.0^青霉素类^I10|MO|皮疹",
        f"OBR|1||{control_id}1|JY20^生化检验^99LOC|||202510200730",
    ]
    results = (
        ("2160-0^血肌酐^LN", "161", "umol/L", "57-111", "H"),
        ("2823-3^钾^LN", "4.88", "mmol/L", "3.5-5.3", "N"),
        ("4548-4^糖化血红蛋白^LN", "8.9", "%", "4-6", "H"),
        ("718-7^血红蛋白^LN", "117", "g/L", "115-150", "N"),
    )
    for i in range(max(0, history - 5)):
        code, value, unit, limits, flag = results[i % len(results)]
        segments.append(f"OBX|{i + 1}|NM|{code}|{i}|{Decimal(value) + i}|{unit}|{limits}|{flag}|||F|||202510200730")
    segments += [
        "NTE|1|L|近一年血清肌酐逐渐上升，尿中泡沫增多，夜尿3次。",
        "NTE|2|L|低盐饮食依从性差，家庭自测血压波动。",
    ]
    return ("\r".join(segments) + "\r").encode()


def results(control_id: str, number: int, *, sender: str, observations: int) -> bytes:
    """An ORU^R01 of HL7 2.5.1 in UTF-8: one report of so many numeric results."""
    segments = [
        f"MSH|^~\\&|LIS|{sender}|REFHUB|HUB|20251119101500+0800||ORU^R01^ORU_R01|{control_id}|P|2.5.1"
        "||||||UNICODE UTF-8",
        f"PID|1||{number}^^^{sender}^MR||王^芳||19570302|F",
        f"PV1|1|O|内分泌科^^^{sender}",
        f"ORC|RE|P{number}|F{number}",
        f"OBR|1|P{number}|F{number}|JY20^生化检验^99LOC|||20251119080000+0800|||||||||D1^李^医生||||||20251119101000+0800"
        "||CH|F",
    ]
    for i in range(1, observations + 1):
        value = f"{i}.{i % 10}"
        segments.append(
            f"OBX|{i}|NM|{2000 + i}-3^项目{i}^LN||{value}|mmol/L^mmol/L^UCUM|3.5-5.1|N|||F|||20251119080000+0800"
        )
    return ("\r".join(segments) + "\r").encode()
