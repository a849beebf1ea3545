-- title: Result of opening each part of the console
-- empty: no part has been opened
-- lines: 36, 179
-- key: console_part
-- situation: situation
-- parameter: agent_id
SELECT console_part, result, situation
FROM opened_parts
WHERE user_id = @agent_id
ORDER BY at, agent_action_id
