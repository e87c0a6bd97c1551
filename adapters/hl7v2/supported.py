"""What the hub takes, as data: message types with their events, processing ids and versions."""

from __future__ import annotations

import re
from collections.abc import Mapping

MESSAGES: Mapping[str, frozenset[str]] = {
    "REF": frozenset({"I12", "I13", "I14", "I15"}),
    "ADT": frozenset({"A01", "A03", "A08"}),
    "ORU": frozenset({"R01"}),
    "MDM": frozenset({"T02"}),
    "RDE": frozenset({"O11"}),
}
"""MSH-9.1 -> MSH-9.2 (HL7 tables 0076 and 0003)."""

PROCESSING_IDS = frozenset({"P", "T", "D"})
"""MSH-11.1 (table 0103). Many senders leave it empty: that is production."""

VERSION = re.compile(r"2\.[1-9](\.\d)?")
"""MSH-12.1."""
