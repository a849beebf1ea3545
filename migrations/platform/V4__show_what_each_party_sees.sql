-- What the customer, the agent and a support engineer see at the clock's time. Views only: nothing here is
-- stored. `situation` says whether the document speaks of what the row shows for just these servers in just this
-- phase ('covered' or 'not covered'). Before anything has failed all is covered (line 4: an agent is logged in with
-- an active chat). It does not say which rules determine the row: `why` finds them, and calls that the basis.

-- The servers of the newest episode where the document has no word of these servers together; no row where it has.
CREATE VIEW uncovered_servers AS
SELECT group_concat(s.server, ' and ') AS servers
FROM (SELECT v.server FROM server v JOIN situation t ON t.servers & v.bit <> 0
      WHERE t.servers NOT IN (SELECT servers FROM evidence) ORDER BY v.bit) s
HAVING count(*) > 0;

-- THE CHAT -------------------------------------------------------------------------------------------------

-- Seconds for which the agent's console has had no connection to a chat that is in its list; NULL when it has.
CREATE VIEW chat_contact AS
SELECT a.activity_id, a.assigned_to AS user_id,
       round((julianday((SELECT now FROM chatdb_clock)) - julianday(
           (SELECT min(k.since) FROM lacks k
            WHERE k.subject = 'agent' AND k.subject_id = a.assigned_to
              AND k.capability = 'see the chat''s connection'))) * 86400, 3)
           AS seconds_lost
FROM egpl_casemgmt_activity a
WHERE a.activity_type = 2000 AND a.activity_status = 5000 AND a.assigned_to IS NOT NULL;

-- Messages that the agent's chat pane holds: what the agent typed, what reached it, and nothing from before
-- the console was opened where the history is gone.
CREATE VIEW console_message AS
SELECT m.message_id, m.activity_id, m.at, m.author, d.user_id, m.text
FROM message m
JOIN egpl_casemgmt_activity a ON a.activity_id = m.activity_id
JOIN delivery d ON d.message_id = m.message_id
JOIN desktop t ON t.user_id = a.assigned_to
WHERE (m.author = 'agent' AND d.user_id IS NOT NULL OR d.delivered = 1)
  AND (m.message_id > t.after_message
       OR NOT EXISTS (SELECT 1 FROM lacks k
                      WHERE k.subject = 'chat' AND k.subject_id = m.activity_id
                        AND k.capability = 'keep the history'));

-- Chats that the customer has left, and what the console says of it.
CREATE VIEW told_of_leaving AS
SELECT e.activity_id, n.text FROM customer_leaves e JOIN notice n ON n.notice = 'customer has left';

-- The list of chats in the agent console, one row per chat. The status text says who wrote last; the
-- indicator is the connection: two fields that do not depend on each other.
CREATE VIEW agent_console AS
SELECT x.user_id, x.key, x.activity_id, x.customer_name, x.activity_duration, x.chat_status,
       x.connection_indicator, x.queue_name,
       CASE
           WHEN EXISTS (SELECT 1 FROM documented_now d
                        WHERE d.effect IN (x.connection_indicator, 'all')
                           OR (d.effect = 'see the chat''s connection'
                               AND x.connection_indicator = 'green circle'))
               THEN 'covered'
           ELSE 'not covered'
       END AS situation
