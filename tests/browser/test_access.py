"""Every route, as nobody, as another organisation, as another role, and from another site's page."""

from __future__ import annotations

import pytest

from tests.browser.site import Site
from tests.browser.walking import MACHINES, NAME, PUBLIC, Walk, caller


def test_every_page_sends_nobody_to_the_log_in(site: Site, walk: Walk) -> None:
    with caller(site, None) as nobody:
        for address in walk.pages():
            answer = nobody.ask(address.method, address.filled(walk.values))
            assert answer.status_code == 303, (address, answer.status_code)
            assert answer.headers["location"].startswith("/login"), address
            assert NAME not in answer.text


def test_no_machine_is_served_without_a_token(site: Site, walk: Walk) -> None:
    values = walk.values | {"task_id": walk.values["referral_id"], "kind": "Task", "path": "x",
                            "resource_id": walk.values["referral_id"], "codes_id": "x",
                            "patient_id": walk.values["referral_id"]}  # fmt: skip
    with caller(site, "specialist") as logged_in:
        for address in walk.all:
            if address.path.startswith(MACHINES) and not address.path.startswith(PUBLIC):
                answer = logged_in.ask(address.method, address.filled(values))
                assert answer.status_code in (401, 404, 405), (address, answer.status_code)
                assert NAME not in answer.text


def test_another_organisation_finds_nothing(site: Site, walk: Walk) -> None:
    assert walk.bound()
    with caller(site, "stranger") as stranger:
        for address in walk.bound():
            answer = stranger.ask(address.method, address.filled(walk.values))
            assert answer.status_code in (404, 409), (address, answer.status_code)
            assert NAME not in answer.text, address


def test_a_colleague_does_not_see_a_draft(site: Site, walk: Walk) -> None:
    with caller(site, "colleague") as colleague:
        for address in (a for a in walk.bound() if "{key" in a.path):
            answer = colleague.ask(address.method, address.filled(walk.values))
            assert answer.status_code in (404, 409), (address, answer.status_code)


def test_lists_of_another_organisation_name_no_patient(site: Site, walk: Walk) -> None:
    with caller(site, "stranger") as stranger:
        for address in (a for a in walk.clinical() if a.method == "GET" and "{" not in a.path):
            answer = stranger.ask("GET", address.path)
            assert answer.status_code in (200, 204), (address, answer.status_code)
            assert NAME not in answer.text, address


def test_an_administrator_has_no_clinical_pages(site: Site, walk: Walk) -> None:
    assert walk.clinical()
    with caller(site, "engineer") as engineer:
        for address in walk.clinical():
            answer = engineer.ask(address.method, address.filled(walk.values))
            assert answer.status_code in (403, 404), (address, answer.status_code)
            assert NAME not in answer.text, address


@pytest.mark.parametrize("login", ["clinic", "specialist", "stranger"])
def test_a_clinician_does_not_administer(site: Site, walk: Walk, login: str) -> None:
    assert walk.administrative()
    with caller(site, login) as clinician:
        for address in walk.administrative():
            answer = clinician.ask(address.method, address.filled(walk.values))
            assert answer.status_code in (403, 404), (address, answer.status_code)
            assert NAME not in answer.text, address


@pytest.mark.parametrize("login", ["clinic", "specialist", "engineer"])
def test_no_form_is_taken_from_another_site(site: Site, walk: Walk, login: str) -> None:
    with caller(site, login) as person:
        for address in (a for a in walk.pages() if a.method != "GET"):
            answer = person.ask(address.method, address.filled(walk.values), forged=True)
            assert answer.status_code in (403, 404), (address, answer.status_code)
        assert person.ask("GET", "/account").status_code == 200


@pytest.mark.parametrize("login", ["clinic", "specialist", "engineer"])
def test_nonsense_in_any_address_or_form_is_no_fault_of_the_hub(site: Site, walk: Walk, login: str) -> None:
    bad = ["x", "0", "-1", "\ud7ff", "%00", "%FF", "9" * 40, "01a2059a-5309-73ad-ba40-aee22f9a3bd2", "a'b\"<c>"]
    with caller(site, login) as person:
        for address in (a for a in walk.pages() if not a.path.startswith("/logout")):
            for value in bad if "{" in address.path else ("x",):
                path = address.filled(dict.fromkeys(walk.values, value)) + f"?after={value}&page={value}&since={value}"
                fields = dict.fromkeys(("version", "key", "start", "end", "text", "item", "verdict", "q"), value)
                answer = person.ask(address.method, path, **fields)
                assert answer.status_code < 500, (address, value, answer.status_code)
                if answer.status_code == 200 and address.method == "GET":
                    assert "a'b\"<c>" not in answer.text, address
