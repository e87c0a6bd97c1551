"""Files within an OBX are known by what their data show, whatever their sender calls them."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.unit.hl7v2_maps.normalised import normalised, one_of, sent_back

PDF = "JVBERi0xLjQK"
LONG = PDF + "AAAA" * 12


def _report(*results: str) -> tuple[str, ...]:
    return ("MSH|^~\\&|LAB|A|HUB|H|20260310||ORU^R01|C1|P|2.5.1", "PID|1||7^^^A^MR||Doe^Jo", "OBR|1||F1|R^Report",
            *results)  # fmt: skip


def _held(kind: str, told: str) -> tuple[dict[str, Any], list[str]]:
    """(The attachment, what of OBX-2 and OBX-5 was not mapped.)"""
    found = normalised(_report(f"OBX|1|{kind}|PDF^Document||{told}||||||F"))
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


WHOLE = {
    "application/pdf": b"%PDF-1.4\n" + b"1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n",
    "application/rtf": b"{\\rtf1\\ansi " + b"a finding " * 8 + b"\\par}",
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(64) + b"\xff\xd9",
}


@pytest.mark.parametrize("kind", ["TX", "FT"])
@pytest.mark.parametrize("form", WHOLE)
def test_a_text_that_is_a_whole_file_is_one_and_goes_out_as_one(kind: str, form: str) -> None:
    data = base64.b64encode(WHOLE[form]).decode()
    lines = "\\.br\\".join(data[n : n + 60] for n in range(0, len(data), 60))
    held, unmapped = _held(kind, lines)
    assert (held["contentType"], held["data"], unmapped) == (form, data, [])
    back = sent_back(normalised(_report(f"OBX|1|{kind}|PDF^Document||{lines}||||||F")), "ORU^R01", "2.5.1")
    assert f"^{form.replace('/', '^')}^Base64^{data}" in [line.split("|")[5] for line in back if "|ED|" in line]


def test_a_document_that_is_a_file_in_a_text_is_its_content() -> None:
    data = base64.b64encode(WHOLE["application/pdf"]).decode()
    header, patient, *_ = _report()
    found = normalised((header.replace("ORU^R01", "MDM^T02"), "EVN|T02|20260310", patient, "PV1|1|O",
                        "TXA|1|CN|AP||||||||||D1", f"OBX|1|TX|PDF^Document||{data}||||||F"))  # fmt: skip
    (content,) = one_of(found, "DocumentReference")["content"]
    assert (content["attachment"]["contentType"], content["attachment"]["data"]) == ("application/pdf", data)


BROKEN = base64.b64encode(WHOLE["application/pdf"]).decode()


@pytest.mark.parametrize("told", [[LONG], [BROKEN[:60], BROKEN[60:]], [f"{PDF} begins a file, JSVFT0Y= ends it"]])
@pytest.mark.parametrize("between", ["~", "||||||F\rOBX|2|TX|PDF^Document||"])
def test_a_part_of_a_file_and_words_stay_text(told: list[str], between: str) -> None:
    found = normalised(_report(f"OBX|1|TX|PDF^Document||{between.join(told)}||||||F"))
    assert one_of(found, "Observation")["valueString"] == "\n".join(told)