FROM (
    SELECT c.user_id,
           row_number() OVER (PARTITION BY c.user_id ORDER BY a.when_created, a.activity_id) AS key,
           a.activity_id, q.customer_name,
           -- From the start of the chat; the console counts on by itself.
           printf('%02d:%02d:%02d', s.seconds / 3600, s.seconds / 60 % 60, s.seconds % 60)
               AS activity_duration,
           CASE
               WHEN EXISTS (SELECT 1 FROM told_of_leaving e WHERE e.activity_id = a.activity_id)
                   THEN (SELECT e.text FROM told_of_leaving e WHERE e.activity_id = a.activity_id)
               WHEN c.seconds_lost >= (SELECT seconds FROM time_rule WHERE time_rule = 'red square')
                   THEN 'Customer not connected'
               WHEN (SELECT m.author FROM console_message m WHERE m.activity_id = a.activity_id
                     ORDER BY m.message_id DESC LIMIT 1) = 'agent'
                   THEN 'Waiting for customer to reply'
               ELSE 'Waiting for you to reply'
           END AS chat_status,
           CASE
               WHEN c.seconds_lost >= (SELECT seconds FROM time_rule WHERE time_rule = 'red square')
                   THEN 'red square'
               WHEN c.seconds_lost >= (SELECT seconds FROM time_rule WHERE time_rule = 'triangle')
                   THEN 'triangle'
               ELSE 'green circle'
           END AS connection_indicator,
           r.queue_name
    FROM chat_contact c
    JOIN desktop t ON t.user_id = c.user_id AND t.state = 'open'
    JOIN egpl_casemgmt_activity a ON a.activity_id = c.activity_id
    JOIN chat_request q ON q.activity_id = a.activity_id
    JOIN egpl_routing_queue r ON r.queue_id = a.queue_id
    JOIN (SELECT activity_id,
                 CAST(round((julianday((SELECT now FROM chatdb_clock)) - julianday(when_created)) * 86400, 3)
                      AS INTEGER) AS seconds
          FROM egpl_casemgmt_activity) s ON s.activity_id = a.activity_id
) x;

-- What became of each message.
CREATE VIEW message_fate AS
SELECT m.message_id, m.activity_id, m.at, m.author, m.text,
       CASE d.delivered WHEN 1 THEN 'delivered' ELSE 'lost' END AS fate, d.lost_to,
       CASE
           WHEN EXISTS (SELECT 1 FROM documented_now x WHERE x.effect IN ('exchange messages', 'all'))
               THEN 'covered'
           ELSE 'not covered'
       END AS situation
FROM message m JOIN delivery d ON d.message_id = m.message_id;

-- What the agent's chat pane shows of what was said, in order.
CREATE VIEW agent_transcript AS
SELECT x.activity_id,
       row_number() OVER (PARTITION BY x.activity_id ORDER BY x.at, x.message_id) AS line_no, x.line
FROM (
    SELECT q.activity_id, q.at, 0 AS message_id, q.customer_name || ' : ' || q.text AS line
    FROM chat_request q
    JOIN egpl_casemgmt_activity a ON a.activity_id = q.activity_id
    JOIN desktop t ON t.user_id = a.assigned_to AND t.state = 'open'
    WHERE q.at >= t.opened_at
       OR NOT EXISTS (SELECT 1 FROM lacks k
                      WHERE k.subject = 'chat' AND k.subject_id = q.activity_id
                        AND k.capability = 'keep the history')
    UNION ALL
    SELECT m.activity_id, m.at, m.message_id,
           CASE m.author WHEN 'customer' THEN q.customer_name ELSE u.screen_name END || ' : ' || m.text
    FROM console_message m
    JOIN chat_request q ON q.activity_id = m.activity_id
    JOIN egpl_casemgmt_activity a ON a.activity_id = m.activity_id
    JOIN desktop t ON t.user_id = a.assigned_to AND t.state = 'open'
    JOIN egpl_user u ON u.user_id = m.user_id
) x;

-- THE CUSTOMER -------------------------------------------------------------------------------------------

-- The browser window in which the chat runs.
CREATE VIEW customer_window AS
SELECT q.activity_id, e.page_title || ' - ' || q.browser AS title,
       'http://' || e.web_host || '/system/LiveCustomerServlet.egain?eglvcmd=CustEntry&entryPointName=' || e.name
           AS address,
       e.banner
FROM chat_request q
JOIN egpl_casemgmt_activity a ON a.activity_id = q.activity_id
JOIN entry_point e ON e.entry_point_id = q.entry_point_id;

