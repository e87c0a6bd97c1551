"""What the hub takes, as data: message types with their events, processing ids and versions."""

from __future__ import annotations

import re
from collections.abc import Mapping

MESSAGES: Mapping[str, frozenset[str]] = {
    "REF": frozenset({"I12", "I13", "I14", "I15"}),
    "ADT": frozenset({"A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A11", "A13", "A28", "A31"}),
    "ORU": frozenset({"R01"}),
    "MDM": frozenset({f"T{number:02d}" for number in range(1, 12)}),
    "RDE": frozenset({"O11", "O25"}),
    "PPR": frozenset({"PC1", "PC2", "PC3"}),
    "OMG": frozenset({"O19"}),
    "ORM": frozenset({"O01"}),
    "OML": frozenset({"O21"}),
    "OMP": frozenset({"O09"}),
    "VXU": frozenset({"V04"}),
}
"""MSH-9.1 -> MSH-9.2 (HL7 tables 0076 and 0003)."""

PROCESSING_IDS = frozenset({"P", "T", "D"})
"""MSH-11.1 (table 0103). Many senders leave it empty: that is production."""

VERSION = re.compile(r"2\.[1-9](\.\d)?")
"""MSH-12.1."""
