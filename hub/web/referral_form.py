"""The form of a new referral: its fields as typed, and what its page shows beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg import Connection
from starlette.datastructures import FormData, UploadFile

from hub.domain.errors import Refusal
from hub.domain.forms import Attachment, ReferralForm, completed, said
from hub.domain.patients import INSURANCE, NATIONAL
from hub.domain.requirements import Requirement, unmet
from hub.security.people import Person
from hub.views import drafts, patients, referrals, requirements
from hub.views.referrals import Referral
from hub.web.languages import catalogue
from hub.web.words import N_

LABELS = {
    "patient_name": N_("Name"),
    "national_identifier": N_("National identifier"),
    "birth_date": N_("Birth date"),
    "gender": N_("Sex"),
    "phone": N_("Phone"),
    "insurance_identifier": N_("Insurance number"),
    "local_identifier": N_("Your own number"),
    "address": N_("Address"),
    "receiver": N_("Receiving hospital"),
    "department": N_("Department"),
    "priority": N_("Urgency"),
    "reason": N_("Reason for the referral"),
    "question": N_("Your question"),
    "history": N_("History"),
    "requirements": N_("What the receiver must know"),
}
"""Fields that are typed, in the order of the page."""

KEPT = (*LABELS, "based_on", "direction", "kind")
"""What a draft keeps; kind: `down` or `onward`, where the referral follows from another."""

NEW = {"priority": "routine"}
_NOT_A_FIELD = {"": "entered", "requirements": "wanted", "based_on": "entered", "direction": "entered",
                "author": "entered"}  # fmt: skip
"""Where on the page it stands what is wrong with no single field."""


def entered(form: FormData) -> dict[str, str]:
    """The fields as typed, line ends as in the text area itself."""
    given = ((name, form.get(name)) for name in KEPT if name != "requirements")
    return {name: value.replace("\r\n", "\n") for name, value in given if isinstance(value, str) and value}


def uploads(form: FormData) -> list[UploadFile]:
    return [u for u in form.getlist("files") if isinstance(u, UploadFile) and u.filename]


def form_of(key: str, fields: Mapping[str, str], attachments: tuple[Attachment, ...] = ()) -> ReferralForm:
    """The form that is sent."""
    known = {name: value for name, value in fields.items() if name in ReferralForm.__slots__}
    return completed(ReferralForm(key=key, attachments=attachments, **known))  # type: ignore[arg-type]


def told(language: str, refusals: Iterable[Refusal]) -> dict[str, str]:
    """What is wrong, in the person's language, by the id of what on the page it is wrong with."""
    texts: dict[str, list[str]] = {}
    for refusal in refusals:
        place = _NOT_A_FIELD.get(refusal.path, refusal.path)
        text = catalogue(language).gettext(refusal.text)
        if refusal.path == "requirements":
            text = catalogue(language).gettext("The receiver must know: %(what)s") % {"what": text}
        texts.setdefault(place, []).append(text)
    return {place: " ".join(dict.fromkeys(found)) for place, found in texts.items()}


def wanted(connection: Connection[Any], key: str, fields: Mapping[str, str]) -> tuple[Requirement, ...]:
    """What the chosen receiver wants to know and nothing that is entered says."""
    receiver = fields.get("receiver", "")
    if not receiver:
        return ()
    asked = requirements.of_receiver(connection, receiver, fields.get("department", "").strip())
    text = "\n".join((said(form_of(key, fields)), drafts.texts(connection, key))) if asked else ""
    return unmet(asked, text)


def beside(connection: Connection[Any], person: Person, key: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """What the page shows with the fields."""
    receivers = drafts.receivers(connection, person.organization.id)
    based_on = fields.get("based_on")
    earlier = referrals.read(connection, person.organization.id, based_on) if based_on else None
    return {
        "key": key,
        "fields": {**dict.fromkeys(KEPT, ""), **NEW, **fields},
        "receivers": receivers,
        "departments": departments(receivers, fields.get("receiver", "")),
        "files": drafts.files(connection, key),
        "wanted": wanted(connection, key, fields),
        "earlier": earlier,
    }


def departments(receivers: Iterable[drafts.Receiver], chosen: str) -> list[tuple[str, str]]:
    """Departments to offer, each with its hospital: of the chosen one, else of all."""
    named = [r for r in receivers if r.code == chosen]
    return [(department, r.name) for r in (named or receivers) for department in r.departments]


def following(connection: Connection[Any], person: Person, referral: Referral, kind: str) -> dict[str, str]:
    """Fields of a referral that follows from another: down to who sent it, or onward."""
    known = patients.read(connection, person.organization.id, referral.patient_id)
    numbers = {i.system: i.value for i in known.identifiers} if known else {}
    resource = (known.resource or {}) if known else {}
    phones = [t.get("value", "") for t in resource.get("telecom", ()) if t.get("system", "phone") == "phone"]
    addresses = [a.get("text", "") for a in resource.get("address", ())]
    fields = {
        "patient_name": (known.name if known else None) or "",
        "gender": (known.gender if known else None) or "",
        "birth_date": (known.birth_date if known else None) or "",
        "national_identifier": numbers.get(NATIONAL, ""),
        "insurance_identifier": numbers.get(INSURANCE, ""),
        "phone": next(filter(None, phones), ""),
        "address": next(filter(None, addresses), ""),
        "reason": referral.question or "",
        "receiver": referral.sender.code if kind == "down" else "",
        "direction": "down" if kind == "down" else "up",
        "priority": "routine" if kind == "down" else referral.priority,
        "based_on": referral.id,
        "kind": kind,
    }
    return {name: value for name, value in fields.items() if value}