-- The transcript in that window: what reached it, and the page's own lines in brackets.
CREATE VIEW customer_transcript AS
SELECT x.activity_id,
       row_number() OVER (PARTITION BY x.activity_id ORDER BY x.at, x.position, x.message_id) AS line_no,
       x.line,
       CASE
           WHEN EXISTS (SELECT 1 FROM documented_now d
                        WHERE d.effect IN ('exchange messages', 'some messages may not be delivered', 'all'))
               THEN 'covered'
           ELSE 'not covered'
       END AS situation
FROM (
    SELECT q.activity_id, q.at, 1 AS position, 0 AS message_id, q.customer_name || ' : ' || q.text AS line
    FROM chat_request q JOIN egpl_casemgmt_activity a ON a.activity_id = q.activity_id
    UNION ALL
    SELECT q.activity_id, q.at, 2, 0, '[' || n.text || ']'
    FROM chat_request q
    JOIN egpl_casemgmt_activity a ON a.activity_id = q.activity_id
    JOIN notice n ON n.notice = 'an agent will come'
    UNION ALL
    SELECT p.activity_id, p.at, 3, 0, '[' || replace(n.text, '%', u.screen_name) || ']'
    FROM chat_pickup p
    JOIN egpl_user u ON u.user_id = p.user_id
    JOIN notice n ON n.notice = 'an agent has come'
    UNION ALL
    SELECT m.activity_id, m.at, 4, m.message_id,
           CASE m.author WHEN 'customer' THEN q.customer_name ELSE u.screen_name END || ' : ' || m.text
    FROM message m
    JOIN delivery d ON d.message_id = m.message_id AND d.delivered = 1
    JOIN chat_request q ON q.activity_id = m.activity_id
    JOIN egpl_casemgmt_activity a ON a.activity_id = m.activity_id
    LEFT JOIN egpl_user u ON u.user_id = d.user_id
    UNION ALL
    SELECT w.activity_id, w.warned_at, 0, 0, '[' || n.text || ']'
    FROM exchange_warning w JOIN notice n ON n.notice = 'some messages may not be delivered'
) x;

-- When a chat's session was lost with the customer still in it, and when the servers that took it were back
-- (NULL while one is away). A chat that was taken while one was away lost it when it began; a server that stops again
-- takes nothing more.
CREATE VIEW session_loss AS
SELECT x.activity_id, x.lost_at, x.back_at,
       round((julianday(coalesce(x.back_at, (SELECT now FROM chatdb_clock))) - julianday(x.lost_at)) * 86400, 3)
           AS seconds_away
FROM (
    SELECT k.subject_id AS activity_id, min(k.since) AS lost_at,
           CASE WHEN count(o.started_at) = count(*) THEN max(o.started_at) END AS back_at
    FROM lacks k
    JOIN outage o ON o.outage_id = (SELECT x.outage_id FROM outage x
                                    WHERE x.server = k.server AND x.stopped_at <= k.since
                                      AND coalesce(x.started_at, '9999-12-31') >= k.since
                                    ORDER BY x.stopped_at DESC, x.outage_id LIMIT 1)
    WHERE k.subject = 'chat' AND k.capability = 'keep the session'
    GROUP BY k.subject_id
) x
JOIN egpl_casemgmt_activity a ON a.activity_id = x.activity_id
LEFT JOIN customer_leaves e ON e.activity_id = x.activity_id
WHERE NOT (a.activity_status = 9000 AND a.when_modified <= x.lost_at)
  AND coalesce(e.at, '9999-12-31') > x.lost_at;

-- Outages of servers that a chat needs to exchange messages, as far as the chat saw them, and when each has lasted
-- for as long as a triangle takes.
CREATE VIEW exchange_outage AS
SELECT a.activity_id, o.outage_id, o.server, o.stopped_at, o.started_at,
       strftime('%Y-%m-%d %H:%M:%f', max(o.stopped_at, a.when_created), '+' || t.seconds || ' seconds') AS warned_at
FROM egpl_casemgmt_activity a
JOIN outage o ON coalesce(o.started_at, '9999-12-31') > a.when_created
JOIN server_rule r ON r.server = o.server AND r.capability = 'exchange messages' AND r.needed = 1
JOIN time_rule t ON t.time_rule = 'triangle'
WHERE a.activity_type = 2000;

