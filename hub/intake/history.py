"""The resources of a message become fragments of their patients' histories, each with its provenance."""

from __future__ import annotations

import uuid_utils

from hub.domain.fragments import is_clinical
from hub.domain.messages import Amend, Open, Part
from hub.identity.matching import identity_of
from hub.intake import identities
from hub.intake.referrals import Referral
from hub.intake.world import Told, World, event_row


def add_history(world: World, told: Told, referral: Referral | None, *, linked: str | None = None,
             link_first: bool = False) -> str:  # fmt: skip
    """Each resource of the message to its patient's history; the id of the patient that the message is about."""
    normalised, organization_id = told.normalised, told.sender.id
    link = linked or (referral.patient_id if referral else None) or None
    if normalised.identities:
        identities.separate(world, told)
    main = next((n for n, part in enumerate(normalised.parts) if part.resource is normalised.patient_resource), -1)
    subject = world.patients.resolve(
        normalised.patient, organization_id, normalised.patient_resource, linked=link, link_first=link_first,
        otherwise=identities.continued(world, told, main),
    )  # fmt: skip
    patients = _patients(world, told, subject)
    if normalised.identities:
        identities.merge(world, told, patients)
    order = normalised.intent.content.service_request if isinstance(normalised.intent, Open | Amend) else None
    clinical: dict[str, list[dict[str, str]]] = {}
    for position, part in enumerate(normalised.parts):
        own = position if position in patients else part.patient
        patient_id = patients.get(own, subject)
        fragment_id = _fragment(world, told, part, position, patient_id, referral)
        kind = str(part.resource.get("resourceType"))
        if is_clinical(part.resource) and part.resource != order:
            clinical.setdefault(patient_id, []).append({"id": fragment_id, "resource_type": kind})
    for patient_id, fragments in clinical.items():
        _tell_fragments(world, told, patient_id, referral, fragments)
    return subject


def _patients(world: World, told: Told, subject: str) -> dict[int | None, str]:
    """The patient's id of each Patient by its place, None: the subject; without `prior_parts`."""
    normalised = told.normalised
    merged = identities.prior_parts(told)
    found: dict[int | None, str] = {None: subject}
    for index, part in enumerate(normalised.parts):
        if part.resource.get("resourceType") != "Patient" or index in merged:
            continue
        if part.resource is normalised.patient_resource or part.resource == normalised.patient_resource:
            found[index] = subject
            continue
        found[index] = world.patients.resolve(
            identity_of(part.resource), told.sender.id, part.resource,
            otherwise=identities.continued(world, told, index),
        )  # fmt: skip
    return found


def _fragment(world: World, told: Told, part: Part, position: int, patient_id: str,
              referral: Referral | None) -> str:  # fmt: skip
    fragment_id = str(uuid_utils.uuid7())
    resource, citations = told.content.parts[position]
    world.rows.add(
        "insert_fragments", fragment_id, told.message_id, patient_id, told.sender.id, referral.id if referral else "",
        position, told.normalised.envelope.format, str(part.resource.get("resourceType")), resource, part.base,
        citations, told.received_at,
        part.recorded_at.isoformat() if part.recorded_at else "",
    )  # fmt: skip
    return fragment_id


def _tell_fragments(world: World, told: Told, patient_id: str, referral: Referral | None,
                    fragments: list[dict[str, str]]) -> None:  # fmt: skip
    data = {
        "patient_id": patient_id,
        "message_id": told.message_id,
        "control_id": told.normalised.envelope.control_id,
        "organization": told.sender.code,
        "referral_id": referral.id if referral else None,
        "fragments": fragments,
        "bundle_sha256": told.content.bundle_sha256,
    }
    world.late.append(event_row(told, "fragment.received.v1", patient_id, (), data))
