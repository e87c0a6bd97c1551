"""Names that no table has, told by their form: `...综合征`, `...切除术`, `...缓释片`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hub.summarizer.reading.model import Mention

_FORMS: tuple[tuple[str, str], ...] = (
    ("problem", "综合征|综合症|肿瘤|囊肿|结石|息肉|肌瘤|腺瘤|血管瘤|癌|白血病|淋巴瘤|梗死|梗塞|出血|骨折|脱位|狭窄|关闭不全|不全|衰竭|"
                "硬化症?|纤维化|增生|肥大|肿大|积液|积水|感染|溃疡|结核|脓肿|贫血|减少症|增多症|异常症|中毒|缺损|畸形|麻痹|瘫痪|"
                "痴呆|障碍|病变|肾病|心脏病|肝病|肺病|血管病|精神病|关节病|脑病|眼病|皮肤病|病(?=史|多年|\\d)|[^炎]炎(?!症)|"
                "疝(?!修补)|痔|瘘|栓塞|血栓|动脉瘤|夹层|失调|紊乱|过速|过缓|传导阻滞|早搏"),
    ("procedure", "切除术|置换术|移植术|成形术|修补术|吻合术|造瘘术|结扎术|固定术|植入术|置入术|引流术|减压术|融合术|"
                  "清扫术|根治术|消融术|栓塞术|扩张术|剖宫产术?|切开术|探查术|缝合术|取石术|碎石术|造影术?|活检术?|穿刺术?"),
    ("medicine", "缓释片|控释片|分散片|肠溶片|咀嚼片|泡腾片|片|胶囊|注射液|颗粒|口服液|滴眼液|滴丸|吸入剂|气雾剂|喷雾剂|粉雾剂|软膏|"
                 "乳膏|贴剂|沙坦|普利|地平|洛尔|他汀|列汀|列净|西林|沙星|霉素|拉唑|替丁|单抗|替尼|昔布|曲坦|格雷"),
)  # fmt: skip
_LEFT = re.compile(
    r"(?:.*(?:诊断|确诊|考虑|患有|合并|伴有?|并发|曾患|罹患|病史|示|见|为|有|因|行|无|未|及|和|与|的|了|曾|予|于|后|在|由|对|到|"
    r"说|像|是|用|服|吃|得|出|起|年|月|日|天|或|至|从|已|否认|排除|患者|本人|现|现有|既往|目前|今|建议|拟|加|改|开|停|换))",
    re.DOTALL,
)
_WORD = re.compile(r"[\u4e00-\u9fffA-Za-z0-9αβγ\-]+")
_LONGEST = 14
_GENERIC = frozenset(
    {"慢性病", "老毛病", "心脏病", "基础疾病", "该病", "本病", "疾病", "出血", "感染", "溃疡", "病变", "药片", "增生", "肿大", "狭窄",
     "积液", "积水", "障碍", "异常", "切片", "照片", "穿刺", "造影", "活检", "胸片", "平片", "x光片", "ct片", "光片", "片", "拍片",
     "药颗粒", "紊乱", "不全", "梗死", "癌", "炎", "肿瘤", "结石", "囊肿", "息肉", "眼病", "皮肤病", "精神病", "中毒", "失调"}
)  # fmt: skip
"""Words that name nothing by themselves."""

_COMPILED = tuple((kind, re.compile(form)) for kind, form in _FORMS)


def unlisted(text: str, taken: Sequence[tuple[int, int]]) -> list[Mention]:
    """Names by their form, outside of what is taken; `term` None. A name is cut at the word that leads to it."""
    found: list[Mention] = []
    for kind, form in _COMPILED:
        for match in form.finditer(text):
            end = match.end()
            start = _start(text, match.start(), [b for _, b in taken])
            name = text[start:end]
            free = all(end <= a or b <= start for a, b in [*taken, *((m.start, m.end) for m in found)])
            if free and 2 < len(name) <= _LONGEST and name.lower() not in _GENERIC and start < match.start():
                found.append(Mention(kind, name, start, end, None))
    return found


def _start(text: str, at: int, ends: Sequence[int]) -> int:
    """Where the word that ends before `at` begins: after punctuation, another name, or a word that leads to a name."""
    floor = max((e for e in ends if e <= at), default=0)
    floor = max(floor, at - _LONGEST)
    start = at
    while start > floor and _WORD.fullmatch(text[start - 1]):
        start -= 1
    lead = _LEFT.match(text[start:at])
    return start + lead.end() if lead else start
