"""A sender's profile: what it changes, and what is said of one that cannot be used."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from adapters.hl7v2 import profile
from adapters.hl7v2.envelope import read_envelope
from adapters.hl7v2.maps import codes, sheets
from adapters.hl7v2.maps.declared import OPEN
from adapters.hl7v2.maps.dialect import standard
from adapters.hl7v2.normalise import normalise
from hub.domain.errors import Cause, Refused
from hub.domain.messages import Normalised

GUIDE = Path(__file__).parents[3] / "adapters" / "hl7v2" / "README.md"
EXAMPLE = re.search(r"```yaml\n(profile: .*?)```", GUIDE.read_text("utf-8"), re.DOTALL)[1]  # type: ignore[index]
SHEET = "profile: hl7v2/1\nsheets:\n  ZPI[Patient]:\n"
MSH = "MSH|^~\\&|HIS|QINGLIN|||20260310||{kind}|1|P|2.4"


def _convert(source: str, kind: str, *segments: str, charset: str = "utf-8") -> Normalised:
    raw = ("\r".join([MSH.format(kind=kind), *segments]) + "\r").encode(charset)
    envelope, refusals = read_envelope(raw)
    assert profile.taken(envelope, refusals, source) == ()
    now = datetime(2026, 3, 10, tzinfo=UTC)
    return normalise(raw, envelope, charset=None, timezone="Asia/Shanghai", received_at=now, profile=source)


def _pid(**fields: str) -> str:
    """A PID with these fields, `f8="F"`."""
    held = {"f1": "1", "f3": "7^^^QINGLIN^MR", "f5": "张^三", **fields}
    return "|".join(["PID", *(held.get(f"f{number}", "") for number in range(1, 31))])


def _all(found: Normalised, kind: str) -> list[dict[str, Any]]:
    return [e["resource"] for e in found.bundle["entry"] if e["resource"]["resourceType"] == kind]


def test_the_guides_example_reads_what_the_guide_says_of_it() -> None:
    found = _convert(
        EXAMPLE, "ZRF^Z01", _pid(f8="女性", f16="已婚", f27="13800001111"),
        "ZPI|A77|Y^居民医保^99CN", "ZAL|1||^青霉素", "ZTC|X^舌象^99CN|舌红^苔薄", charset="gb18030",
    )  # fmt: skip
    assert found.envelope.charset == "GB 18030-2000"
    [patient] = _all(found, "Patient")
    assert patient["telecom"] == [{"system": "phone", "value": "13800001111", "use": "home"}]
    assert patient["maritalStatus"]["coding"][0]["code"] == "M"
    assert [one["value"] for one in patient["identifier"] if one["system"].endswith(":archive")] == ["A77"]
    assert patient["extension"][0]["valueCodeableConcept"]["coding"][0]["system"] == "https://example.cn/insurance"
    assert _all(found, "AllergyIntolerance")[0]["code"] == {"text": "青霉素"}
    [tongue] = _all(found, "Observation")
    assert (tongue["code"]["coding"][0]["code"], tongue["valueString"]) == ("X", "舌红^苔薄")
    assert tongue["subject"]["reference"].startswith("urn:uuid:")
    mapped = {entry.path for entry in found.ledger.mapped}
    assert {"PID[1]-27[1]", "ZPI[1]-1[1]", "ZAL[1]-3[1].2", "ZTC[1]-2[1].2"} <= mapped


def test_without_the_profile_the_standard_holds() -> None:
    raw = f"{MSH.format(kind='ADT^A08')}\r{_pid(f27='13800001111')}\rZPI|A77\r".encode()
    found = normalise(raw, read_envelope(raw)[0], charset=None, timezone="Asia/Shanghai",
                      received_at=datetime(2026, 3, 10, tzinfo=UTC))  # fmt: skip
    assert "telecom" not in found.patient_resource
    assert "ZPI[1]-1[1]" in {entry.path for entry in found.ledger.unmapped}


def test_a_rule_of_a_sender_comes_before_that_of_the_standard() -> None:
    source = (
        "profile: hl7v2/1\nsheets:\n  PV1[Encounter]:\n    rules:\n"
        "    - {field: 10, to: serviceType, as: coded, number: '0069', when: {field: 2, is: [I]}}\n"
    )
    system = {
        kind: _all(_convert(source, "ADT^A01", _pid(), f"PV1|1|{kind}||||||||MED"), "Encounter")[0] for kind in "IO"
    }
    assert "system" in system["I"]["serviceType"]["coding"][0]
    assert "system" not in system["O"]["serviceType"]["coding"][0]


@pytest.mark.parametrize(("said", "documents"), [("result", 0), ("message", 1)])
def test_a_sender_may_mean_the_referral_by_notes_behind_a_result(said: str, documents: int) -> None:
    found = _convert(
        f"profile: hl7v2/1\ntables: {{closing-notes: {{codes: {{REF: {said}}}}}}}", "REF^I12", "RF1|P|R||||R1||||^x",
        "PRD|RT||||||TERT", _pid(), "OBR|1||F1|X^Y^L", "OBX|1|NM|X^Y^L||1|g|||||F", "NTE|1|L|咳嗽。",
    )  # fmt: skip
    assert len(_all(found, "DocumentReference")) == documents
    assert ["note" in one for one in _all(found, "Observation")] == [not documents]


def test_a_segment_by_another_name_counts_as_what_it_is() -> None:
    source = "profile: hl7v2/1\nsegments: {ZBX: OBX}\n"
    raw = "OBR|1||F1|K^钾^99LOC"
    reason = "RF1|P|R|MED|||R1^QINGLIN||||^会诊"
    found = _convert(source, "REF^I12", reason, "PRD|RT|||JIANGZHOU", _pid(), raw, "ZBX|1|NM|K^钾^99LOC||4.1|mmol/L")
    assert len(_all(found, "DiagnosticReport")) == 1 and len(_all(found, "Observation")) == 1


def test_a_field_of_a_z_segment_that_its_sheet_leaves_is_told_as_such() -> None:
    source = SHEET + '    into: patient\n    rules: [{field: 1, to: "identifier[]", as: number, space: archive}]\n'
    found = _convert(source, "ADT^A08", _pid(), "ZPI|A77|x", "ZXX|y")
    told = {entry.path: entry.reason for entry in found.ledger.unmapped}
    assert told["ZPI[1]-2[1]"] == "no rule for ZPI-2"
    assert told["ZXX[1]-1[1]"] == "no rule for Z-segments"


def test_a_moved_field_joins_what_stands_there() -> None:
    source = "profile: hl7v2/1\nmoves: [{from: PID-27, to: PID-13}]\n"
    found = _convert(source, "ADT^A08", _pid(f13="111", f27="222~333"))
    assert [one["value"] for one in _all(found, "Patient")[0]["telecom"]] == ["111", "222", "333"]


@pytest.mark.parametrize(
    ("source", "place", "told"),
    [
        ("{", "line 2, column 1", "no YAML"),
        ("- a", "", "not of type"),
        ("profile: hl7v2/2", "profile", "expected"),
        ("profile: hl7v2/1\nmovies: []", "", "movies"),
        ("profile: hl7v2/1\ncharset: KOI9", "charset", "KOI9"),
        ("profile: hl7v2/1\ntimezone: Mars", "timezone", "Mars"),
        ("profile: hl7v2/1\nmessages: {ZRF^Z01: REF^A01}", "messages/ZRF^Z01", "no message of HL7"),
        ("profile: hl7v2/1\nmoves: [{from: PID-1, to: PV1-1}]", "", "two segments"),
        ("profile: hl7v2/1\ntables: {sex: {codes: {'1': male}}}", "tables/sex", "no such table"),
        (
            "profile: hl7v2/1\ntables: {encounter-class: {codes: {A: AMB}}}",
            "tables/encounter-class",
            "systems: {SYSTEM",
        ),
        ("profile: hl7v2/1\ntables: {gender: {systems: {x: {A: male}}}}", "tables/gender", "codes: {THEIRS"),
        (SHEET + "    into: patient\n    create: Patient", "sheets/ZPI[Patient]", "not"),
        (SHEET + "    into: patiant", "sheets/ZPI[Patient]/into", "'patiant' is no open resource"),
        (SHEET + "    links: [{of: order, to: a}, {of: raport, to: b}]", "sheets/ZPI[Patient]/links/1/of", "'raport'"),
        (SHEET + "    rules: [{field: 1, to: a, as: b}]", "", "rules/0"),
        (SHEET + "    rules: [{field: 1, to: a, as: code}]", "", "rules/0"),
        (SHEET + "    rules: [{field: 1, to: a, as: code, table: b}]", "", "'b'"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_place(source: str, place: str, told: str) -> None:
    with pytest.raises(Refused) as refused:
        profile.read(source)
    first = refused.value.refusals[0]
    assert (first.cause, first.path) == (Cause.CODE_INVALID, place)
    assert any(told in one.text for one in refused.value.refusals)


def test_every_sheet_of_the_standard_is_one_by_the_schema() -> None:
    schema = json.loads(files("schemas.hl7v2").joinpath("sheet.v1.schema.json").read_text("utf-8"))
    validator = jsonschema_rs.validator_for(schema)
    found = [file for file in codes.FOLDER.joinpath("segments").iterdir() if file.name.endswith(".yaml")]
    assert len(found) > 40
    for file in found:
        document = codes.parse(file.read_text("utf-8"))
        assert [f"{file.name}: {error.message}" for error in validator.iter_errors(document)] == []
        assert {name[:3] for name in document} == {file.name[:3]}


def test_what_a_sheet_opens_another_may_add_to() -> None:
    read = profile.read(SHEET + "    create: Basic\n    opens: [membership]\n  ZPM[Basic]:\n    into: membership")
    assert read.sheets["ZPM[Basic]"].into == "membership"


def test_every_sheet_of_the_standard_names_what_something_opens() -> None:
    known = OPEN.union(*(one.opens for one in standard().sheets.values()))
    named = [(one.into, *(of for of, *_ in one.links)) for one in standard().sheets.values()]
    assert {name for names in named for name in names if name} <= known


def test_the_guide_says_how_each_table_is_written() -> None:
    [told] = re.findall(r"As `systems: .*?` are written (.*?), the others as", GUIDE.read_text("utf-8"), re.DOTALL)
    assert set(re.findall(r"`(.*?)`", told)) == standard().pairs.keys()


def test_the_guide_names_every_datatype_map_and_table() -> None:
    told = set(re.findall(r"`([A-Za-z-]+)`", GUIDE.read_text("utf-8")))
    assert sheets.CONVERTS.keys() <= told
    assert codes.WORDS.keys() | codes.PAIRS.keys() <= told


def test_every_rule_of_a_sheet_reads_a_field_that_its_segment_has() -> None:
    known = {"ARV", "PRT", "CTI"}  # segments of later versions than hl7apy's newest
    assert not [name for name, sheet in standard().sheets.items() if not sheet.rules and sheet.segment not in known]
