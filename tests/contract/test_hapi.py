"""What the hub writes is FHIR R4 to HAPI's validator of ../shared/peers, which nobody here wrote."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from adapters.fhir.ips.document import Custodian, summary
from adapters.fhir.parsing import encode
from adapters.forms.referral import bundle
from hub.domain.forms import completed
from hub.domain.fragments import Resource
from tests.conftest import SHARED
from tests.contract.test_conversion import corpus
from tests.contract.test_fhir_resources import answers
from tests.unit.fhir.records import example, record
from tests.unit.forms.test_referral import AT, PLAIN, TOWN, WHOLE

VALIDATOR = SHARED / "peers" / "hapi-validator" / "validate"
AT_ONCE = 2
"""Processes: each takes seconds to start and keeps one core busy, so all that is written goes through the same."""

WRITTEN: Mapping[str, Callable[[], Sequence[Resource]]] = {
    "converted HL7 v2": lambda: [found.bundle for _, found in corpus()],
    "answers": lambda: list(answers()),
    "forms": lambda: [bundle(completed(form), TOWN, "市医院", AT) for form in (PLAIN, WHOLE)],
    "summaries": lambda: [summary(example(), Custodian("CITY", "市第一医院"), patient_id="1"), summary(record())],
}


@pytest.fixture(scope="module")
def judged() -> Mapping[str, Sequence[Any]]:
    """The errors of each resource, by what was written."""
    if not VALIDATOR.exists():
        pytest.skip("../shared/peers/hapi-validator is not here")
    written = [(name, resource) for name, make in WRITTEN.items() for resource in make()]
    lines = [encode(resource) for _, resource in written]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = list(pool.map(_validated, (lines[part::AT_ONCE] for part in range(AT_ONCE))))
    found: dict[str, list[Any]] = {name: [] for name in WRITTEN}
    for number, (name, _) in enumerate(written):
        found[name].append(told[number % AT_ONCE][number // AT_ONCE]["issues"])
    return found


def _validated(lines: Sequence[bytes]) -> list[dict[str, Any]]:
    done = subprocess.run([VALIDATOR, "--errors-only", "-"], input=b"\n".join(lines), capture_output=True, timeout=280)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == len(lines), done.stderr[-1000:]
    return told


@pytest.mark.parametrize("name", WRITTEN)
def test_hapi_finds_no_error(judged: Mapping[str, Sequence[Any]], name: str) -> None:
    assert judged[name]
    assert [(number, issues) for number, issues in enumerate(judged[name]) if issues] == []
