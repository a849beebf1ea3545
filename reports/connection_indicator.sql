-- title: The indicator next to the chat status
-- empty: the chat is not in the list
-- lines: 131, 153, 194, 205
-- situation: situation
-- parameter: activity_id
SELECT connection_indicator, situation
FROM agent_console
WHERE activity_id = @activity_id
