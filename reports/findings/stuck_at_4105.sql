-- title: Activities that were handed to Unified CCE and never answered
-- meaning: 4105 means that the activity was handed to Unified CCE for routing, and it keeps this status while it is
--   queued there. Older than the threshold, sent (2210) and never answered (2212), it waits for an answer that may not
--   come. Check the connection to Unified CCE, and the agents of its queue.
-- source: 4105 is on a public docwiki page on e-mail routing; event numbers as named in a public e-mail console's
--   source
-- tag: inferred
-- urgency: now
-- own: verdict, age_minutes
-- dialect: tsql
-- key: activity_id
-- needs: egpl_casemgmt_activity, egpl_casemgmt_activity.activity_type, egpl_casemgmt_activity.activity_status,
--   egpl_casemgmt_activity.activity_sub_status, egpl_casemgmt_activity.when_created
-- helps: egpl_event_history_case_mgmt, egpl_routing_queue
-- parameter: age_minutes = 240
-- note: thresholds: age_minutes since the activity was last modified, or else created.
SELECT b.activity_id,
       CASE WHEN e.sent_at IS NULL AND e.answered_at IS NULL THEN 'unclear: no event of it is in the rows'
            WHEN e.answered_at >= e.sent_at OR e.sent_at IS NULL THEN 'answered (2212), and still at 4105'
            ELSE 'sent (2210), and not answered (2212)' END AS verdict,
       b.activity_type, b.activity_status, b.activity_sub_status, b.queue_id, a.queue_name, b.when_created,
       ISNULL(b.when_modified, b.when_created) AS since,
       DATEDIFF(minute, ISNULL(b.when_modified, b.when_created), GETDATE()) AS age_minutes,
       e.sent_at AS sent_utc_ms, e.answered_at AS answered_utc_ms
FROM egpl_casemgmt_activity b
LEFT JOIN egpl_routing_queue a ON a.queue_id = b.queue_id
LEFT JOIN (SELECT h.activity_id, MAX(CASE WHEN h.object_operation = 2210 THEN h.event_date END) AS sent_at,
                  MAX(CASE WHEN h.object_operation = 2212 THEN h.event_date END) AS answered_at
           FROM egpl_event_history_case_mgmt h
           WHERE h.object_operation IN (2210, 2212)
             AND h.activity_id IN (SELECT o.activity_id FROM egpl_casemgmt_activity o
                                   WHERE (o.activity_status <> 9000 OR o.activity_sub_status <> 9100)
                                     AND o.activity_status = 4000 AND o.activity_sub_status = 4105)
           GROUP BY h.activity_id) e ON e.activity_id = b.activity_id
WHERE (b.activity_status <> 9000 OR b.activity_sub_status <> 9100)  -- few rows are left, and have an index
  AND b.activity_status = 4000 AND b.activity_sub_status = 4105  -- taken for routing by Unified CCE
  AND ISNULL(b.when_modified, b.when_created) < DATEADD(minute, -@age_minutes, GETDATE())
ORDER BY b.when_created
