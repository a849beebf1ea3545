-- title: Activities of an earlier export that are missing from a later one
-- meaning: The later export has activities before and after these, and nearly all others of the earlier one, so it
--   should have these too. They were deleted or archived, or the later export was truncated. Where the later export lacks more
--   than a few, it is probably a subset, and no conclusion is possible. Rows that change data capture records
--   as deleted, and that no later export has, are certain.
-- source: chatdb's own
-- tag: inferred
-- urgency: soon
-- own: verdict
-- dialect: tsql
-- key: activity_id
-- needs: egpl_casemgmt_activity_earlier
-- kind: later_file text
-- kind: earlier_at timestamp
-- kind: later_at timestamp
-- parameter: present_percent = 95
-- note: thresholds: present_percent of the earlier export's activities, within the later one's range of ids and of the
--   same type and status (open or completed), must be in the later one; otherwise it is assumed to be a subset of rows.
WITH export AS (
    SELECT x.export_id, x.[file], x.taken_at,
           ROW_NUMBER() OVER (ORDER BY x.taken_at, x.export_id) AS place
    FROM chatdb_export x
    WHERE EXISTS (SELECT 1 FROM chatdb_export_column c
                  WHERE c.export_id = x.export_id AND c.table_name = 'egpl_casemgmt_activity')
      AND (SELECT COUNT(*) FROM chatdb_export) > 1
), later AS (
    SELECT b.chatdb_export AS export_id, MIN(b.activity_id) AS first_id, MAX(b.activity_id) AS last_id
    FROM egpl_casemgmt_activity b
    GROUP BY b.chatdb_export
), pair AS (
    SELECT e.export_id AS earlier_id, e.[file] AS earlier_file, e.taken_at AS earlier_at, l.export_id AS later_id,
           l.[file] AS later_file, l.taken_at AS later_at, r.first_id, r.last_id
    FROM export e
    JOIN export l ON l.place > e.place
    JOIN later r ON r.export_id = l.export_id
    WHERE NOT EXISTS (SELECT 1 FROM export o JOIN later m ON m.export_id = o.export_id WHERE o.place > l.place)
), kept AS (
    SELECT p.earlier_id, p.later_id, s.activity_type,
           CASE WHEN s.activity_status = 9000 THEN 1 ELSE 0 END AS completed, COUNT(*) AS kept
    FROM pair p
    JOIN egpl_casemgmt_activity_earlier s ON s.chatdb_export = p.earlier_id
    JOIN egpl_casemgmt_activity b ON b.activity_id = s.activity_id AND b.chatdb_export = p.later_id
    GROUP BY p.earlier_id, p.later_id, s.activity_type, CASE WHEN s.activity_status = 9000 THEN 1 ELSE 0 END
), gone AS (
    SELECT p.earlier_id, p.later_id, p.earlier_file, p.earlier_at, p.later_file, p.later_at, b.activity_id,
           b.activity_type, b.activity_status, b.activity_sub_status, b.assigned_to, b.when_created, b.when_modified,
           CASE WHEN b.activity_status = 9000 THEN 1 ELSE 0 END AS completed,
           COUNT(*) OVER (PARTITION BY p.earlier_id, p.later_id, b.activity_type,
                                       CASE WHEN b.activity_status = 9000 THEN 1 ELSE 0 END) AS gone
    FROM pair p
    JOIN egpl_casemgmt_activity b ON b.chatdb_export = p.earlier_id AND b.activity_id BETWEEN p.first_id AND p.last_id
), deletion AS (
    SELECT s.activity_id, s.activity_type, s.activity_status, s.activity_sub_status, s.assigned_to, s.when_created,
           s.when_modified, x.[file], x.taken_at,
           ROW_NUMBER() OVER (PARTITION BY s.activity_id
                              ORDER BY x.taken_at DESC, s.chatdb_export DESC, s.chatdb_order DESC) AS from_last
    FROM egpl_casemgmt_activity_earlier s LEFT JOIN chatdb_export x ON x.export_id = s.chatdb_export
    WHERE s.chatdb_operation = 1  -- of change data capture
)
SELECT g.activity_id,
       CASE WHEN 100.0 * COALESCE(k.kept, 0) >= @present_percent * (COALESCE(k.kept, 0) + g.gone) THEN 'vanished'
            ELSE 'unclear: the later export looks like a selection' END AS verdict,
       g.activity_type, g.activity_status, g.activity_sub_status, g.assigned_to, g.when_created, g.when_modified,
       COALESCE(k.kept, 0) AS others_kept, g.gone AS others_gone, g.earlier_file, g.earlier_at, g.later_file, g.later_at
FROM gone g
LEFT JOIN kept k ON k.earlier_id = g.earlier_id AND k.later_id = g.later_id AND k.activity_type = g.activity_type
                AND k.completed = g.completed
UNION ALL
SELECT d.activity_id, 'deleted, says change data capture', d.activity_type, d.activity_status, d.activity_sub_status,
       d.assigned_to, d.when_created, d.when_modified, NULL, NULL, NULL, NULL, d.[file], d.taken_at
FROM deletion d
WHERE d.from_last = 1
  AND NOT EXISTS (SELECT 1 FROM egpl_casemgmt_activity b WHERE b.activity_id = d.activity_id)
ORDER BY activity_id
