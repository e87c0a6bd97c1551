"""What a regular expression cannot match without: literals that tell where it is worth trying."""

from __future__ import annotations

from re import _constants as constants
from re import _parser as parser
from typing import Any


def required(pattern: str) -> frozenset[str]:
    """Strings of which every match of the pattern contains at least one.

    Raises ValueError for a pattern that needs no literal: it would have to be tried everywhere.
    """
    found = _required(parser.parse(pattern))
    if not found:
        raise ValueError(f"the pattern {pattern!r} needs no literal")
    return found


def _required(parsed: Any) -> frozenset[str]:
    best: frozenset[str] = frozenset()
    run = ""
    for operator, argument in parsed:
        if operator is constants.LITERAL:
            run += chr(argument)
            continue
        best, run = _better(best, frozenset({run} if run else ())), ""
        best = _better(best, _of(operator, argument))
    return _better(best, frozenset({run} if run else ()))


def _of(operator: Any, argument: Any) -> frozenset[str]:
    if operator is constants.SUBPATTERN:
        return _required(argument[-1])
    if operator is constants.BRANCH:
        branches = [_required(branch) for branch in argument[1]]
        return frozenset().union(*branches) if all(branches) else frozenset()
    if operator in (constants.MAX_REPEAT, constants.MIN_REPEAT) and argument[0] > 0:
        return _required(argument[2])
    if operator is constants.IN and all(kind is constants.LITERAL for kind, _ in argument):
        return frozenset(chr(code) for _, code in argument)
    return frozenset()


def _better(a: frozenset[str], b: frozenset[str]) -> frozenset[str]:
    """The one whose shortest string is longer; none loses."""
    return max(a, b, key=lambda s: (min(map(len, s), default=0), -len(s)))
