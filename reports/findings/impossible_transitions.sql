-- title: Changes between two exports that the life cycle does not have
-- meaning: Between the two exports the activity went back to where it came from before the workflow, became another
--   kind of activity, was created at another time, or was modified last at an earlier time than before. The product
--   does not do that in any public source; a changed row, a restored database or a mixed-up export does.
-- source: the life cycle of public docwiki pages on e-mail and chat routing
-- tag: inferred
-- key: activity_id
-- needs: egpl_casemgmt_activity_earlier
-- kind: earlier_at timestamp
-- kind: later_at timestamp
-- note: compares each state of an activity with the next one, in the order of their exports; needs two exports with
--   the activity. Completed activities that are open again are `reopened_completions`.
WITH state AS (
    SELECT activity_id, activity_type, activity_status, activity_sub_status, when_created, when_modified,
           chatdb_export, chatdb_line, coalesce(chatdb_order, 0) AS place, 0 AS newest
    FROM egpl_casemgmt_activity_earlier
    WHERE coalesce(chatdb_operation, 2) IN (2, 4)  -- of change data capture: inserted, and after an update
    UNION ALL
    SELECT b.activity_id, b.activity_type, b.activity_status, b.activity_sub_status, b.when_created, b.when_modified,
           b.chatdb_export, b.chatdb_line, 0, 1
    FROM egpl_casemgmt_activity b
    WHERE b.activity_id IN (SELECT activity_id FROM egpl_casemgmt_activity_earlier)
), next AS (
    SELECT s.*, x.file, x.taken_at,
           lead(s.activity_type) OVER w AS next_type, lead(s.activity_status) OVER w AS next_status,
           lead(s.activity_sub_status) OVER w AS next_sub_status, lead(s.when_created) OVER w AS next_created,
           lead(s.when_modified) OVER w AS next_modified, lead(x.file) OVER w AS next_file,
           lead(s.chatdb_line) OVER w AS next_line, lead(x.taken_at) OVER w AS next_taken_at
    FROM state s LEFT JOIN chatdb_export x ON x.export_id = s.chatdb_export
    WINDOW w AS (PARTITION BY s.activity_id ORDER BY s.newest, x.taken_at, s.chatdb_export, s.place, s.chatdb_line)
)
SELECT activity_id,
       CASE WHEN next_type <> activity_type THEN 'it became another kind of activity'
            WHEN next_created <> when_created THEN 'it was created at another time'
            WHEN next_status = 3000 AND activity_status > 3000 THEN 'it went back to before the workflow'
            ELSE 'it was modified last at an earlier time than before' END AS impossible,
       activity_status AS earlier_status, activity_sub_status AS earlier_sub_status,
       next_status AS later_status, next_sub_status AS later_sub_status, when_created, next_created AS later_created,
       when_modified, next_modified AS later_modified, file AS earlier_file, chatdb_line AS earlier_line,
       taken_at AS earlier_at, next_file AS later_file, next_line AS later_line, next_taken_at AS later_at
FROM next
WHERE next_type <> activity_type OR next_created <> when_created OR (next_status = 3000 AND activity_status > 3000)
   OR next_modified < when_modified
ORDER BY activity_id, next_modified
