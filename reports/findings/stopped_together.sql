-- title: Open chats on one Application server that all stopped changing at the same time
-- meaning: Chats normally end one by one. If several on one server stop within minutes of each other and have not
--   changed since, that server was probably lost. The number of its chats that changed later shows whether it
--   came back, or was never down.
-- source: login_ip holds the application server's name in the support note, line 72; the rest is an interpretation
-- tag: inferred
-- urgency: soon
-- own: activity_ids
-- dialect: tsql
-- key: activity_id
-- needs: egpl_casemgmt_activity, egpl_casemgmt_activity.activity_type, egpl_casemgmt_activity.activity_status,
--   egpl_casemgmt_activity.activity_sub_status, egpl_casemgmt_activity.when_modified,
--   egpl_casemgmt_activity.assigned_to, egpl_user, egpl_user.login_ip
-- parameter: gap_minutes = 3
-- parameter: least_chats = 3
-- parameter: quiet_minutes = 60
-- parameter: lived_percent = 20
-- note: thresholds: chats count as stopping together while no more than gap_minutes lie between one and the next; at
--   least least_chats of them; none changed for quiet_minutes; fewer than lived_percent as many chats of the
--   server changed after that time. login_ip is where the agent was logged in last, which
--   may be another server than at the time.
WITH stopped AS (
    SELECT b.activity_id, b.assigned_to, c.user_name, c.login_ip, b.queue_id, b.when_created, b.when_modified,
           LAG(b.when_modified) OVER (PARTITION BY c.login_ip ORDER BY b.when_modified, b.activity_id) AS previous
    FROM egpl_casemgmt_activity b
    JOIN egpl_user c ON c.user_id = b.assigned_to
    WHERE b.activity_type = 2000  -- chat
      AND b.activity_status <> 9000  -- completed
      AND b.activity_sub_status NOT IN (9100, 9200)
      AND b.activity_status = 5000  -- assigned
      AND c.login_ip IS NOT NULL
      AND b.when_modified < DATEADD(minute, -@quiet_minutes, GETDATE())
), numbered AS (
    SELECT s.*, SUM(CASE WHEN s.previous IS NULL OR s.when_modified > DATEADD(minute, @gap_minutes, s.previous)
                         THEN 1 ELSE 0 END)
                OVER (PARTITION BY s.login_ip ORDER BY s.when_modified, s.activity_id) AS run
    FROM stopped s
), together AS (
    SELECT n.login_ip, n.run, COUNT(*) AS chats, COUNT(DISTINCT n.assigned_to) AS agents,
           MIN(n.when_modified) AS first_stopped, MAX(n.when_modified) AS last_stopped
    FROM numbered n
    GROUP BY n.login_ip, n.run
    HAVING COUNT(*) >= @least_chats
)
SELECT n.activity_id, g.login_ip, g.first_stopped, g.last_stopped, g.chats AS chats_together, g.agents,
       (SELECT COUNT(*) FROM egpl_casemgmt_activity l JOIN egpl_user m ON m.user_id = l.assigned_to
        WHERE l.activity_type = 2000 AND l.activity_status <> 9000 AND l.activity_sub_status NOT IN (9100, 9200)
          AND m.login_ip = g.login_ip AND l.when_modified > g.last_stopped) AS open_chats_changed_later,
       n.assigned_to, n.user_name, n.queue_id, n.when_created, n.when_modified
FROM numbered n
JOIN together g ON g.login_ip = n.login_ip AND g.run = n.run
WHERE (SELECT COUNT(*) FROM egpl_casemgmt_activity v JOIN egpl_user w ON w.user_id = v.assigned_to
       WHERE v.activity_type = 2000 AND w.login_ip = g.login_ip
         AND v.when_created < g.first_stopped AND v.when_modified > g.last_stopped
         AND v.when_modified < DATEADD(minute, 3, g.last_stopped)) * 100 < @lived_percent * g.chats
ORDER BY g.first_stopped, g.login_ip, n.when_modified, n.activity_id
