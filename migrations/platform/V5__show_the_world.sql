-- The whole situation at the clock's time, one row a fact: what a timeline draws and what a what-if compares.
-- A view only; every value comes from the tables and views of the migrations before.

-- `party`     who it is shown to: 'servers' and 'truth' are what is so, the others are what each side sees
-- `subject`   whose it is: a server, a chat (activity_id) or an agent (user_id)
-- `fact`      what is shown of it
-- `value`     the fact's value in words
-- `look`      how good it is for whoever sees it: 'good', 'open', 'warn', 'bad', 'over'
-- `misleads`  1 where somebody is shown what is not so
-- `situation` 'covered' or 'not covered', as in the views that it is read from; NULL where it is a cause
CREATE VIEW world_beside_window AS
SELECT 1 AS position, 'servers' AS party, s.server AS subject, s.title AS fact,
       CASE WHEN o.server IS NULL THEN 'up' ELSE 'down' END AS value,
       CASE WHEN o.server IS NULL THEN 'good' ELSE 'bad' END AS look, 0 AS misleads, NULL AS situation
FROM server s LEFT JOIN outage o ON o.server = s.server AND o.started_at IS NULL
UNION ALL
SELECT 2, 'truth', a.activity_id, 'Session',
       CASE
           WHEN a.activity_status = 9000 THEN 'completed'
           WHEN e.activity_id IS NOT NULL THEN 'customer left'
           WHEN k.subject_id IS NOT NULL THEN 'lost'
           ELSE 'active'
       END,
       CASE
           WHEN a.activity_status = 9000 OR e.activity_id IS NOT NULL THEN 'over'
           WHEN k.subject_id IS NOT NULL THEN 'bad'
           ELSE 'good'
       END, 0,
       CASE WHEN EXISTS (SELECT 1 FROM documented_now d WHERE d.effect IN ('keep the session', 'all'))
                THEN 'covered' ELSE 'not covered' END
FROM egpl_casemgmt_activity a
LEFT JOIN customer_leaves e ON e.activity_id = a.activity_id
LEFT JOIN (SELECT DISTINCT subject_id FROM lacks WHERE subject = 'chat' AND capability = 'keep the session') k
       ON k.subject_id = a.activity_id
WHERE a.activity_type = 2000
UNION ALL
SELECT 3, 'database', a.activity_id, 'Activity row',
       a.activity_status || ' / ' || a.activity_sub_status
           || CASE WHEN a.activity_status = 9000 THEN ' completed' ELSE ' open' END,
       CASE WHEN a.activity_status = 9000 THEN 'over' ELSE 'open' END, 0,
       CASE WHEN EXISTS (SELECT 1 FROM documented_now d WHERE d.effect IN ('chat row', 'complete a chat', 'all'))
                THEN 'covered' ELSE 'not covered' END
FROM egpl_casemgmt_activity a
WHERE a.activity_type = 2000
UNION ALL
SELECT 4, 'agent', b.activity_id, 'Agent''s list',
       CASE b.agent_is_told
           WHEN 'nothing' THEN 'not shown'
           ELSE coalesce(c.connection_indicator || ', ' || c.chat_status, b.agent_is_told)
       END,
       CASE
           WHEN b.agent_is_told = 'nothing' THEN 'over'
           WHEN c.connection_indicator = 'red square' THEN 'bad'
           WHEN c.connection_indicator = 'triangle' THEN 'warn'
           ELSE 'good'
       END, b.statement_is = 'false', coalesce(c.situation, b.situation)
FROM session_belief b
LEFT JOIN agent_console c ON c.activity_id = b.activity_id AND c.user_id = b.user_id
UNION ALL
SELECT 5, 'agent', d.user_id, 'Agent''s console',
       CASE
           WHEN d.desktop <> 'open' THEN d.desktop
           WHEN r.required_action <> 'none' THEN 'must ' || r.required_action
           ELSE 'works'
       END,
       CASE WHEN d.desktop = 'closed' THEN 'over' WHEN d.desktop <> 'open' THEN 'bad'
            WHEN r.required_action <> 'none' THEN 'warn' ELSE 'good' END, 0,
       CASE WHEN d.desktop <> 'open' THEN d.situation ELSE r.situation END
FROM agent_desktop d JOIN required_action r ON r.user_id = d.user_id
UNION ALL
SELECT 6, 'agent', t.user_id, 'Title bar', t.title_bar, 'warn', 0, t.situation
FROM agent_title_bar t
UNION ALL
SELECT 7, 'agent', p.user_id, 'Newest pop-up', p.popup, 'warn', 0, p.situation
FROM (SELECT user_id, popup, situation,
             row_number() OVER (PARTITION BY user_id ORDER BY at DESC, position DESC, id DESC) AS n
      FROM agent_popups) p
WHERE p.n = 1;

-- The same with the customer's window, which takes most of the time: it has all notices to look through.
CREATE VIEW world AS
SELECT * FROM world_beside_window
UNION ALL
SELECT 8, 'customer', q.activity_id, 'Customer''s window',
       CASE WHEN e.activity_id IS NOT NULL THEN 'left' WHEN a.activity_status = 9000 THEN 'chat ended'
            ELSE coalesce(n.text, w.text, 'chat') END,
       CASE WHEN e.activity_id IS NOT NULL OR a.activity_status = 9000 THEN 'over' WHEN n.text IS NOT NULL THEN 'bad'
            WHEN w.text IS NOT NULL THEN 'warn' ELSE 'good' END, 0,
       coalesce(n.situation, w.situation)
FROM chat_request q
JOIN egpl_casemgmt_activity a ON a.activity_id = q.activity_id
LEFT JOIN customer_leaves e ON e.activity_id = q.activity_id
LEFT JOIN (SELECT activity_id, text, situation,
                  row_number() OVER (PARTITION BY activity_id ORDER BY since DESC, notice DESC) AS n
           FROM customer_notices) n ON n.activity_id = q.activity_id AND n.n = 1
LEFT JOIN (SELECT x.activity_id, t.text, 'covered' AS situation,
                  row_number() OVER (PARTITION BY x.activity_id ORDER BY x.warned_at DESC) AS n
           FROM exchange_warning x JOIN notice t ON t.notice = 'some messages may not be delivered'
           WHERE x.warned_at <= (SELECT now FROM chatdb_clock)) w ON w.activity_id = q.activity_id AND w.n = 1;

-- The times still to come at which something can change by itself: a time rule after whatever it counts from, and
-- the rule. Between these times, and without a cause, the world stays as it is.
CREATE VIEW turning_point AS
SELECT DISTINCT strftime('%Y-%m-%d %H:%M:%f', x.at, '+' || t.seconds || ' seconds') AS at, t.time_rule
FROM (SELECT since AS at FROM lacks
      UNION SELECT stopped_at FROM outage
      UNION SELECT at FROM agent_action WHERE action = 'opens') x
JOIN (SELECT strftime('%Y-%m-%d %H:%M:%f', now, '-' || (SELECT max(seconds) FROM time_rule) || ' seconds') AS at
      FROM chatdb_clock) longest ON x.at > longest.at
JOIN time_rule t
WHERE strftime('%Y-%m-%d %H:%M:%f', x.at, '+' || t.seconds || ' seconds') > (SELECT now FROM chatdb_clock);
