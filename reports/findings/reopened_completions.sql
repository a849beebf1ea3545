-- title: Completed activities that are open again
-- meaning: An earlier export has the activity as completed (9000), a later one as open. Reopening is an event of its
--   own (548); without it, something else wrote the row. A public page describes how to create a ghost chat this way:
--   by changing the status of a completed chat.
-- source: the support note, lines 74-90, for completion; event 548 as named in a public e-mail console's source
-- tag: inferred
-- urgency: soon
-- own: verdict
-- dialect: tsql
-- key: activity_id
-- needs: egpl_casemgmt_activity_earlier, egpl_casemgmt_activity.activity_type, egpl_casemgmt_activity.activity_status,
--   egpl_casemgmt_activity.activity_sub_status
-- helps: egpl_event_history_case_mgmt
-- kind: earlier_at timestamp
-- kind: later_at timestamp
-- note: needs two states of the activity. Whether event 548 occurred between the exports is not checked: exports and
--   events use different clocks.
WITH state AS (
    SELECT s.activity_id, s.activity_type, s.activity_status, s.activity_sub_status, s.assigned_to, s.when_modified,
           s.chatdb_export, s.chatdb_line, COALESCE(s.chatdb_order, 0) AS place, 0 AS newest
    FROM egpl_casemgmt_activity_earlier s
    WHERE COALESCE(s.chatdb_operation, 2) <> 1  -- of change data capture: a deletion has no state after it
    UNION ALL
    SELECT b.activity_id, b.activity_type, b.activity_status, b.activity_sub_status, b.assigned_to, b.when_modified,
           b.chatdb_export, b.chatdb_line, 0, 1
    FROM egpl_casemgmt_activity b
    WHERE b.activity_id IN (SELECT o.activity_id FROM egpl_casemgmt_activity_earlier o)
), numbered AS (
    SELECT s.activity_id, s.activity_type, s.activity_status, s.activity_sub_status, s.assigned_to, s.when_modified,
           s.chatdb_line AS line, x.[file], x.taken_at,
           ROW_NUMBER() OVER (PARTITION BY s.activity_id
                              ORDER BY s.newest, x.taken_at, s.chatdb_export, s.place, s.chatdb_line) AS number
    FROM state s LEFT JOIN chatdb_export x ON x.export_id = s.chatdb_export
)
SELECT e.activity_id,
       CASE WHEN h.activity_id IS NOT NULL THEN 'reopened (548)'
            WHEN EXISTS (SELECT 1 FROM egpl_event_history_case_mgmt) THEN 'no event says that it was reopened'
            ELSE 'unclear: no events are in the rows' END AS verdict,
       e.activity_type, e.activity_status AS earlier_status, e.activity_sub_status AS earlier_sub_status,
       l.activity_status AS later_status, l.activity_sub_status AS later_sub_status,
       l.assigned_to AS later_assigned_to, e.when_modified, l.when_modified AS later_modified,
       e.[file] AS earlier_file, e.line AS earlier_line, e.taken_at AS earlier_at,
       l.[file] AS later_file, l.line AS later_line, l.taken_at AS later_at
FROM numbered e
JOIN numbered l ON l.activity_id = e.activity_id AND l.number = e.number + 1
LEFT JOIN (SELECT DISTINCT r.activity_id FROM egpl_event_history_case_mgmt r WHERE r.object_operation = 548) h
       ON h.activity_id = e.activity_id
WHERE e.activity_status = 9000 AND l.activity_status <> 9000
ORDER BY e.activity_id, l.when_modified
