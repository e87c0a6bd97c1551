"""A hub with much in it: thousands of referrals over many organisations, written set-wise in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from hub.identity.names import keys

_SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗单曾解欧"
_GIVEN = "桂英秀兰建国志强丽娜伟芳敏静洋勇艳杰涛明霞平刚玉梅红文华飞鹏辉"
_STATES = {"requested": 16, "received": 14, "information-requested": 6, "accepted": 10, "scheduled": 14, "no-show": 2,
           "arrived": 3, "in-progress": 5, "outcome-sent": 8, "closed": 14, "rejected": 3, "cancelled": 3,
           "referred-onward": 2}  # fmt: skip
_QUESTIONS = ("血糖控制不佳三月余, 空腹血糖波动于 9-13 mmol/L, 是否需要胰岛素治疗? 请评估并发症。",
              "反复胸闷 2 周, 活动后加重, 心电图 ST-T 改变, 请排除冠心病。",
              "右膝疼痛伴活动受限半年, 保守治疗无效, 请评估手术指征。",
              "高血压 10 年, 近期头晕, 血压 178/102 mmHg, 请调整用药并查找继发原因。",
              "体检发现甲状腺结节 TI-RADS 4a, 请进一步检查。")  # fmt: skip

SEED = (
    """INSERT INTO organizations (code, name, kind)
       SELECT 'SEED-' || n, CASE WHEN n %% 4 = 0 THEN '第' || n || '人民医院' ELSE '第' || n || '卫生院' END,
              CASE WHEN n %% 4 = 0 THEN 'hospital' ELSE 'clinic' END
       FROM generate_series(1, %(organizations)s) n""",
    """INSERT INTO departments (organization_id, code, name)
       SELECT o.id, d.code, d.name FROM organizations o,
              (VALUES ('NFM', '内分泌科'), ('XN', '心内科'), ('GK', '骨科'), ('PW', '普外科')) AS d (code, name)
       WHERE o.code LIKE 'SEED-%%' AND o.kind = 'hospital'""",
    """CREATE TEMP TABLE seed ON COMMIT DROP AS
       SELECT n, uuidv7(make_interval(secs => n - %(referrals)s)) AS patient, uuidv7() AS referral,
              (%(names)s::text[])[1 + hashint4(n) & 1023] AS name,
              (%(states)s::text[])[1 + (n * 37 + n / 100) %% 100] AS state,
              CASE WHEN n %% 29 = 0 THEN 'stat' WHEN n %% 11 = 0 THEN 'asap' WHEN n %% 5 = 0 THEN 'urgent'
                   ELSE 'routine' END AS priority,
              4 * (1 + n %% (%(organizations)s / 4)) AS to_n,
              1 + (n * 7) %% 3 + 4 * ((n / 3) %% (%(organizations)s / 4)) AS from_n,
              now() - make_interval(mins => (hashint4(n + 7) & 65535)) AS asked,
              (hashint4(n + 13) & 1023) / 1024.0 AS part
       FROM generate_series(1, %(referrals)s) n""",
    """INSERT INTO patients (id, name, gender, birth_date, resource)
       SELECT patient, name, CASE n %% 2 WHEN 0 THEN 'female' ELSE 'male' END,
              (date '1935-01-01' + (hashint4(n) & 32767))::text,
              json_build_object('resourceType', 'Patient', 'name', json_build_array(json_build_object('text', name)))
       FROM seed""",
    """INSERT INTO patient_identifiers (patient_id, organization_id, system, value)
       SELECT patient, NULL, 'urn:oid:2.16.156.10011.1.3', 'N' || n FROM seed
       UNION ALL
       SELECT patient, o.id, 'urn:local', 'L' || n FROM seed JOIN organizations o ON o.code = 'SEED-' || from_n""",
    """INSERT INTO patient_keys (patient_id, key)
       SELECT s.patient, k.key FROM seed s
              JOIN unnest(%(key_names)s::text[], %(keys)s::text[]) AS k (name, key) ON k.name = s.name""",
    """INSERT INTO referrals (id, version, state, direction, priority, sender_id, receiver_id, department, patient_id,
                              question, reason, details, service_request, requested_at, updated_at, state_since)
       SELECT referral, CASE state WHEN 'requested' THEN 1 ELSE 3 END, state, 'up', priority, f.id, t.id,
              (ARRAY['NFM', 'XN', 'GK', 'PW'])[1 + n %% 4], patient, (%(questions)s::text[])[1 + n %% 5],
              CASE WHEN state IN ('information-requested', 'rejected') THEN '请补充近三个月的糖化血红蛋白结果。' END,
              CASE WHEN state IN ('scheduled', 'no-show', 'arrived') THEN
                   json_build_object('appointment', json_build_object(
                       'start', (now() + make_interval(hours => n %% 240 - 60))::text)) ELSE '{}' END,
              json_build_object('resourceType', 'ServiceRequest', 'id', referral, 'status', 'active', 'intent', 'order',
                                'text', repeat('转诊申请 ', 60)),
              asked, asked + (now() - asked) * part, asked + (now() - asked) * part
       FROM seed JOIN organizations f ON f.code = 'SEED-' || from_n JOIN organizations t ON t.code = 'SEED-' || to_n""",
    """INSERT INTO referral_identifiers (referral_id, organization_id, system, value)
       SELECT referral, f.id, 'urn:clinic', 'R' || n FROM seed JOIN organizations f ON f.code = 'SEED-' || from_n""",
    """INSERT INTO outbox (event_id, type, subject, organizations, occurred_at, data, published_at)
       SELECT uuidv7(), e.type, r.id, ARRAY[r.sender_id, r.receiver_id],
              CASE e.n WHEN 1 THEN r.requested_at ELSE r.updated_at END,
              json_build_object('referral_id', r.id, 'state', r.state), now()
       FROM seed s JOIN referrals r ON r.id = s.referral,
            LATERAL (VALUES (1, 'referral.requested.v1'), (2, 'referral.received.v1'),
                            (3, 'referral.' || replace(r.state, 'in-progress', 'started') || '.v1')) AS e (n, type)
       WHERE e.n <= r.version ORDER BY s.n, e.n""",
    """INSERT INTO fragments (id, message_id, patient_id, organization_id, referral_id, position, kind, resource_type,
                              resource, base, received_at)
       SELECT uuidv7(), uuidv7(), r.patient_id, CASE p WHEN 6 THEN r.receiver_id ELSE r.sender_id END, r.id, p, 'fhir',
              CASE p WHEN 1 THEN 'Condition' WHEN 6 THEN 'CarePlan' ELSE 'Observation' END, '{}', '', r.requested_at
       FROM seed s JOIN referrals r ON r.id = s.referral,
            generate_series(1, CASE WHEN r.state IN ('outcome-sent', 'closed') THEN 6 ELSE 5 END) p""",
)
"""Each as far as it can be without the intake: rows as it writes them, in place of a message each."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """CODEs: SEED-1, SEED-2, ...; every fourth is a hospital, which the clinics refer to."""

    hospitals: tuple[str, ...]
    clinics: tuple[str, ...]


def seed(connection: Connection[Any], referrals: int = 10_000, organizations: int = 40) -> Seeded:
    """Write them in the caller's transaction and analyse the tables. organizations: a multiple of four."""
    names = [_name(n) for n in range(1024)]
    found = [(name, key) for name in dict.fromkeys(names) for key in keys(name)]
    parameters = {
        "referrals": referrals, "organizations": organizations, "names": names,
        "states": [state for state, share in _STATES.items() for _ in range(share)],
        "key_names": [name for name, _ in found], "keys": [key for _, key in found], "questions": list(_QUESTIONS),
    }  # fmt: skip
    for statement in SEED:
        connection.execute(statement, parameters)
    connection.execute("ANALYZE")
    codes = [f"SEED-{n}" for n in range(1, organizations + 1)]
    return Seeded(tuple(codes[3::4]), tuple(code for n, code in enumerate(codes, 1) if n % 4))


def _name(n: int) -> str:
    given = _GIVEN[n * 7 % len(_GIVEN)] + (_GIVEN[n * 11 // 3 % len(_GIVEN)] if n % 3 else "")
    return _SURNAMES[n * 5 % len(_SURNAMES)] + given
