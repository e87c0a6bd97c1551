"""A person who is logged in: a user of an organisation, with a role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hub.domain.messages import Sender

Role = Literal["clinician", "administrator"]


@dataclass(frozen=True, slots=True)
class Person:
    """name: as written on pages and in what the person sends; organization: whose user the person is."""

    id: int
    login: str
    name: str
    role: Role
    organization: Sender

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Person:
        """A row of the user's four columns and the organisation's seven."""
        identifier, login, name, role = row[:4]
        return cls(identifier, login, name, role, Sender(*row[4:11]))
