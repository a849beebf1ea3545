-- What happens when a cause is written. Each trigger puts the clock's time on the cause and derives its effects
-- from the matrix; a cause that the servers do not let through leaves no effect and is no error.

-- A SERVER STOPS OR STARTS. Stopping what is down, or starting what is up, changes nothing.
CREATE TRIGGER server_event_happens AFTER INSERT ON server_event
BEGIN
    UPDATE server_event SET at = (SELECT now FROM chatdb_clock)
    WHERE server_event_id = NEW.server_event_id;

    INSERT INTO outage (episode, server, stopped_at)
    SELECT (SELECT coalesce(max(o.episode), 0) FROM outage o)
               + NOT EXISTS (SELECT 1 FROM outage o WHERE o.started_at IS NULL),
           NEW.server, c.now
    FROM chatdb_clock c
    WHERE NEW.event = 'stops'
      AND NOT EXISTS (SELECT 1 FROM outage o WHERE o.server = NEW.server AND o.started_at IS NULL);

    UPDATE outage SET started_at = (SELECT now FROM chatdb_clock)
    WHERE NEW.event = 'starts' AND server = NEW.server AND started_at IS NULL;

    -- What needs the server is gone while it is down, for every chat not completed, every agent who has a
    -- desktop, and the system. What was gone before keeps its time.
    INSERT OR IGNORE INTO lacks (subject, subject_id, capability, server, since)
    SELECT c.subject, s.subject_id, c.capability, r.server, k.now
    FROM server_rule r
    JOIN capability c ON c.capability = r.capability
    JOIN (SELECT 'chat' AS subject, activity_id AS subject_id FROM egpl_casemgmt_activity
          WHERE activity_type = 2000 AND activity_status <> 9000
          UNION ALL SELECT 'agent', user_id FROM desktop
          UNION ALL SELECT 'system', 0) s ON s.subject = c.subject
    JOIN chatdb_clock k
    WHERE NEW.event = 'stops' AND r.server = NEW.server AND r.needed = 1;

    -- What comes back with the server is back.
    DELETE FROM lacks
    WHERE NEW.event = 'starts' AND server = NEW.server
      AND capability IN (SELECT r.capability FROM server_rule r
                         WHERE r.server = NEW.server AND r.recovers = 'at once');

    UPDATE situation
    SET (servers, phase) = (
        SELECT sum(DISTINCT s.bit),
               CASE
                   WHEN max(o.episode) > 1 THEN 'repeated'
                   WHEN count(o.started_at) = count(*) THEN 'after'
                   WHEN count(DISTINCT CASE WHEN o.started_at IS NULL THEN o.server END)
                        = count(DISTINCT o.server) THEN 'during'
                   ELSE 'partly'
               END
        FROM outage o JOIN server s ON s.server = o.server
        WHERE o.episode = (SELECT max(episode) FROM outage))
    WHERE EXISTS (SELECT 1 FROM outage);

    DELETE FROM documented_now WHERE EXISTS (SELECT 1 FROM outage);
    INSERT OR IGNORE INTO documented_now (effect)
    SELECT e.effect FROM situation t JOIN evidence e ON e.servers = t.servers AND e.phase = t.phase;
END;

-- A CUSTOMER ASKS FOR A CHAT.
CREATE TRIGGER chat_request_happens AFTER INSERT ON chat_request
BEGIN
    UPDATE chat_request SET at = (SELECT now FROM chatdb_clock) WHERE activity_id = NEW.activity_id;

    INSERT INTO egpl_casemgmt_activity
        (activity_id, department_id, activity_mode, activity_type, activity_sub_type, activity_status,
         activity_sub_status, when_created, who_created, subject, queue_id, contact_point_data, pinned,
         locked, activity_access, save_draft_flag, delete_flag, create_date, update_version, outbound_failed)
    SELECT NEW.activity_id, e.department_id, 100, 2000, 2001, 4000,
           4100, c.now, 0, NEW.text, e.queue_id, NEW.email_address, 'n',
           'n', 0, 0, 'n', c.now, x'0000000000000001', 0
    FROM entry_point e, chatdb_clock c
    WHERE e.entry_point_id = NEW.entry_point_id
      AND NOT EXISTS (SELECT 1 FROM lacks k WHERE k.subject = 'system' AND k.capability = 'take a chat request');

    -- The codes of cust_connection_status and chat_status are not public: they stay NULL.
    INSERT INTO eglv_session (activity_id, entry_point_id, user_agent, cust_display_name, create_date)
    SELECT a.activity_id, NEW.entry_point_id, NEW.browser, NEW.customer_name, a.when_created
    FROM egpl_casemgmt_activity a WHERE a.activity_id = NEW.activity_id;

    INSERT INTO lacks (subject, subject_id, capability, server, since)
    SELECT 'chat', a.activity_id, c.capability, r.server, a.when_created
    FROM egpl_casemgmt_activity a
    JOIN outage o ON o.started_at IS NULL
    JOIN server_rule r ON r.server = o.server AND r.needed = 1
    JOIN capability c ON c.capability = r.capability AND c.subject = 'chat'
    WHERE a.activity_id = NEW.activity_id;
