-- title: Agents who look free and are given nothing, behind a chat that stands still
-- meaning: The agent has a chat in progress that nothing has changed for long, no other open work, and has been given
--   nothing since, while others have. A chat is not interruptible, so one that ended without its row being completed
--   keeps chats and mail from the agent, who sees an empty inbox. Ask the agent; look at the chat in `ghost_chats`.
-- source: a public docwiki page on ghost chats: the agent is logged in and ready, and not available to routing
-- tag: inferred
-- dialect: tsql
-- key: user_id
-- needs: egpl_casemgmt_activity, egpl_casemgmt_activity.assigned_to, egpl_casemgmt_activity.when_modified, egpl_user,
--   egpl_user.login_logout_time
-- helps: egicm_user
-- parameter: quiet_minutes = 120
-- parameter: others_given = 5
-- parameter: days = 7
-- note: thresholds: the chat unchanged for quiet_minutes before GETDATE(), and its agent logged in or out since;
--   others_given activities at least, created since and within days before GETDATE(), that others were given. That the
--   agent is ready is not in the rows: no public source explains user_state, and login_logout_time is of the last
--   log-in or the last log-out, whichever came later.
WITH standing AS (
    SELECT b.assigned_to AS user_id, COUNT(*) AS chats, MIN(b.activity_id) AS activity_id,
           MAX(b.when_modified) AS stood_since
    FROM egpl_casemgmt_activity b
    WHERE (b.activity_status <> 9000 OR b.activity_sub_status <> 9100)  -- few rows are left, and have an index
      AND b.activity_type = 2000  -- chat
      AND b.activity_status = 5000 AND b.activity_sub_status = 5900  -- in progress
      AND b.assigned_to IS NOT NULL
    GROUP BY b.assigned_to
    HAVING MAX(b.when_modified) < DATEADD(minute, -@quiet_minutes, GETDATE())
), busy AS (
    SELECT DISTINCT b.assigned_to AS user_id
    FROM egpl_casemgmt_activity b
    WHERE (b.activity_status <> 9000 OR b.activity_sub_status <> 9100)
      AND b.activity_status = 5000  -- assigned
      AND NOT (b.activity_type = 2000 AND b.activity_sub_status = 5900)
      AND b.activity_sub_status NOT IN (9100, 9200)
      AND b.assigned_to IN (SELECT user_id FROM standing)
), candidate AS (
    SELECT s.user_id, s.chats, s.activity_id, s.stood_since
    FROM standing s
    JOIN egpl_user u ON u.user_id = s.user_id
    WHERE u.login_logout_time > s.stood_since
      AND s.user_id NOT IN (SELECT user_id FROM busy)
), given AS (
    SELECT b.assigned_to AS user_id, b.when_modified
    FROM egpl_casemgmt_activity b
    WHERE b.when_created > (SELECT MIN(stood_since) FROM candidate)
      AND b.when_created > DATEADD(day, -@days, GETDATE())
      AND b.assigned_to IS NOT NULL
)
SELECT x.user_id, c.user_name, c.login_ip, c.login_logout_time AS logged_in_or_out_at,
       CASE WHEN i.user_id IS NOT NULL THEN 'yes'
            WHEN EXISTS (SELECT 1 FROM egicm_user) THEN 'no' ELSE 'not in the rows' END AS integrated,
       x.chats AS chats_standing, x.activity_id, x.stood_since,
       DATEDIFF(minute, x.stood_since, GETDATE()) AS standing_minutes, x.others_given
FROM (SELECT k.user_id, k.chats, k.activity_id, k.stood_since,
             SUM(CASE WHEN w.user_id <> k.user_id THEN 1 ELSE 0 END) AS others_given,
             SUM(CASE WHEN w.user_id = k.user_id THEN 1 ELSE 0 END) AS own_given
      FROM candidate k
      JOIN given w ON w.when_modified > k.stood_since
      GROUP BY k.user_id, k.chats, k.activity_id, k.stood_since) x
JOIN egpl_user c ON c.user_id = x.user_id
LEFT JOIN egicm_user i ON i.user_id = x.user_id AND i.skill_target_id <> 0
WHERE x.own_given = 0 AND x.others_given >= @others_given
ORDER BY x.stood_since
