-- What works now: the matrix applied to the outages so far. The views of this file are the model's core;
-- triggers and the views that people look through ask nothing else about servers.

-- Which servers the newest episode of outages took down, and how it stands. One row.
--   phase  'none'     nothing has failed yet
--          'during'   all servers of the episode are down
--          'partly'   some are back
--          'after'    all are back
--          'repeated' this is not the first episode
CREATE VIEW situation AS
SELECT coalesce(sum(DISTINCT s.bit), 0) AS servers,
       CASE
           WHEN count(o.outage_id) = 0 THEN 'none'
           WHEN max(o.episode) > 1 THEN 'repeated'
           WHEN count(o.started_at) = count(o.outage_id) THEN 'after'
           WHEN count(DISTINCT CASE WHEN o.started_at IS NULL THEN o.server END) = count(DISTINCT o.server)
               THEN 'during'
           ELSE 'partly'
       END AS phase
FROM outage o JOIN server s ON s.server = o.server
WHERE o.episode = (SELECT max(episode) FROM outage);

-- The effects of which the document speaks in this very situation. Whatever is not here is extrapolated,
-- once something has failed.
CREATE VIEW documented_now AS
SELECT e.effect, e.lines
FROM situation t JOIN evidence e ON e.servers = t.servers AND e.phase = t.phase;

-- What a chat lacks: one row per chat, capability and server in the way; `since` when it went.
CREATE VIEW chat_lacks AS
SELECT a.activity_id, r.capability, r.server, min(o.stopped_at) AS since
FROM egpl_casemgmt_activity a
JOIN outage o ON o.started_at IS NULL OR o.started_at > a.when_created
JOIN server_rule r ON r.server = o.server AND r.needed = 1
JOIN capability c ON c.capability = r.capability AND c.subject = 'chat'
WHERE a.activity_type = 2000
  AND (o.started_at IS NULL OR r.recovers = 'never')
GROUP BY a.activity_id, r.capability, r.server;

-- What an agent lacks, in the same shape. An agent who logs in once a server is back has all again.
CREATE VIEW agent_lacks AS
SELECT u.user_id, r.capability, r.server, min(o.stopped_at) AS since
FROM egpl_user u
JOIN outage o
JOIN server_rule r ON r.server = o.server AND r.needed = 1
JOIN capability c ON c.capability = r.capability AND c.subject = 'agent'
WHERE o.started_at IS NULL
   OR (r.recovers = 'log-in'
       AND o.started_at > (SELECT max(l.at) FROM agent_login l WHERE l.user_id = u.user_id))
GROUP BY u.user_id, r.capability, r.server;

-- What the system as a whole lacks.
CREATE VIEW system_lacks AS
SELECT r.capability, r.server, min(o.stopped_at) AS since
FROM outage o
JOIN server_rule r ON r.server = o.server AND r.needed = 1
JOIN capability c ON c.capability = r.capability AND c.subject = 'system'
WHERE o.started_at IS NULL
GROUP BY r.capability, r.server;

-- The agent's newest log-in: one row per user who ever logged in.
CREATE VIEW newest_login AS
SELECT l.user_id, l.agent_login_id, l.at, l.found_login_id, l.ended_at, l.ended_by
FROM agent_login l
WHERE l.agent_login_id = (SELECT max(m.agent_login_id) FROM agent_login m WHERE m.user_id = l.user_id);

-- The console program on the agent's desk: it opens with a log-in and closes with a log-out, whatever the
-- servers make of either; in between it can time out.
CREATE VIEW desktop AS
SELECT l.user_id, l.at AS opened_at,
       CASE
           WHEN EXISTS (SELECT 1 FROM agent_action x
                        WHERE x.user_id = l.user_id AND x.action = 'logs out' AND x.at >= l.at)
               THEN 'closed'
           WHEN EXISTS (SELECT 1 FROM opening o
                        JOIN agent_action x ON x.agent_action_id = o.agent_action_id
                        WHERE x.user_id = l.user_id AND x.at >= l.at AND o.result = 'does not load'
                          AND round((julianday((SELECT now FROM chatdb_clock)) - julianday(x.at)) * 86400, 3)
                              >= (SELECT seconds FROM time_rule WHERE time_rule = 'desktop time-out'))
               THEN 'timed out'
           ELSE 'open'
       END AS state
FROM newest_login l;

-- Agents to whom waiting activities go, the one waiting longest first. An agent in a chat is given nothing
-- else: chat is not interruptible (a public docwiki page on ghost chats).
CREATE VIEW ready_agent AS
SELECT l.user_id, row_number() OVER (ORDER BY l.at, l.user_id) AS n
FROM newest_login l
WHERE l.ended_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM agent_lacks k WHERE k.user_id = l.user_id
                  AND k.capability IN ('keep the log-in', 'receive new activities'))
  AND NOT EXISTS (SELECT 1 FROM egpl_casemgmt_activity a WHERE a.assigned_to = l.user_id
                  AND a.activity_type = 2000 AND a.activity_status = 5000);

CREATE VIEW waiting_chat AS
SELECT a.activity_id, row_number() OVER (ORDER BY a.when_created, a.activity_id) AS n
FROM egpl_casemgmt_activity a
WHERE a.activity_type = 2000 AND a.activity_status = 4000 AND a.assigned_to IS NULL;
