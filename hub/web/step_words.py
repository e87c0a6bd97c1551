"""What the pages say of each step: its button, its form, who will be told what, and what it then says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.domain.delivery import ACKNOWLEDGED
from hub.domain.forms import Action
from hub.domain.referrals import Role, State
from hub.web.words import N_


@dataclass(frozen=True, slots=True)
class Words:
    """All msgids, `%(other)s` the other side's name. told: before it is sent; done: after; label: of the text field,
    "" where there is none; phrases: frequent texts; ends: it ends what was hoped for."""

    button: str
    told: str
    done: str
    label: str = ""
    hint: str = ""
    phrases: tuple[str, ...] = ()
    ends: bool = False


_NOTE = N_("Note for %(other)s")

WORDS: Mapping[Action, Words] = {
    "receive": Words(
        N_("Confirm receipt"),
        N_("%(other)s will be told that the referral has been received."),
        N_("Receipt is confirmed."),
    ),
    "accept": Words(
        N_("Accept"),
        N_("%(other)s will be told that you take the patient. From then on you read the whole record."),
        N_("The referral is accepted; the other side is told."),
        _NOTE,
    ),
    "reject": Words(
        N_("Reject"),
        N_("%(other)s will be told that you do not take the patient, and reads your reason. This ends the referral."),
        N_("The referral is rejected; the other side reads why."),
        N_("Reason"),
        N_("Say what the clinic should do instead."),
        (
            N_("Not the right department; please refer to the department named below."),
            N_("Please have the examinations named below done locally first."),
            N_("The condition can be treated locally; advice below."),
            N_("No capacity at present; please refer to another hospital."),
            N_("This patient has been referred to us already."),
        ),
        ends=True,
    ),
    "ask": Words(
        N_("Ask for information"),
        N_("%(other)s will read your question and can answer it with files. The referral waits for the answer."),
        N_("The question is sent; the referral waits for the answer."),
        N_("What do you need to know?"),
        phrases=(
            N_("Please send recent laboratory results."),
            N_("Please send the images and the report."),
            N_("Which medicines does the patient take, and in which doses?"),
            N_("Please describe allergies and earlier operations."),
            N_("Please send the discharge summary."),
        ),
    ),
    "supply": Words(
        N_("Answer the question"),
        N_("%(other)s will read your answer and its files. The referral is then with them again."),
        N_("The answer is sent."),
        N_("Answer"),
        N_("In words, by files, or both."),
    ),
    "book": Words(
        N_("Book an appointment"),
        N_("%(other)s will be told date, time and place, to pass them on to the patient."),
        N_("The appointment is booked; the other side is told."),
        N_("What the patient should know"),
        phrases=(
            N_("Come with an empty stomach."),
            N_("Bring identity card, insurance card and earlier results."),
            N_("Come with a relative."),
        ),
    ),
    "arrive": Words(
        N_("Patient has arrived"),
        N_("%(other)s will be told that the patient has arrived."),
        N_("The arrival is noted; the other side is told."),
    ),
    "no-show": Words(
        N_("Did not come"),
        N_("%(other)s will be told that the patient did not come, so that the patient is asked."),
        N_("The absence is noted; the other side is told."),
        _NOTE,
        phrases=(
            N_("Not reached by telephone."),
            N_("The patient wants another day."),
            N_("The patient no longer wants to come."),
        ),
    ),
    "start": Words(
        N_("Start treatment"),
        N_("%(other)s will be told that treatment has begun."),
        N_("Treatment has begun; the other side is told."),
    ),
    "outcome": Words(
        N_("Report the outcome"),
        N_("%(other)s will read the outcome and the follow-up plan word for word, with their files."),
        N_("The outcome is sent."),
        N_("Outcome"),
        N_("Diagnosis, findings, what was done, changes of medicines, and the answer to the question."),
    ),
    "refer-onward": Words(
        N_("Refer onward"),
        N_("%(other)s will be told that the patient was referred onward. This ends the referral here."),
        N_("The referral onward is noted; the other side is told."),
        _NOTE,
        ends=True,
    ),
    "cancel": Words(
        N_("Cancel the referral"),
        N_("%(other)s will be told that the referral is cancelled, and reads your reason. This ends the referral."),
        N_("The referral is cancelled; the other side is told."),
        N_("Reason"),
        phrases=(
            N_("The patient no longer wants to come."),
            N_("The patient has been treated elsewhere."),
            N_("The condition has changed; a new referral follows."),
            N_("Sent by mistake."),
        ),
        ends=True,
    ),
    "ask-cancellation": Words(
        N_("Ask for cancellation"),
        N_("The patient has arrived already: %(other)s will read your reason and decides."),
        N_("The request is sent; the hospital decides."),
        N_("Reason"),
        ends=True,
    ),
    "grant-cancellation": Words(
        N_("Agree to the cancellation"),
        N_("%(other)s will be told that the referral is cancelled as asked. This ends the referral."),
        N_("The referral is cancelled; the other side is told."),
        _NOTE,
        ends=True,
    ),
    "refuse-cancellation": Words(
        N_("Decline the cancellation"),
        N_("%(other)s will be told that the referral goes on, and reads why."),
        N_("The referral goes on; the other side reads why."),
        N_("Reason"),
    ),
    "close": Words(
        N_("Close the referral"),
        N_("%(other)s will be told that the referral is closed. This ends the referral."),
        N_("The referral is closed."),
    ),
}

READ_AND_CLOSE = N_("I have read it: close")
"""The sender's button at an outcome."""

