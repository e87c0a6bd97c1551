"""A message segment by segment, in order, into the entries of a Bundle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from adapters.hl7v2 import supported
from adapters.hl7v2.er7 import Message, Segment
from adapters.hl7v2.maps import (
    answers,
    appointments,
    contacts,
    medicines,
    roles,
    segments_administration,
    segments_clinical,
    segments_medication,
    segments_merge,
    segments_message,
    segments_observation,
    segments_patient,
    segments_referral,
    segments_results,
    segments_specimen,
    segments_visit,
)
from adapters.hl7v2.maps.conversion import ABSENT, Conversion, Entry
from adapters.hl7v2.maps.declared import declared
from adapters.hl7v2.maps.dialect import Dialect
from adapters.hl7v2.maps.documents import close_texts, message_notes, txa
from adapters.hl7v2.maps.marks import BREAKS, TIMINGS, mark
from adapters.hl7v2.maps.reading import Leaf, Reading
from adapters.hl7v2.maps.times import Clock

Translator = Callable[[Conversion, Reading], None]

TRANSLATORS: Mapping[str, Translator] = {
    "MSH": segments_message.msh, "SFT": segments_message.sft, "EVN": segments_message.evn,
    "PID": segments_patient.pid, "NK1": segments_patient.nk1, "MRG": segments_merge.mrg, "IN1": segments_patient.in1,
    "PV1": segments_visit.pv1, "PV2": segments_visit.pv2,
    "AL1": segments_clinical.al1, "IAM": segments_clinical.iam, "DG1": segments_clinical.dg1,
    "PR1": segments_clinical.pr1, "PRB": segments_clinical.prb, "CSR": segments_clinical.csr,
    "ORC": segments_results.orc, "FT1": segments_results.ft1, "OBR": segments_results.obr, "NTE": segments_results.nte,
    "OBX": segments_observation.obx,
    "SPM": segments_specimen.spm, "TXA": txa,
    "RXE": segments_medication.rxe, "RXO": segments_medication.rxo, "RXR": segments_medication.rxr,
    "RXA": segments_administration.rxa, "TQ1": segments_medication.tq1,
    "RF1": segments_referral.rf1, "PRD": segments_referral.prd, "CTD": contacts.ctd,
    "AUT": segments_referral.aut,
    "MSA": answers.msa, "ERR": answers.err, "QPD": answers.parameters, "RCP": answers.parameters,
    **dict.fromkeys(("QRD", "QRF", "URD", "URS", "EQL", "ERQ", "SPR", "VTQ"), answers.parameters), "DSP": answers.dsp,
    "SCH": appointments.sch, "ARQ": appointments.arq, "AIS": appointments.ais,
    "AIG": appointments.resource, "AIL": appointments.resource, "AIP": appointments.resource,
    "ROL": roles.rol, "PRT": roles.prt,
    "RXD": segments_medication.rxd, "RXG": segments_medication.rxg, "RXC": medicines.rxc,
    "CDO": medicines.cdo,
}  # fmt: skip
"""Segments whose fields mean more together than one by one; the sheets alone read all others."""

SUBJECTS = ("subject", "patient", "beneficiary", "individual")


def convert(message: Message, clock: Clock, dialect: Dialect, *, facility: str, control_id: str, kind: str, event: str,
            sent: str) -> Conversion:  # fmt: skip
    """All segments of a message, groups by position; sent: when, an instant. Its resources still hold leaves."""
    c = Conversion(message, clock, dialect, facility=facility, control_id=control_id, kind=kind, event=event)
    c.sent = sent
    c.obr = supported.MESSAGES.get(kind, supported.UNKNOWN).obr
    if c.obr == "report-if-obx":
        _look_ahead(c)
    elif kind == "ORU":
        _documents_first(c.readings)
    if kind in ("REF", "RRI"):
        _referral_first(c.readings)
    declared_sheets = dialect.declared
    for reading in c.readings:
        translate = TRANSLATORS.get(reading.name)
        if translate is not None:
            translate(c, reading)
        for sheet in declared_sheets.get(reading.name, ()):
            declared(c, reading, sheet)
    close_texts(c)
    appointments.close(c)
    segments_merge.close(c)
    message_notes(c)
    _complete(c)
    return c


def _look_ahead(c: Conversion) -> None:
    """Which OBRs report (an OBX follows), and which NTEs speak of the whole message.

    NTEs at the end of a REF are its own (REF_I12 ends so), also right behind results, where they could be the results'
    too, unless the sender's profile says that they are.
    """
    open_report = None
    for reading in c.readings:
        if reading.name == "OBR":
            open_report = reading.segment
        elif reading.name == "OBX" and open_report is not None:
            c.reporting.add(open_report)
    results = _RESULTS if c.codes["closing-notes"].get(c.kind) == "result" else ()
    last: list[Segment] = []
    for reading in reversed(c.readings) if c.kind == "REF" else ():
        if reading.name == "NTE":
            last.append(reading.segment)
        elif reading.name[0] != "Z":
            c.trailing.update(last if reading.name not in results else ())
            break


_RESULTS = frozenset({"OBR", "OBX", "PRT"})
"""Segments of REF_I12's groups of results, in which an NTE may follow."""