END;

-- AN E-MAIL REACHES THE MAIL SERVER; when things settle it is fetched.
CREATE TRIGGER email_arrival_happens AFTER INSERT ON email_arrival
BEGIN
    UPDATE email_arrival SET at = (SELECT now FROM chatdb_clock) WHERE activity_id = NEW.activity_id;
END;

-- SOMEBODY TYPES A MESSAGE: it is delivered if messages are exchanged at that moment, else lost for good.
CREATE TRIGGER message_happens AFTER INSERT ON message
BEGIN
    UPDATE message SET at = (SELECT now FROM chatdb_clock) WHERE message_id = NEW.message_id;

    INSERT INTO delivery (message_id, delivered, lost_to)
    SELECT NEW.message_id, count(k.server) = 0, group_concat(k.server, ', ')
    FROM lacks k
    WHERE k.subject = 'chat' AND k.subject_id = NEW.activity_id AND k.capability = 'exchange messages';
END;

-- A message that is delivered leaves its time with the session's counts; one that is lost leaves nothing. The columns
-- are public by name only: that they follow each message at once, and need no other server, is our reading.
CREATE TRIGGER delivery_is_counted AFTER INSERT ON delivery WHEN NEW.delivered = 1
BEGIN
    INSERT INTO eglv_session_chat_event (activity_id, agent_response_count, customer_message_count)
    SELECT m.activity_id, 0, 0 FROM message m
    WHERE m.message_id = NEW.message_id
      AND NOT EXISTS (SELECT 1 FROM eglv_session_chat_event e WHERE e.activity_id = m.activity_id);

    UPDATE eglv_session_chat_event
    SET (user_id, agent_response_count, agent_last_response_time, customer_message_count, customer_last_message_time)
        = (SELECT a.assigned_to,
                  agent_response_count + (m.author = 'agent'),
                  CASE m.author WHEN 'agent' THEN c.now ELSE agent_last_response_time END,
                  customer_message_count + (m.author = 'customer'),
                  CASE m.author WHEN 'customer' THEN c.now ELSE customer_last_message_time END
           FROM message m
           JOIN chatdb_clock c
           LEFT JOIN egpl_casemgmt_activity a ON a.activity_id = m.activity_id
           WHERE m.message_id = NEW.message_id)
    WHERE activity_id = (SELECT m.activity_id FROM message m WHERE m.message_id = NEW.message_id);
END;

-- AN AGENT LOGS IN, if log-ins are served. An older log-in that no log-out ended is found, and ended now. Of
-- what the agent lacked, only what a server that is down takes away is still missing.
CREATE TRIGGER agent_logs_in AFTER INSERT ON agent_action WHEN NEW.action = 'logs in'
BEGIN
    UPDATE agent_action SET at = (SELECT now FROM chatdb_clock)
    WHERE agent_action_id = NEW.agent_action_id;

    INSERT INTO agent_login (user_id, at, found_login_id)
    SELECT NEW.user_id, c.now,
           (SELECT max(l.agent_login_id) FROM agent_login l
            WHERE l.user_id = NEW.user_id AND l.ended_at IS NULL)
    FROM chatdb_clock c
    WHERE NOT EXISTS (SELECT 1 FROM lacks k WHERE k.subject = 'system' AND k.capability = 'log in');
END;

