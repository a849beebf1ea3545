-- What happens when a cause is written. Each trigger puts the clock's time on the cause and derives its effects
-- from the matrix; a cause that the servers do not let through leaves no effect and is no error. No statement of a
-- trigger has a conflict clause: that of the statement which sets it off would take its place.

-- WHAT CAN BE SAID -----------------------------------------------------------------------------------------

-- Every word and id that a cause can name.
CREATE VIEW known AS
SELECT 'server' AS what, server AS id FROM server
UNION ALL SELECT 'server event', 'stops' UNION ALL SELECT 'server event', 'starts'
UNION ALL SELECT 'author', 'agent' UNION ALL SELECT 'author', 'customer'
UNION ALL SELECT 'action', 'logs in' UNION ALL SELECT 'action', 'logs out' UNION ALL SELECT 'action', 'opens'
UNION ALL SELECT 'action', 'completes' UNION ALL SELECT 'action', 'transfers'
UNION ALL SELECT 'console part', console_part FROM console_part
UNION ALL SELECT 'agent', user_id FROM egpl_user
UNION ALL SELECT 'chat', activity_id FROM chat_request
UNION ALL SELECT 'e-mail', activity_id FROM email_arrival
UNION ALL SELECT channel || ' entry point', entry_point_id FROM entry_point;

-- A new row has the key -1 before it is counted. What is refused here is refused whatever the statement says of
-- conflicts, so that a cause can only be added.
CREATE TRIGGER server_event_can_be BEFORE INSERT ON server_event
BEGIN
    SELECT RAISE(ABORT, 'the model sets `server_event_id` and `at`: leave them out')
    WHERE NEW.server_event_id <> -1 OR NEW.at IS NOT NULL;
    SELECT RAISE(ABORT, 'no such server')
    WHERE NOT EXISTS (SELECT 1 FROM server WHERE server = NEW.server);
    SELECT RAISE(ABORT, 'no such server event') WHERE coalesce(NEW.event, '') NOT IN ('stops', 'starts');
END;

CREATE TRIGGER chat_request_can_be BEFORE INSERT ON chat_request
BEGIN
    SELECT RAISE(ABORT, 'the model sets `at`: leave it out') WHERE NEW.at IS NOT NULL;
    SELECT RAISE(ABORT, 'a new activity needs an `activity_id` above 0') WHERE NEW.activity_id <= 0;
    SELECT RAISE(ABORT, 'this `activity_id` already exists: choose another')
    WHERE EXISTS (SELECT 1 FROM chat_request WHERE activity_id = NEW.activity_id)
       OR EXISTS (SELECT 1 FROM email_arrival WHERE activity_id = NEW.activity_id);
    SELECT RAISE(ABORT, 'no such chat entry point')
    WHERE NOT EXISTS (SELECT 1 FROM entry_point WHERE entry_point_id = NEW.entry_point_id AND channel = 'chat');
END;

CREATE TRIGGER email_arrival_can_be BEFORE INSERT ON email_arrival
BEGIN
    SELECT RAISE(ABORT, 'the model sets `at`: leave it out') WHERE NEW.at IS NOT NULL;
    SELECT RAISE(ABORT, 'a new activity needs an `activity_id` above 0') WHERE NEW.activity_id <= 0;
    SELECT RAISE(ABORT, 'this `activity_id` already exists: choose another')
    WHERE EXISTS (SELECT 1 FROM chat_request WHERE activity_id = NEW.activity_id)
       OR EXISTS (SELECT 1 FROM email_arrival WHERE activity_id = NEW.activity_id);
    SELECT RAISE(ABORT, 'no such e-mail entry point')
    WHERE NOT EXISTS (SELECT 1 FROM entry_point WHERE entry_point_id = NEW.entry_point_id AND channel = 'e-mail');
END;

CREATE TRIGGER message_can_be BEFORE INSERT ON message
BEGIN
    SELECT RAISE(ABORT, 'the model sets `message_id` and `at`: leave them out')
    WHERE NEW.message_id <> -1 OR NEW.at IS NOT NULL;
    SELECT RAISE(ABORT, 'no such author') WHERE coalesce(NEW.author, '') NOT IN ('agent', 'customer');
    SELECT RAISE(ABORT, 'no such chat')
    WHERE NOT EXISTS (SELECT 1 FROM chat_request WHERE activity_id = NEW.activity_id);
