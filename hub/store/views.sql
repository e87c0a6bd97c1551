-- referrals: referrals that the viewer sends or receives; conditions of the criteria given follow
SELECT r.id::text AS id, r.version, r.state, r.direction, r.priority,
       s.id AS sender_id, s.code AS sender_code, s.name AS sender_name, s.kind AS sender_kind,
       d.id AS receiver_id, d.code AS receiver_code, d.name AS receiver_name, d.kind AS receiver_kind,
       r.department, r.patient_id::text AS patient_id, r.question, r.reason, r.based_on::text AS based_on,
       r.cancellation_asked, r.details, r.service_request, r.task,
       ARRAY(SELECT ARRAY[i.system, i.value] FROM referral_identifiers i WHERE i.referral_id = r.id
             ORDER BY i.system, i.value) AS identifiers,
       r.requested_at, r.updated_at
FROM referrals r JOIN organizations s ON s.id = r.sender_id JOIN organizations d ON d.id = r.receiver_id
WHERE

-- role_any: the viewer takes part
(r.sender_id = %(viewer)s OR r.receiver_id = %(viewer)s)

-- role_sent: the viewer's own referrals
r.sender_id = %(viewer)s

-- role_received: the viewer's worklist
r.receiver_id = %(viewer)s

-- ids: by the hub's id
r.id = ANY(%(ids)s)

-- states: by state
r.state = ANY(%(states)s)

-- patient_ids: by patient
r.patient_id = ANY(%(patient_ids)s)

-- based_on: opened from one of these referrals
r.based_on = ANY(%(based_on)s)

-- updated_since: changed then or later
r.updated_at >= %(updated_since)s

-- updated_until: changed before
r.updated_at < %(updated_until)s

-- identifiers: by the referral's own identifiers (system NULL: any), the hub's id among them
(r.id = ANY(%(own_ids)s) OR r.id IN (SELECT i.referral_id
         FROM referral_identifiers i JOIN unnest(%(identifier_systems)s::text[], %(identifier_values)s::text[])
              AS asked(system, value) ON i.value = asked.value AND (asked.system IS NULL OR asked.system = i.system)))

-- patient_identifiers: by numbers of the patient that are valid everywhere or belong to a party of the referral
EXISTS (SELECT FROM patient_identifiers i JOIN unnest(%(patient_systems)s::text[], %(patient_values)s::text[])
               AS asked(system, value) ON i.value = asked.value AND (asked.system IS NULL OR asked.system = i.system)
        WHERE i.patient_id = r.patient_id
          AND (i.organization_id IS NULL OR i.organization_id IN (r.sender_id, r.receiver_id)))

-- after_oldest: the page that follows, oldest change first
(r.updated_at, r.id) > (%(after_time)s, %(after_id)s)

-- after_newest: the page that follows, newest change first
(r.updated_at, r.id) < (%(after_time)s, %(after_id)s)

-- order_oldest: oldest change first
ORDER BY r.updated_at, r.id LIMIT %(limit)s

-- order_newest: newest change first
ORDER BY r.updated_at DESC, r.id DESC LIMIT %(limit)s