CREATE TRIGGER log_in_succeeds AFTER INSERT ON agent_login
BEGIN
    UPDATE agent_login SET ended_at = NEW.at, ended_by = 'log-in'
    WHERE user_id = NEW.user_id AND ended_at IS NULL AND agent_login_id <> NEW.agent_login_id;

    INSERT OR REPLACE INTO desktop (user_id, agent_login_id, opened_at, state)
    VALUES (NEW.user_id, NEW.agent_login_id, NEW.at, 'open');

    DELETE FROM lacks WHERE subject = 'agent' AND subject_id = NEW.user_id;
    INSERT INTO lacks (subject, subject_id, capability, server, since)
    SELECT 'agent', NEW.user_id, c.capability, r.server, o.stopped_at
    FROM outage o
    JOIN server_rule r ON r.server = o.server AND r.needed = 1
    JOIN capability c ON c.capability = r.capability AND c.subject = 'agent'
    WHERE o.started_at IS NULL;

    UPDATE egpl_user
    SET login_logout_time = NEW.at, login_ip = (SELECT host FROM server WHERE server = 'application')
    WHERE user_id = NEW.user_id;

    -- Public analytics jobs count application 1, operation 5 as a log-in.
    INSERT INTO egpl_event_history_user (event_id, event_date, application_id, object_operation, user_id)
    SELECT coalesce(max(event_id), 0) + 1,
           CAST(round((julianday(NEW.at) - 2440587.5) * 86400000) AS INTEGER), 1, 5, NEW.user_id
    FROM egpl_event_history_user;
END;

-- AN AGENT LOGS OUT. The desktop closes; the log-out is recorded only where the log-in is still valid.
CREATE TRIGGER agent_logs_out AFTER INSERT ON agent_action WHEN NEW.action = 'logs out'
BEGIN
    UPDATE agent_action SET at = (SELECT now FROM chatdb_clock)
    WHERE agent_action_id = NEW.agent_action_id;

    UPDATE desktop SET state = 'closed' WHERE user_id = NEW.user_id;

    UPDATE agent_login SET ended_at = (SELECT now FROM chatdb_clock), ended_by = 'log-out'
    WHERE user_id = NEW.user_id AND ended_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM lacks k WHERE k.subject = 'agent' AND k.subject_id = NEW.user_id
                      AND k.capability = 'keep the log-in');

    UPDATE egpl_user SET login_logout_time = (SELECT now FROM chatdb_clock)
    WHERE user_id = NEW.user_id
      AND EXISTS (SELECT 1 FROM agent_login l JOIN chatdb_clock c ON c.now = l.ended_at
                  WHERE l.user_id = NEW.user_id AND l.ended_by = 'log-out');
END;

-- AN AGENT OPENS A PART OF THE CONSOLE.
CREATE TRIGGER agent_opens AFTER INSERT ON agent_action WHEN NEW.action = 'opens'
BEGIN
    UPDATE agent_action SET at = (SELECT now FROM chatdb_clock)
    WHERE agent_action_id = NEW.agent_action_id;

    INSERT INTO opening (agent_action_id, result, lost_to)
    SELECT NEW.agent_action_id,
           CASE
               WHEN NOT EXISTS (SELECT 1 FROM desktop d WHERE d.user_id = NEW.user_id AND d.state = 'open')
                   THEN 'no desktop'
               WHEN count(k.server) = 0 THEN 'loads'
               WHEN EXISTS (SELECT 1 FROM lacks x WHERE x.subject = 'agent' AND x.subject_id = NEW.user_id
                            AND x.capability = 'report an error') THEN 'does not load'
               ELSE 'pop-up'
           END,
           group_concat(k.server, ', ')
    FROM console_part p
    LEFT JOIN lacks k ON k.subject = 'agent' AND k.subject_id = NEW.user_id AND k.capability = p.capability
    WHERE p.console_part = NEW.console_part
    GROUP BY p.console_part;

    -- A chat opened for the first time is in progress.
    INSERT OR IGNORE INTO chat_pickup (activity_id, at, user_id)
    SELECT a.activity_id, c.now, NEW.user_id
    FROM egpl_casemgmt_activity a
    JOIN chatdb_clock c
    JOIN opening o ON o.agent_action_id = NEW.agent_action_id AND o.result = 'loads'
    WHERE NEW.console_part = 'chat' AND a.activity_id = NEW.activity_id AND a.assigned_to = NEW.user_id
      AND a.activity_type = 2000 AND a.activity_status = 5000;
END;

CREATE TRIGGER chat_is_picked_up AFTER INSERT ON chat_pickup
BEGIN
    UPDATE egpl_casemgmt_activity
    SET activity_sub_status = 5900, when_modified = NEW.at    -- in progress
    WHERE activity_id = NEW.activity_id;

    INSERT INTO egpl_event_history_case_mgmt
        (event_id, event_date, object_operation, user_id, activity_id, create_date, update_version)
    SELECT coalesce(max(event_id), 0) + 1,
           CAST(round((julianday(NEW.at) - 2440587.5) * 86400000) AS INTEGER), 410, NEW.user_id,
           NEW.activity_id, NEW.at, x'0000000000000001'
    FROM egpl_event_history_case_mgmt;
END;

