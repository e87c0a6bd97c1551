"""SQL in named blocks: `-- name: what it does` begins a block of a `.sql` file beside this module."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import LiteralString, cast

_BLOCK = re.compile(r"^-- (\w+):.*\n((?:(?!^-- \w+:).*\n?)*)", re.MULTILINE)


@cache
def blocks(name: str) -> dict[str, LiteralString]:
    """The blocks of `<name>.sql` by their names. Raises KeyError on use of a name that is not there."""
    text = files("hub.store").joinpath(f"{name}.sql").read_text(encoding="utf-8")
    return {block: cast(LiteralString, sql.strip()) for block, sql in _BLOCK.findall(text)}
