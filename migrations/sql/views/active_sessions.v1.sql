-- Who is signed in: sessions of users and agents that are neither expired nor revoked, and customers seen in the
-- last 30 minutes.  For the reporting role: no tokens, no ip; subject_id is the user or agent, NULL for customers.
CREATE OR REPLACE VIEW active_sessions WITH (security_invoker = true) AS
SELECT 'user' AS kind, s.id, s.user_id AS subject_id, s.last_active, s.expires_at, s.created_at
FROM sessions AS s
WHERE s.revoked_at IS NULL AND s.expires_at > now()
UNION ALL
SELECT 'agent', s.id, s.agent_id, s.last_active, s.expires_at, s.created_at
FROM agent_sessions AS s
WHERE s.revoked_at IS NULL AND s.expires_at > now()
UNION ALL
SELECT 'customer', s.id, NULL, s.last_active, s.expires_at, s.created_at
FROM customer_sessions AS s
WHERE s.last_active > now() - interval '30 minutes' AND (s.expires_at IS NULL OR s.expires_at > now())
