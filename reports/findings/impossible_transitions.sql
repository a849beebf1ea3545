-- title: Changes between two exports that the life cycle does not allow
-- meaning: Between the two exports the activity returned to its state before the workflow, changed its type, or
--   got a different creation time or an earlier modification time. No public source describes this; a changed row, a
--   restored database or a mixed-up export explains it.
-- source: the life cycle of public docwiki pages on e-mail and chat routing
-- tag: inferred
-- urgency: soon
-- own: impossible
-- dialect: tsql
-- key: activity_id
-- needs: egpl_casemgmt_activity_earlier, egpl_casemgmt_activity.activity_type, egpl_casemgmt_activity.activity_status,
--   egpl_casemgmt_activity.activity_sub_status
-- kind: earlier_at timestamp
-- kind: later_at timestamp
-- note: compares each state of an activity with the next one, in the order of their exports. Completed
--   activities that are open again are `reopened_completions`.
WITH state AS (
    SELECT s.activity_id, s.activity_type, s.activity_status, s.activity_sub_status, s.when_created, s.when_modified,
           s.chatdb_export, s.chatdb_line, COALESCE(s.chatdb_order, 0) AS place, 0 AS newest
    FROM egpl_casemgmt_activity_earlier s
    WHERE COALESCE(s.chatdb_operation, 2) <> 1  -- of change data capture: a deletion has no state after it
    UNION ALL
    SELECT b.activity_id, b.activity_type, b.activity_status, b.activity_sub_status, b.when_created, b.when_modified,
           b.chatdb_export, b.chatdb_line, 0, 1
    FROM egpl_casemgmt_activity b
    WHERE b.activity_id IN (SELECT o.activity_id FROM egpl_casemgmt_activity_earlier o)
), numbered AS (
    SELECT s.activity_id, s.activity_type, s.activity_status, s.activity_sub_status, s.when_created, s.when_modified,
           s.chatdb_line AS line, x.[file], x.taken_at,
           ROW_NUMBER() OVER (PARTITION BY s.activity_id
                              ORDER BY s.newest, x.taken_at, s.chatdb_export, s.place, s.chatdb_line) AS number
    FROM state s LEFT JOIN chatdb_export x ON x.export_id = s.chatdb_export
)
SELECT e.activity_id,
       CASE WHEN l.activity_type <> e.activity_type THEN 'it became another kind of activity'
            WHEN l.when_created <> e.when_created THEN 'it was created at another time'
            WHEN l.activity_status = 3000 AND e.activity_status > 3000 THEN 'it went back to before the workflow'
            ELSE 'it was modified last at an earlier time than before' END AS impossible,
       e.activity_status AS earlier_status, e.activity_sub_status AS earlier_sub_status,
       l.activity_status AS later_status, l.activity_sub_status AS later_sub_status, e.when_created,
       l.when_created AS later_created, e.when_modified, l.when_modified AS later_modified,
       e.[file] AS earlier_file, e.line AS earlier_line, e.taken_at AS earlier_at,
       l.[file] AS later_file, l.line AS later_line, l.taken_at AS later_at
FROM numbered e JOIN numbered l ON l.activity_id = e.activity_id AND l.number = e.number + 1
WHERE l.activity_type <> e.activity_type OR l.when_created <> e.when_created
   OR (l.activity_status = 3000 AND e.activity_status > 3000) OR l.when_modified < e.when_modified
ORDER BY e.activity_id, l.when_modified