-- When the customer's window noticed that messages were not exchanged: when a server that they need had been down
-- for as long as a triangle takes, while the customer was in an open chat whose session had not ended. A server
-- that has been down for so long already has warned of all.
CREATE VIEW exchange_warning AS
SELECT w.activity_id, w.server, w.stopped_at, w.warned_at
FROM exchange_outage w
LEFT JOIN egpl_casemgmt_activity a ON a.activity_id = w.activity_id AND a.activity_status = 9000
LEFT JOIN customer_leaves e ON e.activity_id = w.activity_id
LEFT JOIN session_loss s ON s.activity_id = w.activity_id
WHERE w.warned_at <= coalesce(w.started_at, (SELECT now FROM chatdb_clock))
  AND w.warned_at <= coalesce(a.when_modified, '9999-12-31')
  AND w.warned_at <= coalesce(e.at, '9999-12-31')
  AND w.warned_at <= coalesce(s.back_at, '9999-12-31')
  AND NOT EXISTS (SELECT 1 FROM exchange_outage o
                  WHERE o.activity_id = w.activity_id
                    AND o.stopped_at <= w.warned_at
                    AND (o.warned_at, o.outage_id) < (w.warned_at, w.outage_id)
                    AND coalesce(o.started_at, '9999-12-31') >= w.warned_at);

-- Outages that lasted for more than a few minutes of servers that gave the session back at once, as far as a customer
-- in an open chat saw them. None with the rules that are built in.
CREATE VIEW session_break AS
SELECT x.activity_id, x.told_at
FROM (SELECT a.activity_id, a.activity_status, a.when_modified, o.started_at,
             strftime('%Y-%m-%d %H:%M:%f', max(o.stopped_at, a.when_created), '+' || t.seconds || ' seconds') AS told_at
      FROM server_rule r
      JOIN outage o ON o.server = r.server
      JOIN egpl_casemgmt_activity a ON a.activity_type = 2000 AND coalesce(o.started_at, '9999-12-31') > a.when_created
      JOIN time_rule t ON t.time_rule = 'a few minutes'
      WHERE r.capability = 'keep the session' AND r.recovers = 'at once') x
WHERE x.told_at <= coalesce(x.started_at, (SELECT now FROM chatdb_clock))
  AND NOT (x.activity_status = 9000 AND x.when_modified <= x.told_at);

-- What the customer has been told beside the transcript, and since when.
CREATE VIEW customer_notices AS
SELECT x.activity_id, x.notice, n.text, x.since,
       CASE
           WHEN EXISTS (SELECT 1 FROM documented_now d WHERE d.effect IN (x.notice, 'all')) THEN 'covered'
           ELSE 'not covered'
       END AS situation
FROM (
    SELECT m.activity_id, n.notice, min(m.at) AS since
    FROM message m
    JOIN delivery d ON d.message_id = m.message_id AND d.session_lost = 1 AND instr(d.lost_to, 'no customer') = 0
    JOIN notice n ON n.notice IN ('messages sent after the failure are lost', 'start a new session')
    WHERE m.author = 'customer'
    GROUP BY m.activity_id, n.notice
    UNION ALL
    SELECT s.activity_id, 'start another chat', s.back_at
    FROM session_loss s JOIN time_rule t ON t.time_rule = 'a few minutes'
    WHERE s.back_at IS NOT NULL AND s.seconds_away < t.seconds
    UNION ALL
    SELECT s.activity_id, 'connection issues', min(s.told_at)
    FROM (SELECT s.activity_id, strftime('%Y-%m-%d %H:%M:%f', s.lost_at, '+' || t.seconds || ' seconds') AS told_at
          FROM session_loss s JOIN time_rule t ON t.time_rule = 'a few minutes'
          WHERE s.seconds_away >= t.seconds
          UNION ALL
          SELECT b.activity_id, b.told_at FROM session_break b) s
    GROUP BY s.activity_id
    UNION ALL
    SELECT s.activity_id, 'session lost', s.back_at
    FROM session_loss s JOIN time_rule t ON t.time_rule = 'a few minutes'
    WHERE s.back_at IS NOT NULL AND s.seconds_away >= t.seconds
) x
JOIN notice n ON n.notice = x.notice
LEFT JOIN customer_leaves e ON e.activity_id = x.activity_id
WHERE x.since <= coalesce(e.at, '9999-12-31');

