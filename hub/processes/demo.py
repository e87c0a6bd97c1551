"""`referral-hub demo`: a hub of its own, and the story of a referral played through it for real."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from hub.domain.errors import HubError
from hub.processes import demo_people, embedded
from hub.processes.demo_hub import Hub, StepFailed, expect, scenario
from hub.processes.demo_story import FOLLOWING, STEPS, Story, items
from hub.processes.settings import PREFIX, Address, Settings

DONE, FAILED, INTERRUPTED = 0, 1, 130
PUBLICATION_SECONDS = 15.0
FAILURES = (HubError, LookupError, TypeError, ValueError, OSError, httpx.HTTPError, psycopg.Error)
"""What a step that meets something unexpected ends with, besides StepFailed."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--headless", action="store_true", help="play, print the report as one JSON object, exit")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report there as well")


def execute(arguments: argparse.Namespace, settings: Settings) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    with _home(settings) as (settings, keep), embedded.started(settings) as resolved:
        run = format(int(time.time() * 1000), "x")[-9:].upper()
        steps: list[dict[str, Any]] = []
        with Hub(resolved, run) as hub:
            story, people = Story(hub), list[dict[str, str]]()
            _play(story, people, settings, steps)
            report = _report(hub, steps, time.monotonic() - began)
            keep(not report["ok"])
            text = json.dumps(report, ensure_ascii=False)
            if arguments.report:
                arguments.report.write_text(text + "\n", encoding="utf-8")
            if not arguments.headless and hub.ready:
                if report["ok"] and settings.demo_file:
                    demo_people.what_waits_for_them(story)
                    demo_people.write(settings.demo_file, people, demo_people.places(story))
                _stay(hub, people)
        sys.stdout.write(text + "\n")
        if not report["ok"]:
            _say(f"logs are kept in {settings.home}")
    return DONE if report["ok"] else FAILED


@contextmanager
def _home(settings: Settings) -> Iterator[tuple[Settings, Callable[[bool], None]]]:
    """Settings with a home of the demo's own, removed at the end unless told to keep it, and ports that are free."""
    own = f"{PREFIX}HOME" not in os.environ
    home = Path(tempfile.mkdtemp(prefix="referral-hub-demo-")) if own else settings.home
    home.mkdir(parents=True, exist_ok=True)
    if own:
        share_models(home, settings.home)
    kept = not own

    def keep(wanted: bool) -> None:
        nonlocal kept
        kept = kept or wanted

    http = settings.http if f"{PREFIX}HTTP" in os.environ else _free(settings.http)
    mllp = settings.mllp if f"{PREFIX}MLLP" in os.environ else _free(settings.mllp)
    try:
        yield dataclasses.replace(settings, home=home, http=http, mllp=mllp, demo_file=home / demo_people.FILE), keep
    finally:
        if not kept:
            shutil.rmtree(home, ignore_errors=True)


def share_models(home: Path, lasting: Path) -> None:
    """Prepared models stay in the user's own home, so that only the first demo prepares them."""
    (lasting / "models").mkdir(parents=True, exist_ok=True)
    (home / "models").symlink_to(lasting / "models")


def _free(address: Address) -> Address:
    """The address, or any free port of its host where another program has it."""
    try:
        socket.create_server((address.host, address.port)).close()
    except OSError:
        return Address(address.host, 0)
    return address


def _play(story: Story, people: list[dict[str, str]], settings: Settings, steps: list[dict[str, Any]]) -> None:
    """Every step in turn; after one has failed the others cannot be what they are about, and fail as not played."""
    hub = story.hub
    organizations = json.loads(scenario("organizations.json", hub.run))

    def the_organisations_are_registered() -> None:
        for organization in organizations:
            hub.register(organization)

    def their_people_get_log_ins() -> None:
        people.extend(demo_people.log_ins(hub))
        assert settings.demo_file is not None
        demo_people.write(settings.demo_file, people, {})

    def the_hub_starts() -> None:
        hub.start(settings)

    def each_of_them_logs_in() -> None:
        for person in people:
            demo_people.enter(hub, person)

    def both_hospitals_follow_their_topics() -> None:
        with embedded.started(settings, database=False, broker="join") as resolved:
            for code in FOLLOWING:
                hub.follow(code, resolved)

    def everything_is_published() -> None:
        end = time.monotonic() + PUBLICATION_SECONDS
        while waiting := hub.figures().outbox_waiting:
            expect(time.monotonic() < end, f"{waiting} events wait for publication")
            time.sleep(0.1)

    prologue = (the_organisations_are_registered, their_people_get_log_ins, the_hub_starts, each_of_them_logs_in,
                both_hospitals_follow_their_topics)  # fmt: skip
    for step in prologue:
        _step(step.__name__, step, steps)
    for told in STEPS:
        _step(told.__name__, lambda told=told: told(story), steps)  # type: ignore[misc]
    _step(everything_is_published.__name__, everything_is_published, steps)


def _step(name: str, play: Callable[[], None], steps: list[dict[str, Any]]) -> None:
    began, error = time.monotonic(), "not played: a step before it failed"
    ok = all(step["ok"] for step in steps)
    if ok:
        try:
            play()
        except StepFailed as failure:
            ok, error = False, str(failure)
        except FAILURES as failure:
            ok, error = False, f"{type(failure).__name__}: {failure}"
    step = {"name": name.replace("_", " "), "ok": ok, "ms": round((time.monotonic() - began) * 1000)}
    steps.append(step if ok else step | {"error": error})
    _say(f"{'ok    ' if ok else 'FAILED'} {step['ms']:>6} ms  {step['name']}{'' if ok else ': ' + error}")


def _report(hub: Hub, steps: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    statements = [item for record in hub.records.values() for item in items(record)]
    figures = hub.figures()
    return {
        "ok": all(step["ok"] for step in steps),
        "seconds": round(seconds, 1),
        "messages_sent": hub.counts["sent"],
        "messages_acknowledged": hub.counts["acknowledged"],
        "referrals": sum(figures.referrals.values()),
        "events_published": hub.published(),
        "events_by_hospital": {code: len(follower.events) for code, follower in hub.followers.items()},
        "records": figures.records,
        "statements": len(statements),
        "statements_with_source": sum(bool(item["sources"]) for item in statements),
        "steps": steps,
    }


def _stay(hub: Hub, people: list[dict[str, str]]) -> None:
    """Say where everything is and who may log in, and wait for Ctrl-C."""
    sys.stdout.write(json.dumps(hub.ready | {"ready": "demo"}) + "\n")
    for code, token in hub.tokens.items():
        sys.stdout.write(json.dumps({"organization": code, "token": token}) + "\n")
    for person in people:
        sys.stdout.write(json.dumps(person, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    for person in people:
        _say(f"{person['login']:<14} {person['password']:<22} {person['name']}, {person['organization']}")
    _say(f"\nopen {hub.ready['http']}/ : it shows you round (MLLP {hub.ready['mllp']}); Ctrl-C stops it")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        _say("stopping")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
