-- title: Codes that no public source explains
-- meaning: These values of type, mode, status or sub-status occur in the rows but in no public source, so nothing
--   is concluded from them. They may be a newer version's, the site's own, or damage.
-- source: the code reference that chatdb carries, gathered from public pages and programs
-- tag: unknown
-- urgency: context
-- own: column_name
-- dialect: tsql
-- key: column_name, code
-- needs: egpl_casemgmt_activity
-- note: sub-types are not checked: public sources explain two of them, and every site has more.
SELECT CASE x.place WHEN 1 THEN 'activity_type' WHEN 2 THEN 'activity_mode'
                    WHEN 3 THEN 'activity_status' ELSE 'activity_sub_status' END AS column_name,
       x.code, COUNT(*) AS activities, MIN(x.activity_id) AS first_activity_id, MAX(x.activity_id) AS last_activity_id
FROM (SELECT w.place, CASE w.place WHEN 1 THEN b.activity_type ELSE b.activity_mode END AS code, b.activity_id
      FROM egpl_casemgmt_activity b
      CROSS JOIN (SELECT 1 AS place UNION ALL SELECT 2) w
      WHERE (b.activity_type NOT IN (1, 2000) OR b.activity_mode NOT IN (100, 200))
        AND ((w.place = 1 AND b.activity_type NOT IN (1, 2000)) OR (w.place = 2 AND b.activity_mode NOT IN (100, 200)))
      UNION ALL
      SELECT w.place, CASE w.place WHEN 3 THEN b.activity_status ELSE b.activity_sub_status END, b.activity_id
      FROM egpl_casemgmt_activity b
      CROSS JOIN (SELECT 3 AS place UNION ALL SELECT 4) w
      WHERE (b.activity_status <> 9000 OR b.activity_sub_status <> 9100)
        AND ((w.place = 3 AND b.activity_status NOT IN (3000, 4000, 5000, 9000))
             OR (w.place = 4
                 AND b.activity_sub_status NOT IN (3100, 4100, 4105, 4900, 5100, 5900, 9100, 9200)))) x
GROUP BY x.place, x.code
ORDER BY x.place, x.code