-- THE AGENT ----------------------------------------------------------------------------------------------

-- Belief against truth: what the console tells the agent of a chat's session, and what is so.
CREATE VIEW session_belief AS
SELECT x.activity_id, x.user_id, x.agent_is_told, x.truth,
       CASE WHEN x.agent_is_told = 'session active' AND x.truth <> 'session active' THEN 'false'
            -- While messages do not pass, the customer may well be called not connected.
            WHEN x.agent_is_told = 'red square' AND x.truth = 'session active'
                 AND NOT EXISTS (SELECT 1 FROM lacks k WHERE k.subject = 'chat' AND k.subject_id = x.activity_id
                                 AND k.capability = 'exchange messages')
                THEN 'false'
            ELSE 'true' END AS statement_is,
       CASE
           WHEN EXISTS (SELECT 1 FROM documented_now d WHERE d.effect IN (x.agent_is_told, 'all')) THEN 'covered'
           ELSE 'not covered'
       END AS situation
FROM (
    SELECT c.activity_id, c.user_id,
           CASE
               WHEN coalesce(t.state, 'closed') <> 'open' THEN 'nothing'
               WHEN EXISTS (SELECT 1 FROM told_of_leaving e WHERE e.activity_id = c.activity_id)
                   THEN 'customer left'
               WHEN c.seconds_lost >= (SELECT seconds FROM time_rule WHERE time_rule = 'red square')
                   THEN 'red square'
               ELSE 'session active'
           END AS agent_is_told,
           CASE
               WHEN EXISTS (SELECT 1 FROM customer_leaves e WHERE e.activity_id = c.activity_id)
                   THEN 'customer left'
               WHEN EXISTS (SELECT 1 FROM lacks k
                            WHERE k.subject = 'chat' AND k.subject_id = c.activity_id
                              AND k.capability = 'keep the session')
                   THEN 'session lost'
               ELSE 'session active'
           END AS truth
    FROM chat_contact c LEFT JOIN desktop t ON t.user_id = c.user_id
) x;

-- Activities in the agent's hands, oldest first.
CREATE VIEW agent_inbox AS
SELECT a.assigned_to AS user_id, a.activity_id,
       CASE a.activity_type WHEN 2000 THEN 'chat' WHEN 1 THEN 'e-mail' END AS channel,
       a.subject, a.contact_point_data AS customer, a.activity_status, a.activity_sub_status, a.when_created
FROM egpl_casemgmt_activity a
WHERE a.assigned_to IS NOT NULL AND a.activity_status = 5000;

-- The state of the console program.
CREATE VIEW agent_desktop AS
SELECT d.user_id, d.state AS desktop,
       CASE
           WHEN EXISTS (SELECT 1 FROM documented_now x
                        WHERE x.effect IN ('all', CASE d.state WHEN 'timed out' THEN 'desktop times out'
                                                               WHEN 'open' THEN 'keep the log-in' END))
               THEN 'covered'
           ELSE 'not covered'
       END AS situation
FROM desktop d;

-- What flashes in the console's title bar: no row while it is quiet.
CREATE VIEW agent_title_bar AS
SELECT d.user_id, n.text AS title_bar,
       CASE
           WHEN EXISTS (SELECT 1 FROM documented_now x
                        WHERE x.effect IN ('hold the connection to the server', 'all'))
               THEN 'covered'
           ELSE 'not covered'
       END AS situation
