-- What happens when a cause is written. Each trigger puts the clock's time on the cause, derives its effects
-- from the capabilities, and lets things settle; a cause that the servers do not let through leaves no effect
-- and is no error.

-- THINGS SETTLE whenever time passes or something happens: mail is fetched, waiting activities are assigned.
CREATE TRIGGER clock_moves AFTER UPDATE ON chatdb_clock
BEGIN
    INSERT INTO egpl_casemgmt_activity
        (activity_id, department_id, activity_mode, activity_type, activity_sub_type, activity_status,
         activity_sub_status, when_created, who_created, subject, queue_id, contact_point_data, pinned,
         locked, activity_access, save_draft_flag, delete_flag, create_date, update_version, outbound_failed)
    SELECT m.activity_id, e.department_id, 100, 1, 1, 4000,
           4100, NEW.now, 0, m.subject, e.queue_id, m.from_address, 'n',
           'n', 0, 0, 'n', NEW.now, x'0000000000000001', 0
    FROM email_arrival m JOIN entry_point e ON e.entry_point_id = m.entry_point_id
    WHERE NOT EXISTS (SELECT 1 FROM egpl_casemgmt_activity a WHERE a.activity_id = m.activity_id)
      AND NOT EXISTS (SELECT 1 FROM system_lacks k WHERE k.capability = 'fetch e-mail');

    INSERT INTO egml_email
        (email_id, activity_id, alias_id, subject, email_date, email_size, num_attachments,
         from_email_address, recv_email_address, delete_flag)
    SELECT m.activity_id, m.activity_id, m.entry_point_id, m.subject, m.at, length(m.body), 0,
           m.from_address, m.to_address, 'n'
    FROM email_arrival m JOIN egpl_casemgmt_activity a ON a.activity_id = m.activity_id
    WHERE NOT EXISTS (SELECT 1 FROM egml_email x WHERE x.activity_id = m.activity_id);

    INSERT INTO egml_email_data (email_id, activity_id, content, content_type)
    SELECT m.activity_id, m.activity_id, m.body, 'text/plain'
    FROM email_arrival m JOIN egml_email x ON x.activity_id = m.activity_id
    WHERE NOT EXISTS (SELECT 1 FROM egml_email_data d WHERE d.activity_id = m.activity_id);

    UPDATE egpl_casemgmt_activity
    SET activity_status = 5000, activity_sub_status = 5100, when_modified = NEW.now,  -- assigned, not opened
        assigned_to = (SELECT r.user_id FROM ready_agent r WHERE r.n = 1)
    WHERE activity_type = 1 AND activity_status = 4000 AND assigned_to IS NULL
      AND EXISTS (SELECT 1 FROM ready_agent);

    UPDATE egpl_casemgmt_activity
    SET activity_status = 5000, activity_sub_status = 5100, when_modified = NEW.now,
        assigned_to = (SELECT r.user_id FROM waiting_chat w JOIN ready_agent r ON r.n = w.n
                       WHERE w.activity_id = egpl_casemgmt_activity.activity_id)
    WHERE activity_id IN (SELECT w.activity_id FROM waiting_chat w JOIN ready_agent r ON r.n = w.n);
END;

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

    UPDATE chatdb_clock SET now = now;
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
      AND NOT EXISTS (SELECT 1 FROM system_lacks k WHERE k.capability = 'take a chat request');

    -- The codes of cust_connection_status and chat_status are not public: they stay NULL.
    INSERT INTO eglv_session (activity_id, entry_point_id, user_agent, cust_display_name, create_date)
    SELECT a.activity_id, NEW.entry_point_id, NEW.browser, NEW.customer_name, a.when_created
    FROM egpl_casemgmt_activity a WHERE a.activity_id = NEW.activity_id;

    UPDATE chatdb_clock SET now = now;
END;

-- AN E-MAIL REACHES THE MAIL SERVER; when things settle it is fetched.
CREATE TRIGGER email_arrival_happens AFTER INSERT ON email_arrival
BEGIN
    UPDATE email_arrival SET at = (SELECT now FROM chatdb_clock) WHERE activity_id = NEW.activity_id;
    UPDATE chatdb_clock SET now = now;
END;

-- SOMEBODY TYPES A MESSAGE: it is delivered if messages are exchanged at that moment, else lost for good.
CREATE TRIGGER message_happens AFTER INSERT ON message
BEGIN
    UPDATE message SET at = (SELECT now FROM chatdb_clock) WHERE message_id = NEW.message_id;

    INSERT INTO delivery (message_id, delivered, lost_to)
    SELECT NEW.message_id, count(k.server) = 0, group_concat(k.server, ', ')
    FROM (SELECT l.server FROM chat_lacks l JOIN server s ON s.server = l.server
          WHERE l.activity_id = NEW.activity_id AND l.capability = 'exchange messages'
          ORDER BY s.bit) k;

    UPDATE chatdb_clock SET now = now;
