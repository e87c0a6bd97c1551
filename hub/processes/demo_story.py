"""The story that the demo plays, step by step; each step reads back what it did and fails where that is not so.

陈桂英, 68, has type 2 diabetes and chronic kidney disease. The village clinic (SHIQIAO) wrote a note, the township
health centre (QINGLIN) and the county hospital (YUNLING) treated her, a hospital elsewhere (DONGWAN) once operated on
her eye. The township refers her to the endocrinologists of the university hospital (JIANGZHOU).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hub.processes.demo_hub import Hub, Json, expect, scenario

VILLAGE, TOWNSHIP, COUNTY, HOSPITAL, ELSEWHERE = "SHIQIAO", "QINGLIN", "YUNLING", "JIANGZHOU", "DONGWAN"
FOLLOWING = (TOWNSHIP, COUNTY, HOSPITAL)


@dataclass(slots=True)
class Story:
    """What the people remember from step to step. her: the id of her referral."""

    hub: Hub
    her: str = ""

    @property
    def run(self) -> str:
        return self.hub.run


def the_village_clinic_writes_a_note(story: Story) -> None:
    story.hub.post(VILLAGE, "", "01-village-note.json")


def the_township_prescribes_metformin(story: Story) -> None:
    story.hub.send("02-township-prescription.hl7")


def the_county_hospital_admits_her(story: Story) -> None:
    story.hub.send("03-county-admission.hl7")


def the_county_laboratory_reports_a_creatinine(story: Story) -> None:
    story.hub.send("04-county-laboratory.hl7")


def the_county_laboratory_corrects_it(story: Story) -> None:
    story.hub.send("05-county-laboratory-corrected.hl7")


def the_county_hospital_prescribes_another_dose(story: Story) -> None:
    story.hub.send("06-county-prescription.hl7")


def the_county_hospital_writes_a_discharge_summary(story: Story) -> None:
    story.hub.send("07-county-discharge.hl7")


def a_hospital_elsewhere_gives_its_history(story: Story) -> None:
    story.hub.post(ELSEWHERE, "", "08-earlier-history.json")


def the_township_refers_her(story: Story) -> None:
    hub = story.hub
    hub.send("09-township-referral.hl7")
    story.her = hub.opened(HOSPITAL, f"Q{story.run}-2")
    there = hub.event(HOSPITAL, "referral.requested.v1", story.her)
    here = hub.event(TOWNSHIP, "referral.requested.v1", story.her)
    expect(there["id"] == here["id"], "both hear of one event")
    expect(there["data"]["version"] == 1, "it is the referral's first version")
    expect({"system": "urn:referral-hub:namespace:QINGLIN", "value": f"Q{story.run}-R1"} in
           there["data"]["identifiers"], "the event carries the township's own number")  # fmt: skip


def the_specialist_finds_it_and_nobody_else_does(story: Story) -> None:
    hub = story.hub
    found = hub.read(HOSPITAL, "/Task?status=requested&_count=100")
    ids = [entry["resource"]["id"] for entry in found.get("entry", ())]
    expect(story.her in ids, "her Task is in the worklist")
    request = hub.read(HOSPITAL, f"/ServiceRequest/{story.her}")
    expect("二甲双胍能否继续" in str(request), "the question is readable")
    for route in (f"/fhir/Task/{story.her}", f"/fhir/ServiceRequest/{story.her}", f"/referrals/{story.her}/record"):
        expect(hub.status(ELSEWHERE, route) == 404, f"{route} is not there for others")


def before_acceptance_the_record_is_what_came_with_it(story: Story) -> None:
    hub = story.hub
    hub.put_task(HOSPITAL, story.her, "received")
    hub.event(TOWNSHIP, "referral.received.v1", story.her, version=2)
    record = hub.record(HOSPITAL, story.her)
    expect(record["organizations"] == [hub.names[TOWNSHIP]], f"only it speaks, not {record['organizations']}")


def the_specialist_accepts_and_reads_one_record(story: Story) -> None:
    hub = story.hub
    hub.put_task(HOSPITAL, story.her, "accepted")
    hub.event(HOSPITAL, "record.ready.v1", story.her, version=3)
    record = hub.record(HOSPITAL, story.her)
    missing = named(story, VILLAGE, TOWNSHIP, COUNTY, ELSEWHERE) - set(record["organizations"])
    expect(not missing, f"every institution speaks, but for {missing}")
    for item in items(record):
        expect(item["sources"], "every statement has a source")
        for source in item["sources"]:
            expect(source["location"]["kind"] and source["message_id"], "every source says where it stands")
    expect(record["brief"] and record["timeline"], "it begins with what matters and has a timeline")


def two_doses_of_metformin_stand_side_by_side(story: Story) -> None:
    both = conflicting(story, "dose")
    doses = {str(item["medication"]["dose"]) for item in both if item["medication"]}
    expect(doses >= {"0.5", "0.85"}, f"0.5 and 0.85 g, not {doses}")
    expect(named(story, TOWNSHIP, COUNTY) <= speakers(both), "one from the township, one from the county")


def two_allergy_statements_stand_side_by_side(story: Story) -> None:
    both = conflicting(story, "allergy")
    expect({item["assertion"] for item in both} >= {"present", "absent"}, "one says yes, one says no")
    expect(named(story, TOWNSHIP, COUNTY) <= speakers(both), "one from the township, one from the county")


def the_corrected_creatinine_replaces_the_first(story: Story) -> None:
    record = story.hub.records[story.her]
    numbers = {str(value["number"]) for item in record["sections"]["results"]
               for value in (item["value"], *(item["series"] or ())) if value and "肌酐" in item["text"]}  # fmt: skip
    expect("146" in numbers and "88" in numbers, f"the corrected one and the old one are there, not only {numbers}")
    expect("164" not in numbers, "the first one is no result any more")
    gone = [entry for entry in record["unplaced"] if "supersed" in entry["reason"]]
    expect(any("肌酐" in entry["text"] for entry in gone), "it is shown as superseded")


def an_appointment_is_made(story: Story) -> None:
    period = {"start": "2026-11-25T09:00:00+08:00", "end": "2026-11-25T09:30:00+08:00"}
    story.hub.put_task(HOSPITAL, story.her, "accepted", "scheduled", executionPeriod=period)
    event = story.hub.event(TOWNSHIP, "referral.scheduled.v1", story.her)
    expect(event["data"]["appointment"]["start"] == period["start"], "the township learns when")


def she_arrives(story: Story) -> None:
    story.hub.put_task(HOSPITAL, story.her, "in-progress", "arrived")
    story.hub.event(TOWNSHIP, "referral.arrived.v1", story.her)


def the_outcome_and_a_follow_up_plan_are_sent(story: Story) -> None:

    outcome = json.loads(scenario("10-outcome.json", story.run))
    story.hub.put_task(HOSPITAL, story.her, "completed", "outcome-sent", **outcome)
    story.hub.event(TOWNSHIP, "referral.started.v1", story.her)
    story.hub.event(TOWNSHIP, "referral.outcome-sent.v1", story.her)
    task = story.hub.read(TOWNSHIP, f"/Task/{story.her}")
    expect("基层随访计划" in str(task), "the township reads the plan")
    expect(len(task["output"]) == 2, "and the outcome")


def she_is_referred_back_down(story: Story) -> None:
    hub = story.hub
    hub.post(HOSPITAL, "/$process-message", "11-down-referral.json", story.her)
    back = hub.opened(TOWNSHIP, f"JZ-{story.run}-1")
    event = hub.event(TOWNSHIP, "referral.requested.v1", back)
    expect(event["data"]["direction"] == "down", "it goes down")
    expect(event["data"]["based_on"] == story.her, "it names the referral that it follows from")
    hub.put_task(TOWNSHIP, back, "accepted")
    hub.event(HOSPITAL, "referral.accepted.v1", back)


def the_township_has_read_the_outcome(story: Story) -> None:
    story.hub.put_task(TOWNSHIP, story.her, "completed", "closed")
    story.hub.event(HOSPITAL, "referral.closed.v1", story.her)


def the_county_hospital_refers_by_fhir(story: Story) -> None:
    hub = story.hub
    answer = hub.post(COUNTY, "/$process-message", "20-county-referral.json")
    header = answer["entry"][0]["resource"]
    expect(header["response"]["code"] == "ok", "the answer says ok")
    referral = hub.opened(HOSPITAL, f"YL-{story.run}-1")
    expect(hub.event(COUNTY, "referral.requested.v1", referral)["data"]["priority"] == "urgent", "it is urgent")
    hub.put_task(HOSPITAL, referral, "accepted")
    hub.event(HOSPITAL, "record.ready.v1", referral, version=3)
    record = hub.record(HOSPITAL, referral)
    expect(record["patient"]["name"] == "罗建军", "the record is of another patient")


def one_is_rejected_with_a_reason(story: Story) -> None:
    hub = story.hub
    hub.send("21-rejected-referral.hl7")
    referral = hub.opened(HOSPITAL, f"Q{story.run}-3")
    hub.put_task(HOSPITAL, referral, "rejected", statusReason={"text": "请先在县医院拍摄膝关节X线片。"})
    event = hub.event(TOWNSHIP, "referral.rejected.v1", referral)
    expect("X线片" in event["data"]["reason"], "the township reads why")


def information_is_requested_and_supplied(story: Story) -> None:
    hub = story.hub
    hub.send("22-incomplete-referral.hl7")
    referral = hub.opened(HOSPITAL, f"Q{story.run}-4")
    asked = {"text": "请补充动态血压和肾动脉超声。"}
    hub.put_task(HOSPITAL, referral, "received", "awaiting-information", statusReason=asked)
    hub.event(TOWNSHIP, "referral.information-requested.v1", referral)
    hub.send("23-information-supplied.hl7")
    event = hub.event(HOSPITAL, "referral.information-supplied.v1", referral)
    expect(event["data"]["state"] == "received", "it is the receiver's turn again")


def one_is_cancelled(story: Story) -> None:
    hub = story.hub
    hub.send("24-unneeded-referral.hl7")
    referral = hub.opened(HOSPITAL, f"Q{story.run}-6")
    hub.send("25-cancellation.hl7")
    hub.event(HOSPITAL, "referral.cancelled.v1", referral)
    expect(hub.read(TOWNSHIP, f"/Task/{referral}")["status"] == "cancelled", "the Task says so")


def both_hospitals_heard_everything_in_order(story: Story) -> None:
    for code, follower in story.hub.followers.items():
        sequences = [int(event["sequence"]) for event in follower.events]
        first = list(dict.fromkeys(sequences))
        expect(first == list(range(1, len(first) + 1)), f"{code} misses nothing")
        versions: dict[str, int] = {}
        for event in (e for e in follower.events if e["type"].startswith("referral.")):
            referral, version = event["data"]["referral_id"], event["data"]["version"]
            expect(version <= versions.get(referral, 0) + 1, f"{code} gets versions one after the other")
            versions[referral] = max(version, versions.get(referral, 0))


STEPS: tuple[Callable[[Story], None], ...] = (
    the_village_clinic_writes_a_note,
    the_township_prescribes_metformin,
    the_county_hospital_admits_her,
    the_county_laboratory_reports_a_creatinine,
    the_county_laboratory_corrects_it,
    the_county_hospital_prescribes_another_dose,
    the_county_hospital_writes_a_discharge_summary,
    a_hospital_elsewhere_gives_its_history,
    the_township_refers_her,
    the_specialist_finds_it_and_nobody_else_does,
    before_acceptance_the_record_is_what_came_with_it,
    the_specialist_accepts_and_reads_one_record,
    two_doses_of_metformin_stand_side_by_side,
    two_allergy_statements_stand_side_by_side,
    the_corrected_creatinine_replaces_the_first,
    an_appointment_is_made,
    she_arrives,
    the_outcome_and_a_follow_up_plan_are_sent,
    she_is_referred_back_down,
    the_township_has_read_the_outcome,
    the_county_hospital_refers_by_fhir,
    one_is_rejected_with_a_reason,
    information_is_requested_and_supplied,
    one_is_cancelled,
    both_hospitals_heard_everything_in_order,
)


def items(record: Json) -> Iterator[Json]:
    """Every item of a record."""
    for section in record["sections"].values():
        yield from section


def conflicting(story: Story, kind: str) -> list[Json]:
    """The items that conflicts of this kind join in her record."""
    record = story.hub.records[story.her]
    joined = {i for conflict in record["conflicts"] if conflict["kind"] == kind for i in conflict["item_ids"]}
    expect(joined, f"the record shows a conflict of kind {kind}")
    return [item for item in items(record) if item["id"] in joined]


def speakers(found: list[Json]) -> set[str]:
    """Names of the organisations that the items come from."""
    return {source["organization"] for item in found for source in item["sources"]}


def named(story: Story, *codes: str) -> set[str]:
    return {story.hub.names[code] for code in codes}
