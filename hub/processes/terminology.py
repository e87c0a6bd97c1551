"""`referral-hub terminology`: a site's own terminologies, from which standard terms are suggested. No database."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.processes import models
from hub.processes.lines import DONE, REFUSED, USAGE, write
from hub.processes.settings import Settings
from hub.summarizer.model import ModelError
from hub.summarizer.terminology.shelf import Shelf, Stored
from hub.summarizer.terminology.site import KINDS, FormatError, parse
from hub.summarizer.terminology.suggest import ALL
from hub.summarizer.terminology.tables import family


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="load|list|suggest|remove")
    load = verbs.add_parser("load", help="take a table; what its system had before is replaced")
    load.add_argument("file", type=Path, metavar="FILE",
                      help="CSV or TSV with a header code,display[,aliases][,kind], aliases parted by |; a FHIR "
                           "CodeSystem; or a table as the hub's own. UTF-8 or GB18030")  # fmt: skip
    load.add_argument("--system", required=True, type=_system, metavar="URI", help="of the codes")
    load.add_argument("--kind", choices=KINDS, help="of the terms, where neither the file nor the system says")
    verbs.add_parser("list", help="a line per table of the site")
    suggest = verbs.add_parser("suggest", help="a line per text: standard terms, best first, with their chance")
    suggest.add_argument("texts", nargs="+", metavar="TEXT")
    suggest.add_argument(
        "--limit", type=_positive, default=10, metavar="N", help="of terms for each text; 10 unless told"
    )
    suggest.add_argument("--kind", choices=KINDS, help="of the terms; any unless told")
    remove = verbs.add_parser("remove", help="forget the table of a system")
    remove.add_argument("--system", required=True, type=_system, metavar="URI")


def execute(arguments: argparse.Namespace, settings: Settings) -> int:
    verbs = {"load": _load, "list": _list, "suggest": _suggest, "remove": _remove}
    try:
        return verbs[arguments.verb](arguments, settings)
    except ModelError as error:
        return _complain(str(error), USAGE)
    except (FormatError, ValueError) as error:
        return _complain(str(error), REFUSED)


def _shelf(settings: Settings) -> Shelf:
    return models.shelf(settings, models.embedder(settings))


def _load(arguments: argparse.Namespace, settings: Settings) -> int:
    try:
        data = arguments.file.read_bytes()
    except OSError as error:
        return _complain(f"{arguments.file}: {error.strerror}", USAGE)
    entries = parse(arguments.file.name, data, arguments.system, arguments.kind)
    table = Stored(arguments.system, arguments.file.name, datetime.now(UTC), entries)
    _shelf(settings).store(table)
    write(_told(table))
    return DONE


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    for table in _shelf(settings).tables():
        write(_told(table))
    return DONE


def _suggest(arguments: argparse.Namespace, settings: Settings) -> int:
    os.environ["HF_HUB_OFFLINE"] = "1"
    embedder = models.embedder(settings)
    suggester = models.shelf(settings, embedder).suggester()
    kinds = (family(arguments.kind), "") if arguments.kind else ALL
    found = suggester.suggest(arguments.texts, embedder.embed(arguments.texts, "query"), kinds, arguments.limit)
    for text, suggestions in zip(arguments.texts, found, strict=True):
        listed = [{"system": s.entry.system, "code": s.entry.code, "display": s.entry.display, "score": s.score}
                  for s in suggestions]  # fmt: skip
        write({"text": text, "suggestions": listed})
    return DONE


def _remove(arguments: argparse.Namespace, settings: Settings) -> int:
    if not _shelf(settings).remove(arguments.system):
        return _complain(f"{arguments.system}: no terminology of this system", REFUSED)
    write({"system": arguments.system, "removed": True})
    return DONE


def _told(table: Stored) -> dict[str, Any]:
    wordings = sum(len(entry.wordings) for entry in table.entries)
    return {"system": table.system, "file": table.file, "loaded_at": table.loaded_at.isoformat(),
            "terms": len(table.entries), "wordings": wordings}  # fmt: skip


def _system(text: str) -> str:
    if ":" not in text or any(sign.isspace() for sign in text):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a URI, as urn:example:symptoms")
    return text


def _positive(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number from 1 to 1000")
    return int(text)


def _complain(text: str, status: int) -> int:
    sys.stderr.write(f"referral-hub terminology: {text}\n")
    return status