END;

-- A chat is opened, completed or transferred by the agent in whose hands it is: completed or transferred at an open
-- console from which the row can be reached, and given to an agent who has one and receives new activities.
CREATE TRIGGER agent_action_can_be BEFORE INSERT ON agent_action
BEGIN
    SELECT RAISE(ABORT, 'the model sets `agent_action_id` and `at`: leave them out')
    WHERE NEW.agent_action_id <> -1 OR NEW.at IS NOT NULL;
    SELECT RAISE(ABORT, 'no such action')
    WHERE coalesce(NEW.action, '') NOT IN ('logs in', 'logs out', 'opens', 'completes', 'transfers');
    SELECT RAISE(ABORT, 'no such agent')
    WHERE NOT EXISTS (SELECT 1 FROM egpl_user WHERE user_id = NEW.user_id)
       OR NEW.action = 'transfers' AND NOT EXISTS (SELECT 1 FROM egpl_user WHERE user_id = NEW.to_user_id);
    SELECT RAISE(ABORT, 'no such console part')
    WHERE NEW.action = 'opens'
      AND NOT EXISTS (SELECT 1 FROM console_part WHERE console_part = NEW.console_part);
    SELECT RAISE(ABORT, 'no such chat')
    WHERE (NEW.action IN ('completes', 'transfers') OR NEW.console_part = 'chat')
      AND NOT EXISTS (SELECT 1 FROM chat_request WHERE activity_id = NEW.activity_id);
    SELECT RAISE(ABORT, 'only what is opened has a `console_part`')
    WHERE NEW.action <> 'opens' AND NEW.console_part IS NOT NULL;
    SELECT RAISE(ABORT, 'only who transfers a chat has a `to_user_id`')
    WHERE NEW.action <> 'transfers' AND NEW.to_user_id IS NOT NULL;
    SELECT RAISE(ABORT, 'only a chat has an `activity_id` here')
    WHERE NEW.activity_id IS NOT NULL
      AND NOT (NEW.action IN ('completes', 'transfers') OR NEW.action = 'opens' AND NEW.console_part = 'chat');

    SELECT RAISE(IGNORE)
    WHERE (NEW.action IN ('completes', 'transfers') OR NEW.console_part = 'chat')
      AND NOT EXISTS (SELECT 1 FROM egpl_casemgmt_activity a
                      WHERE a.activity_id = NEW.activity_id AND a.assigned_to = NEW.user_id
                        AND a.activity_type = 2000 AND a.activity_status = 5000);
    SELECT RAISE(IGNORE)
    WHERE NEW.action IN ('completes', 'transfers')
      AND (NOT EXISTS (SELECT 1 FROM desktop d WHERE d.user_id = NEW.user_id AND d.state = 'open')
           OR EXISTS (SELECT 1 FROM lacks k WHERE k.subject = 'agent' AND k.subject_id = NEW.user_id
                      AND k.capability = 'complete a chat')
           OR NEW.action = 'transfers'
              AND (NEW.to_user_id = NEW.user_id
                   OR NOT EXISTS (SELECT 1 FROM desktop d
                                  WHERE d.user_id = NEW.to_user_id AND d.state = 'open')
                   OR EXISTS (SELECT 1 FROM lacks k WHERE k.subject = 'agent' AND k.subject_id = NEW.to_user_id
                              AND k.capability = 'receive new activities')));
END;

-- An e-mail is answered by the agent to whom it was assigned.
CREATE TRIGGER email_reply_can_be BEFORE INSERT ON email_reply
BEGIN
    SELECT RAISE(ABORT, 'the model sets `email_reply_id` and `at`: leave them out')
    WHERE NEW.email_reply_id <> -1 OR NEW.at IS NOT NULL;
    SELECT RAISE(ABORT, 'no such agent')
    WHERE NOT EXISTS (SELECT 1 FROM egpl_user WHERE user_id = NEW.user_id);
    SELECT RAISE(ABORT, 'no such e-mail')
    WHERE NOT EXISTS (SELECT 1 FROM email_arrival WHERE activity_id = NEW.activity_id);
    SELECT RAISE(IGNORE)
    WHERE NOT EXISTS (SELECT 1 FROM egpl_casemgmt_activity a
                      WHERE a.activity_id = NEW.activity_id AND a.assigned_to = NEW.user_id
                        AND a.activity_status = 5000);
