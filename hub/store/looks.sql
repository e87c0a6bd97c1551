-- look: a person opens a referral; a look soon after the last one continues the same visit
INSERT INTO looks AS l (user_id, referral_id, at) VALUES (%(person)s, %(referral)s, %(now)s)
ON CONFLICT (user_id, referral_id) DO UPDATE
   SET at = greatest(l.at, excluded.at),
       previous_at = CASE WHEN excluded.at - l.at > %(visit)s THEN l.at ELSE l.previous_at END
RETURNING previous_at
