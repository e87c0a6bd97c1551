"""compose.yaml: one service per process, health checks, volumes, secrets as files, the image from the repository."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.processes.commands import COMMANDS
from hub.processes.settings import VARIABLES

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = {"migrate", "serve", "mllp", "relay", "worker", "delivery"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return document


def test_every_process_is_a_service_of_its_own(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == PROCESSES | {"postgres", "kafka"}
    for name in PROCESSES:
        assert compose["services"][name]["command"] == [name]
        assert name in COMMANDS


def test_services_are_checked_and_keep_their_data(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert name == "migrate" or service["healthcheck"]["test"][0].startswith("CMD"), name
        mounted = {volume.split(":")[0] for volume in service["volumes"]}
        assert mounted <= set(compose["volumes"]), name


def test_the_images_are_those_of_the_contract(compose: dict[str, Any]) -> None:
    assert compose["services"]["postgres"]["image"] == "pgvector/pgvector:pg18"
    assert compose["services"]["kafka"]["image"].startswith("apache/kafka:4.")
    roles = compose["services"]["kafka"]["environment"]["KAFKA_PROCESS_ROLES"]
    assert roles == "broker,controller"
    for name in PROCESSES:
        build = compose["services"][name]["build"]
        assert (ROOT / build["context"] / build["dockerfile"]).is_file()


def test_secrets_are_files_and_settings_are_known(compose: dict[str, Any]) -> None:
    known = {f"REFERRAL_HUB_{v.name}" for v in VARIABLES} | {
        f"REFERRAL_HUB_{v.name}_FILE" for v in VARIABLES if v.secret
    }
    for name in PROCESSES:
        environment = compose["services"][name]["environment"]
        assert set(environment) <= known
        assert environment["REFERRAL_HUB_DATABASE_FILE"] == "/run/secrets/database_url"
        assert "database_url" in compose["services"][name]["secrets"]
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())
    assert "POSTGRES_PASSWORD" not in compose["services"]["postgres"]["environment"]


def test_the_image_gets_every_package_of_the_wheel() -> None:
    dockerfile = (ROOT / ".docker" / "Dockerfile").read_text()
    for package in ("hub", "adapters", "schemas", "migrations"):
        assert f"COPY {package} {package}" in dockerfile


def test_docker_compose_accepts_it() -> None:
    if not shutil.which("docker"):
        pytest.skip("docker is not there")
    if subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        pytest.skip("docker compose is not there")
    done = subprocess.run(["docker", "compose", "config", "--quiet"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
