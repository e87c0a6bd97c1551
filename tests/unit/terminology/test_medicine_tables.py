"""The tables of medicines and analytes: shapes of codes, names that mean one thing, names as they are written."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from hub.summarizer import medicine_names, terms
from hub.summarizer.reading import mentions
from hub.summarizer.reading.characters import plain
from hub.summarizer.terminology import tables

KINDS = ("medicine", "analyte")
TERMS = [term for term in tables.terms() if term.kind in KINDS]
NAMES = [
    line.partition(": ")[::2]
    for line in (Path(__file__).parent / "medicine_names.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
_ATC = re.compile(r"[ABCDGHJLMNPRSV]\d{2}(?:[A-Z](?:[A-Z](?:\d{2})?)?)?")


def loinc_check_digit(number: str) -> int:
    """Mod 10 of LOINC's users' guide: from the right, every other digit doubled as one number, digits summed."""
    from_right = number[::-1]
    doubled = str(int(from_right[0::2][::-1]) * 2)
    return -sum(int(digit) for digit in doubled + from_right[1::2]) % 10


def test_the_check_digit_is_that_of_known_codes() -> None:
    assert [loinc_check_digit(n) for n in ("2160", "718", "4548", "33914", "20152")] == [0, 7, 4, 3, 5]


def test_loinc_codes_have_their_check_digit() -> None:
    codes = [code for term in TERMS if term.kind == "analyte" for _, code in term.codes]
    wrong = [c for c in codes if not re.fullmatch(r"\d{1,5}-\d", c) or loinc_check_digit(c[:-2]) != int(c[-1])]
    assert wrong == []
    assert len(codes) > 400


def test_atc_codes_have_their_shape() -> None:
    codes = [code for term in TERMS if term.kind == "medicine" for _, code in term.codes]
    assert [code for code in codes if not _ATC.fullmatch(code)] == []
    assert len(codes) > 900


@pytest.mark.parametrize("kind", KINDS)
def test_a_code_belongs_to_one_term(kind: str) -> None:
    codes = Counter(code for term in TERMS if term.kind == kind for _, code in term.codes)
    assert [code for code, times in codes.items() if times > 1] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_belongs_to_one_term(kind: str) -> None:
    owners: dict[str, set[str]] = {}
    for term in TERMS:
        if term.kind == kind:
            for name in (term.name, *term.names, *term.colloquial):
                owners.setdefault(terms.fold(name), set()).add(term.name)
    assert {name: owned for name, owned in owners.items() if len(owned) > 1} == {}


def test_names_are_not_empty_when_folded() -> None:
    assert [n for term in TERMS for n in (term.name, *term.names, *term.colloquial) if not terms.fold(n)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_broader_terms_exist_and_are_not_the_term(kind: str) -> None:
    known = {term.name for term in TERMS if term.kind == kind}
    assert [t.name for t in TERMS if t.kind == kind and (t.name in t.broader or not set(t.broader) <= known)] == []


def test_the_tables_are_wide() -> None:
    assert Counter(term.kind for term in TERMS)["medicine"] > 1400
    assert Counter(term.kind for term in TERMS)["analyte"] > 350


@pytest.mark.parametrize(("preferred", "written"), NAMES, ids=[name for name, _ in NAMES])
def test_a_medicine_is_known_as_it_is_written(preferred: str, written: str) -> None:
    found = {name: terms.key("medicine", name) for name in written.split(";")}
    assert found == dict.fromkeys(found, f"term|medicine:{preferred}")


def test_another_product_keeps_another_key() -> None:
    different = [
        "氨氯地平", "左旋氨氯地平", "缬沙坦氨氯地平", "氨氯地平阿托伐他汀", "泼尼松", "泼尼松龙", "甲泼尼龙",
        "门冬胰岛素", "门冬胰岛素30", "替诺福韦酯", "丙酚替诺福韦", "硝酸甘油", "硝酸异山梨酯",
        "单硝酸异山梨酯", "碳酸钙", "碳酸钙D3", "甘草片", "阿莫西林", "阿莫西林克拉维酸钾片",
        "沙美特罗替卡松", "沙美特罗", "乳酸钙片", "乳酸钠注射液", "葡萄糖酸钙", "葡萄糖酸锌",
    ]  # fmt: skip
    assert len({terms.key("medicine", name) for name in different}) == len(different)


def test_a_medicine_that_no_table_knows_is_compared_without_strength_and_form() -> None:
    assert (
        terms.key("medicine", "盐酸新药拉丁胶囊(0.2g)") == terms.key("medicine", "新药拉丁片 0.1g") == "name|新药拉丁"
    )
    assert terms.key("medicine", "Xylobrand 20 mg tablets") == terms.key("medicine", "xylobrand capsule")
    assert terms.key("medicine", "片") == "name|片"


def test_a_known_name_in_brackets_names_what_is_not_known() -> None:
    assert terms.key("medicine", "降压药(络活喜)") == "term|medicine:氨氯地平"
    assert terms.key("medicine", "氯吡格雷片(替代阿司匹林)") == "term|medicine:氯吡格雷"


def test_a_combination_contains_its_ingredients() -> None:
    def of(name: str) -> set[str]:
        return {key.partition(":")[2] for key in terms.ingredients(terms.key("medicine", name))}

    assert of("倍博特") == {"缬沙坦", "氨氯地平"}
    assert of("降压0号") == {"利血平", "氢氯噻嗪", "氨苯蝶啶"}
    assert of("消渴丸") == {"格列本脲"}
    assert of("诺和锐30") == {"门冬胰岛素"}
    assert of("来得时") == {"甘精胰岛素"}
    assert of("络活喜") == {"氨氯地平"}
    assert terms.ingredients("name|未知") == {"name|未知"}


def test_analytes_that_differ_keep_different_keys() -> None:
    different = [
        "空腹血糖", "餐后2小时血糖", "随机血糖", "指尖血糖", "尿糖", "总胆红素", "直接胆红素", "间接胆红素",
        "血肌酐", "尿肌酐", "肌酐清除率", "尿素", "尿素氮", "血钾", "尿钾", "尿微量白蛋白", "UACR", "白蛋白",
        "尿蛋白", "24h尿蛋白", "红细胞", "尿红细胞", "FEV1", "FVC", "FEV1/FVC", "FEV1%pred", "cTnI", "cTnT",
        "BNP", "NT-proBNP", "HBsAg", "HBsAb", "HBeAg", "HBeAb", "HBcAb", "HBV-DNA", "收缩压", "舒张压",
        "中性粒细胞百分比", "中性粒细胞绝对值", "LDL-C", "HDL-C", "FT3", "FT4", "TSH",
    ]  # fmt: skip
    assert len({terms.key("analyte", name) for name in different}) == len(different)


@pytest.mark.parametrize(
    "hostile", ["缓释" * 5000, "(" * 99, "1mg*" * 24, "雾化吸入" * 25, " " * 99 + "片", "tablet " * 999, "", "()"]
)
def test_hostile_names_cost_nothing(hostile: str) -> None:
    assert terms.key("medicine", hostile).startswith("name|")
    assert len(list(medicine_names.candidates(hostile))) < 20


@pytest.mark.parametrize(
    ("text", "measured"),
    [
        ("维生素B12:156pg/ml", "维生素B12测定"), ("叶酸 3.2ng/mL", "叶酸测定"), ("口服叶酸 5mg qd", None),
        ("亚叶酸 3ng/ml", None), ("胰岛素12U 皮下", None), ("空腹时胰岛素为12.5uIU/mL", "胰岛素测定"),
        ("地高辛0.125mg qd", None), ("地高辛 1.8ng/ml", "地高辛浓度"), ("丙戊酸钠浓度62μg/ml", "丙戊酸浓度"),
        ("他克莫司 6.3ng/ml", "他克莫司浓度"), ("他克莫司 1mg bid", None), ("EGFR 19del", "EGFR基因"),
        ("快速尿素酶试验阳性", "快速尿素酶试验"),
    ],
)  # fmt: skip
def test_a_substance_is_a_result_where_its_unit_says_so(text: str, measured: str | None) -> None:
    found = [m.term.name for m in mentions.find(plain(text)) if m.kind == "analyte" and m.term]
    assert found == ([measured] if measured else [])
    assert not measured or [m.term for m in mentions.find(plain(text)) if m.kind == "medicine"] == []


def test_a_level_is_known_by_the_name_of_its_substance() -> None:
    assert terms.key("analyte", "维生素B12") == terms.key("analyte", "VB12") == "term|analyte:维生素B12测定"
    assert terms.key("analyte", "地高辛") == "term|analyte:地高辛浓度"
    assert terms.key("analyte", "无名项目") == "name|无名项目"