END;

-- A customer leaves once.
CREATE TRIGGER customer_leaves_can_be BEFORE INSERT ON customer_leaves
BEGIN
    SELECT RAISE(ABORT, 'the model sets `at`: leave it out') WHERE NEW.at IS NOT NULL;
    SELECT RAISE(ABORT, 'no such chat')
    WHERE NOT EXISTS (SELECT 1 FROM chat_request WHERE activity_id = NEW.activity_id);
    SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM customer_leaves WHERE activity_id = NEW.activity_id);
END;

-- Who and what there is can be added to; what causes have named stays. Where an agent is logged in follows from
-- causes.
CREATE TRIGGER user_can_be BEFORE INSERT ON egpl_user
BEGIN
    SELECT RAISE(ABORT, 'the model sets `login_ip` and `login_logout_time`: leave them out')
    WHERE NEW.login_ip IS NOT NULL OR NEW.login_logout_time IS NOT NULL;
    SELECT RAISE(ABORT, 'this `user_id` already exists: choose another')
    WHERE EXISTS (SELECT 1 FROM egpl_user WHERE user_id = NEW.user_id);
END;

CREATE TRIGGER user_stays BEFORE DELETE ON egpl_user
WHEN EXISTS (SELECT 1 FROM agent_action WHERE user_id = OLD.user_id)
  OR EXISTS (SELECT 1 FROM email_reply WHERE user_id = OLD.user_id)
BEGIN
    SELECT RAISE(ABORT, 'this agent cannot be deleted: it has actions in this scenario');
END;

CREATE TRIGGER user_keeps_id BEFORE UPDATE OF user_id ON egpl_user WHEN NEW.user_id IS NOT OLD.user_id
BEGIN
    SELECT RAISE(ABORT, '`user_id` cannot be changed');
END;

CREATE TRIGGER user_keeps_name BEFORE UPDATE OF screen_name ON egpl_user
WHEN NEW.screen_name IS NOT OLD.screen_name
 AND (EXISTS (SELECT 1 FROM agent_action WHERE user_id = OLD.user_id)
      OR EXISTS (SELECT 1 FROM email_reply WHERE user_id = OLD.user_id))
BEGIN
    SELECT RAISE(ABORT, '`screen_name` of this agent cannot be changed: customers have seen it');
END;

CREATE TRIGGER entry_point_stays BEFORE DELETE ON entry_point
WHEN EXISTS (SELECT 1 FROM chat_request WHERE entry_point_id = OLD.entry_point_id)
  OR EXISTS (SELECT 1 FROM email_arrival WHERE entry_point_id = OLD.entry_point_id)
BEGIN
    SELECT RAISE(ABORT, 'this entry point cannot be deleted: a customer came in at it');
END;

CREATE TRIGGER entry_point_keeps_id BEFORE UPDATE OF entry_point_id, channel ON entry_point
WHEN NEW.entry_point_id IS NOT OLD.entry_point_id OR NEW.channel IS NOT OLD.channel
BEGIN
    SELECT RAISE(ABORT, '`entry_point_id` and `channel` cannot be changed');
END;

CREATE TRIGGER entry_point_is_kept BEFORE UPDATE ON entry_point
WHEN EXISTS (SELECT 1 FROM chat_request WHERE entry_point_id = OLD.entry_point_id)
  OR EXISTS (SELECT 1 FROM email_arrival WHERE entry_point_id = OLD.entry_point_id)
BEGIN
    SELECT RAISE(ABORT, 'this entry point cannot be changed: a customer came in at it');
END;

CREATE TRIGGER queue_stays BEFORE DELETE ON egpl_routing_queue
WHEN EXISTS (SELECT 1 FROM egpl_casemgmt_activity WHERE queue_id = OLD.queue_id)
BEGIN
    SELECT RAISE(ABORT, 'this queue cannot be deleted: an activity is in it');
END;

