-- title: Chats of agents (5000/5100, 5000/5900) without a live session
-- meaning: A chat in progress and a chat whose session is lost look the same in their row, so each row here lists its
--   evidence. A ghost can keep its agent from getting other work. Ask the agent about `ghost` and `probable`; `unclear`
--   means that the rows contain too little evidence, and that another export may resolve it.
-- source: the support note (lines 45-49, 69-72) and a public docwiki page on ghost chats; event numbers as named in a
--   public e-mail console's source; the rule that weighs the evidence is chatdb's own
-- tag: inferred
-- urgency: now
-- own: verdict, evidence_for, evidence_against, not_compared, unchanged_minutes
-- dialect: tsql
-- key: activity_id
-- needs: egpl_casemgmt_activity, egpl_casemgmt_activity.activity_type, egpl_casemgmt_activity.activity_status,
--   egpl_casemgmt_activity.activity_sub_status, egpl_casemgmt_activity.when_modified
-- helps: egpl_event_history_case_mgmt, egpl_event_history_user, eglv_session, eglv_session_content,
--   eglv_session_chat_event, egpl_user.login_logout_time
-- parameter: recent_minutes = 30
-- parameter: quiet_minutes = 120
-- parameter: stale_minutes = 1440
-- parameter: wrap_minutes = 60
-- parameter: outage_from timestamp = NULL
-- parameter: outage_to timestamp = NULL
-- parameter: outage_host text = NULL
-- parameter: utc_offset_minutes integer = NULL
-- outage: application
-- note: alive: the row, the session, a message or an event changed within recent_minutes. Otherwise strong evidence
--   is: the customer left (412), was not added again (410, 414), and no event followed for wrap_minutes, the agent's
--   wrap-up time; time-out, log-out or browser crash (545, 546, 547), and no activity after it; an exit record in the
--   transcript, and a row unchanged for wrap_minutes; an outage of an Application server (outage_from, outage_to;
--   outage_host names one) after which nothing changed. Weak evidence is: the row unchanged for quiet_minutes (for
--   stale_minutes it counts twice); no message for quiet_minutes; the agent logged in or out after the row, and after
--   session and messages, changed last; the agent is deleted. Ghost: strong evidence, and one more piece of either.
--   Probable: one piece of strong evidence; or a strong piece that was followed by other activity, and a weak one; or
--   two weak ones. Alive: also a strong piece that was followed by other activity, without a weak one, as in wrap-up
--   time. Unclear: anything else. All thresholds are minutes before GETDATE(); for events, whose event_date is in
--   UTC, before the newest event, unless utc_offset_minutes says how far the servers' clock is ahead of UTC; where
--   the rows have create_date of an event, it says whether the event is recent. Times of different tables are
--   compared because one product writes them all; that they share a clock is inferred, so such a comparison is weak
--   evidence.
WITH chat AS (
    SELECT b.activity_id, b.activity_status, b.activity_sub_status, b.queue_id, b.assigned_to, b.when_created,
           b.when_modified, c.user_name, c.login_ip, c.login_logout_time,
           CASE WHEN c.delete_flag <> 'N' THEN 1 ELSE 0 END AS agent_deleted
    FROM egpl_casemgmt_activity b
    LEFT JOIN egpl_user c ON c.user_id = b.assigned_to
    WHERE b.activity_type = 2000  -- chat
      AND b.activity_status <> 9000  -- completed
      AND b.activity_sub_status NOT IN (9100, 9200)
      AND b.activity_status = 5000 AND b.activity_sub_status IN (5100, 5900)  -- assigned, in progress
), event AS (
    SELECT h.activity_id, MAX(h.event_date) AS last_at, MAX(h.create_date) AS written_at,
           MAX(CASE WHEN h.object_operation = 412 THEN h.event_date END) AS left_at,
           MAX(CASE WHEN h.object_operation IN (410, 414) THEN h.event_date END) AS joined_at,
           MAX(CASE WHEN h.object_operation IN (545, 546, 547) THEN h.event_date END) AS ended_at,
           MAX(CASE WHEN h.object_operation IN (205, 209, 213, 409, 410, 414, 540, 541, 543, 548, 549)
                    THEN h.event_date END) AS taken_up_at
    FROM egpl_event_history_case_mgmt h
    WHERE h.activity_id IN (SELECT activity_id FROM chat)
    GROUP BY h.activity_id
), clock AS (
    SELECT CAST(DATEDIFF(second, '1970-01-01', GETDATE()) AS bigint) * 1000 AS server_ms
), newest AS (
    SELECT CASE WHEN @utc_offset_minutes IS NULL THEN MAX(h.event_date)
                ELSE MAX(k.server_ms) - 60000 * CAST(@utc_offset_minutes AS bigint) END AS event_at,
           -- No clock is more than fourteen hours ahead of UTC: anything older is old in every time zone.
           CASE WHEN @utc_offset_minutes IS NULL AND MAX(h.event_date) < MAX(k.server_ms) - 50400000
                                                     - 60000 * CAST(@recent_minutes AS bigint)
                THEN 1 ELSE 0 END AS events_are_old
    FROM egpl_event_history_case_mgmt h
    CROSS JOIN clock k
), log_in AS (
    SELECT h.user_id, MAX(h.event_date) AS logged_in_at
    FROM egpl_event_history_user h
    WHERE h.application_id = 1 AND h.object_operation = 5
      AND h.user_id IN (SELECT assigned_to FROM chat)
    GROUP BY h.user_id
), message AS (
    SELECT r.activity_id, MAX(CASE WHEN r.agent_last_response_time IS NULL
                                        OR r.customer_last_message_time > r.agent_last_response_time
                                   THEN r.customer_last_message_time ELSE r.agent_last_response_time END) AS sent_at
    FROM eglv_session_chat_event r
    WHERE r.activity_id IN (SELECT activity_id FROM chat)
    GROUP BY r.activity_id
), session AS (
    SELECT s.activity_id, MAX(s.when_modified) AS changed_at
    FROM eglv_session s
    WHERE s.activity_id IN (SELECT activity_id FROM chat)
    GROUP BY s.activity_id
), has_exit AS (
    SELECT DISTINCT t.activity_id
    FROM eglv_session_content t
    WHERE t.activity_id IN (SELECT activity_id FROM chat) AND t.content LIKE '%EGLV-EXIT%'
), seen AS (
    SELECT chat.activity_id, chat.activity_status, chat.activity_sub_status, chat.queue_id, chat.assigned_to,
           chat.when_created, chat.when_modified, chat.user_name, chat.login_ip, chat.login_logout_time,
           chat.agent_deleted, event.last_at, event.written_at, event.left_at, event.joined_at, event.ended_at, event.taken_up_at,
           newest.event_at, newest.events_are_old,
           message.sent_at AS message_at, session.changed_at AS session_at,
           CASE WHEN message.sent_at IS NULL OR session.changed_at > message.sent_at
                THEN session.changed_at ELSE message.sent_at END AS talk_at,
           CASE WHEN has_exit.activity_id IS NULL THEN 0 ELSE 1 END AS has_exit,
           CASE WHEN log_in.logged_in_at IS NOT NULL AND @utc_offset_minutes IS NULL
                THEN 1 ELSE 0 END AS log_in_not_compared,
           DATEADD(minute, @utc_offset_minutes,
                   DATEADD(second, CAST(log_in.logged_in_at / 1000 AS int), '1970-01-01')) AS log_in_at
    FROM chat
    CROSS JOIN newest
    LEFT JOIN event ON event.activity_id = chat.activity_id
    LEFT JOIN log_in ON log_in.user_id = chat.assigned_to
    LEFT JOIN message ON message.activity_id = chat.activity_id
    LEFT JOIN session ON session.activity_id = chat.activity_id
    LEFT JOIN has_exit ON has_exit.activity_id = chat.activity_id
), held AS (
    SELECT seen.*,
           CASE WHEN when_modified >= DATEADD(minute, -@recent_minutes, GETDATE()) THEN 1 ELSE 0 END AS row_lives,
           CASE WHEN message_at >= DATEADD(minute, -@recent_minutes, GETDATE()) THEN 1 ELSE 0 END AS message_lives,
           CASE WHEN session_at >= DATEADD(minute, -@recent_minutes, GETDATE()) THEN 1 ELSE 0 END AS session_lives,
           CASE WHEN written_at IS NOT NULL
                THEN CASE WHEN written_at >= DATEADD(minute, -@recent_minutes, GETDATE()) THEN 1 ELSE 0 END
                WHEN events_are_old = 0 AND last_at >= event_at - 60000 * CAST(@recent_minutes AS bigint)
                THEN 1 ELSE 0 END AS event_lives,
           CASE WHEN left_at IS NULL OR joined_at > left_at THEN 0  -- the customer came back
                WHEN last_at <= event_at - 60000 * CAST(@wrap_minutes AS bigint) THEN 2 ELSE 1 END AS left_by,
           CASE WHEN ended_at IS NULL THEN 0
                WHEN taken_up_at > ended_at THEN 1 ELSE 2 END AS ended_by,
           CASE WHEN has_exit = 0 THEN 0
                WHEN when_modified < DATEADD(minute, -@wrap_minutes, GETDATE()) THEN 2 ELSE 1 END AS exit_by,
           CASE WHEN @outage_from IS NULL OR login_ip <> @outage_host THEN 0
                WHEN when_created <= ISNULL(@outage_to, GETDATE()) AND when_modified <= ISNULL(@outage_to, GETDATE())
                THEN CASE WHEN talk_at > ISNULL(@outage_to, GETDATE()) THEN 1 ELSE 2 END
                ELSE 0 END AS outage_by,
           CASE WHEN when_modified < DATEADD(minute, -@stale_minutes, GETDATE()) THEN 2
                WHEN when_modified < DATEADD(minute, -@quiet_minutes, GETDATE()) THEN 1 ELSE 0 END AS row_quiet,
           CASE WHEN message_at < DATEADD(minute, -@quiet_minutes, GETDATE()) THEN 1 ELSE 0 END AS message_quiet,
           CASE WHEN login_logout_time > when_modified OR log_in_at > when_modified
                THEN 1 ELSE 0 END AS log_in_after_row,
           CASE WHEN login_logout_time > talk_at OR log_in_at > talk_at THEN 1 ELSE 0 END AS log_in_after_talk
    FROM seen
), weighed AS (
    SELECT held.*, row_lives + message_lives + session_lives + event_lives AS against,
           CASE WHEN left_by = 2 THEN 1 ELSE 0 END + CASE WHEN ended_by = 2 THEN 1 ELSE 0 END
           + CASE WHEN exit_by = 2 THEN 1 ELSE 0 END + CASE WHEN outage_by = 2 THEN 1 ELSE 0 END AS strong,
           CASE WHEN left_by = 1 OR ended_by = 1 OR exit_by = 1 OR outage_by = 1 THEN 1 ELSE 0 END AS followed,
           row_quiet + message_quiet + log_in_after_row + log_in_after_talk + agent_deleted AS weak
    FROM held
), judged AS (
    SELECT weighed.*,
           CASE WHEN against > 0 THEN 'alive'
                WHEN strong > 0 AND strong + weak > 1 THEN 'ghost'
                WHEN strong > 0 THEN 'probable'
                WHEN followed = 1 AND weak = 0 THEN 'alive'
                WHEN followed + weak > 1 THEN 'probable'
                ELSE 'unclear' END AS verdict
    FROM weighed
)
SELECT activity_id, verdict,
       STUFF(CASE left_by WHEN 2 THEN '; the customer left (412)'
                          WHEN 1 THEN '; the customer left (412), and events followed' ELSE '' END
             + CASE ended_by WHEN 2 THEN '; session ended by time-out, log-out or crash (545-547)'
                             WHEN 1 THEN '; session ended (545-547), and was resumed' ELSE '' END
             + CASE WHEN exit_by > 0 THEN '; exit record in the transcript' ELSE '' END
             + CASE outage_by WHEN 2 THEN '; not changed since the outage'
                              WHEN 1 THEN '; its row not changed since the outage' ELSE '' END
             + CASE row_quiet WHEN 2 THEN '; row not changed for longer than stale_minutes'
                              WHEN 1 THEN '; row not changed for longer than quiet_minutes' ELSE '' END
             + CASE WHEN message_quiet = 1 THEN '; no message for longer than quiet_minutes' ELSE '' END
             + CASE WHEN log_in_after_row = 1 THEN '; its agent logged in or out after the last change of the row' ELSE '' END
             + CASE WHEN log_in_after_talk = 1
                    THEN '; its agent logged in or out after the last change of session and messages' ELSE '' END
             + CASE WHEN agent_deleted = 1 THEN '; its agent is deleted' ELSE '' END, 1, 2, '') AS evidence_for,
       STUFF(CASE WHEN outage_by = 1 THEN '; session or message after the outage' ELSE '' END
             + CASE WHEN ended_by = 1 THEN '; resumed after the session ended' ELSE '' END
             + CASE WHEN left_by = 1 THEN '; events within wrap-up time' ELSE '' END, 1, 2, '') AS evidence_against,
       CASE WHEN log_in_not_compared = 1 THEN 'log-in events: no --utc-offset' END AS not_compared,
       assigned_to, user_name, login_ip, queue_id, activity_status, activity_sub_status, when_created, when_modified,
       DATEDIFF(minute, when_modified, GETDATE()) AS unchanged_minutes
FROM judged
WHERE verdict <> 'alive'
ORDER BY CASE verdict WHEN 'ghost' THEN 0 WHEN 'probable' THEN 1 ELSE 2 END, when_created DESC, activity_id
