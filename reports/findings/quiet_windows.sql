-- title: Periods with no arrivals, assignments or completions, at times when there usually are some
-- meaning: There is usually some work at this time on such days, and in this period there was none: a holiday, or an
--   outage. Nothing created: nothing arrived, or it could not be stored. Nothing assigned: routing or its services
--   failed. Nothing completed: agents could not work. Check the calendar first; outages with more evidence are
--   reported as detected.
-- source: chatdb's own; completion by when_modified of 9000, or else by event 544; assignment by events 205, 213, 209,
--   409
-- tag: inferred
-- urgency: context
-- own: what, clock, evidence
-- dialect: tsql
-- key: what, quiet_from
-- needs: egpl_casemgmt_activity, egpl_casemgmt_activity.when_created
-- helps: egpl_casemgmt_activity.when_modified, egpl_event_history_case_mgmt
-- parameter: days = 28
-- parameter: least_minutes = 30
-- parameter: least_expected = 12
-- parameter: least_days = 3
-- parameter: utc_offset_minutes integer = NULL
-- note: thresholds: days, the number of days examined before GETDATE(); least_minutes, the minimum length, in
--   quarter-hours; least_expected, the minimum number expected from the same quarter-hours of other days;
--   least_days, the minimum number of days of the same kind (working day or weekend) with any activity in those
--   quarter-hours. Periods of events are in UTC unless utc_offset_minutes says how far the servers' clock is ahead of
--   it.
WITH moment AS (
    SELECT w.what, DATEDIFF(minute, '1970-01-01', CASE w.what WHEN 1 THEN b.when_created ELSE b.when_modified END) / 15
                   AS slot
    FROM egpl_casemgmt_activity b
    CROSS JOIN (SELECT 1 AS what UNION ALL SELECT 3) w
    WHERE (b.when_modified > DATEADD(day, -@days, GETDATE()) OR b.when_created > DATEADD(day, -@days, GETDATE()))
      AND ((w.what = 1 AND b.when_created > DATEADD(day, -@days, GETDATE()) AND b.when_created <= GETDATE())
           OR (w.what = 3 AND b.activity_status = 9000  -- completed
               AND b.when_modified > DATEADD(day, -@days, GETDATE()) AND b.when_modified <= GETDATE()))
    UNION ALL
    SELECT CASE WHEN h.object_operation = 544 THEN 4 ELSE 2 END,
           CAST(h.event_date / 60000 AS int) / 15 + ISNULL(@utc_offset_minutes, 0) / 15
    FROM egpl_event_history_case_mgmt h
    WHERE h.object_operation IN (205, 209, 213, 409, 544)
      AND h.event_date > (SELECT MAX(event_date) FROM egpl_event_history_case_mgmt) - CAST(@days AS bigint) * 86400000
), counted AS (
    SELECT m.what, m.slot, COUNT(*) AS happened
    FROM moment m
    GROUP BY m.what, m.slot
), dated AS (
    SELECT what, slot, slot / 96 AS day_no, slot % 96 AS quarter,
           CASE WHEN (slot / 96 + 3) % 7 < 5 THEN 1 ELSE 0 END AS working, happened
    FROM counted
), extent AS (
    SELECT what, MIN(slot) AS first_slot, MAX(slot) AS last_slot
    FROM counted
    GROUP BY what
), gap AS (
    SELECT g.what, g.slot + 1 AS from_slot, g.until_slot
    FROM (SELECT c.what, c.slot,
                 LEAD(c.slot) OVER (PARTITION BY c.what ORDER BY c.slot) AS until_slot
          FROM (SELECT what, slot FROM counted
                UNION ALL
                SELECT e.what, DATEDIFF(minute, '1970-01-01', GETDATE()) / 15
                FROM extent e
                WHERE (e.what IN (1, 3) OR @utc_offset_minutes IS NOT NULL)
                  AND e.last_slot < DATEDIFF(minute, '1970-01-01', GETDATE()) / 15) c) g
    WHERE (g.until_slot - g.slot - 1) * 15 >= @least_minutes
), digit AS (
    SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
    UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9
), quiet AS (
    SELECT p.what, p.from_slot, p.until_slot, p.slot % 96 AS quarter,
           CASE WHEN (p.slot / 96 + 3) % 7 < 5 THEN 1 ELSE 0 END AS working
    FROM (SELECT g.what, g.from_slot, g.until_slot, g.from_slot + 1000 * k.n + 100 * h.n + 10 * t.n + o.n AS slot
          FROM gap g
          CROSS JOIN digit k
          CROSS JOIN digit h
          CROSS JOIN digit t
          CROSS JOIN digit o
          WHERE g.from_slot + 1000 * k.n < g.until_slot
            AND g.from_slot + 1000 * k.n + 100 * h.n < g.until_slot
            AND g.from_slot + 1000 * k.n + 100 * h.n + 10 * t.n < g.until_slot) p
    WHERE p.slot < p.until_slot
), kind AS (
    SELECT e.what, d.working, COUNT(*) AS days
    FROM extent e
    JOIN (SELECT DISTINCT what, day_no, working FROM dated) d ON d.what = e.what
    GROUP BY e.what, d.working
), usual AS (
    SELECT what, working, quarter, SUM(happened) AS happened, COUNT(*) AS days
    FROM dated
    GROUP BY what, working, quarter
), expected AS (
    SELECT q.what, q.from_slot, q.until_slot, SUM(1.0 * u.happened / k.days) AS expected,
           SUM(CASE WHEN u.days >= @least_days THEN 1 ELSE 0 END) AS known, COUNT(*) AS quarters
    FROM quiet q
    JOIN kind k ON k.what = q.what AND k.working = q.working
    LEFT JOIN usual u ON u.what = q.what AND u.working = q.working AND u.quarter = q.quarter
    GROUP BY q.what, q.from_slot, q.until_slot
)
SELECT CASE x.what WHEN 1 THEN 'created' WHEN 2 THEN 'assigned' ELSE 'completed' END AS what,
       DATEADD(minute, x.from_slot * 15, '1970-01-01') AS quiet_from,
       DATEADD(minute, x.until_slot * 15, '1970-01-01') AS quiet_until,
       (x.until_slot - x.from_slot) * 15 AS quiet_minutes, CAST(x.expected AS int) AS expected,
       CASE WHEN x.what IN (1, 3) OR @utc_offset_minutes IS NOT NULL THEN 'the servers'' time' ELSE 'UTC' END AS clock,
       CASE x.what WHEN 1 THEN 'when_created' WHEN 2 THEN 'events 205, 209, 213, 409'
                   WHEN 3 THEN 'when_modified of 9000' ELSE 'event 544' END AS evidence
FROM expected x
WHERE x.expected >= @least_expected AND x.known > 0
ORDER BY x.from_slot, x.what
