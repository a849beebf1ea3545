-- title: Agents with more open chats in a queue than they may have at once
-- meaning: Routing should not have given these agents so many chats. A chat that ended without its row being completed
--   still counts, so check the oldest one first.
-- source: the columns of a lab provisioning client, which reads a missing row as a limit of 1
-- tag: inferred
-- urgency: soon
-- own: limit_from
-- dialect: tsql
-- key: user_id, queue_id
-- needs: egpl_casemgmt_activity, egpl_casemgmt_activity.activity_type, egpl_casemgmt_activity.activity_status,
--   egpl_casemgmt_activity.activity_sub_status, egpl_casemgmt_activity.assigned_to
-- helps: egpl_user, egicm_concurrent_task
-- parameter: limit_in_force integer = NULL
-- parameter: agents_above text = NULL
-- note: without egicm_concurrent_task, limit_in_force is the highest number of chats that agents had at once, as
--   their completed chats in all queues show; `analyze` reads it from the rows. agents_above excludes the users who
--   repeatedly had more, such as log-ins shared by several people: a list of user_ids such as ',12,15,'.
SELECT z.user_id, z.user_name, z.queue_id, z.open_chats, z.limit_is, z.limit_from, z.oldest_activity_id,
       z.oldest_when_created
FROM (
SELECT x.user_id, c.user_name, x.queue_id, x.open_chats, ISNULL(t.concurrent_task_limit, 1) AS limit_is,
       CASE WHEN t.user_id IS NULL THEN 'no row; read as 1' ELSE 'as configured' END AS limit_from,
       x.oldest_activity_id, x.oldest_when_created
FROM (SELECT b.assigned_to AS user_id, b.queue_id, COUNT(*) AS open_chats, MIN(b.activity_id) AS oldest_activity_id,
             MIN(b.when_created) AS oldest_when_created
      FROM egpl_casemgmt_activity b
      WHERE b.activity_type = 2000  -- chat
        AND b.activity_status <> 9000  -- completed
        AND b.activity_sub_status NOT IN (9100, 9200)
        AND b.activity_status = 5000  -- assigned
        AND b.assigned_to IS NOT NULL AND b.queue_id IS NOT NULL
      GROUP BY b.assigned_to, b.queue_id) x
LEFT JOIN egicm_concurrent_task t ON t.user_id = x.user_id AND t.queue_id = x.queue_id
LEFT JOIN egpl_user c ON c.user_id = x.user_id
WHERE x.open_chats > ISNULL(t.concurrent_task_limit, 1) AND EXISTS (SELECT 1 FROM egicm_concurrent_task)
UNION ALL
SELECT y.user_id, c.user_name, NULL, y.open_chats, @limit_in_force, 'as the rows show', y.oldest_activity_id,
       y.oldest_when_created
FROM (SELECT b.assigned_to AS user_id, COUNT(*) AS open_chats, MIN(b.activity_id) AS oldest_activity_id,
             MIN(b.when_created) AS oldest_when_created
      FROM egpl_casemgmt_activity b
      WHERE b.activity_type = 2000
        AND b.activity_status <> 9000
        AND b.activity_sub_status NOT IN (9100, 9200)
        AND b.activity_status = 5000
        AND b.assigned_to IS NOT NULL
      GROUP BY b.assigned_to) y
LEFT JOIN egpl_user c ON c.user_id = y.user_id
WHERE y.open_chats > @limit_in_force
  AND (@agents_above IS NULL OR CHARINDEX(CONCAT(',', y.user_id, ','), @agents_above) = 0)
  AND NOT EXISTS (SELECT 1 FROM egicm_concurrent_task)
) z
ORDER BY z.open_chats DESC, z.user_id
