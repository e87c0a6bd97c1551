"""Several listener processes on one port: whoever holds the connection answers, and one that dies is replaced."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.hl7v2.mllp import Client
from hub.processes import mllp
from hub.processes.settings import Address, Settings
from tests.integration.intake_cases import hub
from tests.integration.test_intake_mllp import listening, message, msa, rows

CONNECTIONS = 16


def listeners() -> list[int]:
    """Pids of this process's listeners."""
    found = subprocess.run(["pgrep", "-P", str(os.getpid()), "-f", "hub.processes.listener"], capture_output=True)
    return [int(line) for line in found.stdout.split()]


def test_each_connection_gets_its_own_answers_whichever_process_holds_it(database: str, tmp_path: Path) -> None:
    with hub(database), listening(database, tmp_path, mllp_processes=2) as (host, port), ExitStack() as stack:
        clients = [stack.enter_context(Client(host, port)) for _ in range(CONNECTIONS)]
        assert len(listeners()) == 2
        for n, client in enumerate(clients, 1):
            assert msa(client.exchange(message(str(n), enhanced="AL|AL"))) == f"MSA|CA|{n}"
        for n, client in enumerate(clients, 1):
            assert msa(client._next(time.monotonic() + 20)) == f"MSA|AA|{n}"
        for n, client in enumerate(clients, 1):
            assert msa(client.exchange(message(str(100 + n)))) == f"MSA|AA|{100 + n}"
            assert msa(client.exchange(message(str(100 + n)))) == f"MSA|AA|{100 + n}"
        assert rows(database, "SELECT count(*) FROM referrals") == [(2 * CONNECTIONS,)]


def test_a_listener_that_dies_is_started_again_and_the_others_go_on(database: str, tmp_path: Path) -> None:
    with hub(database), listening(database, tmp_path, mllp_processes=2) as (host, port):
        before = listeners()
        os.kill(before[0], signal.SIGKILL)
        end, number = time.monotonic() + 20, 1
        while before[0] in (now := listeners()) or len(now) < 2:
            assert time.monotonic() < end
            try:
                with Client(host, port, 5) as client:
                    assert msa(client.exchange(message(str(number)))) == f"MSA|AA|{number}"
                    number += 1
            except ConnectionError:
                time.sleep(0.05)
        assert before[1] in now and number > 1
    assert listeners() == []


def test_an_address_in_use_is_refused(database: str, tmp_path: Path) -> None:
    with hub(database), listening(database, tmp_path, mllp_processes=2) as (host, port):
        settings = replace(Settings(home=tmp_path, database=database, mllp=Address(host, port)), mllp_processes=2)
        with pytest.raises(OSError) as refused:
            mllp.run(settings, stop=threading.Event(), ready=lambda _: None)
        assert refused.value.errno == errno.EADDRINUSE
