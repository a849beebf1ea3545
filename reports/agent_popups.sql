-- title: Pop-ups of the agent's console since it was opened
-- lines: 36, 45
-- key: console_part
-- kind: popup text
-- basis: basis
-- parameter: agent_id
SELECT console_part, popup, basis
FROM agent_popups
WHERE user_id = @agent_id
ORDER BY at, position, id
