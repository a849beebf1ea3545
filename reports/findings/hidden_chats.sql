-- title: Open chats that the documented query hides
-- meaning: The documented query for open chats joins queue and user, so a chat without an agent, without a queue, or
--   whose user or queue is not in the rows is not returned, although it is open. Review these separately.
--   `unclear`: the chat has only just arrived, and may simply be waiting for an agent.
-- source: the support note's query, lines 60-67, compared with the columns that may be NULL
-- tag: documented
-- urgency: soon
-- own: verdict, hidden_because, age_minutes
-- dialect: tsql
-- key: activity_id
-- needs: egpl_casemgmt_activity, egpl_casemgmt_activity.activity_type, egpl_casemgmt_activity.activity_status,
--   egpl_casemgmt_activity.activity_sub_status, egpl_casemgmt_activity.assigned_to,
--   egpl_casemgmt_activity.queue_id, egpl_user, egpl_routing_queue
-- parameter: waiting_minutes = 10
-- note: thresholds: waiting_minutes, how long a chat in a queue (4000) may wait for an agent.
SELECT b.activity_id,
       CASE WHEN b.activity_status = 4000  -- in a queue
             AND b.assigned_to IS NULL AND a.queue_id IS NOT NULL
             AND b.when_created > DATEADD(minute, -@waiting_minutes, GETDATE())
            THEN 'unclear: it may wait for its turn' ELSE 'hidden' END AS verdict,
       CASE WHEN b.assigned_to IS NULL THEN 'it has no agent'
            WHEN c.user_id IS NULL THEN 'its agent is not among the users'
            WHEN b.queue_id IS NULL THEN 'it has no queue'
            ELSE 'its queue is not among the queues' END AS hidden_because,
       b.activity_status, b.activity_sub_status, b.assigned_to, b.queue_id, b.when_created, b.when_modified,
       DATEDIFF(minute, b.when_created, GETDATE()) AS age_minutes
FROM egpl_casemgmt_activity b
LEFT JOIN egpl_user c ON c.user_id = b.assigned_to
LEFT JOIN egpl_routing_queue a ON a.queue_id = b.queue_id
WHERE b.activity_type = 2000  -- chat
  AND b.activity_status <> 9000  -- completed
  AND b.activity_sub_status NOT IN (9100, 9200)
  AND (c.user_id IS NULL OR a.queue_id IS NULL)
ORDER BY b.when_created
