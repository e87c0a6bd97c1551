-- take_waiting: HL7 v2 messages that wait to be counted, the oldest first; they wait no longer
WITH taken AS (
    DELETE FROM ledgers_waiting WHERE message_id IN (
        SELECT message_id FROM ledgers_waiting ORDER BY message_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    RETURNING message_id)
SELECT m.id::text, m.received_at, coalesce(m.organization_id, 0), m.type, m.status,
       (m.received_at AT TIME ZONE coalesce(o.timezone, 'UTC'))::date,
       CASE WHEN m.status = 'accepted' THEN m.ledger::text END, m.error
  FROM taken t
  JOIN messages m ON m.id = t.message_id
  LEFT JOIN organizations o ON o.id = m.organization_id
 ORDER BY m.id

-- add_days: adds to the days of fields, in the order of their key, so that those who count do not wait in a circle
INSERT INTO ledger_days AS d (organization_id, day, type, field, reason, messages, last_at, newest)
SELECT organization_id, day, type, field, reason, messages, last_at, newest::uuid
  FROM unnest(%(organization_id)b::int4[], %(day)b::date[], %(type)b::text[], %(field)b::text[], %(reason)b::text[],
              %(messages)b::int4[], %(last_at)b::timestamptz[], %(newest)b::text[])
       AS n (organization_id, day, type, field, reason, messages, last_at, newest)
 ORDER BY organization_id, day, type, field, reason
    ON CONFLICT (organization_id, day, type, field, reason) DO UPDATE
   SET messages = d.messages + excluded.messages, last_at = greatest(d.last_at, excluded.last_at),
       newest = greatest(d.newest, excluded.newest)

-- add_totals: adds to the totals of senders and types, in the order of their key
INSERT INTO message_totals AS t (organization_id, type, converted, refused, mapped, unmapped)
SELECT nullif(organization_id, 0), type, converted, refused, mapped, unmapped
  FROM unnest(%(organization_id)b::int4[], %(type)b::text[], %(converted)b::int4[], %(refused)b::int4[],
              %(mapped)b::int4[], %(unmapped)b::int4[])
       AS n (organization_id, type, converted, refused, mapped, unmapped)
 ORDER BY organization_id, type
    ON CONFLICT (organization_id, type) DO UPDATE
   SET converted = t.converted + excluded.converted, refused = t.refused + excluded.refused,
       mapped = t.mapped + excluded.mapped, unmapped = t.unmapped + excluded.unmapped

-- purge_days: forgets the days before
DELETE FROM ledger_days WHERE day < %(before)s

-- totals: of each sender and type
SELECT o.code AS organization, t.type, t.converted, t.refused, t.mapped, t.unmapped
  FROM message_totals t LEFT JOIN organizations o ON o.id = t.organization_id
 ORDER BY o.code, t.type

-- waiting: how many messages wait to be counted, at most so many of them
SELECT count(*) FROM (SELECT FROM ledgers_waiting LIMIT %(most)s) w

-- lines: fields of the ledgers by sender and reason, the most frequent first; conditions stand after it
SELECT o.code AS organization, o.name AS organization_name, d.field, d.reason, d.messages, d.mapped, d.types,
       d.last_at, d.newest::text AS newest
  FROM organizations o CROSS JOIN LATERAL (
       SELECT field, reason, sum(messages) AS messages,
              coalesce(sum(sum(messages)) FILTER (WHERE reason = '') OVER (PARTITION BY field), 0) AS mapped,
              array_agg(DISTINCT type) AS types, max(last_at) AS last_at,
              (array_agg(newest ORDER BY newest DESC))[1] AS newest
         FROM ledger_days WHERE organization_id = o.id

-- within_since: of the days from then on, by the sender's calendar
AND day >= (%(since)s AT TIME ZONE o.timezone)::date

-- within_type: of messages of one type
AND type = %(type)s

-- within_segment: fields of one segment
AND starts_with(field, %(segment)s || '-')

-- lines_end: by field and reason
GROUP BY field, reason) d WHERE true

-- of_organization: of one sender
AND lower(o.code) = lower(%(organization)s)

-- of_unmapped: that no Bundle carries
AND d.reason <> ''

-- of_mapped: that Bundles carry
AND d.reason = ''

-- lines_order: the page
ORDER BY d.messages DESC, o.code, d.field, d.reason LIMIT %(limit)s OFFSET %(offset)s