CREATE TRIGGER queue_keeps_name BEFORE UPDATE OF queue_name ON egpl_routing_queue
WHEN NEW.queue_name IS NOT OLD.queue_name
 AND EXISTS (SELECT 1 FROM egpl_casemgmt_activity WHERE queue_id = OLD.queue_id)
BEGIN
    SELECT RAISE(ABORT, '`queue_name` of this queue cannot be changed: agents have seen it');
END;

CREATE TRIGGER queue_keeps_id BEFORE UPDATE OF queue_id ON egpl_routing_queue
WHEN NEW.queue_id IS NOT OLD.queue_id
BEGIN
    SELECT RAISE(ABORT, '`queue_id` cannot be changed');
END;

-- WHAT FOLLOWS ---------------------------------------------------------------------------------------------

-- A SERVER STOPS OR STARTS. Stopping what is down, or starting what is up, changes nothing.
CREATE TRIGGER server_event_happens AFTER INSERT ON server_event
BEGIN
    SELECT RAISE(ABORT, 'the model sets `server_event_id` and `at`: leave them out') WHERE NEW.server_event_id < 0;
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
    INSERT INTO lacks (subject, subject_id, capability, server, since)
    SELECT c.subject, s.subject_id, c.capability, r.server, k.now
    FROM server_rule r
    JOIN capability c ON c.capability = r.capability
    JOIN (SELECT 'chat' AS subject, activity_id AS subject_id FROM egpl_casemgmt_activity
          WHERE activity_type = 2000 AND activity_status <> 9000
          UNION ALL SELECT 'agent', user_id FROM desktop
          UNION ALL SELECT 'system', 0) s ON s.subject = c.subject
    JOIN chatdb_clock k
    WHERE NEW.event = 'stops' AND r.server = NEW.server AND r.needed = 1
      AND NOT EXISTS (SELECT 1 FROM lacks x
                      WHERE x.subject = c.subject AND x.subject_id = s.subject_id
                        AND x.capability = c.capability AND x.server = r.server);

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
    INSERT INTO documented_now (effect)
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

-- Who is at the other end of a chat: the agent who has opened it at a console that is open.
CREATE VIEW agent_in_chat AS
SELECT a.activity_id, a.assigned_to AS user_id
FROM egpl_casemgmt_activity a
JOIN desktop d ON d.user_id = a.assigned_to AND d.state = 'open'
WHERE a.activity_type = 2000 AND a.activity_status = 5000 AND a.activity_sub_status = 5900;

-- SOMEBODY TYPES A MESSAGE: it is delivered if at that moment messages are exchanged, the chat is open, and both
-- ends are in it; else it is lost for good.
CREATE TRIGGER message_happens AFTER INSERT ON message
BEGIN
    SELECT RAISE(ABORT, 'the model sets `message_id` and `at`: leave them out') WHERE NEW.message_id < 0;
    UPDATE message SET at = (SELECT now FROM chatdb_clock) WHERE message_id = NEW.message_id;

    INSERT INTO delivery (message_id, delivered, user_id, session_lost, lost_to)
    SELECT NEW.message_id, count(x.missing) = 0,
           (SELECT i.user_id FROM agent_in_chat i WHERE i.activity_id = NEW.activity_id),
           EXISTS (SELECT 1 FROM lacks k WHERE k.subject = 'chat' AND k.subject_id = NEW.activity_id
                   AND k.capability = 'keep the session'),
           group_concat(x.missing, ', ')
    FROM (
        SELECT k.server AS missing FROM lacks k
        WHERE k.subject = 'chat' AND k.subject_id = NEW.activity_id AND k.capability = 'exchange messages'
        UNION ALL
        SELECT CASE
                   WHEN a.activity_id IS NULL THEN 'no chat'
                   WHEN a.activity_status = 9000 THEN 'completed chat'
                   WHEN i.user_id IS NULL THEN 'no agent'
               END
        FROM chat_request q
        LEFT JOIN egpl_casemgmt_activity a ON a.activity_id = q.activity_id
        LEFT JOIN agent_in_chat i ON i.activity_id = q.activity_id
        WHERE q.activity_id = NEW.activity_id
        UNION ALL
        SELECT 'no customer' FROM customer_leaves e WHERE e.activity_id = NEW.activity_id
    ) x;
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