FROM desktop d
JOIN notice n ON n.notice = 'no connection to the server'
JOIN time_rule t ON t.time_rule = 'triangle'
WHERE d.state = 'open'
  AND round((julianday((SELECT now FROM chatdb_clock)) - julianday(
          (SELECT min(k.since) FROM lacks k
           WHERE k.subject = 'agent' AND k.subject_id = d.user_id
             AND k.capability = 'hold the connection to the server'))) * 86400, 3)
      >= t.seconds;

-- What the agent must do before work can go on: 'none', 'log out' or 'log in again'.
CREATE VIEW required_action AS
SELECT x.user_id, x.required_action,
       CASE
           WHEN EXISTS (SELECT 1 FROM documented_now d WHERE d.effect IN (x.required_action, 'all'))
             OR (x.required_action = 'none'
                 AND EXISTS (SELECT 1 FROM documented_now d WHERE d.effect IN ('keep the log-in', 'all')))
               THEN 'covered'
           ELSE 'not covered'
       END AS situation
FROM (
    SELECT d.user_id,
           CASE
               WHEN d.state <> 'open' THEN 'log in again'
               WHEN EXISTS (SELECT 1 FROM lacks k
                            WHERE k.subject = 'agent' AND k.subject_id = d.user_id
                              AND k.capability = 'keep the log-in')
                   THEN 'log in again'
               WHEN EXISTS (SELECT 1 FROM lacks k
                            JOIN server_rule r ON r.capability = k.capability AND r.server = k.server
                            WHERE k.subject = 'agent' AND k.subject_id = d.user_id AND r.recovers = 'log-in')
                   THEN 'log out'
               ELSE 'none'
           END AS required_action
    FROM desktop d
) x;

-- What came of opening parts of the console, since the console was opened.
CREATE VIEW opened_parts AS
SELECT a.user_id, a.agent_action_id, a.at, a.console_part, o.result, o.lost_to,
       CASE
           WHEN EXISTS (SELECT 1 FROM documented_now d WHERE d.effect IN (p.capability, 'all')) THEN 'covered'
           ELSE 'not covered'
       END AS situation
FROM opening o
JOIN agent_action a ON a.agent_action_id = o.agent_action_id
JOIN console_part p ON p.console_part = a.console_part
JOIN desktop t ON t.user_id = a.user_id AND a.agent_action_id > t.after_action;

-- Pop-ups of the console since it was opened, in order, and whose the wording is: the note's, or ours.
CREATE VIEW agent_popups AS
SELECT o.user_id, o.at, 1 AS position, o.agent_action_id AS id, o.console_part,
       'The ' || p.title || ' cannot be loaded: no answer from ' || o.lost_to AS popup, 'ours' AS wording,
       -- That pop-ups come is covered; which parts there are, and the words, are ours.
       CASE
           WHEN EXISTS (SELECT 1 FROM documented_now d WHERE d.effect IN ('pop-up error', 'all'))
               THEN 'covered'
           ELSE 'not covered'
       END AS situation
FROM opened_parts o JOIN console_part p ON p.console_part = o.console_part
WHERE o.result = 'does not load'
UNION ALL
SELECT l.user_id, l.at, 0, l.agent_login_id, 'log-in', n.text, CASE n.printed WHEN 1 THEN 'the note''s' ELSE 'ours' END,
       CASE
           WHEN EXISTS (SELECT 1 FROM documented_now d WHERE d.effect IN (n.notice, 'all')) THEN 'covered'
           ELSE 'not covered'
       END
FROM desktop t
JOIN agent_login l ON l.agent_login_id = t.agent_login_id AND l.found_login_id IS NOT NULL
JOIN notice n ON n.notice = 'Session in Progress';

-- E-mails open in the agent's reply pane: what was typed since the console was opened.
CREATE VIEW open_reply AS
SELECT r.user_id, r.activity_id, r.text
FROM email_reply r
JOIN desktop t ON t.user_id = r.user_id AND t.state = 'open' AND r.email_reply_id > t.after_reply
WHERE r.email_reply_id = (SELECT max(x.email_reply_id) FROM email_reply x
                          WHERE x.user_id = r.user_id AND x.activity_id = r.activity_id);