CREATE TRIGGER email_reply_happens AFTER INSERT ON email_reply
BEGIN
    UPDATE email_reply SET at = (SELECT now FROM chatdb_clock) WHERE email_reply_id = NEW.email_reply_id;
END;

-- A CUSTOMER LEAVES. The product's event history has it only where the session still lives.
CREATE TRIGGER customer_leaves_happens AFTER INSERT ON customer_leaves
BEGIN
    UPDATE customer_leaves SET at = (SELECT now FROM chatdb_clock) WHERE activity_id = NEW.activity_id;

    INSERT INTO egpl_event_history_case_mgmt
        (event_id, event_date, object_operation, activity_id, create_date, update_version)
    SELECT (SELECT coalesce(max(event_id), 0) + 1 FROM egpl_event_history_case_mgmt),
           CAST(round((julianday(c.now) - 2440587.5) * 86400000) AS INTEGER), 412,
           NEW.activity_id, c.now, x'0000000000000001'
    FROM chatdb_clock c
    WHERE NOT EXISTS (SELECT 1 FROM lacks k WHERE k.subject = 'chat' AND k.subject_id = NEW.activity_id
                      AND k.capability = 'keep the session');
END;

-- THE AGENT COMPLETES A CHAT: the one change to a product row that a step may make itself. It does not take
-- where the agent's desktop or log-in does not reach the row.
CREATE TRIGGER chat_completion_is_refused BEFORE UPDATE OF activity_status ON egpl_casemgmt_activity
WHEN NEW.activity_status = 9000 AND OLD.activity_status <> 9000 AND OLD.activity_type = 2000
 AND (NOT EXISTS (SELECT 1 FROM desktop d WHERE d.user_id = OLD.assigned_to AND d.state = 'open')
      OR EXISTS (SELECT 1 FROM lacks k WHERE k.subject = 'agent' AND k.subject_id = OLD.assigned_to
                 AND k.capability = 'complete a chat'))
BEGIN
    SELECT RAISE(IGNORE);
END;

-- The product's event history follows the rows, with the operation codes that are public (by one source): 205
-- pushed to an agent, 410 picked up, 412 the customer left, 544 closed. EVENT_DATE is in ms since 1970, as if
-- the servers' wall clock were UTC.
CREATE TRIGGER completion_is_recorded AFTER UPDATE OF activity_status ON egpl_casemgmt_activity
WHEN NEW.activity_status = 9000 AND OLD.activity_status <> 9000
BEGIN
    UPDATE egpl_casemgmt_activity SET when_modified = (SELECT now FROM chatdb_clock)
    WHERE activity_id = NEW.activity_id;

    INSERT INTO egpl_event_history_case_mgmt
        (event_id, event_date, object_operation, user_id, activity_id, create_date, update_version)
    SELECT (SELECT coalesce(max(event_id), 0) + 1 FROM egpl_event_history_case_mgmt),
           CAST(round((julianday(c.now) - 2440587.5) * 86400000) AS INTEGER), 544, NEW.assigned_to,
           NEW.activity_id, c.now, x'0000000000000001'
    FROM chatdb_clock c;
END;

CREATE TRIGGER assignment_is_recorded AFTER UPDATE OF assigned_to ON egpl_casemgmt_activity
WHEN NEW.assigned_to IS NOT NULL AND NEW.assigned_to IS NOT OLD.assigned_to
BEGIN
    INSERT INTO egpl_event_history_case_mgmt
        (event_id, event_date, object_operation, user_id, queue_id, activity_id, create_date, update_version)
    SELECT (SELECT coalesce(max(event_id), 0) + 1 FROM egpl_event_history_case_mgmt),
           CAST(round((julianday(c.now) - 2440587.5) * 86400000) AS INTEGER), 205, NEW.assigned_to,
           NEW.queue_id, NEW.activity_id, c.now, x'0000000000000001'
    FROM chatdb_clock c;
END;

-- THINGS SETTLE whenever the clock is moved, be it to the same time. ---------------------------------------

-- Agents to whom waiting activities go. An agent in a chat is given nothing else: chat is not interruptible (a
-- public docwiki page on ghost chats).
CREATE VIEW ready_agent AS
SELECT d.user_id, d.opened_at
FROM desktop d
JOIN agent_login l ON l.agent_login_id = d.agent_login_id AND l.ended_at IS NULL
WHERE NOT EXISTS (SELECT 1 FROM lacks k WHERE k.subject = 'agent' AND k.subject_id = d.user_id
                  AND k.capability IN ('keep the log-in', 'receive new activities'))
  AND NOT EXISTS (SELECT 1 FROM egpl_casemgmt_activity a WHERE a.assigned_to = d.user_id
                  AND a.activity_type = 2000 AND a.activity_status = 5000);