def _referral_first(readings: list[Reading]) -> None:
    """RF1 stands before the providers that act in it (REF_I12), also where its sender puts it behind them."""
    first = {reading.name: place for place, reading in reversed(list(enumerate(readings)))}
    if "PRD" in first and first.get("RF1", 0) > first["PRD"]:
        readings.insert(first["PRD"], readings.pop(first["RF1"]))


def _documents_first(readings: list[Reading]) -> None:
    """The document of an order (ORU from version 2.8 on) has its TXA behind its OBX, as no other: read it before."""
    begun, after = 0, ""
    for place, reading in enumerate(readings):
        if reading.name == "TXA" and begun:
            readings.insert(begun, readings.pop(place))
        if reading.name not in ("OBX", "PRT"):
            begun, after = 0, reading.name
        elif reading.name == "OBX" and after == "ORC":
            begun = begun or place


def _mend(c: Conversion) -> None:
    """What a resource may not be in FHIR whatever its segment says: empty, or an organisation that lives at home; and
    how an account stands after the event."""
    for entry in c.patients:
        if len(entry.resource) == 1:
            entry.resource["_birthDate"] = dict(ABSENT)
    account = c.codes["account-event"].get(c.event) if c.kind == "BAR" else None
    for entry in c.entries:
        if account and entry.resource["resourceType"] == "Account":
            entry.resource["status"] = account
        if entry.resource["resourceType"] != "Organization":
            continue
        for place in _addresses(entry):
            use = place.get("use")
            if isinstance(use, Leaf) and use.value == "home":
                del place["use"]


def _addresses(entry: Entry) -> Iterator[dict[str, Any]]:
    """Those of a resource and of its twins."""
    for pointer, told in (("", entry.resource), *entry.twins):
        if pointer.startswith("/address/"):
            yield told
        elif not pointer:
            yield from told.get("address", ())


def _tell_lines(entry: Entry) -> None:
    """Marks of how text and notes were told, where it is not as usual: a text in one segment, a note in each."""
    resource = entry.resource
    if entry.lines[1:].strip("b") and "valueString" in resource:
        mark(resource, BREAKS, entry.lines, "valueString")
    elif entry.lines.strip("s") and "content" in resource:
        mark(resource["content"][0]["attachment"], BREAKS, entry.lines, "data")
    if "e" in entry.timings:
        mark(resource, TIMINGS, entry.timings)
    if entry.notes.strip("s"):
        mark(resource, BREAKS, entry.notes)


def _complete(c: Conversion) -> None:
    """References that needed what came later: the referral's patient, receiver and Task."""
    _mend(c)
    patient = c.patients[0] if c.patients else None
    header = c.entries[0].resource
    for entry in c.entries:
        entry.patient = entry.patient or patient
        _tell_lines(entry)
        if entry.resource["resourceType"] == "Provenance":
            entry.resource["target"] = entry.resource["target"] or [(c.encounter or patient or c.entries[0]).reference]
            entry.resource.setdefault("recorded", c.sent)
        for name in SUBJECTS:
            if entry.resource.get(name) == {}:
                entry.resource[name] = patient.reference if patient else dict(ABSENT)
    focus = [c.task, c.referral] if c.task and c.referral else [patient]
    header["focus"] = [entry.reference for entry in focus if entry]
    if not header["focus"]:
        header.pop("focus")
    if c.referral is None or c.task is None:
        return
    request, task = c.referral.resource, c.task.resource
    if patient:
        request["subject"] = task["for"] = patient.reference
        c.referral.patient = patient
    if c.encounter:
        request["encounter"] = task["encounter"] = c.encounter.reference
    task["focus"] = c.referral.reference
    if c.receiver:
        task["owner"] = c.receiver.reference
    if "requester" in request:
        task["requester"] = request["requester"]
    elif asking := _asking(c, header):
        request["requester"] = task["requester"] = asking
    sent = c.entries[0].recorded[0]
    when = c.clock.date_time(sent.text) if sent else None
    if when:
        task["authoredOn"] = when
        request.setdefault("authoredOn", when)


def _asking(c: Conversion, header: dict[str, Any]) -> Any:
    """Who refers where no PRD says it: the sender, of an answer whom it is for."""
    if c.kind in ("RRI", "RPA"):
        return next((one.get("receiver") for one in header.get("destination", ())), None)
    return header.get("sender")
