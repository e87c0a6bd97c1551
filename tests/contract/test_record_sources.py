"""A second, independent reader: every source of a record is found again in the original bytes, character by character.

Nothing of the hub is used to read: HL7 v2 is split by hand, FHIR by the standard library's JSON.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.contract.conftest import Reassembled

CHARSETS = {"UNICODE UTF-8": "utf-8", "GB 18030-2000": "gb18030", "ASCII": "ascii", "8859/1": "latin-1", "": "utf-8"}
ESCAPES = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\", ".br": "\n"}
PATH = re.compile(r"([A-Z0-9]{3})\[(\d+)\]-(\d+)\[(\d+)\](?:\.(\d+)(?:\.(\d+))?)?")


def unescape(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        name = match.group(1)
        if name.startswith("X"):
            return bytes.fromhex(name[1:]).decode().replace("\r", "\n")
        return ESCAPES.get(name, match.group())

    return re.sub(r"\\([^\\]*)\\", one, text)


def hl7_value(raw: bytes, message_id: str, path: str) -> str | None:
    """The value at a path of the message with this MSH-10 in a file of messages with carriage returns."""
    match = PATH.fullmatch(path)
    assert match, path
    name, occurrence, field, repetition = match.group(1), *(int(match.group(i)) for i in (2, 3, 4))
    for message in re.split(rb"\r(?=MSH\|)", raw):
        charset = CHARSETS[(message.split(b"\r")[0].split(b"|") + [b""] * 20)[17].decode("ascii")]
        segments = [s for s in message.decode(charset).split("\r") if s]
        if segments[0].split("|")[9] != message_id:
            continue
        fields = [s.split("|") for s in segments if s.split("|")[0] == name][occurrence - 1]
        value = fields[field - (name == "MSH")].split("~")[repetition - 1]
        if match.group(5):
            value = value.split("^")[int(match.group(5)) - 1]
        if match.group(6):
            value = value.split("&")[int(match.group(6)) - 1]
        return unescape(value)
    return None


def fhir_value(raw: bytes, pointer: str) -> str:
    """The value at a JSON pointer; a number as written; base64 data as its text."""
    value: Any = json.loads(raw, parse_float=str, parse_int=str)
    holder: Any = None
    for step in pointer.split("/")[1:]:
        holder, value = value, value[int(step)] if isinstance(value, list) else value[step]
    if pointer.endswith("/attachment/data"):
        return base64.b64decode(value).decode(holder["contentType"].partition("charset=")[2] or "utf-8")
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def found(files: dict[str, bytes], source: dict[str, Any]) -> str | None:
    raw, location = files[source["file"]], source["location"]
    if location["kind"] == "hl7v2":
        return hl7_value(raw, source["message_id"], location["path"])
    if location["kind"] == "fhir":
        return fhir_value(raw, location["path"])
    assert location["path"] == ""
    return raw.decode()


def sources(value: Any) -> Iterator[dict[str, Any]]:
    """Every source anywhere in a record."""
    if isinstance(value, dict):
        if "location" in value and "fragment_id" in value:
            yield value
        else:
            for child in value.values():
                yield from sources(child)
    elif isinstance(value, list):
        for child in value:
            yield from sources(child)


def test_every_source_is_exactly_what_was_received(reassembled: list[Reassembled]) -> None:
    count = 0
    for one in reassembled:
        for source in sources(one.record):
            whole = found(one.files, source)
            start, end = source["location"]["start"], source["location"]["end"]
            assert whole is not None
            assert whole[start:end] == source["text"], (one.name, source["file"], source["location"])
            assert source["text"]
            count += 1
    assert count > 1000


def test_every_statement_cites_a_source(reassembled: list[Reassembled]) -> None:
    for one in reassembled:
        holders = [i for section in one.record["sections"].values() for i in section]
        holders += [*one.record["passages"], *one.record["unplaced"], one.record["patient"], one.record["question"]]
        assert all(holder["sources"] for holder in holders)


def test_names_and_times_of_a_source_are_those_of_the_manifest(reassembled: list[Reassembled]) -> None:
    for one in reassembled:
        manifest = Path(next(iter(one.files))).parent / "manifest.jsonl"
        origins = {line["path"]: line for line in map(json.loads, manifest.read_text("utf-8").splitlines())}
        for source in sources(one.record):
            origin = origins[source["file"].rpartition("/")[2]]
            assert source["organization"] == origin["organization"]
            assert source["received_at"] == origin["received_at"]
