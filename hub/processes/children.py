"""Child processes that do not outlive their parent, not even one that is killed."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def start(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Popen whose process the kernel kills when the thread that started it ends (Linux; elsewhere an ordinary one).

    It has a process group of its own: Ctrl-C at the terminal reaches the parent only, which then stops it in order.
    """
    parent = os.getpid()

    def die_with_parent() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGKILL)

    return subprocess.Popen(
        list(command), stdin=subprocess.DEVNULL, process_group=0, preexec_fn=die_with_parent, **options
    )
