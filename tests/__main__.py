"""`make test`: all tests, in two processes beside each other, since they wait half of the time.

Each has folders of its own, always in one order, its own PostgreSQL and its own broker: what fails, fails again. And a
temporary folder of its own: a pytest that begins shuts pytest's usual one to the PostgreSQL of another that runs.
Arguments are pytest's, for both.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from pytest import ExitCode

HERE = Path(__file__).parent
FIRST = ("contract", "integration")
"""About half of the time; the other folders are the other half."""


def main(arguments: list[str]) -> int:
    """The exit status of the first that failed, else 0; that nothing was to be run is a failure where it is so of both.
    What the second process said comes when the first has ended."""
    folders = {path.name for path in HERE.iterdir() if any(path.glob("**/test_*.py"))}
    with TemporaryDirectory() as temporary, TemporaryFile() as said:
        first, second = (
            [sys.executable, "-m", "pytest", f"--basetemp={temporary}/{number}", *arguments,
             *(str(HERE / name) for name in sorted(half))]
            for number, half in enumerate((FIRST, folders.difference(FIRST)))
        )  # fmt: skip
        running = [subprocess.Popen(first), subprocess.Popen(second, stdout=said, stderr=subprocess.STDOUT)]
        try:
            statuses = [process.wait() for process in running]
        except KeyboardInterrupt:  # which both were told as well
            statuses = [process.wait() for process in running]
        said.seek(0)
        shutil.copyfileobj(said, sys.stdout.buffer)
    return next((status for status in statuses if status not in (0, ExitCode.NO_TESTS_COLLECTED)), min(statuses))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
