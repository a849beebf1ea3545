-- title: Activities of an earlier export that a later one does not have
-- meaning: The later export has activities before and after these, and nearly all others of the earlier one, so it
--   should have these too. They were deleted, archived, or the later export was cut. Where the later export lacks more
--   than a few, it is likely a selection, and nothing can be told.
-- source: chatdb's own
-- tag: inferred
-- key: activity_id
-- needs: egpl_casemgmt_activity_earlier
-- kind: later_file text
-- kind: earlier_at timestamp
-- kind: later_at timestamp
-- parameter: present_percent = 95
-- note: thresholds: present_percent of the earlier export's activities, within the later one's range of ids and of the
--   same type and status (open or completed), must be in the later one, or it is taken for a selection of rows.
WITH export AS (
    SELECT x.export_id, x.file, x.taken_at,
           row_number() OVER (ORDER BY x.taken_at, x.export_id) AS place
    FROM chatdb_export x
    WHERE EXISTS (SELECT 1 FROM chatdb_export_column c
                  WHERE c.export_id = x.export_id AND c.table_name = 'egpl_casemgmt_activity')
      AND (SELECT count(*) FROM chatdb_export) > 1
), later AS (
    SELECT b.chatdb_export AS export_id, min(b.activity_id) AS first_id, max(b.activity_id) AS last_id
    FROM egpl_casemgmt_activity b
    GROUP BY b.chatdb_export
), pair AS (
    SELECT e.export_id AS earlier_id, e.file AS earlier_file, e.taken_at AS earlier_at, l.export_id AS later_id,
           l.file AS later_file, l.taken_at AS later_at, r.first_id, r.last_id
    FROM export e
    JOIN export l ON l.place > e.place
    JOIN later r ON r.export_id = l.export_id
    WHERE NOT EXISTS (SELECT 1 FROM export o JOIN later m ON m.export_id = o.export_id WHERE o.place > l.place)
), kept AS (
    SELECT p.earlier_id, p.later_id, s.activity_type, s.activity_status = 9000 AS completed, count(*) AS kept
    FROM pair p
    JOIN egpl_casemgmt_activity_earlier s ON s.chatdb_export = p.earlier_id
    JOIN egpl_casemgmt_activity b ON b.activity_id = s.activity_id AND b.chatdb_export = p.later_id
    GROUP BY 1, 2, 3, 4
), gone AS (
    SELECT p.*, b.activity_id, b.activity_type, b.activity_status, b.activity_sub_status, b.assigned_to,
           b.when_created, b.when_modified, b.chatdb_line, b.activity_status = 9000 AS completed,
           count(*) OVER (PARTITION BY p.earlier_id, p.later_id, b.activity_type, b.activity_status = 9000) AS gone
    FROM pair p
    JOIN egpl_casemgmt_activity b ON b.chatdb_export = p.earlier_id AND b.activity_id BETWEEN p.first_id AND p.last_id
)
SELECT g.activity_id,
       CASE WHEN 100.0 * coalesce(k.kept, 0) >= @present_percent * (coalesce(k.kept, 0) + g.gone) THEN 'vanished'
            ELSE 'cannot tell: the later export looks like a selection' END AS reading,
       g.activity_type, g.activity_status, g.activity_sub_status, g.assigned_to, g.when_created, g.when_modified,
       coalesce(k.kept, 0) AS others_kept, g.gone AS others_gone, g.earlier_file, g.earlier_at, g.later_file, g.later_at
FROM gone g
LEFT JOIN kept k ON k.earlier_id = g.earlier_id AND k.later_id = g.later_id AND k.activity_type = g.activity_type
                AND k.completed = g.completed
ORDER BY g.activity_id
