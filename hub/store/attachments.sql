-- of_referral: files that came with a referral, without their content; what the viewer may see follows
SELECT f.id::text AS fragment_id, (c.number - 1)::integer AS n, a.title, a.content_type, a.size
FROM fragments f,
     json_array_elements(coalesce(f.resource->'content', f.resource->'presentedForm')) WITH ORDINALITY c(value, number),
     LATERAL (SELECT coalesce(c.value->'attachment', c.value) AS attachment) held,
     LATERAL (SELECT coalesce(attachment->>'title', '') AS title,
                     coalesce(attachment->>'contentType', '') AS content_type,
                     (octet_length(attachment->>'data') * 3 / 4)::integer AS size) a
WHERE f.referral_id = %(referral_id)s AND f.resource_type IN ('DocumentReference', 'DiagnosticReport')
  AND a.size > 0 AND (a.title <> '' OR (c.number = 1 AND a.content_type NOT LIKE 'text/%%')) AND

-- of_referral_order: as they came
ORDER BY f.id, c.number
