-- title: Completed activities that are open again
-- meaning: An earlier export has the activity as completed (9000), a later one as open. Reopening is an event of its
--   own (548); without it, something else wrote the row. A public page makes a ghost chat in just this way, by
--   changing the status of a completed one.
-- source: the source document, lines 74-90, for completion; event 548 by constants of an e-mail console
-- tag: inferred
-- key: activity_id
-- needs: egpl_casemgmt_activity_earlier
-- helps: egpl_event_history_case_mgmt
-- kind: earlier_at timestamp
-- kind: later_at timestamp
-- note: needs two exports with the activity. Whether event 548 lies between the exports is not compared: their times
--   are on another clock than the events.
WITH state AS (
    SELECT activity_id, activity_type, activity_status, activity_sub_status, assigned_to, when_modified,
           chatdb_export, chatdb_line, coalesce(chatdb_order, 0) AS place, 0 AS newest
    FROM egpl_casemgmt_activity_earlier
    WHERE coalesce(chatdb_operation, 2) IN (2, 4)  -- of change data capture: inserted, and after an update
    UNION ALL
    SELECT b.activity_id, b.activity_type, b.activity_status, b.activity_sub_status, b.assigned_to, b.when_modified,
           b.chatdb_export, b.chatdb_line, 0, 1
    FROM egpl_casemgmt_activity b
    WHERE b.activity_id IN (SELECT activity_id FROM egpl_casemgmt_activity_earlier)
), next AS (
    SELECT s.*, x.file, x.taken_at,
           lead(s.activity_status) OVER w AS next_status, lead(s.activity_sub_status) OVER w AS next_sub_status,
           lead(s.assigned_to) OVER w AS next_assigned_to, lead(s.when_modified) OVER w AS next_modified,
           lead(x.file) OVER w AS next_file, lead(s.chatdb_line) OVER w AS next_line,
           lead(x.taken_at) OVER w AS next_taken_at
    FROM state s LEFT JOIN chatdb_export x ON x.export_id = s.chatdb_export
    WINDOW w AS (PARTITION BY s.activity_id ORDER BY s.newest, x.taken_at, s.chatdb_export, s.place, s.chatdb_line)
)
SELECT n.activity_id,
       CASE WHEN h.activity_id IS NOT NULL THEN 'reopened (548)'
            WHEN EXISTS (SELECT 1 FROM egpl_event_history_case_mgmt) THEN 'no event says that it was reopened'
            ELSE 'cannot tell: no events are in the rows' END AS reading,
       n.activity_type, n.activity_status AS earlier_status, n.activity_sub_status AS earlier_sub_status,
       n.next_status AS later_status, n.next_sub_status AS later_sub_status, n.next_assigned_to AS later_assigned_to,
       n.when_modified, n.next_modified AS later_modified, n.file AS earlier_file, n.chatdb_line AS earlier_line,
       n.taken_at AS earlier_at, n.next_file AS later_file, n.next_line AS later_line, n.next_taken_at AS later_at
FROM next n
LEFT JOIN (SELECT DISTINCT activity_id FROM egpl_event_history_case_mgmt WHERE object_operation = 548) h
       ON h.activity_id = n.activity_id
WHERE n.activity_status = 9000 AND n.next_status <> 9000
ORDER BY n.activity_id, n.next_modified
