-- title: Agents who look free but are assigned nothing, because of an old chat
-- meaning: The agent has a chat in progress that has not changed for a long time, has no other open work, and has
--   been assigned nothing since, unlike the other agents at work. Routing does not interrupt a chat, so one that
--   ended without its row being completed keeps chats and mail from the agent, who sees an empty inbox. Ask the
--   agent; `ghost_chats` has the evidence on the chat. `unclear`: the agent logged in or out later, and may have gone
--   home. Deleted users are left out.
-- source: a public docwiki page on ghost chats: the agent is logged in and ready, and not available to routing
-- tag: inferred
-- urgency: now
-- own: verdict, integrated, unchanged_minutes
-- dialect: tsql
-- key: user_id
-- needs: egpl_casemgmt_activity, egpl_casemgmt_activity.activity_type, egpl_casemgmt_activity.activity_status,
--   egpl_casemgmt_activity.activity_sub_status, egpl_casemgmt_activity.assigned_to,
--   egpl_casemgmt_activity.when_modified, egpl_user, egpl_user.login_logout_time
-- helps: egicm_user, egpl_event_history_user
-- parameter: quiet_minutes = 120
-- parameter: others_assigned = 7
-- parameter: days = 7
-- parameter: together_minutes = 60
-- parameter: utc_offset_minutes integer = NULL
-- note: thresholds: the chat unchanged for quiet_minutes before GETDATE(); others_assigned, how many activities at
--   least three quarters of the other agents at work were assigned since then, where `then` is the chat's last change
--   or the agent's log-in, whichever is later; only activities created within days before GETDATE() count.
--   together_minutes: an agent who was assigned something within this time of `then` counts as at work; one whose
--   shift began later does not. The rows do not say whether an agent is ready: no public source explains user_state,
--   and login_logout_time is the time of the last log-in or log-out. If the last event of the user is a log-in, and
--   login_logout_time is not later by more than two minutes, the agent is present; event_date is in UTC, so this
--   needs utc_offset_minutes.
WITH unchanged AS (
    SELECT b.assigned_to AS user_id, COUNT(*) AS chats, MIN(b.activity_id) AS activity_id,
           MAX(b.when_modified) AS unchanged_since
    FROM egpl_casemgmt_activity b
    WHERE (b.activity_status <> 9000 OR b.activity_sub_status <> 9100)  -- few rows are left, and have an index
      AND b.activity_type = 2000  -- chat
      AND b.activity_status = 5000 AND b.activity_sub_status IN (5100, 5900)  -- assigned, in progress
      AND b.assigned_to IS NOT NULL
    GROUP BY b.assigned_to
    HAVING MAX(b.when_modified) < DATEADD(minute, -@quiet_minutes, GETDATE())
), busy AS (
    SELECT DISTINCT b.assigned_to AS user_id
    FROM egpl_casemgmt_activity b
    WHERE (b.activity_status <> 9000 OR b.activity_sub_status <> 9100)
      AND b.activity_status = 5000  -- assigned
      AND NOT (b.activity_type = 2000 AND b.activity_sub_status IN (5100, 5900))
      AND b.activity_sub_status NOT IN (9100, 9200)
      AND b.assigned_to IN (SELECT user_id FROM unchanged)
), last_event AS (
    SELECT h.user_id, MAX(h.event_date) AS last_at,
           MAX(CASE WHEN h.application_id = 1 AND h.object_operation = 5 THEN h.event_date END) AS logged_in_at,
           DATEADD(minute, @utc_offset_minutes,
                   DATEADD(second, CAST(MAX(CASE WHEN h.application_id = 1 AND h.object_operation = 5
                                                 THEN h.event_date END) / 1000 AS int), '1970-01-01')) AS log_in_at
    FROM egpl_event_history_user h
    WHERE h.user_id IN (SELECT user_id FROM unchanged)
    GROUP BY h.user_id
), candidate AS (
    SELECT s.user_id, s.chats, s.activity_id, s.unchanged_since,
           CASE WHEN u.login_logout_time > s.unchanged_since THEN u.login_logout_time ELSE s.unchanged_since END AS since,
           CASE WHEN u.login_logout_time <= s.unchanged_since THEN 'blocked'
                WHEN l.logged_in_at = l.last_at AND u.login_logout_time <= DATEADD(minute, 2, l.log_in_at)
                THEN 'blocked'
                ELSE 'unclear: logged in or out after the chat last changed' END AS verdict
    FROM unchanged s
    JOIN egpl_user u ON u.user_id = s.user_id
    LEFT JOIN last_event l ON l.user_id = s.user_id
    WHERE s.user_id NOT IN (SELECT user_id FROM busy)
      AND ISNULL(u.delete_flag, 'N') = 'N'
), given AS (
    SELECT b.assigned_to AS user_id, b.when_created
    FROM egpl_casemgmt_activity b
    WHERE b.when_created > (SELECT MIN(since) FROM candidate)
      AND b.when_created > DATEADD(day, -@days, GETDATE())
      AND b.assigned_to IS NOT NULL
), peer AS (
    SELECT k.user_id, w.user_id AS peer_id, COUNT(*) AS given
    FROM candidate k
    JOIN given w ON w.when_created > k.since
    GROUP BY k.user_id, w.user_id, k.since
    HAVING MIN(w.when_created) <= DATEADD(minute, @together_minutes, k.since) OR w.user_id = k.user_id
), ranked AS (
    SELECT p.user_id, p.peer_id, p.given,
           ROW_NUMBER() OVER (PARTITION BY p.user_id ORDER BY p.given, p.peer_id) AS place,
           COUNT(*) OVER (PARTITION BY p.user_id) AS peers,
           MAX(CASE WHEN p.peer_id = p.user_id THEN 1 ELSE 0 END) OVER (PARTITION BY p.user_id) AS own_given
    FROM peer p
)
SELECT k.user_id, k.verdict, c.user_name, c.login_ip, c.login_logout_time AS logged_in_or_out_at,
       CASE WHEN i.user_id IS NOT NULL THEN 'yes'
            WHEN EXISTS (SELECT 1 FROM egicm_user) THEN 'no' ELSE 'not in the rows' END AS integrated,
       k.chats AS unchanged_chats, k.activity_id, k.unchanged_since,
       DATEDIFF(minute, k.unchanged_since, GETDATE()) AS unchanged_minutes, r.given AS others_assigned
FROM candidate k
JOIN ranked r ON r.user_id = k.user_id AND r.place = (r.peers + 3) / 4
JOIN egpl_user c ON c.user_id = k.user_id
LEFT JOIN egicm_user i ON i.user_id = k.user_id AND i.skill_target_id <> 0
WHERE r.own_given = 0 AND r.given >= @others_assigned
ORDER BY k.unchanged_since
