-- title: Agents with more open chats in a queue than they may have at once
-- meaning: Routing should not have given these agents so many chats. A chat that ended without its row being completed
--   still counts, so the oldest of them is the one to look at.
-- source: the columns of a lab provisioning client, which reads a missing row as a limit of 1
-- tag: inferred
-- dialect: tsql
-- key: user_id, queue_id
-- needs: egpl_casemgmt_activity, egpl_casemgmt_activity.assigned_to, egicm_concurrent_task
-- helps: egpl_user
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
WHERE x.open_chats > ISNULL(t.concurrent_task_limit, 1)
ORDER BY x.open_chats DESC, x.user_id