-- Whether the buttons of the reply pane can be pressed.
CREATE VIEW reply_buttons AS
SELECT r.user_id, r.activity_id,
       CASE
           WHEN EXISTS (SELECT 1 FROM lacks k
                        WHERE k.subject = 'agent' AND k.subject_id = r.user_id
                          AND k.capability = 'work on other activities')
               THEN 'greyed out'
           ELSE 'enabled'
       END AS buttons,
       CASE
           WHEN EXISTS (SELECT 1 FROM documented_now d WHERE d.effect IN ('work on other activities', 'all'))
               THEN 'covered'
           ELSE 'not covered'
       END AS situation
FROM open_reply r;

-- The reply pane, line by line.
CREATE VIEW reply_pane AS
SELECT r.user_id, r.activity_id, f.line_no,
       CASE f.line_no
           WHEN 1 THEN 'Reply'
           WHEN 2 THEN 'From: [' || e.address_label || ' - ' || e.address || ']'
           WHEN 3 THEN 'To: ' || m.from_email_address
           WHEN 4 THEN 'Subject: Re: ' || m.subject
                || CASE WHEN EXISTS (SELECT 1 FROM lacks k
                                     WHERE k.subject = 'agent' AND k.subject_id = r.user_id
                                       AND k.capability = 'number a reply')
                        THEN '' ELSE ' [#' || r.activity_id || ']' END
           WHEN 5 THEN r.text
           WHEN 6 THEN '--Original Message--'
           WHEN 7 THEN 'From: ' || m.from_email_address
           WHEN 8 THEN 'Date: ' || CAST(strftime('%m', m.email_date) AS INTEGER)
                || '/' || CAST(strftime('%d', m.email_date) AS INTEGER)
                || '/' || strftime('%Y', m.email_date)
                || ' ' || ((CAST(strftime('%H', m.email_date) AS INTEGER) + 11) % 12 + 1)
                || strftime(':%M:%S', m.email_date)
                || CASE WHEN CAST(strftime('%H', m.email_date) AS INTEGER) < 12 THEN ' AM' ELSE ' PM' END
           WHEN 9 THEN 'To: ' || m.recv_email_address
           ELSE 'Subject: ' || m.subject
       END AS line,
       CASE
           WHEN EXISTS (SELECT 1 FROM documented_now d WHERE d.effect IN ('number a reply', 'all')) THEN 'covered'
           ELSE 'not covered'
       END AS situation
FROM open_reply r
JOIN egml_email m ON m.activity_id = r.activity_id
JOIN entry_point e ON e.entry_point_id = m.alias_id
JOIN (SELECT 1 AS line_no UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
      UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10) f;

-- ALL OF IT -----------------------------------------------------------------------------------------------

-- Every capability of every open chat, every agent who ever logged in, and the system: 'works', or how it
-- comes back ('back at once' with the server, 'back at log-in', 'never back') and who took it away.
CREATE VIEW what_works AS
SELECT y.subject, y.subject_id, y.position, y.capability, y.state, y.lost_to,
       -- Where it rests on a cell on which nothing else that is seen depends: of a server that took it away, or,
       -- where it works, of one that has failed.
       CASE WHEN EXISTS (SELECT 1 FROM situation t
                         JOIN server v ON t.servers & v.bit <> 0
                         JOIN server_rule u ON u.server = v.server AND u.capability = y.capability AND u.shown = 0
                         WHERE y.lost_to IS NULL OR instr(y.lost_to, u.server) > 0)
            THEN 'not shown by the note' END AS remark,
       y.situation