END;

-- AN AGENT ACTS.
CREATE TRIGGER agent_action_happens AFTER INSERT ON agent_action
BEGIN
    UPDATE agent_action SET at = (SELECT now FROM chatdb_clock)
    WHERE agent_action_id = NEW.agent_action_id;

    -- Logs in, if log-ins are served. An older log-in that no log-out ended is found, and ended now.
    INSERT INTO agent_login (user_id, at, found_login_id)
    SELECT NEW.user_id, c.now,
           (SELECT max(l.agent_login_id) FROM agent_login l
            WHERE l.user_id = NEW.user_id AND l.ended_at IS NULL)
    FROM chatdb_clock c
    WHERE NEW.action = 'logs in' AND NOT EXISTS (SELECT 1 FROM system_lacks k WHERE k.capability = 'log in');

    UPDATE agent_login SET ended_at = (SELECT now FROM chatdb_clock), ended_by = 'log-in'
    WHERE NEW.action = 'logs in' AND user_id = NEW.user_id AND ended_at IS NULL
      AND agent_login_id < (SELECT max(l.agent_login_id) FROM agent_login l
                            WHERE l.user_id = NEW.user_id AND l.at = (SELECT now FROM chatdb_clock));

    -- Logs out: recorded only where the log-in is still valid.
    UPDATE agent_login SET ended_at = (SELECT now FROM chatdb_clock), ended_by = 'log-out'
    WHERE NEW.action = 'logs out' AND user_id = NEW.user_id AND ended_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM agent_lacks k
                      WHERE k.user_id = NEW.user_id AND k.capability = 'keep the log-in');

    UPDATE egpl_user
    SET login_logout_time = (SELECT now FROM chatdb_clock),
        login_ip = CASE NEW.action
                       WHEN 'logs in' THEN (SELECT host FROM server WHERE server = 'application')
                       ELSE login_ip
                   END
    WHERE user_id = NEW.user_id
      AND EXISTS (SELECT 1 FROM agent_login l, chatdb_clock c
                  WHERE l.user_id = NEW.user_id
                    AND ((NEW.action = 'logs in' AND l.at = c.now)
                      OR (NEW.action = 'logs out' AND l.ended_at = c.now AND l.ended_by = 'log-out')));

    -- The public analytics jobs count application 1, operation 5 as a log-in.
    INSERT INTO egpl_event_history_user (event_id, event_date, application_id, object_operation, user_id)
    SELECT coalesce((SELECT max(event_id) FROM egpl_event_history_user), 0) + 1,
           CAST(round((julianday(c.now) - 2440587.5) * 86400000) AS INTEGER), 1, 5, NEW.user_id
    FROM chatdb_clock c JOIN newest_login l ON l.user_id = NEW.user_id AND l.at = c.now
    WHERE NEW.action = 'logs in';

    -- Opens a part of the console.
    INSERT INTO opening (agent_action_id, result, lost_to)
    SELECT NEW.agent_action_id,
           CASE
               WHEN coalesce((SELECT d.state FROM desktop d WHERE d.user_id = NEW.user_id), 'closed') <> 'open'
                   THEN 'no desktop'
               WHEN count(k.server) = 0 THEN 'loads'
               WHEN EXISTS (SELECT 1 FROM agent_lacks x
                            WHERE x.user_id = NEW.user_id AND x.capability = 'report an error')
                   THEN 'does not load'
               ELSE 'pop-up'
           END,
           group_concat(k.server, ', ')
    FROM console_part p
    LEFT JOIN agent_lacks k ON k.user_id = NEW.user_id AND k.capability = p.capability
    WHERE NEW.action = 'opens' AND p.console_part = NEW.console_part
    GROUP BY p.console_part;

    -- A chat opened for the first time is in progress.
    INSERT INTO chat_pickup (activity_id, at, user_id)
    SELECT a.activity_id, c.now, NEW.user_id
    FROM egpl_casemgmt_activity a, chatdb_clock c
    JOIN opening o ON o.agent_action_id = NEW.agent_action_id AND o.result = 'loads'
    WHERE NEW.console_part = 'chat' AND a.activity_id = NEW.activity_id AND a.assigned_to = NEW.user_id
      AND a.activity_type = 2000 AND a.activity_status = 5000
      AND NOT EXISTS (SELECT 1 FROM chat_pickup x WHERE x.activity_id = a.activity_id);

    UPDATE egpl_casemgmt_activity
    SET activity_sub_status = 5900, when_modified = (SELECT now FROM chatdb_clock)    -- in progress
    WHERE activity_sub_status = 5100
      AND activity_id IN (SELECT x.activity_id FROM chat_pickup x
                          WHERE x.user_id = NEW.user_id AND x.activity_id = NEW.activity_id);

    UPDATE chatdb_clock SET now = now;
END;