-- AN AGENT LOGS IN, if log-ins are served. An older log-in that is still on record ends now; it is found where a
-- failure has cut it off, so that no log-out could end it. Of what the agent lacked, only what a server that is
-- down takes away is still missing.
CREATE TRIGGER agent_logs_in AFTER INSERT ON agent_action WHEN NEW.action = 'logs in'
BEGIN
    SELECT RAISE(ABORT, 'the model sets `agent_action_id` and `at`: leave them out') WHERE NEW.agent_action_id < 0;
    UPDATE agent_action SET at = (SELECT now FROM chatdb_clock)
    WHERE agent_action_id = NEW.agent_action_id;

    INSERT INTO agent_login (user_id, at, found_login_id)
    SELECT NEW.user_id, c.now,
           (SELECT max(l.agent_login_id) FROM agent_login l
            WHERE l.user_id = NEW.user_id AND l.ended_at IS NULL
              AND EXISTS (SELECT 1 FROM lacks k WHERE k.subject = 'agent' AND k.subject_id = NEW.user_id
                          AND k.capability = 'keep the log-in'))
    FROM chatdb_clock c
    WHERE NOT EXISTS (SELECT 1 FROM lacks k WHERE k.subject = 'system' AND k.capability = 'log in');
END;

CREATE TRIGGER log_in_succeeds AFTER INSERT ON agent_login
BEGIN
    UPDATE agent_login SET ended_at = NEW.at, ended_by = 'log-in'
    WHERE user_id = NEW.user_id AND ended_at IS NULL AND agent_login_id <> NEW.agent_login_id;

    DELETE FROM desktop WHERE user_id = NEW.user_id;
    INSERT INTO desktop (user_id, agent_login_id, opened_at, state, after_action, after_message, after_reply)
    VALUES (NEW.user_id, NEW.agent_login_id, NEW.at, 'open',
            (SELECT coalesce(max(agent_action_id), 0) FROM agent_action),
            (SELECT coalesce(max(message_id), 0) FROM message),
            (SELECT coalesce(max(email_reply_id), 0) FROM email_reply));

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
    SELECT RAISE(ABORT, 'the model sets `agent_action_id` and `at`: leave them out') WHERE NEW.agent_action_id < 0;
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
    SELECT RAISE(ABORT, 'the model sets `agent_action_id` and `at`: leave them out') WHERE NEW.agent_action_id < 0;
    UPDATE agent_action SET at = (SELECT now FROM chatdb_clock)
    WHERE agent_action_id = NEW.agent_action_id;

    INSERT INTO opening (agent_action_id, result, times_out, lost_to)
    SELECT NEW.agent_action_id,
           CASE
               WHEN NOT EXISTS (SELECT 1 FROM desktop d WHERE d.user_id = NEW.user_id AND d.state = 'open')
                   THEN 'no desktop'
               WHEN count(k.server) = 0 THEN 'loads'
               ELSE 'does not load'
           END,
           count(k.server) > 0
               AND EXISTS (SELECT 1 FROM desktop d WHERE d.user_id = NEW.user_id AND d.state = 'open')
               AND EXISTS (SELECT 1 FROM lacks x WHERE x.subject = 'agent' AND x.subject_id = NEW.user_id
                           AND x.capability = 'outlast an error'),
           group_concat(k.server, ', ')
    FROM console_part p
    LEFT JOIN lacks k ON k.subject = 'agent' AND k.subject_id = NEW.user_id AND k.capability = p.capability
    WHERE p.console_part = NEW.console_part
    GROUP BY p.console_part;

    -- A chat opened for the first time since it was given to the agent is in progress.
    INSERT INTO chat_pickup (activity_id, at, user_id)
    SELECT a.activity_id, c.now, NEW.user_id
    FROM egpl_casemgmt_activity a
    JOIN chatdb_clock c
    JOIN opening o ON o.agent_action_id = NEW.agent_action_id AND o.result = 'loads'
    WHERE NEW.console_part = 'chat' AND a.activity_id = NEW.activity_id AND a.assigned_to = NEW.user_id
      AND a.activity_type = 2000 AND a.activity_status = 5000 AND a.activity_sub_status = 5100;
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
    SELECT RAISE(ABORT, 'the model sets `email_reply_id` and `at`: leave them out') WHERE NEW.email_reply_id < 0;
    UPDATE email_reply SET at = (SELECT now FROM chatdb_clock) WHERE email_reply_id = NEW.email_reply_id;
