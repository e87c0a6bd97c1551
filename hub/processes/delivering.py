"""Delivering with the adapters: what is sent is read as its receiver may see it and written in the receiver's form."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection

from adapters.fhir import carrier as fhir
from adapters.fhir import outbound
from adapters.fhir.document import Key
from adapters.fhir.parsing import encode
from adapters.fhir.resources import status_elements
from adapters.fhir.resources import task as task_of
from adapters.fhir.task_updates import Update, put
from adapters.hl7v2 import carrier as mllp
from hub.delivery import origins
from hub.delivery.courier import Carrier
from hub.delivery.leader import Deliverer
from hub.delivery.queue import Delivery
from hub.domain.delivery import ACKNOWLEDGED, Outbound, Route
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.referrals import State
from hub.intake.accept import Intake
from hub.processes.credentials import tls, token
from hub.store.connections import pool
from hub.store.directory import Directory
from hub.views import fragments, patients, referrals

APPLICATION = "REFERRAL-HUB"
"""MSH-3 of what the hub sends; MSH-4 is the code of the organisation that it speaks for."""

MOST_FRAGMENTS = 5_000
CONNECTIONS = 4
"""To read what messages are made of; waiting for a receiver takes none."""

Write = Callable[[Outbound], bytes]
"""The bytes of an HL7 v2 message. Raises Refused where something of it cannot be expressed."""


def deliver(database: str, write: Write, keep: timedelta, stop: threading.Event,
            ready: Callable[[], None] = lambda: None) -> None:  # fmt: skip
    """Until `stop`, then what is on its way is finished. keep: how long what has been delivered or skipped is kept;
    ready: called in every turn once PostgreSQL answers."""
    with (
        pool(database, CONNECTIONS, name="delivery") as connections,
        closing(Intake(database, Directory(connections))) as intake,
    ):
        composer, taking = Composer(connections.connection, write), Taking(connections.connection, intake)
        Deliverer(database, composer, open_carrier, taking, keep).run(stop, ready)


def open_carrier(route: Route) -> Carrier:
    """Raises Unconfigured."""
    if route.protocol == "mllp":
        return mllp.Carrier(route, tls(route) if route.tls else None)
    return fhir.Carrier(route, token(route.token) if route.token else None, tls(route))


@dataclass(frozen=True, slots=True)
class Taking:
    """A receiver's application has a new referral: it is received, if nothing else has become of it meanwhile."""

    connection: Callable[[], AbstractContextManager[Connection[Any]]]
    intake: Intake

    def __call__(self, delivery: Delivery) -> None:
        """Raises Unavailable."""
        if delivery.event != "referral.requested.v1":
            return
        with self.connection() as connection:
            referral = referrals.read(connection, delivery.organization_id, delivery.referral_id)
        receiver = self.intake.directory.by_id(delivery.organization_id)
        if receiver is None or referral is None or referral.receiver.id != receiver.id:
            return
        if referral.state is State.REQUESTED:
            raw = encode({**task_of(referral), **status_elements(State.RECEIVED)})
            key = Key(ACKNOWLEDGED[delivery.route.protocol], delivery.control_id)
            update = Update("fhir", raw, receiver, datetime.now(UTC), referral, None, key)
            self.intake.accept(update.submission(lambda: put(raw)))


@dataclass(frozen=True, slots=True)
class Composer:
    """connection: one of the pool's."""

    connection: Callable[[], AbstractContextManager[Connection[Any]]]
    write: Write

    def __call__(self, delivery: Delivery) -> bytes:
        """Raises Refused where something cannot be expressed."""
        route, at = delivery.route, datetime.now(UTC).astimezone(ZoneInfo(delivery.timezone)).replace(microsecond=0)
        material = self._material(delivery, at)
        if route.protocol == "fhir":
            return encode(outbound.bundle(material))
        other = material.referral.sender
        if other.id == delivery.organization_id:
            other = material.referral.receiver
        # An RRI answers nothing: its request was answered when it came, and receivers take what has MSA for an answer.
        return self.write(
            Outbound(
                kind=delivery.kind,
                bundle=outbound.bundle(material),
                control_id=delivery.control_id,
                sent_at=at,
                version=route.version,
                charset=route.charset,
                sending=(APPLICATION, other.code),
                receiving=(route.application, route.facility),
                timezone=delivery.timezone,
            )
        )

    def _material(self, delivery: Delivery, at: datetime) -> outbound.Material:
        viewer = delivery.organization_id
        message_ids = tuple(filter(None, (delivery.data.get("message_id"),)))
        with self.connection() as connection:
            referral = referrals.read(connection, viewer, delivery.referral_id)
            patient = patients.read(connection, viewer, referral.patient_id) if referral else None
            if referral is None or patient is None:
                text = "the destination's organization takes no part in the referral"
                raise Refused(Refusal(Cause.NOT_PERMITTED, "ServiceRequest", text))
            asked = fragments.Criteria(message_ids=message_ids, referral_ids=(referral.id,))
            kept = fragments.search(connection, viewer, asked, limit=MOST_FRAGMENTS)
            found = origins.of(connection, delivery)
        return outbound.Material(
            control_id=delivery.control_id,
            at=at,
            event=delivery.event,
            occurred_at=delivery.occurred_at,
            data=delivery.data,
            appointment=found.appointment,
            code=delivery.kind if delivery.route.protocol == "fhir" else None,
            referral=referral,
            patient=patient,
            order=found.order,
            brought=found.brought,
            fragments=sorted(kept, key=lambda fragment: fragment.position),
            endpoint=delivery.route.address,
        )
