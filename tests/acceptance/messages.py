"""Synthetic messages of the acceptance tests; region 99 of the national identifiers does not exist."""

from __future__ import annotations

from tests.benchmarks.messages import national_identifier


def referral(control_id: str, *, sender: str, receiver: str, number: int = 7, name: str = "王^芳",
             charset: str = "GB 18030-2000", event: str = "I12", identifier: str | None = None,
             reason: str = "血糖控制不佳，请评估降糖方案。", version: str = "2.4", department: str = "内分泌科",
             modes: str = "|") -> bytes:  # fmt: skip
    """A REF of the township, in the character set that MSH-18 names."""
    segments = [
        f"MSH|^~\\&|HIS|{sender}|REFHUB|HUB|20251119101500||REF^{event}^REF_I12|{control_id}|P|{version}"
        f"|||{modes}|CHN|{charset}",
        "RF1|P^待处理^HL70283|R^常规^HL70280|MED^医疗^HL70281"
        f"|||{identifier or control_id + 'R'}^{sender}|20251119|||O^{reason}^99LOC",
        "PRD|RP^转出^HL70286|曾^庆华||甲镇卫生院",
        f"PRD|RT^转入^HL70286||||^^^{department}||{receiver}",
        f"PID|1||{number}^^^{sender}^MR~{national_identifier(number)}^^^MPS^NI||{name}||19570302|F|||^^南浦市^重庆^^CHN",
        "DG1|1|I10|E11.2^2型糖尿病伴肾的并发症^I10||20220620|W",
        "AL1|1|DA|Z88.0^青霉素类^I10|MO|皮疹",
        "NTE|1|L|近一年血清肌酐逐渐上升，尿中泡沫增多，夜尿3次。",
    ]
    codec = {"GB 18030-2000": "gb18030", "UNICODE UTF-8": "utf-8"}[charset]
    return ("\r".join(segments) + "\r").encode(codec)
