"""Write generated patients to a folder, to look at them: python -m tests.evaluation.generator FOLDER COUNT [SEED]."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.evaluation.generator.write import generate

if __name__ == "__main__":
    generate(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
