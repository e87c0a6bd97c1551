"""MLLP and FHIR over TLS: whom the hub trusts, who it is, and what is shown where one of them fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.certificates import Authority
from tests.integration.delivery_site import (
    Receiver,
    deliveries,
    delivering,
    destination,
    listening,
    outcomes,
    place,
    settled,
)
from tests.integration.fhir_site import Site
from tests.integration.streams import eventually
from tests.integration.test_delivery import fhir_server


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


def tried(site: Site, outcome: str) -> bool:
    """Whether an attempt ended so, and only so."""
    return set(filter(None, outcomes(site.url))) == {outcome}


def fault(site: Site) -> str:
    """As the list of destinations shows it."""
    return str(site.rows("SELECT fault FROM destinations")[0][0])


def test_a_receiver_whose_certificate_is_trusted_gets_its_messages_over_tls(site: Site, authority: Authority) -> None:
    with listening(Receiver(), tls=authority.server()) as city, delivering(site.url):
        destination(site, f"127.0.0.1:{city.port}", tls=True, authorities=authority.certificate)
        for number in ("R-1", "R-2"):
            site.refer(number)
        place(site.url)
        eventually(lambda: settled(site.url, 2))
    assert [row[:3] for row in deliveries(site.url)] == [("REF^I12", "delivered", 1)] * 2
    assert city.connections == 1


@pytest.mark.parametrize("trusted", ["another", "the system's"])
def test_a_receiver_that_an_unknown_authority_signed_gets_nothing(
    site: Site, authority: Authority, tmp_path: Path, trusted: str
) -> None:
    other = Authority(tmp_path, "other").certificate if trusted == "another" else None
    with listening(Receiver(), tls=authority.server()) as city, delivering(site.url):
        destination(site, f"127.0.0.1:{city.port}", tls=True, authorities=other, most_tries=1)
        site.refer("R-1")
        place(site.url)
        eventually(lambda: tried(site, "untrusted"))
    assert city.received == []
    assert fault(site) == "untrusted"
    assert deliveries(site.url)[0][1] == "waiting", "it has not been reached: no try of those that count"


def test_a_certificate_of_another_host_is_not_trusted(site: Site, authority: Authority) -> None:
    with listening(Receiver(), tls=authority.server()) as city, delivering(site.url):
        destination(site, f"localhost:{city.port}", tls=True, authorities=authority.certificate)
        site.refer("R-1")
        place(site.url)
        eventually(lambda: tried(site, "untrusted"))
    assert city.received == []


def test_a_receiver_that_asks_who_comes_is_shown_the_certificate(site: Site, authority: Authority) -> None:
    own = str(authority.issue("hub"))
    with listening(Receiver(), tls=authority.server(asks=True)) as city, delivering(site.url):
        destination(site, f"127.0.0.1:{city.port}", tls=True, authorities=authority.certificate, certificate=own)
        site.refer("R-1")
        place(site.url)
        eventually(lambda: settled(site.url, 1))
    assert [row[1] for row in deliveries(site.url)] == ["delivered"]


def test_without_the_certificate_that_is_asked_for_nothing_is_delivered_until_there_is_one(
    site: Site, authority: Authority
) -> None:
    with listening(Receiver(), tls=authority.server(asks=True)) as city, delivering(site.url):
        address, trust = f"127.0.0.1:{city.port}", authority.certificate
        destination(site, address, tls=True, authorities=trust)
        site.refer("R-1")
        place(site.url)
        eventually(lambda: tried(site, "tls-failed"))
        assert city.received == []
        missing = authority.issue("hub").with_suffix(".later")
        destination(site, address, tls=True, authorities=trust, certificate=str(missing))
        eventually(lambda: "unconfigured" in outcomes(site.url))
        assert fault(site) == "unconfigured certificate"
        missing.write_bytes(missing.with_suffix(".whole").read_bytes())
        eventually(lambda: settled(site.url, 1))
    assert len(city.received) == 1


def test_a_listener_that_speaks_no_tls_is_shown_as_such(site: Site) -> None:
    class Chatty(Receiver):
        def serve(self, connection: Any) -> None:
            connection.sendall(b"220 welcome\r\n")
            connection.recv(65536)

    with listening(Chatty()) as city, delivering(site.url):
        destination(site, f"127.0.0.1:{city.port}", tls=True)
        site.refer("R-1")
        place(site.url)
        eventually(lambda: tried(site, "tls-failed"))
    assert city.received == []
    assert fault(site) == "tls-failed"
    assert [row[1] for row in deliveries(site.url)] == ["waiting"]


@pytest.mark.parametrize(
    ("trusts", "shows", "outcome"),
    [("authority", "hub", "200"), ("other", "hub", "untrusted"), ("authority", None, "tls-failed")],
)
def test_fhir_over_tls(
    site: Site, authority: Authority, tmp_path: Path, trusts: str, shows: str | None, outcome: str
) -> None:
    trust = authority if trusts == "authority" else Authority(tmp_path, trusts)
    own = str(authority.issue(shows)) if shows else None
    with fhir_server((200, {}, b""), tls=authority.server(asks=True)) as (url, got), delivering(site.url):
        destination(site, url.replace("http:", "https:"), authorities=trust.certificate, certificate=own)
        site.refer("R-1")
        place(site.url)
        eventually(lambda: outcome in outcomes(site.url))
    assert len(got) == (outcome == "200")
