-- title: Chats from before the outage with messages after it
-- meaning: The session survived the outage: the chat continues.
-- needs: egpl_casemgmt_activity.when_created, eglv_session_chat_event.agent_last_response_time,
--   eglv_session_chat_event.customer_last_message_time
-- tag: inferred
-- urgency: context
-- source: the support note, line 153, for the chat that goes on once the Messaging server is back; that the times of
--   messages are updated with each message is an interpretation
-- dialect: tsql
-- key: activity_id
-- outage: any
-- parameter: outage_from timestamp = NULL
-- parameter: outage_to timestamp = NULL
-- parameter: outage_host text = NULL
-- order: activity_id
SELECT e.activity_id, e.user_id, b.when_created, e.agent_last_response_time, e.customer_last_message_time
FROM eglv_session_chat_event e
INNER JOIN egpl_casemgmt_activity b ON b.activity_id = e.activity_id
WHERE b.when_created < @outage_from
  AND (e.agent_last_response_time > @outage_to OR e.customer_last_message_time > @outage_to)
  AND (@outage_host IS NULL OR b.assigned_to IN (SELECT u.user_id FROM egpl_user u WHERE u.login_ip = @outage_host))
ORDER BY e.activity_id
