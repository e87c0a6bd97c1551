"""What a form becomes is FHIR R4 to HAPI's validator too, where it is there."""

from __future__ import annotations

import subprocess

import msgspec
import pytest

from adapters.fhir.parsing import encode
from adapters.forms.referral import bundle
from hub.domain.forms import completed
from tests.contract.test_fhir_resources import HAPI
from tests.unit.forms.test_referral import AT, PLAIN, TOWN, WHOLE


def test_a_referral_by_form_is_fhir_to_hapi() -> None:
    if not HAPI.exists():
        pytest.skip("no ../shared/peers/hapi-validator")
    lines = b"\n".join(encode(bundle(completed(form), TOWN, "市医院", AT)) for form in (PLAIN, WHOLE))
    done = subprocess.run([HAPI, "--errors-only", "-"], input=lines, capture_output=True, timeout=120, check=False)
    told = [msgspec.json.decode(line) for line in done.stdout.splitlines()]
    assert len(told) == 2
    assert [issue for line in told for issue in line["issues"]] == []
