"""`referral-hub ledger`: which fields of which senders are in no Bundle, how often and why. No patient data."""

from __future__ import annotations

import argparse

from hub.intake import totals
from hub.intake.committing import open_connection
from hub.processes import embedded
from hub.processes.arguments import moment
from hub.processes.lines import DONE, write
from hub.processes.settings import Settings
from hub.views import ledgers

PORTION = 500


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--organization", metavar="CODE", help="who sent it")
    parser.add_argument("--since", type=moment, metavar="TIME", help="ISO 8601 with offset; of that day and later ones")
    parser.add_argument("--type", metavar="TYPE", help="REF^I12, ...")
    parser.add_argument("--segment", type=str.upper, metavar="NAME", help="PID, ...")
    parser.add_argument("--unmapped", action="store_true", help="only what is in no Bundle")


def execute(arguments: argparse.Namespace, settings: Settings) -> int:
    criteria = ledgers.Criteria(
        organization=arguments.organization,
        type=arguments.type,
        segment=arguments.segment,
        outcome="unmapped" if arguments.unmapped else None,
        since=arguments.since,
    )
    with embedded.started(settings, database=True) as resolved, open_connection(resolved.database) as connection:
        while totals.count(connection, PORTION):
            pass
        with connection.transaction():
            found = ledgers.lines(connection, criteria)
    for line in found:
        write(line.told())
    return DONE