CORRECT_OUTCOME = N_("Correct the outcome")
"""The receiver's button at an outcome that it sent."""

NEXT: Mapping[tuple[State, Role | None], str] = {
    (State.REQUESTED, Role.RECEIVER): N_("%(who)s has not opened it yet."),
    (State.RECEIVED, Role.RECEIVER): N_("%(who)s decides: accept, reject, or ask."),
    (State.INFORMATION_REQUESTED, Role.SENDER): N_("%(who)s answers the question."),
    (State.ACCEPTED, Role.RECEIVER): N_("%(who)s books an appointment or receives the patient."),
    (State.SCHEDULED, Role.RECEIVER): N_("The patient comes to the appointment at %(who)s."),
    (State.NO_SHOW, Role.RECEIVER): N_("%(who)s books again or closes the referral."),
    (State.ARRIVED, Role.RECEIVER): N_("%(who)s begins treatment."),
    (State.IN_PROGRESS, Role.RECEIVER): N_("%(who)s treats the patient and reports the outcome."),
    (State.OUTCOME_SENT, Role.SENDER): N_("%(who)s reads the outcome and goes on with the follow-up."),
}
"""What is expected next, by state and whose turn it is."""

CHANNELS: Mapping[str, str] = {
    "mllp": N_("HL7 message"),
    "fhir": N_("FHIR message"),
    ACKNOWLEDGED["mllp"]: N_("HL7 acknowledgement (AA)"),
    ACKNOWLEDGED["fhir"]: N_("FHIR response (ok)"),
    "file": N_("File"),
    "form": N_("Form"),
}

KINDS: Mapping[str, str] = {
    "AllergyIntolerance": N_("Allergies"),
    "Condition": N_("Diagnoses"),
    "MedicationRequest": N_("Medicines"),
    "MedicationStatement": N_("Medicines"),
    "MedicationAdministration": N_("Medicines"),
    "MedicationDispense": N_("Medicines"),
    "Observation": N_("Results and findings"),
    "DiagnosticReport": N_("Results and findings"),
    "Procedure": N_("Operations and procedures"),
    "Immunization": N_("Vaccinations"),
    "FamilyMemberHistory": N_("Family"),
    "Encounter": N_("Visits"),
}
"""Groups of what came coded, in the order in which they are shown."""

OTHER = N_("Other")

STANDING: Mapping[str, str] = {
    "refuted": N_("denied"),
    "uncertain": N_("uncertain"),
    "withdrawn": N_("withdrawn"),
    "resolved": N_("no longer"),
    "stopped": N_("stopped"),
    "very high": N_("critically high ↑↑"),
    "high": N_("high ↑"),
    "very low": N_("critically low ↓↓"),
    "low": N_("low ↓"),
    "abnormal": N_("abnormal"),
}