CREATE TRIGGER email_reply_happens AFTER INSERT ON email_reply
BEGIN
    UPDATE email_reply SET at = (SELECT now FROM chatdb_clock) WHERE email_reply_id = NEW.email_reply_id;
    UPDATE chatdb_clock SET now = now;
END;

CREATE TRIGGER customer_leaves_happens AFTER INSERT ON customer_leaves
BEGIN
    UPDATE customer_leaves SET at = (SELECT now FROM chatdb_clock) WHERE activity_id = NEW.activity_id;
    UPDATE chatdb_clock SET now = now;
END;

-- THE AGENT COMPLETES A CHAT: the one change to a product row that a step may make itself. It does not take
-- where the agent's desktop or log-in does not reach the row.
CREATE TRIGGER chat_completion_is_refused BEFORE UPDATE OF activity_status ON egpl_casemgmt_activity
WHEN NEW.activity_status = 9000 AND OLD.activity_status <> 9000 AND OLD.activity_type = 2000
 AND (coalesce((SELECT d.state FROM desktop d WHERE d.user_id = OLD.assigned_to), 'closed') <> 'open'
      OR EXISTS (SELECT 1 FROM agent_lacks k
                 WHERE k.user_id = OLD.assigned_to AND k.capability = 'complete a chat'))
BEGIN
    SELECT RAISE(IGNORE);
END;

CREATE TRIGGER chat_completion_happens AFTER UPDATE OF activity_status ON egpl_casemgmt_activity
WHEN NEW.activity_status = 9000 AND OLD.activity_status <> 9000
BEGIN
    UPDATE egpl_casemgmt_activity SET when_modified = (SELECT now FROM chatdb_clock)
    WHERE activity_id = NEW.activity_id;
    UPDATE chatdb_clock SET now = now;
END;

-- THE PRODUCT'S EVENT HISTORY follows the rows, with the operation codes that are public (one source, so
-- single-sourced): 205 pushed to an agent, 410 picked up, 412 the customer left, 544 closed. EVENT_DATE is
-- in ms since 1970, as if the servers' wall clock were UTC.
CREATE TRIGGER assignment_is_recorded AFTER UPDATE OF assigned_to ON egpl_casemgmt_activity
WHEN NEW.assigned_to IS NOT NULL AND NEW.assigned_to IS NOT OLD.assigned_to
BEGIN
    INSERT INTO egpl_event_history_case_mgmt
        (event_id, event_date, object_operation, user_id, queue_id, activity_id, create_date, update_version)
    SELECT coalesce((SELECT max(event_id) FROM egpl_event_history_case_mgmt), 0) + 1,
           CAST(round((julianday(c.now) - 2440587.5) * 86400000) AS INTEGER), 205, NEW.assigned_to,
           NEW.queue_id, NEW.activity_id, c.now, x'0000000000000001'
    FROM chatdb_clock c;
END;

CREATE TRIGGER pickup_is_recorded AFTER INSERT ON chat_pickup
BEGIN
    INSERT INTO egpl_event_history_case_mgmt
        (event_id, event_date, object_operation, user_id, activity_id, create_date, update_version)
    SELECT coalesce((SELECT max(event_id) FROM egpl_event_history_case_mgmt), 0) + 1,
           CAST(round((julianday(NEW.at) - 2440587.5) * 86400000) AS INTEGER), 410, NEW.user_id,
           NEW.activity_id, NEW.at, x'0000000000000001';
END;

CREATE TRIGGER customer_exit_is_recorded AFTER UPDATE OF at ON customer_leaves
BEGIN
    INSERT INTO egpl_event_history_case_mgmt
        (event_id, event_date, object_operation, activity_id, create_date, update_version)
    SELECT coalesce((SELECT max(event_id) FROM egpl_event_history_case_mgmt), 0) + 1,
           CAST(round((julianday(NEW.at) - 2440587.5) * 86400000) AS INTEGER), 412,
           NEW.activity_id, NEW.at, x'0000000000000001'
    WHERE NOT EXISTS (SELECT 1 FROM chat_lacks k
                      WHERE k.activity_id = NEW.activity_id AND k.capability = 'keep the session');
END;

CREATE TRIGGER completion_is_recorded AFTER UPDATE OF activity_status ON egpl_casemgmt_activity
WHEN NEW.activity_status = 9000 AND OLD.activity_status <> 9000
BEGIN
    INSERT INTO egpl_event_history_case_mgmt
        (event_id, event_date, object_operation, user_id, activity_id, create_date, update_version)
    SELECT coalesce((SELECT max(event_id) FROM egpl_event_history_case_mgmt), 0) + 1,
           CAST(round((julianday(c.now) - 2440587.5) * 86400000) AS INTEGER), 544, NEW.assigned_to,
           NEW.activity_id, c.now, x'0000000000000001'
    FROM chatdb_clock c;
END;