-- Most of the time nothing waits, and then nothing is done.
CREATE TRIGGER clock_moves AFTER UPDATE ON chatdb_clock
WHEN EXISTS (SELECT 1 FROM egpl_casemgmt_activity WHERE activity_status = 4000)
  OR EXISTS (SELECT 1 FROM email_arrival m
             WHERE NOT EXISTS (SELECT 1 FROM egpl_casemgmt_activity a WHERE a.activity_id = m.activity_id))
  OR EXISTS (SELECT 1 FROM opening WHERE result = 'does not load')
BEGIN
    -- A part that does not load keeps the desktop until it times out.
    UPDATE desktop SET state = 'timed out'
    WHERE state = 'open'
      AND EXISTS (SELECT 1 FROM opening o
                  JOIN agent_action x ON x.agent_action_id = o.agent_action_id
                  WHERE x.user_id = desktop.user_id AND x.at >= desktop.opened_at
                    AND o.result = 'does not load'
                    AND round((julianday(NEW.now) - julianday(x.at)) * 86400, 3)
                        >= (SELECT seconds FROM time_rule WHERE time_rule = 'desktop time-out'));

    -- E-mail is fetched.
    INSERT INTO egpl_casemgmt_activity
        (activity_id, department_id, activity_mode, activity_type, activity_sub_type, activity_status,
         activity_sub_status, when_created, who_created, subject, queue_id, contact_point_data, pinned,
         locked, activity_access, save_draft_flag, delete_flag, create_date, update_version, outbound_failed)
    SELECT m.activity_id, e.department_id, 100, 1, 1, 4000,
           4100, NEW.now, 0, m.subject, e.queue_id, m.from_address, 'n',
           'n', 0, 0, 'n', NEW.now, x'0000000000000001', 0
    FROM email_arrival m JOIN entry_point e ON e.entry_point_id = m.entry_point_id
    WHERE NOT EXISTS (SELECT 1 FROM egpl_casemgmt_activity a WHERE a.activity_id = m.activity_id)
      AND NOT EXISTS (SELECT 1 FROM lacks k WHERE k.subject = 'system' AND k.capability = 'fetch e-mail');

    INSERT OR IGNORE INTO egml_email
        (email_id, activity_id, alias_id, subject, email_date, email_size, num_attachments,
         from_email_address, recv_email_address, delete_flag)
    SELECT m.activity_id, m.activity_id, m.entry_point_id, m.subject, m.at, length(m.body), 0,
           m.from_address, m.to_address, 'n'
    FROM email_arrival m JOIN egpl_casemgmt_activity a ON a.activity_id = m.activity_id;

    INSERT OR IGNORE INTO egml_email_data (email_id, activity_id, content, content_type)
    SELECT m.activity_id, m.activity_id, m.body, 'text/plain'
    FROM email_arrival m JOIN egml_email x ON x.email_id = m.activity_id;

    -- Waiting e-mails go to the agent who has been logged in longest; of the waiting chats, the oldest goes to
    -- that agent, the next to the next.
    UPDATE egpl_casemgmt_activity
    SET activity_status = 5000, activity_sub_status = 5100, when_modified = NEW.now,  -- assigned, not opened
        assigned_to = (SELECT r.user_id FROM ready_agent r ORDER BY r.opened_at, r.user_id LIMIT 1)
    WHERE activity_type = 1 AND activity_status = 4000 AND assigned_to IS NULL
      AND EXISTS (SELECT 1 FROM ready_agent);

    INSERT INTO chat_assignment (at, activity_id, user_id)
    SELECT NEW.now, a.activity_id, r.user_id
    FROM egpl_casemgmt_activity a
    JOIN ready_agent r
        ON (SELECT count(*) FROM ready_agent q WHERE (q.opened_at, q.user_id) < (r.opened_at, r.user_id))
         = (SELECT count(*) FROM egpl_casemgmt_activity b
            WHERE b.activity_type = 2000 AND b.activity_status = 4000 AND b.assigned_to IS NULL
              AND (b.when_created, b.activity_id) < (a.when_created, a.activity_id))
    WHERE a.activity_type = 2000 AND a.activity_status = 4000 AND a.assigned_to IS NULL;
END;

CREATE TRIGGER chat_is_assigned AFTER INSERT ON chat_assignment
BEGIN
    UPDATE egpl_casemgmt_activity
    SET activity_status = 5000, activity_sub_status = 5100, when_modified = NEW.at, assigned_to = NEW.user_id
    WHERE activity_id = NEW.activity_id;
END;
