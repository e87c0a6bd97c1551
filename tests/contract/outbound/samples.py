"""A referral as a hospital's FHIR server would send it: nothing in it was ever HL7 v2."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hub.domain.delivery import Outbound

SENT = datetime(2026, 3, 10, 4, 5, 6, tzinfo=UTC)
Resource = dict[str, Any]


def entries() -> list[Resource]:
    return [
        {"resourceType": "ServiceRequest", "id": "r-1", "status": "active", "intent": "order", "priority": "urgent",
         "identifier": [{"system": "urn:referral-hub:namespace:QINGLIN", "value": "R-77"}],
         "subject": {"reference": "Patient/p-1"}, "requester": {"reference": "PractitionerRole/role-1"},
         "performer": [{"reference": "Organization/house-2"}], "authoredOn": "2026-03-10T11:00:00+08:00",
         "reasonCode": [{"text": "胸痛|待查 ^ 两小时\n请会诊"}],
         "supportingInfo": [{"reference": "Observation/o-1"}]},
        {"resourceType": "Task", "id": "r-1", "status": "accepted", "intent": "order",
         "focus": {"reference": "ServiceRequest/r-1"}, "businessStatus": {"text": "已接受"},
         "statusReason": {"text": "请带心电图"}},
        {"resourceType": "Patient", "id": "p-1", "name": [{"text": "赵某&某", "use": "official"}], "gender": "male",
         "birthDate": "1960-05", "identifier": [
             {"system": "urn:oid:2.16.156.1", "value": "330102196005010011"}],
         "telecom": [{"system": "phone", "value": "+86 571 8700", "use": "home"}]},
        {"resourceType": "PractitionerRole", "id": "role-1", "practitioner": {"reference": "Practitioner/d-1"},
         "organization": {"reference": "Organization/house-1"}},
        {"resourceType": "Practitioner", "id": "d-1", "name": [{"family": "李", "given": ["明"], "text": "李明"}]},
        {"resourceType": "Organization", "id": "house-1", "name": "青林镇卫生院"},
        {"resourceType": "Organization", "id": "house-2", "name": "江州市人民医院",
         "identifier": [{"system": "urn:referral-hub:organization", "value": "JIANGZHOU"}]},
        {"resourceType": "Condition", "id": "c-1", "subject": {"reference": "Patient/p-1"},
         "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I20.0",
                              "display": "不稳定型心绞痛"}]}},
        {"resourceType": "AllergyIntolerance", "id": "a-1", "patient": {"reference": "Patient/p-1"},
         "category": ["medication"], "code": {"text": "青霉素"},
         "reaction": [{"manifestation": [{"text": "皮疹"}], "severity": "moderate"}]},
        {"resourceType": "MedicationStatement", "id": "m-1", "status": "active",
         "subject": {"reference": "Patient/p-1"},
         "medicationCodeableConcept": {"text": "阿司匹林"}, "dosage": [{"text": "100 mg 每日一次"}]},
        {"resourceType": "Observation", "id": "o-1", "status": "final", "subject": {"reference": "Patient/p-1"},
         "code": {"coding": [{"system": "http://loinc.org", "code": "6598-7", "display": "肌钙蛋白T"}]},
         "effectiveDateTime": "2026-03-10T01:00:00Z",
         "valueQuantity": {"value": 0.04, "comparator": "<", "unit": "ng/mL", "system": "http://unitsofmeasure.org",
                           "code": "ng/mL"}},
        {"resourceType": "DiagnosticReport", "id": "dr-1", "status": "final", "subject": {"reference": "Patient/p-1"},
         "code": {"text": "心肌标志物"}, "identifier": [{"value": "L-9"}], "result": [{"reference": "Observation/o-1"}],
         "conclusion": "阴性"},
        {"resourceType": "DocumentReference", "id": "n-1", "status": "current", "subject": {"reference": "Patient/p-1"},
         "type": {"text": "病历摘要"}, "content": [{"attachment": {
             "contentType": "text/plain", "data": base64.b64encode("主诉：胸痛\n既往：高血压".encode()).decode()}}]},
        {"resourceType": "Appointment", "id": "ap-1", "status": "booked", "start": "2026-03-12T01:00:00Z",
         "end": "2026-03-12T01:30:00Z",
         "identifier": [{"system": "urn:referral-hub:namespace:JIANGZHOU", "value": "A-5"}],
         "serviceType": [{"text": "心内科门诊"}],
         "participant": [{"actor": {"reference": "Patient/p-1"}, "status": "accepted"},
                         {"actor": {"reference": "Practitioner/d-1"}, "status": "accepted"}]},
    ]  # fmt: skip


def bundle(*without: str) -> Resource:
    """All of it in one message Bundle, but for resources of some types."""
    held = [{"fullUrl": f"http://his.example/fhir/{one['resourceType']}/{one['id']}", "resource": one}
            for one in entries() if one["resourceType"] not in without]  # fmt: skip
    return {"resourceType": "Bundle", "type": "message", "entry": held}


def outbound(kind: str = "REF^I12", **changed: Any) -> Outbound:
    """A message of a kind for a hospital with 2.5.1 in UTF-8, changed in what is named."""
    usual = Outbound(kind, bundle(), "C-1", SENT, "2.5.1", "UNICODE UTF-8", ("HUB", "HUB"), ("HIS", "JIANGZHOU"))
    return replace(usual, **changed)