END;

-- A CUSTOMER LEAVES. The product's event history has it only where the chat is open and the session still lives.
CREATE TRIGGER customer_leaves_happens AFTER INSERT ON customer_leaves
BEGIN
    UPDATE customer_leaves SET at = (SELECT now FROM chatdb_clock) WHERE activity_id = NEW.activity_id;

    INSERT INTO egpl_event_history_case_mgmt
        (event_id, event_date, object_operation, activity_id, create_date, update_version)
    SELECT (SELECT coalesce(max(event_id), 0) + 1 FROM egpl_event_history_case_mgmt),
           CAST(round((julianday(c.now) - 2440587.5) * 86400000) AS INTEGER), 412,
           NEW.activity_id, c.now, x'0000000000000001'
    FROM chatdb_clock c
    JOIN egpl_casemgmt_activity a ON a.activity_id = NEW.activity_id AND a.activity_status <> 9000
    WHERE NOT EXISTS (SELECT 1 FROM lacks k WHERE k.subject = 'chat' AND k.subject_id = NEW.activity_id
                      AND k.capability = 'keep the session');
END;

-- THE AGENT COMPLETES A CHAT, or transfers it to another agent, who has yet to open it.
CREATE TRIGGER agent_completes AFTER INSERT ON agent_action WHEN NEW.action IN ('completes', 'transfers')
BEGIN
    SELECT RAISE(ABORT, 'the model sets `agent_action_id` and `at`: leave them out') WHERE NEW.agent_action_id < 0;
    UPDATE agent_action SET at = (SELECT now FROM chatdb_clock)
    WHERE agent_action_id = NEW.agent_action_id;

    UPDATE egpl_casemgmt_activity
    SET activity_status = 9000,      -- completed
        activity_sub_status = 9100,  -- done
        when_modified = (SELECT now FROM chatdb_clock)
    WHERE activity_id = NEW.activity_id AND NEW.action = 'completes';

    UPDATE egpl_casemgmt_activity
    SET activity_sub_status = 5100,  -- assigned, not opened
        assigned_to = NEW.to_user_id, when_modified = (SELECT now FROM chatdb_clock)
    WHERE activity_id = NEW.activity_id AND NEW.action = 'transfers';
END;

-- The product's event history follows the rows, with the operation codes that are public (by one source): 205
-- pushed to an agent, 410 picked up, 412 the customer left, 544 closed. EVENT_DATE is in ms since 1970, as if
-- the servers' wall clock were UTC.
CREATE TRIGGER completion_is_recorded AFTER UPDATE OF activity_status ON egpl_casemgmt_activity
WHEN NEW.activity_status = 9000 AND OLD.activity_status <> 9000
BEGIN
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
  OR EXISTS (SELECT 1 FROM opening WHERE times_out = 1)
BEGIN
    -- A part that does not load can keep the desktop waiting until it times out.
    UPDATE desktop SET state = 'timed out'
    WHERE state = 'open'
      AND EXISTS (SELECT 1 FROM opening o
                  JOIN agent_action x ON x.agent_action_id = o.agent_action_id
                  WHERE x.user_id = desktop.user_id AND x.agent_action_id > desktop.after_action
                    AND o.times_out = 1
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

    INSERT INTO egml_email
        (email_id, activity_id, alias_id, subject, email_date, email_size, num_attachments,
         from_email_address, recv_email_address, delete_flag)
    SELECT m.activity_id, m.activity_id, m.entry_point_id, m.subject, m.at, length(m.body), 0,
           m.from_address, m.to_address, 'n'
    FROM email_arrival m JOIN egpl_casemgmt_activity a ON a.activity_id = m.activity_id
    WHERE NOT EXISTS (SELECT 1 FROM egml_email x WHERE x.activity_id = m.activity_id);

    INSERT INTO egml_email_data (email_id, activity_id, content, content_type)
    SELECT m.activity_id, m.activity_id, m.body, 'text/plain'
    FROM email_arrival m JOIN egml_email x ON x.email_id = m.activity_id
    WHERE NOT EXISTS (SELECT 1 FROM egml_email_data y WHERE y.email_id = m.activity_id);

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
