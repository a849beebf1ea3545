-- title: Pop-ups of the agent's console since it was opened
-- lines: 36, 45
-- key: console_part
-- kind: popup text
-- kind: wording text
-- empty: no pop-up has appeared since the console was opened
-- situation: situation
-- parameter: agent_id
SELECT console_part, popup, wording, situation
FROM agent_popups
WHERE user_id = @agent_id
ORDER BY at, position, id
