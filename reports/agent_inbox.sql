-- title: Activities assigned to the agent
-- lines: 4
-- key: activity_id
-- kind: channel text
-- parameter: agent_id
SELECT activity_id, channel, subject, customer, activity_status, activity_sub_status
FROM agent_inbox
WHERE user_id = @agent_id
ORDER BY when_created
