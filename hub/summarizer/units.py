"""Units as written in China and elsewhere: the UCUM code where it is known, and factors between doses."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

UCUM = {
    "umol/l": "umol/L", "μmol/l": "umol/L", "mmol/l": "mmol/L", "nmol/l": "nmol/L", "pmol/l": "pmol/L",
    "mg/dl": "mg/dL", "g/dl": "g/dL", "g/l": "g/L", "mg/l": "mg/L", "ug/l": "ug/L", "μg/l": "ug/L", "ng/ml": "ng/mL",
    "pg/ml": "pg/mL", "ng/l": "ng/L", "ug/ml": "ug/mL", "μg/ml": "ug/mL", "u/l": "U/L", "iu/l": "[IU]/L",
    "u/ml": "U/mL", "iu/ml": "[IU]/mL", "miu/l": "m[IU]/L", "uiu/ml": "u[IU]/mL", "μiu/ml": "u[IU]/mL",
    "mg/g": "mg/g", "mg/24h": "mg/(24.h)", "g/24h": "g/(24.h)", "%": "%", "mm/h": "mm/h", "fl": "fL", "pg": "pg",
    "10^9/l": "10*9/L", "x10^9/l": "10*9/L", "10*9/l": "10*9/L", "10e9/l": "10*9/L", "10^12/l": "10*12/L",
    "x10^12/l": "10*12/L", "10*12/l": "10*12/L", "10^3/ul": "10*3/uL", "/ul": "/uL", "/hp": "/[HPF]",
    "ml/min/1.73m2": "mL/min/{1.73_m2}", "ml/min/1.73m^2": "mL/min/{1.73_m2}", "ml/min/{1.73_m2}": "mL/min/{1.73_m2}",
    "ml/min/1.73㎡": "mL/min/{1.73_m2}", "ml/(min·1.73m2)": "mL/min/{1.73_m2}", "ml/min": "mL/min",
    "ml/(min.1.73m2)": "mL/min/{1.73_m2}", "mmhg": "mm[Hg]", "mm[hg]": "mm[Hg]", "kpa": "kPa", "次/分": "/min",
    "bpm": "/min", "/min": "/min", "kg": "kg", "g": "g", "mg": "mg", "ug": "ug", "μg": "ug", "mcg": "ug", "cm": "cm",
    "mm": "mm", "ml": "mL", "l": "L", "kg/m2": "kg/m2", "kg/m^2": "kg/m2", "kg/㎡": "kg/m2", "℃": "Cel", "°c": "Cel",
    "u": "U", "iu": "[IU]", "单位": "U", "s": "s", "秒": "s", "克": "g", "毫克": "mg", "微克": "ug", "毫升": "mL",
}  # fmt: skip
"""UCUM code of a unit as written, folded."""

_MILLIGRAMS = {"g": Decimal(1000), "mg": Decimal(1), "ug": Decimal("0.001")}


def fold(unit: str) -> str:
    """A unit's spelling without case, spaces, and with one multiplication sign and one micro sign."""
    folded = unicodedata.normalize("NFKC", unit).strip().lower().replace(" ", "").replace("µ", "μ")
    return re.sub(r"^[×x\*](?=10)", "", folded)


def ucum(unit: str | None) -> str | None:
    """The UCUM code, None where it is not known."""
    return UCUM.get(fold(unit)) if unit else None


def same(a: str | None, b: str | None) -> bool:
    """Whether two units are spellings of one."""
    return comparable(a) == comparable(b)


def comparable(unit: str | None) -> str:
    return (ucum(unit) or fold(unit)) if unit else ""


def dose(number: Decimal | int | None, unit: str | None) -> tuple[str, str]:
    """A dose in a form that compares: masses in milligrams, the rest as they are."""
    if number is None:
        return ("", comparable(unit))
    code = comparable(unit)
    amount = Decimal(str(number))
    if code in _MILLIGRAMS:
        amount, code = amount * _MILLIGRAMS[code], "mg"
    return (format(amount.normalize(), "f"), code)
