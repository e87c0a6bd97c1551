"""The IPS document by the judgement of HAPI's validator, where it is at hand."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from adapters.fhir.ips.document import Custodian, summary
from adapters.fhir.parsing import encode
from tests.unit.fhir.records import example, record

VALIDATOR = Path(__file__).parents[3] / "shared/peers/hapi-validator/validate"


@pytest.mark.skipif(not VALIDATOR.exists(), reason="the validator is not here")
def test_hapi_finds_no_error() -> None:
    documents = [summary(example(), Custodian("CITY", "市第一医院"), patient_id="1"), summary(record())]
    lines = b"\n".join(encode(document) for document in documents)
    done = subprocess.run([str(VALIDATOR), "--errors-only", "-"], input=lines, capture_output=True, check=False)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["errors"], one["issues"]) for one in found] == [(0, []), (0, [])]
