"""Why a message was refused, in words for people."""

from __future__ import annotations

from hub.domain.errors import Cause
from hub.web.words import N_

_WORDS = {
    Cause.NO_HEADER: N_("no readable header"),
    Cause.UNSUPPORTED_TYPE: N_("type not supported"),
    Cause.UNSUPPORTED_EVENT: N_("event not supported"),
    Cause.UNSUPPORTED_PROCESSING_ID: N_("processing id not supported"),
    Cause.UNSUPPORTED_VERSION: N_("version not supported"),
    Cause.UNKNOWN_SENDER: N_("unknown sender"),
    Cause.UNDECODABLE: N_("not of its character set"),
    Cause.WRONG_DATATYPE: N_("wrong data type"),
    Cause.WRONG_STRUCTURE: N_("wrong structure"),
    Cause.CODE_INVALID: N_("not a valid code"),
    Cause.TOO_LARGE: N_("too large"),
    Cause.REQUIRED_MISSING: N_("required field missing"),
    Cause.UNKNOWN_KEY: N_("names what is unknown"),
    Cause.DUPLICATE_KEY: N_("id used before"),
    Cause.FORBIDDEN_STATE: N_("not allowed in this state"),
    Cause.STALE_VERSION: N_("of an old version"),
    Cause.NOT_PERMITTED: N_("not permitted to the sender"),
    Cause.UNKNOWN_MODIFIER: N_("changes its meaning in an unknown way"),
    Cause.SEVERAL_MATCHES: N_("names several"),
}


def word(code: str) -> str:
    """Of a cause's code; an unknown one is its own word."""
    return next((text for cause, text in _WORDS.items() if cause.value == code), code)
