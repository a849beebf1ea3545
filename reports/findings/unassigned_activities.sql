-- title: Activities that arrived and stayed unassigned
-- meaning: The workflow has not picked up what arrived (3000/3100), or routing has not assigned what is in a
--   queue (4000/4100). Standalone routing takes seconds, so a long wait is normal only in a queue that agents pull
--   from. Sub-type 4, a delivery exception, is never routed: a supervisor has to act on it. `unclear`: it
--   has not waited long, and may simply be waiting its turn.
-- source: public docwiki pages on e-mail routing and the exception queue
-- tag: documented
-- urgency: now
-- own: verdict, age_minutes
-- dialect: tsql
-- key: activity_id
-- needs: egpl_casemgmt_activity, egpl_casemgmt_activity.activity_type, egpl_casemgmt_activity.activity_status,
--   egpl_casemgmt_activity.activity_sub_status, egpl_casemgmt_activity.when_created
-- helps: egpl_routing_queue
-- parameter: arrived_minutes = 30
-- parameter: chat_minutes = 30
-- parameter: mail_minutes = 1440
-- parameter: exception_minutes = 0
-- note: thresholds in minutes since the activity was last modified, or else created: arrived_minutes for 3000/3100,
--   chat_minutes and mail_minutes for 4000/4100, exception_minutes for sub type 4. The states are from public
--   sources; the thresholds are chatdb's own.
SELECT x.activity_id,
       CASE WHEN x.since < x.before THEN x.verdict ELSE 'unclear: it may wait for its turn' END AS verdict,
       x.activity_type, x.activity_sub_type, x.activity_status, x.activity_sub_status,
       x.queue_id, a.queue_name, x.when_created, x.since, DATEDIFF(minute, x.since, GETDATE()) AS age_minutes
FROM (SELECT b.activity_id, b.activity_type, b.activity_sub_type, b.activity_status, b.activity_sub_status, b.queue_id,
             b.when_created, ISNULL(b.when_modified, b.when_created) AS since,
             CASE WHEN b.activity_type <> 2000 AND b.activity_sub_type = 4
                  THEN 'a delivery exception, which routing leaves to a supervisor'
                  WHEN b.activity_status = 3000 THEN 'arrived, and no workflow has taken it up'
                  WHEN b.activity_type = 2000 THEN 'a chat in a queue, given to nobody'
                  ELSE 'in a queue, given to nobody' END AS verdict,
             CASE WHEN b.activity_type <> 2000 AND b.activity_sub_type = 4
                  THEN DATEADD(minute, -@exception_minutes, GETDATE())
                  WHEN b.activity_status = 3000 THEN DATEADD(minute, -@arrived_minutes, GETDATE())
                  WHEN b.activity_type = 2000 THEN DATEADD(minute, -@chat_minutes, GETDATE())
                  ELSE DATEADD(minute, -@mail_minutes, GETDATE()) END AS before
      FROM egpl_casemgmt_activity b
      WHERE (b.activity_status <> 9000 OR b.activity_sub_status <> 9100)  -- few rows are left, and have an index
        AND ((b.activity_status = 3000 AND b.activity_sub_status = 3100)
             OR (b.activity_status = 4000 AND b.activity_sub_status = 4100))
        AND b.assigned_to IS NULL) x
LEFT JOIN egpl_routing_queue a ON a.queue_id = x.queue_id
ORDER BY CASE WHEN x.activity_type = 2000 THEN 0 ELSE 1 END, x.since, x.activity_id  -- chats first
