-- title: Status and sub-status that contradict each other
-- meaning: The sub-status belongs to another status: a closed one on an open activity, or an open one on a completed
--   activity. The documented query for open chats may or may not include such a row. The rows do not show how it got
--   there.
-- source: the pairs that public pages show together; the support note's query, lines 65-66, guards against the
--   first
-- tag: inferred
-- urgency: soon
-- own: contradiction
-- dialect: tsql
-- key: activity_id
-- needs: egpl_casemgmt_activity, egpl_casemgmt_activity.activity_type, egpl_casemgmt_activity.activity_status,
--   egpl_casemgmt_activity.activity_sub_status
-- note: only known codes are compared; see `unknown_codes` for the others.
SELECT b.activity_id, b.activity_type, b.activity_status, b.activity_sub_status,
       CASE WHEN b.activity_sub_status IN (9100, 9200) THEN 'closed by its sub-status, open by its status'
            WHEN b.activity_status = 9000 THEN 'completed by its status, open by its sub-status'
            ELSE 'the sub-status belongs to another status' END AS contradiction,
       b.assigned_to, b.when_created, b.when_modified
FROM egpl_casemgmt_activity b
WHERE b.activity_id IN (
    SELECT o.activity_id
    FROM egpl_casemgmt_activity o
    WHERE (o.activity_status <> 9000 OR o.activity_sub_status <> 9100)  -- few rows are left, and have an index
      AND o.activity_status IN (3000, 4000, 5000, 9000)
      AND ((o.activity_sub_status = 3100 AND o.activity_status <> 3000)
           OR (o.activity_sub_status IN (4100, 4105, 4900) AND o.activity_status <> 4000)
           OR (o.activity_sub_status IN (5100, 5900) AND o.activity_status <> 5000)
           OR (o.activity_sub_status IN (9100, 9200) AND o.activity_status <> 9000)))
ORDER BY b.activity_id