FROM (
SELECT x.subject, x.subject_id, x.position, x.capability,
       CASE max(x.weight)
           WHEN 0 THEN 'works' WHEN 1 THEN 'back at once' WHEN 2 THEN 'back at log-in' ELSE 'never back'
       END AS state,
       group_concat(x.server, ', ') AS lost_to,
       CASE
           WHEN EXISTS (SELECT 1 FROM documented_now d WHERE d.effect IN (x.capability, 'all')) THEN 'covered'
           ELSE 'not covered'
       END AS situation
FROM (
    SELECT s.subject, s.subject_id, c.position, c.capability, r.server,
           CASE r.recovers WHEN 'at once' THEN 1 WHEN 'log-in' THEN 2 WHEN 'never' THEN 3 ELSE 0 END AS weight
    FROM (
        SELECT 'chat' AS subject, activity_id AS subject_id FROM egpl_casemgmt_activity
        WHERE activity_type = 2000 AND activity_status <> 9000
        UNION ALL
        SELECT 'agent', user_id FROM desktop
        UNION ALL
        SELECT 'system', 0
    ) s
    JOIN capability c ON c.subject = s.subject
    LEFT JOIN lacks k ON k.subject = s.subject AND k.subject_id = s.subject_id AND k.capability = c.capability
    LEFT JOIN server_rule r ON r.capability = k.capability AND r.server = k.server
) x
GROUP BY x.subject, x.subject_id, x.capability
) y;

-- Every rule as a sentence, with its citation.
CREATE VIEW rule AS
SELECT 'matrix' AS kind, c.position * 10 + s.bit AS position, c.capability || ' / ' || s.server AS rule,
       s.server,
       CASE r.recovers
           WHEN 'at once' THEN 'needed; back at once'
           WHEN 'log-in' THEN 'needed; back at the next log-in'
           WHEN 'never' THEN 'needed; never back for that chat'
           ELSE 'not needed'
       END AS statement,
       CASE WHEN l.rule IS NOT NULL THEN 'lab rule'
            WHEN EXISTS (SELECT 1 FROM evidence e WHERE e.effect = c.capability AND e.servers = s.bit)
            THEN 'documented' ELSE 'extrapolated' END AS basis,
       CASE WHEN l.rule IS NULL THEN
       -- Of an outage of this server alone, or else of larger ones that it was part of.
       coalesce(
           (SELECT group_concat(x.lines, ', ')
            FROM (SELECT DISTINCT e.lines FROM evidence e
                  WHERE e.effect = c.capability AND e.servers = s.bit ORDER BY e.phase DESC) x),
           (SELECT 'with others: ' || group_concat(x.lines, ', ')
            FROM (SELECT DISTINCT e.lines FROM evidence e
                  WHERE e.effect = c.capability AND e.servers & s.bit <> 0
                  ORDER BY CAST(e.lines AS INTEGER)) x)) END AS lines,
       coalesce('set in ' || l.place || '; built in: ' || l.built_in,
                CASE r.shown WHEN 0 THEN 'not shown by the note: ' ELSE '' END || r.reading) AS reading
FROM server_rule r
JOIN capability c ON c.capability = r.capability
JOIN server s ON s.server = r.server
LEFT JOIN lab_rule l ON l.rule = r.capability || ' / ' || r.server
UNION ALL
SELECT 'time', row_number() OVER (ORDER BY t.time_rule), t.time_rule, NULL, t.seconds || ' s: ' || t.what,
       CASE WHEN l.rule IS NULL THEN 'extrapolated' ELSE 'lab rule' END,
       CASE WHEN l.rule IS NULL THEN t.lines END,
       coalesce('set in ' || l.place || '; built in: ' || l.built_in, t.reading)
FROM time_rule t
LEFT JOIN lab_rule l ON l.rule = t.time_rule
UNION ALL
SELECT 'similarity', row_number() OVER (ORDER BY CAST(lines AS INTEGER)), similarity, NULL, what, 'extrapolated', lines,
       reading
FROM similarity_rule
UNION ALL
SELECT 'notice', row_number() OVER (ORDER BY notice), notice, NULL,
       'the ' || told || ' is told: ' || text || CASE printed WHEN 1 THEN '' ELSE ' (the wording is ours)' END,
       CASE lines WHEN '' THEN 'extrapolated' ELSE 'documented' END, nullif(lines, ''), reading
FROM notice;
