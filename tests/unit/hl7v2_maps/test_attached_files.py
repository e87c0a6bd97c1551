"""Files within an OBX are known by what their data show, whatever their sender calls them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.hl7v2_maps.normalised import normalised

PDF = "JVBERi0xLjQK"
LONG = PDF + "AAAA" * 12


def _held(kind: str, told: str) -> tuple[dict[str, Any], list[str]]:
    """(The attachment, what of OBX-2 and OBX-5 was not mapped.)"""
    lines = ("MSH|^~\\&|LAB|A|HUB|H|20260310||ORU^R01|C1|P|2.5.1", "PID|1||7^^^A^MR||Doe^Jo", "OBR|1||F1|R^Report",
             f"OBX|1|{kind}|PDF^Document||{told}||||||F")  # fmt: skip
    found = normalised(lines)
    resources = [entry["resource"] for entry in found.bundle["entry"]]
    (observation,) = [one for one in resources if one["resourceType"] == "Observation"]
    (held,) = [one["valueAttachment"] for one in observation["extension"] if "valueAttachment" in one]
    assert any(held["data"] == one["presentedForm"][0]["data"] for one in resources if "presentedForm" in one)
    return held, [one.path for one in found.ledger.unmapped if one.path.startswith(("OBX[1]-2", "OBX[1]-5"))]


@pytest.mark.parametrize(("told", "form", "data", "left"), [
    (f"^^^^{PDF}", "application/pdf", PDF, []), (f"^TEXT^^A^{PDF}", "application/pdf", PDF, []),
    (PDF, "application/pdf", PDF, []),
    (f"PDF^Base64^{PDF}", "application/pdf", PDF, ["OBX[1]-5[1].1", "OBX[1]-5[1].2"]),
    (f"^^^Base64^data:application/pdf;base64,{PDF}", "application/pdf", PDF, []),
    (f"^application^pdf^Base64^{PDF}", "application/pdf", PDF, []),
    ("^application^octet-stream^Base64^/9j/4AAQ", "image/jpeg", "/9j/4AAQ", ["OBX[1]-5[1].2"]),
    ("^TX^^^so so", "text/plain", "c28gc28=", []),
])  # fmt: skip
def test_a_file_is_known_by_what_its_data_show(told: str, form: str, data: str, left: list[str]) -> None:
    held, unmapped = _held("ED", told)
    assert (held["contentType"], held["data"], unmapped) == (form, data, left)


@pytest.mark.parametrize("kind", ["", "ST"])
def test_a_file_that_is_called_a_string_is_a_file(kind: str) -> None:
    held, unmapped = _held(kind, f"^application^pdf^Base64^{LONG}")
    assert (held["contentType"], held["data"], unmapped) == ("application/pdf", LONG, [])
