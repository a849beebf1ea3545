-- title: Chats with messages during the outage
-- meaning: Agent and customer could exchange messages during the outage, so the servers that carry them were up.
-- needs: eglv_session_chat_event.agent_last_response_time, eglv_session_chat_event.customer_last_message_time
-- tag: inferred
-- urgency: context
-- source: a public reporting application reads these times; that each message updates them is an interpretation
-- dialect: tsql
-- key: activity_id
-- outage: any
-- parameter: outage_from timestamp = NULL
-- parameter: outage_to timestamp = NULL
-- parameter: outage_host text = NULL
-- order: activity_id
SELECT e.activity_id, e.user_id, e.agent_last_response_time, e.customer_last_message_time
FROM eglv_session_chat_event e
WHERE ((e.agent_last_response_time > @outage_from AND e.agent_last_response_time < ISNULL(@outage_to, GETDATE()))
    OR (e.customer_last_message_time > @outage_from AND e.customer_last_message_time < ISNULL(@outage_to, GETDATE())))
  AND (@outage_host IS NULL OR e.user_id IN (SELECT u.user_id FROM egpl_user u WHERE u.login_ip = @outage_host))
ORDER BY e.activity_id
