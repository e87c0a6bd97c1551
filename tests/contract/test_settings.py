"""The settings of CONTRACTS.md: names, defaults, files for secrets, and what a bad one ends with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.processes.settings import Address, Settings, SettingsError

SASL = {
    "REFERRAL_HUB_KAFKA": "broker:9093",
    "REFERRAL_HUB_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "REFERRAL_HUB_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "REFERRAL_HUB_KAFKA_SASL_USERNAME": "hub",
    "REFERRAL_HUB_KAFKA_SASL_PASSWORD": "secret",
}


def test_defaults_are_those_of_the_contract() -> None:
    settings = Settings.from_environment({"PATH": "/bin"})
    assert settings.home == Path("~/.referral-hub").expanduser()
    assert (settings.database, settings.kafka, settings.model) == ("embedded", "embedded", "bundled")
    assert (str(settings.http), str(settings.mllp)) == ("127.0.0.1:8080", "127.0.0.1:2575")
    assert settings.remember_days == 30
    assert settings.delivered_days == 90
    assert settings.max_message_bytes == 16 * 2**20


def test_values_are_taken(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        SASL
        | {
            "REFERRAL_HUB_HOME": str(tmp_path),
            "REFERRAL_HUB_DATABASE": "postgresql://hub:pass@db:5433/hub",
            "REFERRAL_HUB_HTTP": "[::1]:81",
            "REFERRAL_HUB_MLLP": "0.0.0.0:0",
            "REFERRAL_HUB_MLLP_ALLOW": "10.1.0.0/16,192.168.7.4",
        }
    )
    assert settings.database == "postgresql://hub:pass@db:5433/hub"
    assert (settings.http, str(settings.http)) == (Address("::1", 81), "[::1]:81")
    assert [str(network) for network in settings.mllp_allow] == ["10.1.0.0/16", "192.168.7.4/32"]
    assert dict(settings.kafka_security) == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "hub",
        "sasl_plain_password": "secret",
    }


def test_secrets_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://hub:pass@db/hub\n")
    settings = Settings.from_environment({"REFERRAL_HUB_DATABASE_FILE": str(tmp_path / "url")})
    assert settings.database == "postgresql://hub:pass@db/hub"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("REFERRAL_HUB_HTPP", "127.0.0.1:80", "unknown setting"),
        ("REFERRAL_HUB_HTTP_FILE", "/x", "unknown setting"),
        ("REFERRAL_HUB_HTTP", "8080", "expected host:port"),
        ("REFERRAL_HUB_MLLP", "127.0.0.1:99999", "expected host:port"),
        ("REFERRAL_HUB_HOME", __file__, "expected a folder"),
        ("REFERRAL_HUB_HOME", "", "expected a folder"),
        ("REFERRAL_HUB_DATABASE", "mysql://db/hub", "expected `embedded` or a postgresql:// URL"),
        ("REFERRAL_HUB_DATABASE", "postgresql://db", "that names a database"),
        ("REFERRAL_HUB_DATABASE_FILE", "/nowhere/at/all", "expected a readable UTF-8 text file"),
        ("REFERRAL_HUB_KAFKA", "broker", "expected `embedded` or host:port,..."),
        ("REFERRAL_HUB_KAFKA", "a:1,b:0", "expected `embedded` or host:port,..."),
        ("REFERRAL_HUB_KAFKA_SECURITY_PROTOCOL", "TLS", "expected PLAINTEXT or SSL"),
        ("REFERRAL_HUB_KAFKA_SECURITY_PROTOCOL", "SSL", "expected only with REFERRAL_HUB_KAFKA"),
        ("REFERRAL_HUB_KAFKA_SASL_USERNAME", "hub", "expected only with"),
        ("REFERRAL_HUB_KAFKA_CA_FILE", "/nowhere.pem", "expected a file of certificates"),
        ("REFERRAL_HUB_DEMO_FILE", "/nowhere.json", "expected the file that `referral-hub demo` makes"),
        ("REFERRAL_HUB_MLLP_ALLOW", "10.0.0.1/8", "expected networks"),
        ("REFERRAL_HUB_MODEL", "/nowhere/model", "expected `bundled`"),
        ("REFERRAL_HUB_REMEMBER_DAYS", "0", "expected a number of days"),
        ("REFERRAL_HUB_MAX_MESSAGE_BYTES", "16MB", "expected a number of bytes"),
        ("REFERRAL_HUB_LOG_LEVEL", "chatty", "expected debug or info"),
    ],
)
def test_a_bad_setting_is_named_with_what_was_expected(name: str, value: str, expected: str) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_environment({name: value})
    assert name in str(error.value)
    assert expected in str(error.value)


def test_a_login_needs_all_its_parts() -> None:
    for name in SASL:
        if "SASL_" in name:
            with pytest.raises(SettingsError, match=name):
                Settings.from_environment({k: v for k, v in SASL.items() if k != name})


def test_a_secret_is_given_once_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("oops:secret@db")
    with pytest.raises(SettingsError) as error:
        Settings.from_environment({"REFERRAL_HUB_DATABASE_FILE": str(tmp_path / "url")})
    assert "secret" not in str(error.value)
    both = {"REFERRAL_HUB_DATABASE": "embedded", "REFERRAL_HUB_DATABASE_FILE": str(tmp_path / "url")}
    with pytest.raises(SettingsError, match="not both"):
        Settings.from_environment(both)


def test_a_bad_setting_ends_every_command_with_status_2() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("REFERRAL_HUB_")}
    done = subprocess.run(
        [sys.executable, "-m", "hub.processes.commands", "serve"],
        env=environment | {"REFERRAL_HUB_NOPE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "REFERRAL_HUB_NOPE" in done.stderr
