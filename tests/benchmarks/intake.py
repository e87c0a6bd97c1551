"""Acknowledged messages per second over 64 connections: CA, AA, and python-hl7's server that only commits."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import psycopg

from tests.benchmarks import servers

SECONDS = "8"


def load(address: str, *arguments: str) -> dict[str, float]:
    """One run of the load client against `host:port`."""
    host, port = address.rsplit(":", 1)
    command = [sys.executable, "-m", "tests.benchmarks.load", host, port, "--seconds", SECONDS, *arguments]
    result: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return result


def commit_ms(url: str) -> float:
    """Time of one small committed insert, alone."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE probe (x int)")
        start = time.perf_counter()
        for _ in range(200):
            connection.execute("INSERT INTO probe VALUES (1)")
        return (time.perf_counter() - start) / 200 * 1000


def measure() -> dict[str, float]:
    with servers.postgres() as url, servers.organizations(url):
        commit = commit_ms(url)
        command = [sys.executable, "-m", "tests.benchmarks.peer", url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as peer:
            assert peer.stdout is not None
            theirs = load(f"127.0.0.1:{peer.stdout.readline().strip()}", "--prefix", "P")["AA"]
            peer.terminate()
        with servers.hub("mllp", url) as ready:
            commit_answers = load(ready["mllp"], "--enhanced", "--prefix", "C", "--messages", "120000").get("CA", 0.0)
        with servers.postgres() as url, servers.organizations(url), servers.hub("mllp", url) as ready:
            application_answers = load(ready["mllp"], "--prefix", "A", "--messages", "30000").get("AA", 0.0)
    return {
        "commit_ms": round(commit, 3),
        "python_hl7_mllp_server_messages_per_s": round(theirs),
        "ca_messages_per_s": round(commit_answers),
        "ca_times_python_hl7": round(commit_answers / theirs, 1),
        "aa_messages_per_s": round(application_answers),
        "aa_times_python_hl7": round(application_answers / theirs, 1),
    }
