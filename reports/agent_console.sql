-- title: The agent's list of chats
-- empty: the list is empty
-- lines: 133-135, 155-157, 196-198, 207-209
-- key: Activity ID
-- kind: Key integer
-- kind: Activity duration duration
-- situation: situation
-- parameter: agent_id
SELECT key AS "Key", activity_id AS "Activity ID", customer_name AS "Customer name",
       activity_duration AS "Activity duration", chat_status AS "Chat status", queue_name AS "Queue name", situation
FROM agent_console
WHERE user_id = @agent_id
ORDER BY key
